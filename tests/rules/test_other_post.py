"""A rejection that goes on with another post is a person's to judge; ordinary courtesies are not."""

from __future__ import annotations

import pytest

from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, Verdict
from tests.rules.case_files import lines
from tests.rules.eml import mail_of

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
JA = """山田 花子 様
この度は弊社の事務職にご応募いただき、ありがとうございました。
選考の結果、誠に残念ながら今回は採用を見送らせていただくこととなりました。
{}
今後のご活躍をお祈り申し上げます。"""
EN = """Dear Hanako,
Thank you for applying for the Analyst position. We have decided not to move forward with your application.
{}
We wish you all the best."""


def _rejection(tail: str) -> Mail:
    return mail_of(EN.format(tail), "Your application") if tail.isascii() else mail_of(JA.format(tail))


@pytest.mark.parametrize("tail", lines("other_post"))
def test_an_invitation_to_another_post_asks_a_person(tail: str) -> None:
    assert decide(_rejection(tail), RULES, REJECTED).verdict is Verdict.REVIEW


@pytest.mark.parametrize("tail", lines("courtesies"))
def test_a_courtesy_behind_a_rejection_keeps_the_link(tail: str) -> None:
    assert decide(_rejection(tail), RULES, REJECTED).verdict is Verdict.INJECT
