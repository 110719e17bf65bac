"""Requests of people about their own data: due dates, the identity check before anything, and what each kind does."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.errors import ConfigError, NotFound
from core.runtime import Runtime
from crm import persons, suppression
from crm.consents import consent
from crm.errors import WrongState
from crm.rights import subject_requests
from crm.rights.subject_requests import Channel, Identity, Kind, Refusal, Request, Standing
from crm.tables import RegistrationRow, SubjectRequestRow
from tests.crm.world import Parties, answer, clock_of, dump, mails_to, parties, shared

MAIL = "hanako.mihon@example.com"
DAY_S = 86_400


def ask(runtime: Runtime, made: Parties, kind: Kind, mail: str = MAIL) -> Request:
    with runtime.begin() as tx:
        return subject_requests.receive(
            tx, made.company_id, kind, Channel.LETTER, mail, note="朱鷺の件です", actor="user:1"
        )


def checked(runtime: Runtime, made: Parties, kind: Kind, mail: str = MAIL) -> str:
    request = ask(runtime, made, kind, mail)
    with runtime.begin() as tx:
        subject_requests.check_identity(tx, request.id, Identity.DOCUMENT, actor="user:1")
    return request.id


def test_a_request_is_due_in_14_days_and_then_overdue(runtime: Runtime) -> None:
    made = parties(runtime)
    request = ask(runtime, made, Kind.DISCLOSURE)
    assert (request.standing, request.due_on, request.overdue) == (Standing.RECEIVED, date(2026, 12, 5), False)
    clock_of(runtime).advance(15 * DAY_S)
    with runtime.read() as tx:
        assert [one.overdue for one in subject_requests.listed(tx, made.company_id)] == [True]
        assert subject_requests.count_open(tx, made.company_id, overdue=True) == 1
        assert subject_requests.count_open(tx, made.company_id + 1) == 0
    with runtime.begin() as tx:
        done = subject_requests.refuse(tx, request.id, Refusal.NOT_IDENTIFIED, actor="user:1")
        assert (done.standing, done.refusal, done.overdue) == (Standing.REFUSED, Refusal.NOT_IDENTIFIED, False)
        assert subject_requests.listed(tx, made.company_id) == []
        assert [one.id for one in subject_requests.listed(tx, made.company_id, ended=True)] == [request.id]


def test_nothing_is_shown_or_changed_before_the_identity_was_checked(runtime: Runtime) -> None:
    made = parties(runtime)
    shared(runtime, made)
    for kind in Kind:
        request = ask(runtime, made, kind)
        before = dump(runtime)
        for act in (subject_requests.file_for, subject_requests.finish):
            with pytest.raises(WrongState), runtime.begin() as tx:
                act(tx, request.id, actor="user:1")
        assert dump(runtime) == before


def test_disclosure_opens_every_row_and_says_so_in_the_audit_log(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    request_id = checked(runtime, made, Kind.DISCLOSURE)
    with runtime.begin() as tx:
        file = subject_requests.file_for(tx, request_id, actor="user:1")
        assert subject_requests.get(tx, request_id).standing is Standing.IN_WORK
        actions = list(tx.session.scalars(select(AuditEntry.action)))
    assert "person's file opened" in actions
    text = json.dumps(file, ensure_ascii=False)
    for word in (MAIL, "見本 花子", "090-0000-0000", "簿記2級", "みほん人材紹介", "朱鷺の件です"):
        assert word in text
    assert {"person", "person_mail", "registration", "consent", "referral", "provision"} <= file["tables"].keys()


def test_provision_records_come_alone(runtime: Runtime) -> None:
    made = parties(runtime)
    shared(runtime, made)
    request_id = checked(runtime, made, Kind.PROVISION_RECORDS)
    with runtime.begin() as tx:
        file = subject_requests.file_for(tx, request_id, actor="user:1")
    assert set(file["tables"]) == {"provision", "recall"}
    [record] = file["tables"]["provision"]
    assert record["subject_sealed"]["mail"] == MAIL
    assert "090-0000-0000" not in json.dumps(file)


def test_an_erasure_leaves_no_word_of_the_request_either(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made)
    other = ask(any_runtime, made, Kind.CORRECTION)
    request_id = checked(any_runtime, made, Kind.ERASURE)
    with any_runtime.begin() as tx:
        met = subject_requests.finish(tx, request_id, answer="消去しました", actor="user:1")
        assert (met.standing, met.mail, met.note, met.answer) == (Standing.DONE, "", "", "")
        assert subject_requests.get(tx, other.id).mail == ""
        assert persons.find(tx, made.company_id, MAIL) is None
        assert suppression.is_suppressed(tx, made.company_id, MAIL)
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (row.state, row.profile_sealed, row.contact_sealed) == ("erased", None, None)
        assert not consent.may_leave(tx, f"referral:{referral_id}:profile")
    [recall] = [mail for mail in mails_to(any_runtime, "inbox@agency.example.com") if "recall" in str(mail.gate_ref)]
    assert MAIL not in recall.body


def test_a_stop_of_use_ends_consents_recalls_and_stops_mail_but_keeps_the_record(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    request_id = checked(runtime, made, Kind.STOP_USE)
    with runtime.begin() as tx:
        subject_requests.finish(tx, request_id, answer="停止しました", actor="user:1")
        assert not consent.any_live(tx, done.registration_id)
        assert not consent.may_leave(tx, f"referral:{referral_id}:profile")
        assert consent.may_leave(tx, f"referral:{referral_id}:recall")
        assert suppression.is_suppressed(tx, made.company_id, MAIL)
        assert persons.find(tx, made.company_id, MAIL) is not None
        assert subject_requests.get(tx, request_id).answer == "停止しました"
    with pytest.raises(WrongState), runtime.begin() as tx:
        subject_requests.finish(tx, request_id, actor="user:1")


def test_an_unknown_person_gets_no_file_but_is_never_written_to_again(runtime: Runtime) -> None:
    made = parties(runtime)
    stranger = "dareka@example.com"
    disclosure = checked(runtime, made, Kind.DISCLOSURE, stranger)
    with pytest.raises(NotFound), runtime.begin() as tx:
        subject_requests.file_for(tx, disclosure, actor="user:1")
    erasure = checked(runtime, made, Kind.ERASURE, stranger)
    with runtime.begin() as tx:
        subject_requests.finish(tx, erasure, actor="user:1")
        assert suppression.is_suppressed(tx, made.company_id, stranger)
        assert tx.session.get_one(SubjectRequestRow, erasure).said_sealed is None


def test_wrong_input_is_refused(runtime: Runtime) -> None:
    made = parties(runtime)
    with pytest.raises(ConfigError), runtime.begin() as tx:
        subject_requests.receive(tx, made.company_id, Kind.ERASURE, Channel.MAIL, "nobody", actor="cli")
    with pytest.raises(NotFound), runtime.begin() as tx:
        subject_requests.receive(tx, 99, Kind.ERASURE, Channel.MAIL, MAIL, actor="cli")
    with pytest.raises(NotFound), runtime.begin() as tx:
        subject_requests.get(tx, "nothing")
    with pytest.raises(ConfigError), runtime.begin() as tx:
        subject_requests.receive(tx, made.company_id, Kind.ERASURE, Channel.MAIL, MAIL, note="x" * 2001, actor="cli")


def test_nothing_of_a_request_is_readable_in_the_database(runtime: Runtime) -> None:
    made = parties(runtime)
    request = ask(runtime, made, Kind.DISCLOSURE, "toki.himitsu@example.com")
    assert request.note == "朱鷺の件です"
    rows = "\n".join(line for lines in dump(runtime).values() for line in lines)
    assert "himitsu" not in rows
    assert "朱鷺" not in rows
    assert replace(request, mail="") != request
