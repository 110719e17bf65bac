"""Mails that we write ourselves: never judged, retried like any other, and held back when the gate says no."""

from datetime import datetime

import pytest
from sqlalchemy import select

from core import outbox
from core.clock import ManualClock
from core.outbox import Kind, Outgoing
from core.runtime import Runtime, Tx
from crm.registry import companies
from gateway.backlog import queue
from gateway.tables import UNFINISHED_MAIL, mail
from tests.gateway.rig import CANDIDATE, Gateway, add_company
from tests.gateway.sink import Sink

OURS = "relay@gateway.example.jp"


def put(
    tx: Tx, key: str, recipient: str = CANDIDATE, gate_ref: str | None = None, company_id: int | None = None
) -> bytes:
    raw = outbox.compose(
        sender=OURS, sender_name="CareerRelay", recipient=recipient, subject="受付", text="本文\n不採用\n", now=tx.now
    )
    assert outbox.put(
        tx,
        key=key,
        company_id=company_id,
        kind=Kind.CANDIDATE,
        sender=OURS,
        recipient=recipient,
        raw=raw,
        gate_ref=gate_ref,
    )
    return raw


def outgoing(runtime: Runtime) -> dict[str, tuple[str, bytes | None, datetime | None]]:
    with runtime.read() as tx:
        rows = tx.session.scalars(select(Outgoing))
        return {row.key: (row.state, row.raw_sealed, row.settled_at) for row in rows}


def test_our_own_mail_leaves_as_it_was_written(any_runtime: Runtime) -> None:
    company = add_company(any_runtime, recruiting_senders=(OURS,), sender_domains=("gateway.example.jp",))
    with any_runtime.begin() as tx:
        raw = put(tx, "receipt:1", company_id=company.id)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert (got.raw, got.sender, got.recipients) == (raw, OURS, (CANDIDATE,))
    state, kept, settled_at = outgoing(any_runtime)["receipt:1"]
    assert (state, kept) == ("sent", None)
    assert settled_at is not None
    (row,) = gateway.mails()
    assert (row.origin, row.judged, row.raw, row.envelope_from) == ("own", False, None, "")


def test_it_takes_the_companys_own_way(runtime: Runtime) -> None:
    with Sink() as own, Sink() as other:
        company = add_company(runtime, next_hop=f"smtp://127.0.0.1:{own.port}")
        with runtime.begin() as tx:
            put(tx, "a", company_id=company.id)
            put(tx, "b")
        with Gateway(runtime, other.port) as gateway:
            own.wait(1)
            other.wait(1)
            gateway.wait_until_finished()


@pytest.mark.parametrize("when", ["before the first attempt", "between two attempts"])
def test_what_may_not_leave_any_more_is_cancelled(any_runtime: Runtime, clock: ManualClock, when: str) -> None:
    company = add_company(any_runtime)
    with any_runtime.begin() as tx:
        put(tx, "digest:1", "rcpt450.hr@kigyo.example.jp", gate_ref=f"company:{company.id}:digest")
        put(tx, "plain:1")
        if when == "before the first attempt":
            companies.suspend(tx, company.id)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        sink.wait(1)
        if when == "between two attempts":
            gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting" and gateway.deliveries()[0].tries == 1)
            with any_runtime.begin() as tx:
                companies.suspend(tx, company.id)
            clock.advance(61)
        gateway.wait_until_finished()
    assert outgoing(any_runtime)["digest:1"][:2] == ("cancelled", None)
    assert outgoing(any_runtime)["plain:1"][0] == "sent"
    assert [got.recipients for got in sink.got] == [(CANDIDATE,)]


def test_an_unknown_reference_keeps_the_mail_here(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        put(tx, "profile:1", gate_ref="referral:nobody:profile")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.wait_for(lambda: outgoing(runtime)["profile:1"][0] == "cancelled")
    assert not sink.got


def test_a_refused_mail_of_ours_is_noted_and_reported_to_nobody(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        put(tx, "a", "rcpt550.x@example.com")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.wait_for(lambda: outgoing(runtime)["a"][0] == "failed")
    assert not sink.got
    assert list(outgoing(runtime)) == ["a"]


# --- the queue in people's hands ---


def test_stopping_releasing_retrying_and_deleting(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        put(tx, "a", "rcpt450x1.x@example.com")
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.wait_for(lambda: [(d.state, d.tries) for d in gateway.deliveries()] == [("waiting", 1)])
        with any_runtime.begin() as tx:
            (line,) = queue.list_mails(tx, states=UNFINISHED_MAIL)
            assert (line.tries, line.sender, line.next_try_at is not None) == (1, "", True)
            queue.hold(tx, line.id, by="cli")
        clock.advance(100_000)
        with any_runtime.begin() as tx:
            assert queue.show_mail(tx, line.id).deliveries[0].state == "held"
            queue.release(tx, line.id, by="cli")
        sink.wait(1)
        gateway.wait_until_finished()
        with any_runtime.begin() as tx:
            put(tx, "b", "rcpt450.y@example.com")
        gateway.wait_for(lambda: [(d.state, d.tries) for d in gateway.deliveries()[1:]] == [("waiting", 1)])
        with any_runtime.begin() as tx:
            (line,) = queue.list_mails(tx, states=UNFINISHED_MAIL)
            queue.retry(tx, line.id, by="cli")
        gateway.wait_for(lambda: [(d.state, d.tries) for d in gateway.deliveries()[1:]] == [("waiting", 2)])
        with any_runtime.begin() as tx:
            queue.delete(tx, line.id, by="cli")
            row = tx.session.execute(select(mail).where(mail.c.id == line.id)).one()
        assert (row.state, row.raw) == ("cancelled", None)
    assert outgoing(any_runtime)["b"][0] == "cancelled"
