"""The way back: undo within the hour, withdraw from one agency or all, delete everything."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.jobs import Job
from core.runtime import Runtime
from crm import links, persons, signals, suppression
from crm.agency import agencies
from crm.candidate import registrations
from crm.consents import consent
from crm.invitation import invitations, wrong_notices
from crm.invitation.wrong_notices import WrongMail
from crm.links import LinkKind
from crm.referral.referral_states import Reason, State
from crm.signals import SignalRow
from crm.tables import RegistrationRow
from rules.model import AtsStatus
from tests.conftest import START
from tests.crm.world import (
    AGENCY,
    COMPANY,
    dump,
    hand_over,
    mails,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
    token_of,
)

MAIL = "hanako.mihon@example.com"


@pytest.mark.parametrize("by", ["undo_token", "manage_token"])
def test_one_tap_undoes_everything_and_the_link_can_be_used_again(any_runtime: Runtime, by: str) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    done = register(any_runtime, first, MAIL, "profile", "contact")
    with any_runtime.begin() as tx:
        assert registrations.undo(tx, getattr(done, by))
    hand_over(any_runtime)
    assert mails_to(any_runtime, AGENCY.mail) == []
    with any_runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
        assert view is not None
        assert (view.state, view.profile, view.contact) == ("undone", None, None)
        assert [step.referral.reason for step in view.steps] == [Reason.UNDONE]
        assert {job.state for job in tx.session.scalars(select(Job))} == {"cancelled"}
    with any_runtime.begin() as tx:
        assert not registrations.undo(tx, done.manage_token)
    again = register(any_runtime, first, MAIL, "profile")
    assert again.registration_id != done.registration_id


def test_after_the_hand_over_it_is_too_late_to_undo(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    hand_over(runtime)
    with runtime.begin() as tx:
        assert not registrations.undo(tx, done.undo_token)
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert not view.can_undo


def test_a_mail_reported_wrong_stops_the_hand_over(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL, mail_id=5), MAIL, "profile")
    with runtime.begin() as tx:
        assert invitations.report_wrong(tx, 5, actor="user:1")
    hand_over(runtime)
    assert mails_to(runtime, AGENCY.mail) == []
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.steps[0].referral.reason is Reason.WRONG_NOTICE


def test_who_reports_a_wrong_link_does_not_learn_whether_this_candidate_registered(runtime: Runtime) -> None:
    made = parties(runtime, replace(COMPANY, contact_mail="hr@example.jp"))
    register(runtime, offer(runtime, made.company_id, MAIL, mail_id=5), MAIL, "profile")
    offer(runtime, made.company_id, "nobody@example.com", mail_id=6)
    with runtime.begin() as tx:
        for mail_id in (5, 6):
            assert invitations.report_wrong(tx, mail_id, actor="user:1") is True
            wrong_notices.tell(tx, WrongMail(mail_id, made.company_id, START, "ja", True), "https://relay.example.jp/")
        entries = tx.session.scalars(select(AuditEntry).where(AuditEntry.action == "invitation reported wrong"))
        first, second = ({**entry.details, "invitation": ""} for entry in entries)
    assert first == second
    letters = zip((5, 6), mails_to(runtime, "hr@example.jp"), strict=True)
    told = [letter.body.replace(f"メール {mail_id} ", "") for mail_id, letter in letters]
    assert told[0] == told[1]


def test_withdrawing_before_the_hand_over_stops_it(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    with runtime.begin() as tx:
        assert registrations.withdraw(tx, done.manage_token) == 2
        assert registrations.withdraw(tx, done.manage_token) == 0
    hand_over(runtime)
    assert mails_to(runtime, AGENCY.mail) == []
    assert [mail.gate_ref for mail in mails_to(runtime, MAIL)] == [
        f"receipt:{done.registration_id}",
        f"ended:{done.registration_id}",
    ]
    assert dump(runtime)["recall"] == []


def test_withdrawing_after_the_hand_over_recalls_it(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done = register(any_runtime, offer(any_runtime, made.company_id, MAIL), MAIL, "profile")
    hand_over(any_runtime)
    with any_runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token, made.agency_id)
    profile, recall = mails_to(any_runtime, AGENCY.mail)
    with any_runtime.read() as tx:
        assert profile.gate_ref is not None
        assert recall.gate_ref is not None
        assert not consent.may_leave(tx, profile.gate_ref)
        assert consent.may_leave(tx, recall.gate_ref)
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert (view.state, view.profile, view.contact) == ("withdrawn", None, None)
    assert (view.steps[0].referral.state, view.steps[0].next_step) == (State.DISQUALIFIED, "ended")
    assert view.steps[0].referral.recall_asked_at is not None
    assert len(view.provisions) == 1


def test_two_agencies_are_left_one_by_one(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        other = replace(AGENCY, name="Other", licence_no="27-ユ-300002", mail="desk@other.example.com", locale="en")
        agencies.add(tx, made.company_id, other)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token, made.agency_id)
    hand_over(runtime)
    assert mails_to(runtime, AGENCY.mail) == []
    assert len(mails_to(runtime, "desk@other.example.com")) == 1
    assert len(referral_ids(runtime, done.registration_id)) == 2


def test_erasure_leaves_the_provision_record_and_a_suppression_only(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    done = register(any_runtime, first, MAIL, "profile", "contact")
    hand_over(any_runtime)
    with any_runtime.begin() as tx:
        registrations.erase(tx, done.manage_token)
    with any_runtime.read() as tx:
        assert registrations.manage(tx, done.manage_token) is None
        assert suppression.is_suppressed(tx, made.company_id, MAIL)
        assert links.find(tx, LinkKind.RELAY, token_of(first.relay_url)) is None
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (row.profile_sealed, row.contact_sealed, row.evidence_sealed, row.mail_index) == (None, None, None, "")
        allowed = {mail.gate_ref: consent.may_leave(tx, str(mail.gate_ref)) for mail in mails(any_runtime)}
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    assert allowed == {
        f"receipt:{done.registration_id}": False,
        f"referral:{referral_id}:profile": False,
        f"referral:{referral_id}:recall": True,
    }
    tables = dump(any_runtime)
    assert tables["person_mail"] == []
    assert len(tables["provision"]) == 1


def test_no_importer_brings_an_erased_person_back(runtime: Runtime) -> None:
    made = parties(runtime)
    rejected = SignalRow("ats", MAIL, AtsStatus.REJECTED, START, "A-1")
    with runtime.begin() as tx:
        signals.store(tx, made.company_id, rejected)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    with runtime.begin() as tx:
        registrations.erase(tx, done.manage_token)
        assert signals.answer_for(tx, made.company_id, MAIL) is None
        signals.store(tx, made.company_id, rejected, expect_notice=True)
        assert persons.find(tx, made.company_id, MAIL) is None
        again = invitations.offer_for_rejection(tx, company_id=made.company_id, recipient=MAIL, mail_id=9)
    assert again == invitations.NoOffer("opted_out")
