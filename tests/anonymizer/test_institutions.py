"""A school goes and what was studied there stays; so do belts, captions and what is said of everybody."""

import pytest

from anonymizer.engine import anonymise


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("広島みらい工科大学工学部を卒業", "〔大学・理工系〕工学部を卒業"),
        ("東湖大学 経済学部 経営学科 卒", "〔大学〕 経済学部 経営学科 卒"),
        ("最終学歴：北総理工大学大学院 情報工学専攻", "最終学歴：〔大学院〕 情報工学専攻"),
        ("青嶺高専機械工学科", "〔高専〕機械工学科"),
        ("早大政経を出て", "〔学校〕政経を出て"),
        ("Marlow University - B.S. Analytics", "〔大学〕 - B.S. Analytics"),
        ("東湖大学田中ゼミに所属", "〔大学〕に所属"),
    ],
)
def test_a_school_goes_and_the_field_of_study_stays(text: str, out: str) -> None:
    assert anonymise(text).text == out


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("Marital status: divorced", "Marital status: 〔削除〕"),
        ("持病：てんかん", "持病：〔削除〕"),
        ("扶養家族数（配偶者を除く）：2人", "扶養家族数（配偶者を除く）：〔削除〕"),
        ("〒150-0041", "〒〔郵便番号〕"),
    ],
)
def test_what_a_form_asks_stays_and_what_is_answered_goes(text: str, out: str) -> None:
    assert anonymise(text).text == out
    assert anonymise(out).text == out


@pytest.mark.parametrize("text", ["He mentioned the tests.", "She explained it.", "Who said so? They did."])
def test_a_pronoun_is_no_name(text: str) -> None:
    assert anonymise(text, lang="en").text == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("うつ病の治療薬を飲んでいます", "うつ病"),
        ("My disability is visible", "disability"),
        ("持病があり通院しています", "持病"),
        ("IP 203.0.113.77 からの応募", "203.0"),
        ("Six Sigma Green Belt, lives at 12 High Street, Leeds", "High Street"),
    ],
)
def test_what_is_said_of_somebody_goes_though_it_resembles_what_stays(text: str, left: str) -> None:
    assert left not in anonymise(text).text
