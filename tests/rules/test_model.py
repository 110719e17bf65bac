"""The values of a decision: modes, status words, and JSON there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decide import decide
from rules.load import default_ruleset
from rules.model import AtsAnswer, AtsStatus, Decision, Mode, Signals, read_status, strictest
from tests.rules.eml import mail_of


@pytest.mark.parametrize(
    ("modes", "result"),
    [
        ((), Mode.OBSERVE),
        ((Mode.AUTO,), Mode.AUTO),
        ((Mode.AUTO, Mode.CONFIRM), Mode.CONFIRM),
        ((Mode.CONFIRM, Mode.OBSERVE, Mode.AUTO), Mode.OBSERVE),
    ],
)
def test_the_most_careful_mode_wins(modes: tuple[Mode, ...], result: Mode) -> None:
    assert strictest(*modes) is result


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("rejected", AtsStatus.REJECTED),
        (" In Progress ", AtsStatus.IN_PROCESS),
        ("in-process", AtsStatus.IN_PROCESS),
        ("ON_HOLD", AtsStatus.ON_HOLD),
        ("hired", AtsStatus.HIRED),
        ("", AtsStatus.UNKNOWN),
        ("不採用", AtsStatus.UNKNOWN),
    ],
)
def test_status_words_are_read(word: str, status: AtsStatus) -> None:
    assert read_status(word) is status


@given(st.text(max_size=20))
def test_any_other_word_is_unknown_not_an_error(word: str) -> None:
    assert read_status(word) in set(AtsStatus)


@pytest.mark.parametrize("text", ["", "選考の結果、不採用とさせていただきます。", "Congratulations on your offer!"])
def test_a_decision_survives_json(text: str) -> None:
    decision = decide(mail_of(text), default_ruleset(), Signals(ats=AtsAnswer(AtsStatus.REJECTED, 2.5)))
    stored = json.loads(json.dumps(decision.to_json(), ensure_ascii=False))
    assert Decision.from_json(stored) == decision


def test_a_stored_decision_of_another_shape_is_refused() -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Decision.from_json({"verdict": "inject"})
