"""What strangers and bad partners try: guessed codes, texts that break the paper, answers after the contract."""

import secrets
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.runtime import Runtime
from crm.agency import agencies
from crm.arrival import arrivals
from crm.candidate import registrations
from crm.candidate.registrations import Registered
from crm.consents.consent_texts import Purpose
from crm.delivery import referrals
from crm.errors import FormRefused, Refused, WrongCode
from crm.profile import forms
from crm.referral import outcomes
from crm.referral.outcomes import OutcomeKind
from crm.referral.referral_states import Answer
from crm.tables import ReferralRow, RegistrationRow
from ledger import book
from tests.crm.test_arrivals import MAIL, begin, company_token
from tests.crm.world import PROFILE, answer, form, hand_over, mails_to, offer, parties, shared, token_of


def test_a_code_that_was_never_sent_cannot_be_guessed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """More pages for one address give nobody more tries at it than the three codes a day that its owner reads."""
    token = company_token(runtime, parties(runtime))
    monkeypatch.setattr(secrets, "randbelow", lambda _: 123_456)
    sent, *_, unsent = [begin(runtime, token) for _ in range(4)]
    assert len(mails_to(runtime, MAIL)) == 3
    with runtime.begin() as tx:
        assert arrivals.check(tx, unsent, "123456") == WrongCode("code_wrong", 4)
        assert arrivals.check(tx, sent, "123456") is None  # confirmed; no notice is known


def test_one_mailbox_under_many_names_gets_three_codes(runtime: Runtime) -> None:
    """taro+1@ and taro+2@ are one mailbox; who it is stays told apart by the whole address."""
    token = company_token(runtime, parties(runtime))
    names = ["taro+1@example.org", "Taro@example.org", "taro+2+3@EXAMPLE.org", "taro+4@example.org"]
    with runtime.begin() as tx:
        for name in names:
            arrivals.begin(tx, token, name, sure=True, adult=True, lang="ja", place="")
    assert [len(mails_to(runtime, name)) for name in names] == [1, 1, 1, 0]
    with runtime.begin() as tx:
        arrivals.begin(tx, token, "+tag@example.org", sure=True, adult=True, lang="ja", place="")
    assert len(mails_to(runtime, "+tag@example.org")) == 1


def test_a_summary_of_many_short_lines_is_handed_over(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    profile = replace(PROFILE, summary="\n".join(["・経理"] * 200))
    confirmed = forms.summary_sha256(profile, "ja", MAIL)
    with runtime.begin() as tx:
        filled = form(tx, token, MAIL, "profile", profile=profile, summary_sha256=confirmed)
        assert isinstance(registrations.submit(tx, token, filled), Registered)
    hand_over(runtime)
    [mail] = mails_to(runtime, "inbox@agency.example.com")
    assert b"application/pdf" in mail.raw
    with runtime.read() as tx:
        assert tx.session.scalars(select(ReferralRow.state)).all() == ["shared"]


def test_a_suspended_agency_takes_no_credit_back_and_reports_nothing(runtime: Runtime) -> None:
    """It still holds the links of its mails; all that is left to it is to confirm a deletion."""
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact", "outcome")
    answer(runtime, made, referral_id)
    with runtime.begin() as tx:
        agencies.suspend(tx, made.agency_id)
    for given in Answer:
        with pytest.raises(Refused, match="suspended"), runtime.begin() as tx:
            referrals.answer(tx, made.agency_id, referral_id, given)
    with pytest.raises(Refused, match="suspended"), runtime.begin() as tx:
        referrals.report(tx, made.agency_id, referral_id, OutcomeKind.HIRED, tx.now.date())
    with runtime.read() as tx:
        assert book.balance(tx, made.programme_id).available == 1
        assert outcomes.of_referral(tx, referral_id) == ()


@pytest.mark.parametrize(
    "mail",
    ["a@b:c", "a@b\\c", "a@[192.0.2.1]", "a@b(c)", "a@.", "a@b..c", "a@b。jp", "=?utf-8?q?x?=@example.com",
     "見本@example.com", "a\u202e@example.com", "a@example.com\x00"],
)  # fmt: skip
def test_an_address_that_no_mail_can_be_written_to_is_said_to_be_wrong(runtime: Runtime, mail: str) -> None:
    token = company_token(runtime, parties(runtime))
    with pytest.raises(FormRefused, match="mail_wrong"), runtime.begin() as tx:
        arrivals.begin(tx, token, mail, sure=True, adult=True, lang="ja", place="")


@pytest.mark.parametrize(
    "mail", ["a..b@example.com", ".a.@example.com", "a:b(c)[d]\\@example.com", "a@日本.example.com"]
)
def test_an_odd_address_that_can_be_written_to_gets_its_code(runtime: Runtime, mail: str) -> None:
    token = company_token(runtime, parties(runtime))
    with runtime.begin() as tx:
        arrivals.begin(tx, token, mail, sure=True, adult=True, lang="ja", place="")
    assert len(mails_to(runtime, mail)) == 1


def test_withdrawing_from_the_last_agency_leaves_nothing_of_what_was_typed(runtime: Runtime) -> None:
    """Nobody may receive it any more, so there is no purpose to keep it (domain 3.3 invariant 25)."""
    made = parties(runtime)
    done, _ = shared(runtime, made, "contact")
    with runtime.begin() as tx:
        assert registrations.withdraw(tx, done.manage_token, made.agency_id) == 2
    with runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (row.state, row.profile_sealed, row.contact_sealed) == ("withdrawn", None, None)
        assert registrations.manage(tx, done.manage_token) is not None


def test_a_consent_to_the_company_itself_keeps_the_rest(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made, "pool")
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token, made.agency_id)
    with runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (row.state, row.profile_sealed is None) == ("submitted", False)
    with runtime.begin() as tx:
        registrations.withdraw_from_company(tx, done.manage_token, Purpose.POOL)
    with runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (row.state, row.profile_sealed) == ("withdrawn", None)
