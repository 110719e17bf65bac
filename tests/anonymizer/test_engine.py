"""The whole: offsets, twice is once, long texts, roles and languages, what is kept, and what it loads."""

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anonymizer.engine import Anonymised, anonymise
from anonymizer.model import Identity
from tests.anonymizer.records import Record, one_off, templated

RECORDS = [*templated(7, 1), *one_off("hostile.txt", "B"), *one_off("unseen.txt", "U")]
PIECES = st.sampled_from(
    [
        "山田", "太郎", "さん", "様", "は", "の", "、", "。", "\n", " ", "　", "090-1234-5678", "０９０", "-",
        "東京都", "渋谷区",
        "1-2-3", "(", "）", "yamada@example.com", "〒", "150-0041", "1990年4月1日", "生", "34歳", "株式会社",
        "サンプル", "東京大学",
        "Emily", "Johnson", "Dear", "Java", "〔人物A〕", "〔住所〕", "氏名：", "担当", "森", "㈱", "ｶﾞ", "\u200b",
        "TEL", "面接官",
        "うつ病", "国籍", "マイナンバー", "123456789018",
    ]
)  # fmt: skip


def rebuilt(text: str, result: Anonymised) -> str:
    """Put the replacements into the original by their offsets."""
    out, at = "", 0
    for finding in result.findings:
        assert at <= finding.start < finding.end <= len(text)
        out += text[at : finding.start] + finding.replacement
        at = finding.end
    return out + text[at:]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_findings_tell_exactly_what_was_replaced_and_twice_is_once(record: Record) -> None:
    result = anonymise(record.text, record.people[:1])
    assert rebuilt(record.text, result) == result.text
    assert anonymise(result.text, record.people[:1]).findings == ()


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("東京都150-00411990年4月1日")  # the date stands free only once the postcode is out
@example("株式会社面接官さん1990年4月1日")  # and here once the firm is
@example("株式会社面接官さん山田1990年4月1日")
@example("うつ病様さんのさん")
def test_any_text_is_replaced_by_its_offsets_and_twice_is_once(text: str) -> None:
    result = anonymise(text)
    assert rebuilt(text, result) == result.text
    assert anonymise(result.text).text == result.text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_characters_pass(text: str) -> None:
    assert rebuilt(text, anonymise(text)) == anonymise(text).text


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("男性東京大学佐藤", "〔大学〕〔人物A〕"),
        ("2東京大学佐藤が(2", "2〔大学〕〔人物A〕が(2"),
        ("佐藤東京都渋谷区神南1-2-3", "〔人物A〕〔東京都〕"),
        ("の34歳千葉銀行 が", "の〔30代前半〕〔金融機関〕 が"),
    ],
)
def test_what_only_shows_after_a_replacement_goes_in_the_same_call(text: str, out: str) -> None:
    assert anonymise(text).text == out


def test_every_finding_bears_its_trace() -> None:
    for finding in anonymise("候補者：山田太郎、TEL 090-1234-5678、カード 4111 1111 1111 1111").findings:
        assert finding.recogniser
        assert finding.why
        assert 0.4 <= finding.score <= 1.0
        assert finding.type in {"PERSON", "PHONE_NUMBER", "CREDIT_CARD"}


def test_labels_are_english_for_english_texts() -> None:
    text = "Emily Johnson, 34 years old, emily@example.com, worked at Acme Widgets Inc. in finance."
    assert anonymise(text, lang="en").text == "[Person A], [early 30s], [email], worked at [employer] in finance."


def test_a_role_chooses_the_label() -> None:
    people = (
        Identity(name="山田 太郎", role="candidate"),
        Identity(name="佐藤 花子", role="interviewer"),
        Identity(name="森 健", role="interviewer"),
    )
    assert (
        anonymise("佐藤が山田太郎に質問。森は同席。", people).text
        == "〔面接官A〕が〔候補者〕に質問。〔面接官B〕は同席。"
    )


def test_words_to_keep_stay() -> None:
    text = "株式会社サンプルの選考です"
    assert anonymise(text).text == "〔勤務先〕の選考です"
    assert anonymise(text, keep=("株式会社サンプル",)).text == text


@pytest.mark.parametrize("filler", ["経験を積み、改善を続けた。", "経験を積み改善を続け", "\n"])
def test_a_text_longer_than_the_tokeniser_takes_is_read_to_its_end(filler: str) -> None:
    text = filler * (60_000 // len(filler.encode())) + "担当は佐藤花子さん、090-1234-5678。"
    assert len(text.encode()) > 49_149
    result = anonymise(text)
    assert result.text.endswith("担当は〔人物A〕さん、〔電話番号〕。")


def test_a_number_across_a_hard_cut_between_pages_goes() -> None:
    for shift in range(12):
        text = "あ" * (2_990 + shift) + "090-1234-5678" + "い" * 50
        assert "1234" not in anonymise(text).text


HOSTILE = [
    "さん", "山田太郎", "1-", "090-", "a@", "a@a.", "東京都渋谷区", "市", "通り上る", "大学", "障害", "名:",
    "氏名：", "Mr ", "Ab ", "a.", "(", "・", "ア・",
    "一二三四", "+1", "1/", "http://a.", "〔人物A〕", "株式会社", "John Smith, ", "1990年1月", "S1.", "a\u0301",
    "㈱", " ", "\n", "[at]", "-san",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_repeated_hostile_text_ends(unit: str) -> None:
    """A pattern that backtracks would not come to an end on 20,000 characters."""
    text = unit * (20_000 // len(unit))
    assert anonymise(text).text is not None


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_engine_loads_presidio_and_the_dictionary_only_when_it_is_used() -> None:
    heavy = "[name for name in ('presidio_analyzer', 'spacy', 'sudachipy') if name in sys.modules]"
    assert run(f"import sys, anonymizer.engine, anonymizer.profile; print({heavy})") == "[]"


def test_nothing_is_fetched() -> None:
    code = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from anonymizer.engine import anonymise
print(anonymise("https://example.co.jp/a yamada@example.co.jp").text)
"""
    assert run(code) == "〔URL〕 〔メール〕"


def test_no_text_reaches_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    anonymise("山田太郎さん、090-1234-5678", [Identity(name="山田太郎")])
    assert "山田" not in caplog.text
    assert "1234" not in caplog.text
