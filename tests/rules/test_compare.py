"""Comparing two rule sets over the same mails: what counts as a change, and whose answer counts."""

from dataclasses import replace

import pytest

from rules.compare import Comparison, Replayed, ats_of, said_by
from rules.decide import decide
from rules.load import default_ruleset
from rules.model import AtsAnswer, AtsStatus, Decision, Mode, Orders, Signals, TextVerdict, Verdict
from tests.rules.eml import mail_of

REJECTION = "選考の結果、誠に残念ながら、今回は採用を見送らせていただきます。"
OPENED = "面接の日程についてご連絡いたします。"


def _decision(verdict: Verdict, orders: Orders | None = None) -> Decision:
    return Decision(verdict, TextVerdict.NONE, 0.0, (), orders=orders)


def _replayed(mail_id: int, before: Verdict, after: Verdict, rejection: bool | None = None) -> Replayed:
    return Replayed(mail_id, 1, "2026-11-21", before, _decision(before), _decision(after), rejection)


@pytest.mark.parametrize("text", [REJECTION, OPENED])
@pytest.mark.parametrize("contrary", [False, True])
@pytest.mark.parametrize("age_days", [0.0, 0.00001, 3.25, 40.0])
@pytest.mark.parametrize("status", [None, *AtsStatus])
def test_a_decision_tells_what_the_ats_had_said(
    status: AtsStatus | None, age_days: float, contrary: bool, text: str
) -> None:
    mail, rules = mail_of(text), default_ruleset()
    asked = None if status is None else AtsAnswer(status, age_days, contrary)
    decision = decide(mail, rules, Signals(asked))
    told = ats_of(Decision.from_json(decision.to_json(words=False)))
    assert told is not None
    again = decide(mail, rules, Signals(None if told == "silent" else told))
    assert again == decision


def test_behind_a_closed_gate_nothing_is_told_of_the_ats() -> None:
    mail = replace(mail_of(REJECTION), headers={"list-unsubscribe": ("<mailto:x@example.com>",)})
    assert ats_of(decide(mail, default_ruleset(), Signals(AtsAnswer(AtsStatus.REJECTED, 1.0)))) is None


def test_figures() -> None:
    compared = Comparison()
    inject, review, pass_ = Verdict.INJECT, Verdict.REVIEW, Verdict.PASS
    for mail in (
        _replayed(1, review, inject, rejection=True),
        _replayed(2, review, inject, rejection=False),
        _replayed(3, inject, pass_, rejection=True),
        _replayed(4, inject, inject, rejection=False),
        _replayed(5, pass_, pass_),
    ):
        compared.add(mail)
    assert (compared.seen, compared.changed, compared.answered, compared.unlike_stored) == (5, 3, 4, 3)
    assert compared.moves == {"review>inject": 2, "inject>pass": 1}
    assert compared.before.wrong_links == [4]
    assert compared.after.wrong_links == [2, 4]
    assert compared.new_wrong_links == [2]
    assert (compared.before.missed, compared.after.missed) == ([], [3])
    assert compared.links[1, "2026-11-21"] == 3


def test_what_is_ordered_counts_as_a_change() -> None:
    quiet, loud = _decision(Verdict.PASS), _decision(Verdict.PASS, Orders(mode=Mode.CONFIRM, tags=("不採用",)))
    assert Replayed(1, 1, "", Verdict.PASS, quiet, loud).changes == ("mode", "tags")
    assert Replayed(1, 1, "", Verdict.PASS, quiet, _decision(Verdict.PASS, Orders())).changes == ()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((), None),
        (("release",), None),
        (("approve",), True),
        (("rejection", "not_rejection"), False),
        (("wrong", "release"), False),
        (("not_rejection", "rejection"), True),
    ],
)
def test_the_newest_answer_counts(answers: tuple[str, ...], said: bool | None) -> None:
    assert said_by(answers) is said
