"""What becomes of a rejection mail in each mode, and that every doubt and every fault lets the original out."""

import threading
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.clock import ManualClock
from core.errors import NotFound, Permanent
from core.runtime import Runtime
from crm.registry import companies
from crm.tables import InvitationRow, NoticeRow
from gateway import process
from gateway.backlog import queue
from gateway.copies import CopyKind, open_copies
from gateway.delivery import finish
from gateway.judgement import edit, holds, judge, review, signing
from gateway.tables import MailState, mail, mail_copy
from rules.model import AtsStatus, Mode, Verdict
from tests.gateway.rig import (
    CANDIDATE,
    HR,
    LINK,
    REJECTION,
    Gateway,
    add_agency,
    add_company,
    ats_says,
    message,
    rejecting_company,
    without_received,
)
from tests.gateway.sink import Sink

INTERNAL = "boss@kigyo.example.jp"


def count(runtime: Runtime, row: Any) -> int:
    with runtime.read() as tx:
        return tx.session.scalar(select(func.count()).select_from(row)) or 0


def test_a_sure_rejection_leaves_with_the_link(any_runtime: Runtime) -> None:
    company = rejecting_company(any_runtime)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert len(LINK.findall(got.raw)) == 1
    body = without_received(got.raw)
    assert body.startswith(b"X-CareerRelay-Trace: ")
    for line in raw.split(b"\r\n"):
        assert line in body
    (row,) = gateway.mails()
    assert (row.state, row.verdict, row.note, row.judged) == ("done", "inject", "edited", True)
    with any_runtime.read() as tx:
        detail = queue.show_mail(tx, row.id, company_id=company.id)
        assert detail.original == raw
        assert detail.final == body
        assert detail.decision is not None
        assert any(reason.quote for reason in detail.decision.because)
        assert [line.recipient for line in detail.deliveries] == [CANDIDATE]
        with pytest.raises(NotFound):
            queue.show_mail(tx, row.id, company_id=company.id + 1)
    assert row.raw is row.edits is None
    assert CANDIDATE not in str(gateway.deliveries())


