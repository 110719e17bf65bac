"""Whole letters of many companies, decided with an ATS that is silent about some and wrong about others."""

from __future__ import annotations

import pytest

from rules.decide import decide
from rules.load import default_ruleset
from rules.model import AtsAnswer, AtsStatus, Signals, Verdict
from tests.rules.letters import Letter, letters

RULES = default_ruleset()
SILENT = Signals()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
LETTERS = list(letters())
REJECTIONS = [letter for letter in LETTERS if letter.label == "rejection"]
OTHERS = [letter for letter in LETTERS if letter.label == "other"]
UNSURE = [letter for letter in LETTERS if letter.label == "unsure"]


def _verdict(letter: Letter, signals: Signals) -> Verdict:
    return decide(letter.mail(), RULES, signals).verdict


def _with(letters: list[Letter], signals: Signals | None, *verdicts: Verdict) -> list[str]:
    return [one.name for one in letters if _verdict(one, one.signals() if signals is None else signals) in verdicts]


@pytest.mark.parametrize("letter", [*OTHERS, *UNSURE], ids=lambda letter: letter.name)
def test_whatever_the_ats_says_only_a_rejection_gets_the_link(letter: Letter) -> None:
    first = decide(letter.mail(), RULES, REJECTED)
    everything = Signals(ats=REJECTED.ats, approved=frozenset({first.sentence_sha256}))
    assert decide(letter.mail(), RULES, everything).verdict is not Verdict.INJECT


def test_rejections_are_found_with_the_ats() -> None:
    assert len(_with(REJECTIONS, None, Verdict.INJECT)) >= 0.7 * len(REJECTIONS)
    assert _with(REJECTIONS, None, Verdict.PASS) == []
    assert len(_with(REJECTIONS, REJECTED, Verdict.INJECT)) >= 0.8 * len(REJECTIONS)


def test_hardly_a_rejection_is_missed_without_the_ats_and_none_gets_the_link() -> None:
    marked = [letter.name for letter in REJECTIONS if letter.kind == "marker"]
    assert _with(LETTERS, SILENT, Verdict.INJECT) == marked
    assert len(_with(REJECTIONS, SILENT, Verdict.PASS)) <= 0.03 * len(REJECTIONS)


def test_an_open_outcome_is_shown_to_a_person() -> None:
    assert len(_with(UNSURE, SILENT, Verdict.PASS)) <= 1


def test_other_mail_seldom_asks_for_a_person() -> None:
    assert len(_with(OTHERS, SILENT, Verdict.REVIEW)) <= 0.2 * len(OTHERS)
