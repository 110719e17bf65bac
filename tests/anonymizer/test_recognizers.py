"""What each recogniser takes, in the ways it is written, and the traps that must stay."""

import pytest

from anonymizer.engine import anonymise


def taken(text: str) -> dict[str, str]:
    """Return what was found: surface -> type."""
    return {text[each.start : each.end]: each.type for each in anonymise(text).findings}


@pytest.mark.parametrize(
    "number",
    [
        "090-1234-5678", "０９０－１２３４－５６７８", "090 1234 5678", "09012345678", "090.1234.5678", "090(1234)5678",
        "〇九〇－一二三四－五六七八", "03-1234-5678", "(03)1234-5678", "０３（１２３４）５６７８", "0120-123-456",
        "050-1234-5678", "+81-90-1234-5678", "+81 (0)90-1234-5678", "+1 415 555 0132", "(415) 555-0132",
        "+44 20 7946 0958", "0 9 0 1 2 3 4 5 6 7 8", "090-1234-\n5678", "O9O-1234-5678", "0982-55-0101",
    ],
)  # fmt: skip
def test_telephone_numbers_go(number: str) -> None:
    result = anonymise(f"折り返しは{number}です")
    assert [each.type for each in result.findings] == ["PHONE_NUMBER"]
    assert result.text == "折り返しは〔電話番号〕です"


@pytest.mark.parametrize(
    "text",
    [
        "REQ-0901234567", "INV-03-1234-5678", "ISBN 978-4-12-345678-9", "追跡番号1234-5678-9012",
        "2024-11-21 10:30", "0312345678個",
        "売上1,234,567,890円", "v2.10.3", "2019/05/01 2020/06/30",
    ],
)  # fmt: skip
def test_other_numbers_are_no_telephone(text: str) -> None:
    assert "PHONE_NUMBER" not in taken(text).values()


def test_brackets_around_a_number_stay_and_those_inside_go() -> None:
    assert anonymise("山田様（090-1234-5678）").text == "〔人物A〕様（〔電話番号〕）"
    assert anonymise("電話は(03)1234-5678です").text == "電話は〔電話番号〕です"


def test_ten_bare_digits_are_a_telephone_only_beside_a_word_for_one() -> None:
    assert taken("電話0312345678")["0312345678"] == "PHONE_NUMBER"
    assert taken("0312345678までご連絡ください")["0312345678"] == "PHONE_NUMBER"
    assert taken("0312345678") == {"0312345678": "ID_NUMBER"}


@pytest.mark.parametrize(
    "address",
    [
        "yamada@example.com", "yamada.taro+job@mail.example.co.jp", "ｙａｍａｄａ＠ｅｘａｍｐｌｅ．ｊｐ",
        "yamada [at] example.com",
        "yamada(at)example(dot)com", "yamada at example dot com", "yamada★example.com", "yamada @ example . com",
        "yamadaアットexample.jp", "yamada%40example.com", "yamada@gmail",
    ],
)  # fmt: skip
def test_mail_addresses_go(address: str) -> None:
    assert anonymise(f"宛先は{address}です").text == "宛先は〔メール〕です"


@pytest.mark.parametrize("text", ["We looked at example.com yesterday.", "@Override public void run()", "5 @ 300円"])
def test_other_at_signs_are_no_mail_address(text: str) -> None:
    assert "EMAIL_ADDRESS" not in taken(text).values()


@pytest.mark.parametrize("code", ["〒150-0041", "〒１５００００１", "150-0041", "〒 150 - 0041", "〒一五〇－〇〇四一"])
def test_postal_codes_go(code: str) -> None:
    mark = code[: len(code) - len(code.lstrip("〒 "))]
    assert anonymise(f"送付先は {code} ").text == f"送付先は {mark}〔郵便番号〕 "


def test_seven_bare_digits_are_a_postal_code_only_before_a_place() -> None:
    assert taken("8100001福岡県")["8100001"] == "POSTAL_CODE"
    assert taken("8100001個") == {}


@pytest.mark.parametrize(
    ("address", "prefecture"),
    [
        ("東京都渋谷区神南1-2-3 サンプルハイツ203号室", "東京都"),
        ("渋谷区神南一丁目二番三号", "東京都"),
        ("大阪府大阪市北区梅田三丁目4番5号", "大阪府"),
        ("横浜市青葉区あざみ野1の2の3", "神奈川県"),
        ("京都市中京区烏丸通御池下る虎屋町566", "京都府"),
        ("札幌市中央区北1条西2丁目3-4", "北海道"),
        ("さいたま市大宮区桜木町1-7-5", "埼玉県"),
        ("茨城県つくば市吾妻1-1-1 つくばマンション1205号室", "茨城県"),
        ("福岡県福岡市博多区博多駅前２丁目１−１　はかたマンション８０２", "福岡県"),
        ("長野県北佐久郡軽井沢町大字長倉2381-1", "長野県"),
        ("大津市御陵町3-1", "滋賀県"),
    ],
)
def test_an_address_becomes_its_prefecture(address: str, prefecture: str) -> None:
    assert anonymise(f"住まい：{address}").text == f"住まい：〔{prefecture}〕"


