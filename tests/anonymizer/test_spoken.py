"""What is said aloud, spelled out or told in pieces goes as well, and everyday numbers and words stay."""

import pytest

from anonymizer.engine import anonymise


@pytest.mark.parametrize(
    "number",
    [
        "〇七〇の二二三四の九九八一", "ゼロキュウゼロ、2281 3390", "零三の五五五一の二九〇八",
        "ぜろはちぜろ の 四四一二 の 零九七七", "080 の 2234 の、えーと、7719", "〇七〇、次が二二九〇、最後が八八一三",
        "ゼロ・ロク・ゼロ・イチ・ニ・サン・ヨン・ゴ・ロク・ナナ", "0466、あと 55-1209", "3411-2298",
        "zero eight zero, double four one two, nine nine oh seven", "seven seven double-oh 900 321",
        "oh-two-oh, seven-nine-four-six, oh-one-three-eight", "+81 ninety 4412 0098",
    ],
)  # fmt: skip
def test_a_telephone_number_in_words_or_pieces_goes_whole(number: str) -> None:
    assert anonymise(f"電話は {number} です").text == "電話は 〔電話番号〕 です"


@pytest.mark.parametrize(
    "text",
    [
        "時間は09:30、10:15、11:20、13:40です", "いちごを2つ、はちじゅうはちや",
        "zero to one thinking; one of two or three",
        "売上 1200 1500 1800、2023 2024 2025", "応募は2026/10/14 09:32", "会員数 10000人、学生証 1枚",
        "在留期限2027-04-01", "免許取得は2015年、英検 2級", "評価3-2-1、業務1の2の3",
        "平成30年度の実績、2019年の4月1日入社", "look at dot files and at example. We work at example.com",
        "有料職業紹介 13-ユ-300001",
    ],
)  # fmt: skip
def test_other_numbers_and_words_stay(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(
    "address",
    [
        "sugi.hide まる example どっと jp", "rina ドット baba アットマーク example ドット ne ドット jp",
        "taro アンダーバー yamada あっとまーく example てん jp", "w a t a r u . i @ e x a m p l e . c o m",
        "priya dot raman at example dot co dot in", "joana [dot] r <at> example [dot] net",
        "タロウ アットマーク ジーメール ドット コム", "rei.m@example,jp",
    ],
)  # fmt: skip
def test_a_mail_address_that_is_spelled_out_goes_whole(address: str) -> None:
    assert anonymise(f"宛先は {address} です").text == "宛先は 〔メール〕 です"


def test_the_halves_of_a_mail_address_go() -> None:
    assert (
        anonymise("アドレスはiwashita-w、ドメインはexample.co.jpです").text
        == "アドレスは〔メール〕、ドメインは〔メール〕です"
    )
    assert anonymise("kaoru.s@ は example.jp ドメイン").text == "〔メール〕 は 〔メール〕 ドメイン"


@pytest.mark.parametrize(
    "text",
    [
        "S六十三、霜月十五日生", "昭和四拾年生", "平成五年の師走三日生", "昭和廿八年三月朔日生", "1991年の7月7日生",
        "93.4.2生", "1993.4.2生",
    ],
)  # fmt: skip
def test_a_date_of_birth_goes_in_whatever_numerals(text: str) -> None:
    assert anonymise(text).text == "〔生年月日〕生"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("born on the 4th of July 1991, in", "born on [date of birth], in"),
        ("Jo / Sept. 9, '88 / Power BI", "Jo / [date of birth] / Power BI"),
        ("b. 12/03/89", "b. [date of birth]"),
    ],
)
def test_an_english_date_of_birth_goes(text: str, out: str) -> None:
    assert anonymise(text, lang="en").text == out


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("社員証 000-4417。", "社員証 〔番号〕。"),
        ("社保番号は8812 の 45 番", "社保番号は〔番号〕 番"),
        ("受験票の番号はA-10233", "受験票の番号は〔番号〕"),
        ("年金は4417ー220981", "年金は〔番号〕"),
        ("マイナンバー→1234の5678の9018", "マイナンバー→〔番号〕"),
        ("在留番号 LK 8812 3345 QP", "在留番号 〔番号〕"),
        ("Payroll no. 77120, HKID A123456(3)", "Payroll no. 〔番号〕, HKID 〔番号〕"),
        ("郵便は 150 の 0041", "郵便は 〔郵便番号〕"),
        ("ゆうちょの14060の22334411に", "〔口座〕に"),
        ("口座番号末尾4471", "口座番号末尾〔口座〕"),
    ],
)
def test_a_number_goes_whatever_stands_between_its_groups(text: str, out: str) -> None:
    assert anonymise(text).text == out


@pytest.mark.parametrize(
    "address",
    [
        "世田谷の代沢5-31-8", "目黒の柿の木坂1-22-7、メゾン柿の木の203", "旭川の4条通12丁目右7号",
        "代々木上原3の2の1 コーポ代々木202", "高円寺南四丁目二十七番七号", "Setagaya-ku, Kitazawa 2-19-5 #302",
        "14 Elder St, flat 2",
    ],
)  # fmt: skip
def test_an_address_goes_without_its_municipality(address: str) -> None:
    assert anonymise(f"今は {address}").text == "今は 〔住所〕"
