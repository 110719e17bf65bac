"""Ways of writing that ordinary mails, tables and transcripts have, in forms that no measured set holds."""

import pytest

from anonymizer.engine import anonymise

_GONE = (
    # Digits one by one, whatever parts them.
    ("折り返しは0 8 0、4 4 7 1、9 0 3 6です。", "0 3 6"),
    ("会社は0 3・5 5 5 0・1 1 8 2。", "1 1 8"),
    ("固定は0、4、5、5、5、0、1、2、9、3です。", "2、9"),
    # Dates in any order, with any separator.
    ("生年月日/1984,11,2", "1984"),
    ("生年月日→1988_02_14", "1988"),
    ("Born 3.VII.1979 abroad.", "1979"),
    ("Her birthday: 21/XII/95.", "XII"),
    ("Birthday: 1986, March 21st", "March"),
    ("DOB on file 1990/Sep/14", "Sep"),
    ("本人確認: 生年月日下4桁 0417", "0417"),
    # A cell of a table or a value of a dump says little by itself, its neighbours more.
    ("番号,氏名,生年月日,郵便,住所,電話\n1,岡田 真,S550818,3620014,埼玉県上尾市本町一ノ三,0487551288", "550818"),
    ("番号,氏名,生年月日,郵便,住所,電話\n1,岡田 真,S550818,3620014,埼玉県上尾市本町一ノ三,0487551288", "3620014"),
    ("番号,氏名,生年月日,郵便,住所,電話\n1,岡田 真,S550818,3620014,埼玉県上尾市本町一ノ三,0487551288", "0487551288"),
    ("name;birthdate;zip;tel\nKeller, Anna;19871203;1500043;0334445566", "19871203"),
    ("name;birthdate;zip;tel\nKeller, Anna;19871203;1500043;0334445566", "1500043"),
    ('{"birthday": "19850102", "tel": "0925551177"}', "0925551177"),
    # Telephones abroad, and at home as they are dialled from abroad.
    ("Call her on 00 1 415 555 0133.", "415"),
    ("From Paris 0033 1 55 50 44 21", "55 50"),
    ("Landline (021) 555 0145, evenings", "0145"),
    ("日本の携帯は八一 九〇 五五五二 一一八三", "五五五二"),
    ("登録電話の末尾 5512", "5512"),
    # Accounts and numbers of other countries.
    ("Pay it to sort code 40-47-84, account 70872490.", "70872490"),
    ("Harbour National Bank, account no. 3309118827", "Harbour"),
    ("給与はみずほ 渋谷支店 (futsuu) 1882046へ。", "渋谷支店"),
    ("PAN ABCPK1234L", "ABCPK"),
    ("The visa card number is UF 5518 2047 EB.", "5518"),
    ("DNI 12345678Z and NIE X1234567L", "12345678Z"),
    ("人事コード HR-00817 を付与。", "00817"),
    ("健保 記号12 番号88-45", "45"),
    # Addresses with no number of a street, or with one told in words.
    ("We live on House 12-A, Negishi Heights, Yokohama.", "Negishi"),
    ("Send it to The Old Rectory, Kilbrack, Co. Cork.", "Kilbrack"),
    ("She grew up at number twelve, Mill Lane, out in Ludlow.", "Mill"),
    ("Home: Prinsengracht 263, 1016 GV Amsterdam", "Prinsengracht"),
    ("three dash eleven dash two, Kitazawa, Setagaya-ku", "Kitazawa"),
    ("実家は喜多方の塩川町の反町九百五番です。", "喜多方"),
    ("千葉県香取市佐原イ-1204", "1204"),
    ("nora underscore k, that's k as in kite, at example dot com", "nora"),
    # What no recruiter may ask, in the words people use.
    ("頸椎ヘルニアの手術歴。", "頸椎"),
    ("精神科に通院していた。", "精神科"),
    ("障害者手帳：有（精神2級）", "精神2級"),
    ("I am unwell with bronchitis.", "bronchitis"),
    ("He suffers from vertigo.", "vertigo"),
    ("宗教上の理由: イスラム教", "イスラム"),
    ("子どもが熱を出したため欠席。", "子ども"),
    ("奥様によると留守。", "奥様"),
    ("my sister called", "sister"),
    ("She is a Honduran nurse", "Honduran"),
    ("Mara (they/them) left", "they"),
    # Names by where they stand.
    ("I recommend him.\n\nCornelius Whitby\nHead of Platform, remote", "Whitby"),
    ("ありがとうございます。Fergus Balfourです。", "Balfour"),
    ("Ysolde: Thanks.\nBrannoc: Hello there.\nYsolde: Shall we?\nBrannoc: Yes.", "Ysolde"),
    ("Closed by Thelonia.", "Thelonia"),
    ("Best regards,\n衣笠 大智 / recruiting", "衣笠"),
    ("氏名：乾 芽生", "芽生"),
    ("The name in Greek is Ελένη Παππά.", "Ελένη"),
    ("works for Harrow Networks plc since 2019", "Harrow"),
    ("I was at Copper & Wren for two years.", "Copper"),
    ("神戸女子大学 家政学部", "神戸女子"),
)  # fmt: skip
_KEPT = (
    "母集団形成の施策を検討。姉妹会社と親会社の連結。父の日キャンペーン。弟子制度。",
    "子ども向け教材の開発。子育て支援サービスの事業。母国語は問いません。",
    "Kubernetes 1,30 is out; ratio 16/IX; section 3.2.1, table 4/II/7.",
    "座標は 0,1,2,3,4,5,6,7,8,9。リリース日 20231101、バージョン 3,2,1。",
    "Mother tongue English, parent company, sister company, child process, twin-engine.",
    "PAN-Asian market, ARC browser, SIN function. Sort order 10-20-30.",
    "社内コード ERR-00912、チケット HR-DEV-12、型番 HX-4410827。",
    "Room 441-B, Building 12. Meeting House 3, floor 2.",
    "11/10 定例：議事録。12/1 実施：完了。11/5 障害：復旧済み。",
    "Design System\nHead of Platform, remote\nSalary 7M",
    "Interview feedback: Backend Engineer. Best regards, Talent Team.",
    "He/She must hold an N2. Raised $20M in Series B. Born in the cloud.",
    "We offer you the role of Machine Learning Engineer.",
)  # fmt: skip


@pytest.mark.parametrize(("text", "personal"), _GONE)
def test_what_tells_whose_it_is_goes_however_it_is_written(text: str, personal: str) -> None:
    assert personal not in anonymise(text, (), "ja").text


@pytest.mark.parametrize("text", _KEPT)
def test_what_looks_like_it_and_is_not_stays(text: str) -> None:
    assert anonymise(text, (), "ja").text == text