def test_the_same_notice_sent_again_carries_the_same_link(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        gateway.send(message(REJECTION, subject="再送"))
        first, second = sink.wait(2)
        gateway.wait_until_finished()
    assert LINK.findall(first.raw) == LINK.findall(second.raw) != []
    assert count(runtime, InvitationRow) == 1


def test_a_second_pass_adds_nothing(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        (once,) = sink.wait(1)
        gateway.send(once.raw)
        twice = sink.wait(2)[1]
        gateway.wait_until_finished()
    assert without_received(twice.raw) == once.raw


def test_a_retry_sends_the_same_bytes(any_runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(any_runtime)
    ats_says(any_runtime, 1, recipient="dropx1.taro@example.com")
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(message(REJECTION), ["dropx1.taro@example.com"])
        sink.wait(1)
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        clock.advance(61)
        first, second = sink.wait(2)
        gateway.wait_until_finished()
    assert first.raw == second.raw
    assert LINK.search(first.raw)


def test_a_link_that_was_reported_wrong_leaves_with_no_further_attempt(runtime: Runtime, clock: ManualClock) -> None:
    company = rejecting_company(runtime)
    ats_says(runtime, company.id, recipient="rcpt450x1.taro@example.com")
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, ["rcpt450x1.taro@example.com"])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert gateway.deliveries()[0].variant == "edited"
        with runtime.begin() as tx:
            queue.report_wrong(tx, gateway.mails()[0].id, by="test", company_id=company.id)
        clock.advance(61)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    with runtime.read() as tx:
        assert companies.get(tx, company.id).mode is Mode.OBSERVE


def test_copies_for_the_companys_own_people_stay_original(runtime: Runtime) -> None:
    rejecting_company(runtime)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, [CANDIDATE, INTERNAL])
        sink.wait(2)
        gateway.wait_until_finished()
    (inside,), (outside,) = sink.to(INTERNAL), sink.to(CANDIDATE)
    assert without_received(inside.raw) == raw
    assert LINK.search(outside.raw)
    assert not LINK.search(inside.raw)


def test_two_strangers_get_no_link(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    ats_says(runtime, company.id, recipient="hanako@example.com")
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, [CANDIDATE, "hanako@example.com"])
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert gateway.mails()[0].verdict == "review"


@pytest.mark.parametrize(
    ("case", "note", "verdict"),
    [
        ("observe", "observe", "inject"),
        ("no agency", "no_licensed_agency", "inject"),
        ("no signal", "", "review"),
        ("contrary", "", "review"),
        ("signed", "", "pass"),
    ],
)
def test_what_is_not_edited_leaves_unchanged_with_its_reason(
    runtime: Runtime, case: str, note: str, verdict: str
) -> None:
    company = add_company(runtime, mode=Mode.OBSERVE if case == "observe" else Mode.AUTO)
    if case != "no agency":
        add_agency(runtime, company.id)
    if case != "no signal":
        ats_says(runtime, company.id, AtsStatus.OFFERED if case == "contrary" else AtsStatus.REJECTED)
    raw = message(REJECTION)
    if case == "signed":
        raw = raw.replace(
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Type: application/pkcs7-mime; smime-type=signed-data",
        )
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    (row,) = gateway.mails()
    assert (row.verdict, row.note) == (verdict, note)
    assert count(runtime, InvitationRow) == 0
    assert count(runtime, mail_copy) == (0 if verdict == "pass" else 1)


def test_a_mail_that_cannot_be_edited_makes_no_invitation(runtime: Runtime) -> None:
    rejecting_company(runtime)
    raw = message(REJECTION).replace(b"MIME-Version", b"DKIM-Signature: v=1; d=elsewhere.example.org\r\nMIME-Version")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert gateway.mails()[0].note == "cannot_edit"
    assert (count(runtime, InvitationRow), count(runtime, NoticeRow)) == (0, 0)


@pytest.mark.parametrize("where", ["read", "decide", "edit", "hold"])
def test_every_fault_lets_the_original_out(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Fail open: a fault is put where our code runs, the mail must not notice."""

    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError(where)

    place = {"read": (judge, "read_mail"), "decide": (judge, "decide_by_rules"), "edit": (edit, "rewrite_parsed")}
    monkeypatch.setattr(*place.get(where, (holds, "store_decision")), fault)
    rejecting_company(runtime, Mode.CONFIRM if where == "hold" else Mode.AUTO)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert gateway.mails()[0].note in ("fault", "")
    assert count(runtime, InvitationRow) == 0


# --- confirm ---


def test_a_held_mail_leaves_with_the_link_once_approved(any_runtime: Runtime) -> None:
    company = rejecting_company(any_runtime, Mode.CONFIRM)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(raw, [CANDIDATE, INTERNAL])
        (inside,) = sink.wait(1)
        assert without_received(inside.raw) == raw  # a copy for the company's own people does not wait
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        gateway.wait_for(lambda: gateway.deliveries()[1].state == "sent")
        with gateway.runtime.begin() as tx:
            (line,) = queue.list_mails(tx, company_id=company.id, states=[MailState.HELD], verdict=Verdict.INJECT)
            assert queue.show_mail(tx, line.id).original == raw
            assert queue.approve(tx, line.id, by="user:1", company_id=company.id) == "edited"
        sink.wait(2)
        gateway.wait_until_finished()
        with any_runtime.begin() as tx, pytest.raises(Permanent):
            queue.approve(tx, line.id, by="user:1")
    (outside,) = sink.to(CANDIDATE)
    assert LINK.search(outside.raw)
    with any_runtime.read() as tx:
        assert set(open_copies(tx, line.id)) == set(CopyKind)
        assert [answer.answer for answer in queue.show_mail(tx, line.id).reviews] == ["approve"]


@pytest.mark.parametrize("how", ["released", "expired"])
def test_a_held_mail_that_nobody_wants_edited_leaves_unchanged(
    any_runtime: Runtime, clock: ManualClock, how: str
) -> None:
    rejecting_company(any_runtime, Mode.CONFIRM, hold_minutes=30)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        clock.advance(29 * 60)
        if how == "released":
            with any_runtime.begin() as tx:
                queue.release(tx, gateway.mails()[0].id, by="user:1")
        else:
            clock.advance(60)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert gateway.mails()[0].note == how
    assert count(any_runtime, InvitationRow) == 0


@pytest.mark.parametrize("broken", ["settle", "write_down"])
def test_a_result_that_cannot_be_written_leaves_no_lease_behind(
    runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    database_refuses = threading.Event()
    database_refuses.set()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    def write_down(tx: Any, finishes: Any) -> Any:
        return fail() if database_refuses.is_set() else finish.write_down(tx, finishes)

    monkeypatch.setattr(process, broken, fail if broken == "settle" else write_down)
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message())
        sink.wait(1)
        if broken == "write_down":
            gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
            assert (gateway.deliveries()[0].leased_by, gateway.deliveries()[0].uncertain) == (None, 1)
            database_refuses.clear()
            clock.advance(901)
            sink.wait(2)
        gateway.wait_until_finished()
    assert gateway.mails()[0].state == "done"


def test_a_held_mail_that_cannot_be_read_does_not_stop_the_others(runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(runtime, Mode.CONFIRM)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.send(raw)
        gateway.wait_for(lambda: [row.state for row in gateway.mails()] == ["held", "held"])
        first = gateway.mails()[0].id
        with runtime.begin() as tx:
            tx.session.execute(update(mail).where(mail.c.id == first).values(raw=None, body_path="/nonexistent/a.eml"))
        clock.advance(25 * 3600)
        (got,) = sink.wait(1)
        gateway.wait_for(lambda: [row.state for row in gateway.mails()] == ["held", "done"])
    assert without_received(got.raw) == raw


def test_a_held_mail_that_cannot_be_cleaned_leaves_as_it_came(
    runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "remove_placeholder", lambda *_, **__: 1 // 0)
    rejecting_company(runtime, Mode.CONFIRM)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        clock.advance(25 * 3600)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw


def test_an_approved_mail_that_cannot_be_edited_any_more_leaves_unchanged(runtime: Runtime) -> None:
    rejecting_company(runtime, Mode.CONFIRM)
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        with runtime.begin() as tx:
            companies.suspend(tx, 1)
        with runtime.begin() as tx:
            assert queue.approve(tx, gateway.mails()[0].id, by="user:1") == "suspended"
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw


# --- what people teach ---


def test_an_approved_sentence_is_a_second_signal_from_then_on(any_runtime: Runtime) -> None:
    company = add_company(any_runtime)
    add_agency(any_runtime, company.id)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        sink.wait(1)
        gateway.wait_until_finished()
        (row,) = gateway.mails()
        assert row.verdict == "review"
        with any_runtime.begin() as tx:
            review.answer_review(tx, row.id, rejection=True, by="user:1", company_id=company.id)
            (sentence,) = review.sentences(tx, company.id)
            assert sentence.sender == HR
        gateway.wait_for(lambda: _sends_a_link(gateway, sink))
        with any_runtime.begin() as tx:
            review.undo_sentence(tx, sentence.id, by="user:1", company_id=company.id)
        gateway.wait_for(lambda: not _sends_a_link(gateway, sink))


def _sends_a_link(gateway: Gateway, sink: Sink) -> bool:
    before = len(sink.got)
    gateway.send(message(REJECTION))
    return LINK.search(sink.wait(before + 1)[before].raw) is not None


def test_a_placeholder_is_replaced_or_removed(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    with_mark = message(REJECTION + "{{careerrelay}}\r\n")
    ordinary = message("次回の面接は12月1日です。\r\n{{careerrelay}}\r\n")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(with_mark)
        gateway.send(ordinary, ["other@example.com", INTERNAL])
        sink.wait(3)
        gateway.wait_until_finished()
    (edited,), (cleaned,), (inside,) = sink.to(CANDIDATE), sink.to("other@example.com"), sink.to(INTERNAL)
    assert LINK.search(edited.raw)
    assert b"{{careerrelay}}" not in edited.raw + cleaned.raw
    assert not LINK.search(cleaned.raw)
    assert without_received(inside.raw) == ordinary
    assert company.mode is Mode.AUTO
