"""Known participants: every usual way of writing them is found, and words that merely contain them stay."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity

YAMADA = Identity(
    name="山田 太郎", kana="ヤマダ タロウ", romaji="Taro Yamada", email="t.yamada@example.com", phone="090-1234-5678"
)


@pytest.mark.parametrize(
    "written",
    [
        "山田太郎", "山田　太郎", "山 田 太 郎", "山田\n太郎", "山田・太郎", "太郎", "山田", "ヤマダタロウ",
        "ヤマダ タロウ", "やまだ たろう",
        "Taro Yamada", "YAMADA TARO", "taro_yamada", "T. Yamada", "Yamada", "tyamada", "taro.yamada", "ﾔﾏﾀﾞ ﾀﾛｳ",
    ],
)  # fmt: skip
def test_every_written_form_goes(written: str) -> None:
    text = f"昨日 {written} の件で話した"
    result = anonymise(text, [YAMADA])
    assert result.text == "昨日 〔人物A〕 の件で話した"
    assert result.findings[0].recogniser == "identity"


@pytest.mark.parametrize(
    "number", ["09012345678", "090 1234 5678", "〇九〇一二三四五六七八", "+81-90-1234-5678", "90-1234-5678"]
)
def test_the_known_number_goes_however_it_is_written(number: str) -> None:
    assert "1234" not in anonymise(f"番号 {number} まで", [YAMADA]).text
    assert "二三四" not in anonymise(f"番号 {number} まで", [YAMADA]).text


def test_the_readings_come_from_the_dictionary_when_they_are_not_given() -> None:
    known = [Identity(name="佐々木美咲")]
    for written in ("ササキ ミサキ", "ささき みさき", "Misaki Sasaki", "M. Sasaki"):
        assert written not in anonymise(f"({written})", known).text


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (Identity(name="森 健"), "森林と健康と健全"),
        (Identity(name="近江 太陽"), "太陽光発電設備の保守、近江八幡駅から徒歩圏内"),
        (Identity(name="林 明"), "林業の説明"),
        (Identity(name="Will May"), "it will be done in maybe ten days"),
        (Identity(name="大野 恵"), "大野市の知恵"),
    ],
)
def test_words_that_contain_a_part_of_the_name_stay(identity: Identity, text: str) -> None:
    assert anonymise(text, [identity]).text == text


def test_a_part_of_the_name_goes_before_a_word_that_is_no_part_of_a_longer_one() -> None:
    text = "太陽くんの近江評価、近江八幡駅で待合せ"
    assert anonymise(text, [Identity(name="近江 太陽")]).text == "〔人物A〕くんの〔人物A〕評価、近江八幡駅で待合せ"


def test_a_known_name_goes_even_inside_a_protected_phrase() -> None:
    assert "本田" not in anonymise("本田はJava担当", [Identity(name="本田 翼")]).text


def test_identities_are_read_from_json() -> None:
    assert Identity.from_json({"name": "山田", "kana": None}) == Identity(name="山田")


def test_an_empty_identity_finds_nothing() -> None:
    assert anonymise("経験を積んだ。", [Identity()]).findings == ()
