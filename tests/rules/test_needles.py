"""No phrase is missed for the sake of speed: neither by the sieve nor by the choice of the engine."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import lexicon
from rules.decide import decide
from rules.lexicon import shipped
from rules.load import default_ruleset
from rules.model import AtsAnswer, AtsStatus, Signals
from rules.moods import said
from rules.needles import Sieve, needles
from rules.spelling import plain
from tests.rules.case_files import cases

PATTERNS = [re.compile(phrase.pattern, re.ASCII) for phrase in shipped().phrases]
SIEVE = Sieve([phrase.pattern for phrase in shipped().phrases])
WORDS = sorted({word for phrase in shipped().phrases for need in needles(phrase.pattern) for word in need})
NAMES = ("rejections_ja", "rejections_en", "rejections_mixed", "others_ja", "others_en", "unsure_ja", "unsure_en")
LINES = [plain(mail.text) for _, _, mail in cases(*NAMES)]


def _missed(text: str) -> list[str]:
    chosen = set(SIEVE.may_match(text))
    phrases = shipped().phrases
    return [phrases[n].id for n, pattern in enumerate(PATTERNS) if n not in chosen and pattern.search(text)]


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("採用を見送", [{"採用を見送"}]),
        ("(見送|お断り)る?", [{"見送", "お断り"}]),
        ("採[用否][^。]{0,8}(に?至ら)", [{"採用", "採否"}, {"至ら"}]),
        (r"\bnot (be )?sel\w+ed\b", [{"not sel", "not be sel"}, {"ed"}]),
        ("(a|[^b])c", [{"c"}]),
        ("(ab)+c{2,3}", [{"ab"}, {"c"}]),
        (r"a*\.?", []),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: list[set[str]]) -> None:
    assert [set(one) for one in needles(pattern)] == needed


@pytest.mark.parametrize("pattern", ["(?i)a", "a)", "(?=a)b"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        needles(pattern)


def test_every_shipped_phrase_needs_some_word() -> None:
    assert [phrase.id for phrase in shipped().phrases if not needles(phrase.pattern)] == []


def test_no_phrase_of_any_case_is_missed() -> None:
    assert [(text, missed) for text in LINES if (missed := _missed(text))] == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(alphabet="のはに、 a", max_size=3), max_size=14))
def test_no_phrase_of_any_jumble_is_missed(words: list[str]) -> None:
    assert _missed("".join(words)) == []


def test_both_engines_find_the_same_at_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "SHORT_CHARS_MAX", 100_000)
    quickly = [list(shipped().find(text)) for text in LINES]
    monkeypatch.setattr(lexicon, "SHORT_CHARS_MAX", 0)
    assert [list(shipped().find(text)) for text in LINES] == quickly


def test_what_was_read_before_changes_no_decision() -> None:
    rules, signals = default_ruleset(), Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
    mails = [mail for _, _, mail in cases(*NAMES)]
    first = [decide(mail, rules, signals) for mail in mails]
    assert [decide(mail, rules, signals) for mail in reversed(mails)] == first[::-1]


def test_the_same_words_are_meant_otherwise_inside_a_quotation() -> None:
    sentence = "採用を見送らせていただきます。"
    assert {one.mood for one in said(sentence) if one.phrase.kind == "no"} == {""}
    assert {one.mood for one in said(sentence, quoted=True) if one.phrase.kind == "no"} == {"quoted"}


def test_offsets_of_a_remembered_piece_are_those_of_its_own_mail() -> None:
    rules, mail = default_ruleset(), next(mail for _, _, mail in cases("rejections_ja"))
    later = replace(mail, text="佐藤様\n\n" + mail.text)
    one, other = (decide(each, rules, Signals()).because for each in (mail, later))
    shift = len(later.text) - len(mail.text)
    starts = {(reason.id, reason.quote): reason.start for reason in other if reason.kind == "hit"}
    for reason in one:
        if reason.kind == "hit" and reason.start >= 0:
            assert starts[reason.id, reason.quote] == reason.start + shift
