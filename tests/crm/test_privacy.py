"""Reading changes no row, nothing readable lies in the database, and what must be forgotten is forgotten."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.jobs import Job
from core.runtime import Runtime
from crm import figures, notices, persons, signals, suppression
from crm.agency import agencies, api_keys
from crm.candidate import registrations
from crm.candidate.manage import undo_page
from crm.candidate.registrations import CodeNeeded, Registered
from crm.consents import consent, provisions
from crm.delivery import referrals
from crm.invitation import invitations, opt_outs
from crm.profile.forms import ContactForm, Evidence
from crm.referral.referral_states import Answer
from crm.registry import companies, programmes, smtp_users
from crm.rights import retention
from rules.model import AtsStatus
from tests.crm.world import (
    PROFILE,
    clock_of,
    database_bytes,
    dump,
    form,
    hand_over,
    links_in,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
    token_of,
)

DAY_S = 86_400
MAIL = "hanako.mihon@example.com"
AGENCY_MAIL = "inbox@agency.example.com"


def test_reading_functions_change_no_row(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    done = register(any_runtime, first, MAIL, "profile", "contact", "tell_company")
    hand_over(any_runtime)
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    [agency_token] = links_in(mails_to(any_runtime, AGENCY_MAIL)[0].body, "/agency/l/")
    second = token_of(offer(any_runtime, made.company_id, "second@example.com", mail_id=2).relay_url)
    before = dump(any_runtime)
    with any_runtime.begin() as tx:  # a write transaction: whatever a read left behind would be committed
        person_id = persons.find(tx, made.company_id, MAIL)
        assert person_id is not None
        for token in (token_of(first.relay_url), second, token_of(first.optout_url), done.manage_token, "x" * 22):
            registrations.page(tx, token, "ja")
            registrations.manage(tx, token)
            undo_page(tx, token)
            referrals.by_link(tx, token)
            referrals.talk_box(tx, token, referral_id, "ja")
            opt_outs.page(tx, token)
        registrations.preview(tx, second, PROFILE)
        undo_page(tx, done.undo_token)
        referrals.by_link(tx, agency_token)
        referrals.for_agency(tx, made.agency_id)
        referrals.get(tx, made.agency_id, referral_id)
        figures.of_company(tx, made.company_id)
        figures.told(tx, made.company_id)
        provisions.of_company(tx, made.company_id)
        companies.all_companies(tx)
        smtp_users.check_password(tx, "nobody", "nothing")
        agencies.all_agencies(tx, made.company_id)
        agencies.licensed(tx, made.company_id)
        api_keys.check(tx, "cr00000000.x")
        programmes.of_company(tx, made.company_id)
        persons.addresses(tx, person_id)
        signals.answer_for(tx, made.company_id, MAIL)
        notices.under_cap(tx, made.company_id)
        suppression.is_suppressed(tx, made.company_id, MAIL)
        for step in ("profile", "contact", "recall"):
            consent.may_leave(tx, f"referral:{referral_id}:{step}")
    assert dump(any_runtime) == before


def test_nothing_about_a_person_is_readable_in_the_database(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    marks = {"name": "秘密 朱鷺子", "phone": "090-9876-5432", "mail": "himitsu.tokiko@example.com", "job": "朱鷺飼育"}
    with any_runtime.begin() as tx:
        status = signals.SignalRow("csv", marks["mail"], AtsStatus.REJECTED, tx.now)
        signals.store(tx, made.company_id, status, expect_notice=True)
    first = offer(any_runtime, made.company_id, marks["mail"])
    token = token_of(first.relay_url)
    with any_runtime.begin() as tx:
        filled = form(
            tx,
            token,
            marks["mail"],
            "profile",
            "contact",
            "tell_company",
            contact=ContactForm(marks["name"], marks["phone"]),
            profile=replace(PROFILE, wanted_job=marks["job"]),
            evidence=Evidence("192.0.2.0/24", "Tokibrowser"),
        )
        done = registrations.submit(tx, token, filled)
    assert isinstance(done, Registered)
    hand_over(any_runtime)
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    with any_runtime.begin() as tx:
        referrals.answer(tx, made.agency_id, referral_id, Answer.ACCEPTED)
        contact = referrals.contact(tx, made.agency_id, referral_id)
        # The same words are there for those who may read them: the search below can fail.
        assert (contact.name, contact.phone, contact.mail) == (marks["name"], marks["phone"], marks["mail"])
    haystack = database_bytes(any_runtime)
    secrets = [*marks.values(), "himitsu", "Tokibrowser", "192.0.2.0/24", token, done.manage_token, done.undo_token]
    for secret in secrets:
        for needle in (secret.encode(), json.dumps(secret)[1:-1].encode(), b64encode(secret.encode())[:-4]):
            assert needle not in haystack, secret


def test_the_search_finds_what_is_readable(any_runtime: Runtime) -> None:
    parties(any_runtime)
    assert "みほん人材紹介".encode() in database_bytes(any_runtime)


def test_audit_lines_and_jobs_name_nobody(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    hand_over(runtime)
    [referral_id] = referral_ids(runtime, done.registration_id)
    with runtime.begin() as tx:
        referrals.answer(tx, made.agency_id, referral_id, Answer.ACCEPTED)
        registrations.withdraw(tx, done.manage_token)
    with runtime.read() as tx:
        lines = tx.session.scalars(select(AuditEntry)).all()
        payloads = tx.session.scalars(select(Job.payload)).all()
    assert {line.action for line in lines} >= {"company added", "agency added", "programme opened", "registered"}
    assert {line.action for line in lines} >= {"referral answered", "consent withdrawn"}
    assert all(set(payload) == {"referral_id"} for payload in payloads)
    assert "@" not in repr([(line.actor, line.subject, line.details) for line in lines])


def test_hr_sees_no_count_below_five_and_nobody_who_did_not_ask_for_it(runtime: Runtime) -> None:
    made = parties(runtime)
    for number in range(5):
        mail = f"p{number}@example.com"
        boxes = ("profile", "contact", "tell_company") if number == 3 else ("profile", "contact")
        with runtime.read() as tx:
            assert figures.of_company(tx, made.company_id).registered is None
        register(runtime, offer(runtime, made.company_id, mail, number), mail, *boxes, name=f"見本 {number}子")
    with runtime.read() as tx:
        seen = figures.of_company(tx, made.company_id)
        told = figures.told(tx, made.company_id)
    assert (seen.invited, seen.registered, seen.opted_out, seen.unanswered) == (5, 5, None, None)
    assert [(one.name, one.mail) for one in told] == [("見本 3子", "p3@example.com")]


@pytest.mark.parametrize("count", range(12))
def test_small_counts_are_hidden(count: int) -> None:
    assert figures.hidden(count) == (count if count >= 5 else None)


def test_a_credit_shows_the_next_day_only(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done = register(any_runtime, offer(any_runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    hand_over(any_runtime)
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    with any_runtime.begin() as tx:
        referrals.answer(tx, made.agency_id, referral_id, Answer.ACCEPTED)
    clock = clock_of(any_runtime)
    shown = []
    for _ in range(2):
        with any_runtime.read() as tx:
            [one] = figures.progress(tx, made.company_id)
        shown.append((one.counted, one.threshold, one.slots))
        clock.advance(DAY_S)
    assert shown == [(0, 10, 0), (1, 10, 0)]


def purge_all(runtime: Runtime) -> int:
    total = 0
    while True:
        with runtime.begin() as tx:
            gone = retention.purge(tx)
        total += gone
        if gone == 0:
            return total


def test_an_address_that_was_never_confirmed_goes_after_a_day(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.begin() as tx:
        assert isinstance(registrations.submit(tx, token, form(tx, token, "x@example.org", "profile")), CodeNeeded)
    clock_of(runtime).advance(DAY_S)
    assert purge_all(runtime) == 0
    clock_of(runtime).advance(1)
    assert purge_all(runtime) == 1
    assert dump(runtime)["registration"] == []


def test_who_did_not_register_is_forgotten_but_not_invited_again(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    offer(any_runtime, made.company_id, MAIL)
    clock = clock_of(any_runtime)
    clock.advance(180 * DAY_S)
    purge_all(any_runtime)
    with any_runtime.read() as tx:
        person_id = persons.find(tx, made.company_id, MAIL)
        assert person_id is not None
        assert persons.addresses(tx, person_id) == [MAIL]
    clock.advance(1)
    purge_all(any_runtime)
    with any_runtime.begin() as tx:
        assert persons.addresses(tx, person_id) == []
        again = invitations.offer_for_rejection(tx, company_id=made.company_id, recipient=MAIL, mail_id=9)
    assert again == invitations.NoOffer("invited_within_365_days")


def test_what_was_typed_goes_with_the_consents(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    clock_of(runtime).advance(365 * DAY_S + 1)
    purge_all(runtime)
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert (view.state, view.profile, view.contact) == ("expired", None, None)


def test_provision_records_go_after_three_years_and_not_before(runtime: Runtime) -> None:
    made = parties(runtime)
    register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    hand_over(runtime)
    clock = clock_of(runtime)
    clock.advance(timedelta(days=3 * 365).total_seconds())
    purge_all(runtime)
    assert len(dump(runtime)["provision"]) == 1
    clock.advance(timedelta(days=3).total_seconds())
    purge_all(runtime)
    assert dump(runtime)["provision"] == []
