"""Licences that end and recalls that nobody answers: told in time, each notice once, and nothing after the answer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.jobs import Claimed
from core.runtime import Runtime
from crm.agency import agencies, licences
from crm.agency.licences import EXPIRED, step
from crm.candidate import registrations
from crm.consents import consent
from crm.delivery import recalls, referrals
from crm.delivery.recalls import reminders_due
from crm.invitation.invitations import NoOffer, offer_for_rejection
from crm.registry import companies
from tests.conftest import START, make_settings
from tests.crm.world import AGENCY, COMPANY, clock_of, mails_to, parties, shared

DAY_S = 86_400
JOB = Claimed(1, "job", "job:1", {}, 1, "test")
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("days", "notice"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, EXPIRED), (-90, EXPIRED)],
)
def test_a_notice_is_due_60_30_and_7_days_before_and_after_the_end(days: int, notice: int | None) -> None:
    assert step(TODAY + timedelta(days=days), TODAY) == notice


def test_company_and_admin_are_told_once_a_step_and_again_after_a_renewal(runtime: Runtime) -> None:
    settings = make_settings(runtime.settings.home, ADMIN__MAIL="admin@gateway.example.jp")
    runtime = replace(runtime, settings=settings)
    made = parties(
        runtime,
        replace(COMPANY, contact_mail="jinji@example.jp"),
        replace(AGENCY, licence_expires_on=TODAY + timedelta(days=70)),
    )
    told = []
    for days in (0, 10, 5, 25, 23, 8):
        clock_of(runtime).advance(days * DAY_S)
        for _ in range(2):
            licences.tell(runtime, JOB)
        told.append((len(mails_to(runtime, "jinji@example.jp")), len(mails_to(runtime, "admin@gateway.example.jp"))))
    assert told == [(0, 0), (1, 1), (1, 1), (2, 2), (3, 3), (4, 4)]
    last = mails_to(runtime, "jinji@example.jp")[-1]
    assert "停止しています" in last.body
    assert last.gate_ref == f"company:{made.company_id}:licence"
    with runtime.begin() as tx:
        assert consent.may_leave(tx, str(last.gate_ref))
        stopped = offer_for_rejection(tx, company_id=made.company_id, recipient="a@example.com", mail_id=5)
        assert stopped == NoOffer("no_licensed_agency")
        agencies.renew(tx, made.agency_id, TODAY + timedelta(days=3 * 365))
        assert not isinstance(
            offer_for_rejection(tx, company_id=made.company_id, recipient="a@example.com", mail_id=5), NoOffer
        )
    licences.tell(runtime, JOB)
    assert len(mails_to(runtime, "jinji@example.jp")) == 4


@pytest.mark.parametrize(("days", "count"), [(0, 0), (6, 0), (7, 1), (13, 1), (14, 2), (28, 4), (100, 4)])
def test_an_agency_is_asked_again_each_week_four_times(days: int, count: int) -> None:
    assert reminders_due(START, START + timedelta(days=days, seconds=1)) == count


def test_a_recall_is_chased_until_the_agency_says_that_it_deleted(any_runtime: Runtime) -> None:
    made = parties(any_runtime, replace(COMPANY, contact_mail="jinji@example.jp"))
    done, referral_id = shared(any_runtime, made)
    with any_runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    counts = []
    for days in (1, 6, 1, 7, 30):
        clock_of(any_runtime).advance(days * DAY_S)
        recalls.chase(any_runtime, JOB)
        recalls.chase(any_runtime, JOB)
        reminders = [mail for mail in mails_to(any_runtime, AGENCY.mail) if "recall_reminder" in str(mail.gate_ref)]
        counts.append((len(reminders), len(mails_to(any_runtime, "jinji@example.jp"))))
    assert counts == [(0, 0), (1, 0), (1, 0), (2, 1), (3, 1)]
    with any_runtime.begin() as tx:
        [one] = recalls.open_recalls(tx, made.company_id)
        assert (one.referral_id, one.overdue, one.agency) == (referral_id, True, AGENCY.name)
        assert recalls.open_recalls(tx, made.company_id + 1) == []
        assert consent.may_leave(tx, f"referral:{referral_id}:recall_reminder")
        referrals.acknowledge_recall(tx, made.agency_id, referral_id)
        assert recalls.open_recalls(tx) == []
        assert not consent.may_leave(tx, f"referral:{referral_id}:recall_reminder")
    clock_of(any_runtime).advance(40 * DAY_S)
    recalls.chase(any_runtime, JOB)
    assert len(mails_to(any_runtime, "jinji@example.jp")) == counts[-1][1]


def test_an_agency_may_answer_a_recall_on_paper(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
        said = recalls.acknowledged_on_paper(tx, referral_id, actor="user:1")
        assert said.acknowledged_at == tx.now
        assert companies.get(tx, made.company_id).name == COMPANY.name
    with runtime.read() as tx:
        assert recalls.open_recalls(tx) == []