@pytest.mark.parametrize(
    "address",
    ["42 Elm Street, Apt 3B, Springfield, IL", "1-2-3 Jinnan, Shibuya-ku, Tokyo", "Flat 3, 27 King's Road, Brighton"],
)
def test_foreign_forms_of_addresses_go(address: str) -> None:
    assert "ADDRESS" in taken(f"Home: {address}.").values()
    assert anonymise(f"Home: {address}.", lang="en").text in ("Home: [address].", "Home: [Tokyo].")


@pytest.mark.parametrize("text", ["勤務地は東京都千代田区です。", "市場調査を担当", "2丁目の角"])
def test_a_municipality_alone_stays(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(
    "date",
    [
        "1990年4月1日", "１９９０年４月１日", "昭和60年12月3日", "平成二年三月四日", "H3.2.14", "平3.2.28",
        "1988/11/23", "'95/6/30",
        "昭和61年(1986年)3月5日", "19900401", "April 1, 1990", "1 Apr 1990", "平成元年1月8日",
    ],
)  # fmt: skip
def test_birth_dates_go(date: str) -> None:
    assert anonymise(f"生年月日：{date}").text == "生年月日：〔生年月日〕"


@pytest.mark.parametrize(
    "text",
    [
        "面接は2024年11月21日です", "2024-11-21に面接", "入社日：2001年4月1日", "2003年10月5日 設立",
        "R1.2.3系のライブラリ", "平均年齢38歳",
        "20代が活躍", "18歳以上", "定年60歳", "65歳まで", "1999年4月 入学",
    ],
)  # fmt: skip
def test_other_dates_and_ages_stay(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("34歳", "30代前半"),
        ("２８才", "20代後半"),
        ("四十五歳", "40代後半"),
        ("満51歳", "50代前半"),
        ("19歳", "10代"),
        ("41 years old", "40代前半"),
    ],
)
def test_an_age_becomes_a_band_of_five_years(age: str, band: str) -> None:
    assert anonymise(f"年齢は{age}。").text.replace("満", "") == f"年齢は〔{band}〕。"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("マイナンバーは１２３４ ５６７８ ９０１８です", "１２３４ ５６７８ ９０１８"),
        ("免許証番号301234567890", "301234567890"),
        ("パスポート TK1234567", "TK1234567"),
        ("在留カードAB12345678CD", "AB12345678CD"),
        ("社員番号A012345", "A012345"),
        ("基礎年金番号1234-567890", "1234-567890"),
        ("SSN 123-45-6789", "123-45-6789"),
        ("Passport no. TR1234567", "TR1234567"),
    ],
)
def test_personal_numbers_go(text: str, number: str) -> None:
    assert taken(text)[number] in ("ID_NUMBER", "MY_NUMBER")


def test_a_my_number_raises_the_alert_and_an_invoice_does_not() -> None:
    assert anonymise("個人番号 123456789018").alert
    assert not anonymise("請求書番号 123456789018").alert


@pytest.mark.parametrize(
    "text", ["求人番号REQ-1234", "候補者ID: C-20391", "普通自動車免許あり", "型番 AB-1234567", "REQ-1234"]
)
def test_internal_ids_and_licence_classes_stay(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(
    "account",
    [
        "みずほ銀行 新宿支店 普通 1234567",
        "三菱サンプル銀行渋谷支店(普)1234567",
        "ゆうちょ 記号12345 番号12345671",
        "サンプル信用金庫 本店 当座 7654321",
    ],
)
def test_bank_accounts_go_whole(account: str) -> None:
    assert anonymise(f"振込先 {account}").text == "振込先 〔口座〕"


def test_cards_iban_and_ip_addresses_are_found_by_presidio_beside_kanji() -> None:
    found = taken("番号4111 1111 1111 1111です。IBANはDE89370400440532013000で、接続元は192.0.2.10でした")
    assert found["4111 1111 1111 1111"] == "CREDIT_CARD"
    assert found["DE89370400440532013000"] == "IBAN_CODE"
    assert found["192.0.2.10"] == "IP_ADDRESS"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("https://github.com/taro-y を参照", "〔GitHub〕 を参照"),
        ("linkedin.com/in/taro です", "〔LinkedIn〕 です"),
        ("LINE ID：taro_1990", "LINE ID：〔アカウント〕"),
        ("Twitterは@taro_dev", "Twitterは〔アカウント〕"),
        ("作品 https://works.example.org/taro/", "作品 〔URL〕"),
        ("応募は https://example.com/careers/123 から", "応募は https://example.com/careers/123 から"),
    ],
)
def test_urls_and_accounts_go_and_postings_stay(text: str, out: str) -> None:
    assert anonymise(text).text == out


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("現職は株式会社サンプル製作所です", "現職は〔メーカー〕です"),
        ("前職：サンプルテック株式会社（2016年4月〜）", "前職：〔IT企業〕（2016年4月〜）"),
        ("北斗銀行に入社", "〔金融機関〕に入社"),
        ("㈱ひまわり勤務", "〔勤務先〕勤務"),
        ("東京大学工学部卒", "〔大学〕工学部卒"),
        ("県立青葉高等学校 卒業", "〔高等学校〕 卒業"),
        ("大学院卒、大学4年生、高専卒を歓迎", "大学院卒、大学4年生、高専卒を歓迎"),
        ("製薬会社や銀行の営業", "製薬会社や銀行の営業"),
    ],
)
def test_employers_and_schools_become_industry_and_level(text: str, out: str) -> None:
    assert anonymise(text).text == out
