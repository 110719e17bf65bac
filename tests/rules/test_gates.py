"""Each gate closes by itself: the mail without its one fact would get the link."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.decide import decide
from rules.gates import GATES, closed
from rules.load import default_ruleset, load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, Verdict
from tests.rules.eml import mail_of

REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
PLAIN = mail_of("ご応募ありがとうございました。選考の結果、採用を見送らせていただきます。")
BOOK = 'schema = 1\n[addresses]\nagencies = ["@example.com"]\n'


def _with(**headers: str) -> Mail:
    return replace(PLAIN, headers={name.replace("_", "-"): (value,) for name, value in headers.items()})


CLOSED = [
    ("protected", replace(PLAIN, protected="signed")),
    ("protected", replace(PLAIN, protected="encrypted")),
    ("protected", replace(PLAIN, protected="calendar")),
    ("already_processed", replace(PLAIN, already_processed=True)),
    ("auto_replied", _with(auto_submitted="auto-replied")),
    ("auto_replied", _with(auto_submitted=" Auto-Replied; owner=x")),
    ("bulk", _with(list_unsubscribe="<https://example.co.jp/u>")),
    ("bulk", _with(list_id="news.example.co.jp")),
    ("bulk", _with(precedence="Bulk")),
    ("only_internal", replace(PLAIN, recipients=("saiyo2@example.co.jp",))),
    ("only_internal", replace(PLAIN, recipients=())),
    (
        "only_internal",
        replace(
            PLAIN, recipients=("a@jinji.example.co.jp",), own_domains=frozenset({"example.co.jp", ".example.co.jp"})
        ),
    ),
]


def test_the_plain_mail_gets_the_link() -> None:
    assert closed(PLAIN) is None
    assert decide(PLAIN, default_ruleset(), REJECTED).verdict is Verdict.INJECT


@pytest.mark.parametrize(("gate", "mail"), CLOSED)
def test_a_closed_gate_passes_the_mail_always(gate: str, mail: Mail) -> None:
    decision = decide(mail, default_ruleset(), REJECTED)
    assert decision.verdict is Verdict.PASS
    assert [(reason.kind, reason.id) for reason in decision.because] == [("gate", gate)]


def test_an_address_of_the_companys_own_list_is_no_applicant() -> None:
    decision = decide(PLAIN, load(BOOK, "rules.toml"), REJECTED)
    assert (decision.verdict, decision.because[0].id) == (Verdict.PASS, "address_book")


def test_every_gate_has_a_case() -> None:
    tested = {gate for gate, _ in CLOSED} | {"address_book", "many_recipients"}
    assert {gate.__name__ for gate in GATES} == tested


@pytest.mark.parametrize(
    ("recipients", "verdict"),
    [
        (("a@example.com", "b@example.org"), Verdict.REVIEW),
        (("a@example.com", "A@Example.com"), Verdict.INJECT),
        (("a@example.com", "boss@example.co.jp"), Verdict.INJECT),
    ],
)
def test_only_one_recipient_outside_may_get_the_link(recipients: tuple[str, ...], verdict: Verdict) -> None:
    assert decide(replace(PLAIN, recipients=recipients), default_ruleset(), REJECTED).verdict is verdict


def test_several_recipients_of_another_mail_are_nobodys_business() -> None:
    mail = replace(mail_of("本年もお世話になりました。"), recipients=("a@example.com", "b@example.org"))
    assert decide(mail, default_ruleset(), REJECTED).verdict is Verdict.PASS


@pytest.mark.parametrize("value", ["auto-generated", "no"])
def test_mail_that_an_ats_generates_is_judged(value: str) -> None:
    assert decide(_with(auto_submitted=value), default_ruleset(), REJECTED).verdict is Verdict.INJECT
