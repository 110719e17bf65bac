"""Crashes: what a dead process held is tried again, calmly, and a mail that keeps killing processes gets through."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core import processes
from core.clock import ManualClock
from core.db import new_id
from core.runtime import Runtime
from crm.registry import companies
from gateway.backlog import leases
from gateway.backlog.leases import Observer
from gateway.judgement import judge
from gateway.judgement.arrival import Arriving, store
from gateway.judgement.edit import Unedited
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store.retention import remove_orphans
from gateway.store.spool import NewMail
from gateway.tables import DeliveryState, Origin, delivery
from tests.gateway.rig import CANDIDATE, HR, REJECTION, Gateway, ats_says, message, rejecting_company, without_received
from tests.gateway.sink import Sink

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def accepted(runtime: Runtime, raw: bytes, *recipients: str, judged: Unedited | None = None) -> int:
    """What the acceptance commit of a process wrote that was killed right behind it; the process's id."""
    with runtime.begin() as tx:
        process_id = processes.register(tx, "gateway")
        store(tx, [arriving(raw, process_id, *recipients, judged=judged)])
    return process_id


def arriving(raw: bytes, process_id: int, *recipients: str, judged: Unedited | None = None) -> Arriving:
    """A mail that a process stores and will deliver at once."""
    envelope = Envelope(HR, tuple(Recipient(address) for address in recipients))
    arrival = Arrival("127.0.0.1", "client.example.net", "ESMTP", "", AT)
    new = NewMail(new_id(), Origin.SMTP, 1, True, envelope, arrival, len(raw), raw, None, process_id)
    return Arriving(new, judged)


def test_a_mail_whose_process_died_arrives(any_runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(any_runtime)
    raw = message("こんにちは\r\n")
    dead = accepted(any_runtime, raw, CANDIDATE, "hanako@example.com")
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        clock.advance(3600)
        assert not sink.got  # nobody takes what a living process holds
        with any_runtime.begin() as tx:
            assert leases.free(tx, dead) == 2  # the supervisor saw it die
        assert not sink.got
        clock.advance(3)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert [(d.state, d.tries, d.uncertain) for d in gateway.deliveries()] == [("sent", 2, 1)] * 2
    assert b"Sat, 21 Nov 2026 12:00:00 +0900" in got.raw.split(b"\r\nFrom")[0]  # when it came, not when it left


def test_a_rejection_that_was_not_judged_before_the_crash_is_judged_after_it(
    runtime: Runtime, clock: ManualClock
) -> None:
    rejecting_company(runtime)
    dead = accepted(runtime, message(REJECTION), CANDIDATE)
    with runtime.begin() as tx:
        leases.free(tx, dead)
    clock.advance(3)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        assert b"/r/" in sink.wait(1)[0].raw
        gateway.wait_until_finished()


@pytest.mark.parametrize("mark", ["{{careerrelay}}\r\n", ""])
@pytest.mark.parametrize("inline", ["1000000", "100"])
def test_a_link_that_may_not_leave_any_more_takes_the_placeholder_with_it(
    any_runtime: Runtime, clock: ManualClock, mark: str, inline: str
) -> None:
    company, recipient = rejecting_company(any_runtime), "rcpt450x1.taro@example.com"
    ats_says(any_runtime, company.id, recipient=recipient)
    raw = message(REJECTION + mark)
    with Sink() as sink, Gateway(any_runtime, sink.port, SPOOL__INLINE_BYTES_MAX=inline) as gateway:
        gateway.send(raw, [recipient])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert gateway.deliveries()[0].variant == "edited"
        with any_runtime.begin() as tx:
            companies.suspend(tx, company.id)
        clock.advance(61)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert b"{{careerrelay}}" not in got.raw
    assert b"/r/" not in got.raw
    assert mark or without_received(got.raw) == raw


def test_from_the_third_unfinished_try_on_a_mail_is_relayed_unjudged(
    runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "read_mail", lambda *_, **__: pytest.fail("looked into a poison mail"))
    rejecting_company(runtime)
    raw = message(REJECTION)
    dead = accepted(runtime, raw, CANDIDATE)
    for _ in range(2):
        with runtime.begin() as tx:
            leases.free(tx, dead)
        clock.advance(1000)
        with runtime.begin() as tx:
            dead = processes.register(tx, "gateway")
            (work,) = leases.claim(tx, dead, 10)
            assert work.envelope.addresses == (CANDIDATE,)
    with runtime.begin() as tx:
        leases.free(tx, dead)
        tx.session.execute(update(delivery).values(tries=2))
    clock.advance(1000)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert gateway.mails()[0].judged is False


def test_two_processes_never_share_a_mail(any_runtime: Runtime) -> None:
    rejecting_company(any_runtime)
    everybody = tuple(f"r{number}@example.com" for number in range(10))
    for _ in range(3):
        dead = accepted(any_runtime, message(), *everybody)
        with any_runtime.begin() as tx:
            leases.free(tx, dead)
            tx.session.execute(update(delivery).values(due_at=AT))
    with any_runtime.begin() as tx:
        one, two = (processes.register(tx, "gateway") for _ in range(2))
    with any_runtime.begin() as first:
        mine = leases.claim(first, one, 2)
        if any_runtime.db.dialect == "postgresql":  # SQLite has one writer, there is nothing to run into
            with any_runtime.begin() as second:
                theirs = leases.claim(second, two, 10)
                assert [work.id for work in theirs] == [3]
                assert leases.claim(second, two, 10) == []
    assert [(work.id, len(work.deliveries), work.whole) for work in mine] == [(1, 10, True), (2, 10, True)]
    assert mine[0].envelope.addresses == everybody


def test_a_mail_ends_only_with_its_last_delivery(any_runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(any_runtime)
    dead = accepted(any_runtime, message(), CANDIDATE, "rcpt450x1.b@example.com")
    with any_runtime.begin() as tx:
        leases.free(tx, dead)
    clock.advance(3)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        sink.wait(1)
        gateway.wait_for(lambda: [d.state for d in gateway.deliveries()] == ["sent", "waiting"])
        (row,) = gateway.mails()
        assert row.state == "ready"
        assert row.raw is not None
        clock.advance(301)
        gateway.wait_until_finished()
        assert gateway.mails()[0].raw is None


def looks(observer: Observer, beats: Mapping[int, datetime], first_s: int, last_s: int) -> list[list[int]]:
    """Who is dead at each look, one a second."""
    return [observer.dead(beats, float(second)) for second in range(first_s, last_s + 1)]


def test_only_a_heart_that_stands_still_is_dead_whatever_the_time_of_day_says() -> None:
    observer = Observer(9)
    beats = {1: AT, 2: AT}
    assert not any(looks(observer, beats, 0, 14))
    beats[1] += timedelta(hours=25)  # the clock was set
    assert not any(looks(observer, beats, 15, 19))
    assert observer.dead(beats, 20.0) == [2]
    del beats[2]
    assert not any(looks(observer, beats, 21, 34))
    assert observer.dead(beats, 35.0) == [1]


def test_while_our_own_heart_does_not_beat_either_nobody_is_dead() -> None:
    """The database takes nobody's heartbeat: whoever waits for it longest must not be thrown out for that."""
    observer = Observer(9)
    beats = {1: AT, 9: AT}
    assert not any(looks(observer, beats, 0, 60)), "nor are we, whatever the time"
    found = []
    for second in range(61, 90):
        beats[9] += timedelta(seconds=1)  # the database answers again, and the other one stays silent
        found.append(observer.dead(beats, float(second)))
    assert found[-1] == [1]
    assert not any(found[:10]), "it had time to beat"


def test_after_the_whole_machine_stood_still_others_get_time_to_beat() -> None:
    observer = Observer(9)
    beats = {1: AT}
    assert not any(looks(observer, beats, 0, 2))
    assert observer.dead(beats, 3600.0) == [], "nobody could beat while nobody looked"
    beats[1] += timedelta(hours=1)
    assert not any(looks(observer, beats, 3601, 3619))
    assert not any(looks(observer, {}, 3620, 3621)), "and who left is not dead either"


def test_a_process_that_beats_again_in_time_keeps_its_leases(runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(runtime)
    process_id = accepted(runtime, message(), CANDIDATE)
    with runtime.begin() as tx:
        silent = processes.beats(tx)
        clock.advance(1)
    with runtime.begin() as tx:
        processes.beat(tx, process_id, follows=1)
        assert leases.free_dead(tx, silent) == 0
        assert leases.free_dead(tx, processes.beats(tx)) == 1


def test_a_process_that_was_declared_dead_ends(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with Sink() as sink:
        gateway = Gateway(runtime, sink.port)
        gateway.__enter__()
        with runtime.begin() as tx:
            for process_id in processes.beats(tx):
                leases.free(tx, process_id)
        gateway.wait_until_it_ends()
        assert type(gateway.error).__name__ == "LeaseLost"


def test_what_was_cut_at_the_stop_is_uncertain(runtime: Runtime, tmp_path: Path) -> None:
    rejecting_company(runtime)
    assert remove_orphans(runtime) == 0
    dead = accepted(runtime, message(), CANDIDATE)
    with runtime.begin() as tx:
        leases.free(tx, dead)
        rows = tx.session.execute(delivery.select()).all()
    assert [(row.state, row.uncertain, row.leased_by) for row in rows] == [(DeliveryState.WAITING.value, 1, None)]
