"""What is left of a mail when it is gone: of a stranger's nothing but time, size and result (decisions 2 and 3)."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.clock import ManualClock
from core.runtime import Runtime
from gateway import copies
from gateway.copies import CopyKind
from gateway.store import retention
from gateway.tables import mail_copy
from tests.gateway.rig import (
    CANDIDATE,
    HR,
    REJECTION,
    Gateway,
    add_company,
    message,
    rejecting_company,
    with_attachment,
    with_settings,
    without_received,
)
from tests.gateway.sink import Sink

PLANTED = "kakushi-7f3a"


def everything_on_disk(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def planted_mail(size: int = 0) -> bytes:
    return message(
        f"{PLANTED} body\r\n" + (PLANTED + "\r\n") * size, sender=f"{PLANTED}@kigyo.example.jp", subject=PLANTED
    )


@pytest.mark.parametrize("size", [0, 500, 40_000], ids=["in a page", "in overflow pages", "in a file"])
def test_nothing_of_a_strangers_mail_is_left_on_the_disk(
    runtime: Runtime, clock: ManualClock, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    add_company(runtime)
    caplog.set_level(logging.DEBUG)
    sender = f"{PLANTED}@kigyo.example.jp"
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(planted_mail(size), [f"{PLANTED}@example.com"], sender)
        gateway.send(planted_mail(size), [f"rcpt450x1.{PLANTED}@example.com"], sender)
        gateway.send(planted_mail(size), [f"rcpt550.{PLANTED}@example.com"], sender)
        gateway.wait_for(lambda: gateway.deliveries()[1].state == "waiting")
        assert PLANTED.encode() in everything_on_disk(runtime.settings.home)  # while it waits it must be there
        clock.advance(61)
        sink.wait(3)
        gateway.wait_until_finished()
        gateway.wait_for(lambda: PLANTED.encode() not in everything_on_disk(runtime.settings.home))
        rows = gateway.mails()
    assert PLANTED not in caplog.text
    assert PLANTED not in str(rows) + str(gateway.deliveries())
    assert {row.state for row in rows} == {"done", "failed"}
    assert all(row.size > 100 and row.finished_at is not None for row in rows)


def test_on_postgresql_the_rows_are_just_as_empty(pg_runtime: Runtime) -> None:
    add_company(pg_runtime)
    with Sink() as sink, Gateway(pg_runtime, sink.port) as gateway:
        gateway.send(planted_mail(500), [f"{PLANTED}@example.com"], f"{PLANTED}@kigyo.example.jp")
        sink.wait(1)
        gateway.wait_until_finished()
        assert PLANTED not in str(gateway.mails()) + str(gateway.deliveries())


def test_a_recruiting_envelope_with_another_from_is_nobodys_business(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION, sender="ceo@kigyo.example.jp"))
        sink.wait(1)
        gateway.wait_until_finished()
    (row,) = gateway.mails()
    assert (row.judged, row.verdict, row.decision, row.envelope_from) == (False, None, None, "")


@pytest.mark.parametrize(("days", "kept"), [(0, 0), (14, 1)])
def test_a_passed_mail_is_kept_only_where_the_company_wants_it(runtime: Runtime, days: int, kept: int) -> None:
    add_company(runtime, keep_passed_days=days)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message("次回の面接は12月1日です。\r\n"))
        sink.wait(1)
        gateway.wait_until_finished()
    (row,) = gateway.mails()
    assert (row.verdict, row.raw, row.envelope_from) == ("pass", None, HR)
    assert CANDIDATE not in str(gateway.deliveries())
    with runtime.read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(mail_copy)) == kept


def test_kept_copies_are_sealed_and_go_when_their_time_is_over(any_runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(any_runtime)
    with Sink() as sink, Gateway(any_runtime, sink.port, SPOOL__INLINE_BYTES_MAX="100000") as gateway:
        raw = with_attachment(message(REJECTION), PLANTED.encode() * 80_000)
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
        assert gateway.mails()[0].note == "edited"
        files = list((any_runtime.settings.home / "copies").iterdir())
        assert len(files) == 1  # the large original; how it was edited is kept as edits
        assert not any(raw[-500:] in path.read_bytes() for path in files)
        with any_runtime.read() as tx:
            kept = copies.open_copies(tx, gateway.mails()[0].id)
        assert (kept[CopyKind.ORIGINAL], kept[CopyKind.FINAL]) == (raw, without_received(got.raw))
    clock.advance(timedelta(days=30).total_seconds() - 1)
    with any_runtime.begin() as tx:
        assert retention.purge(tx) == 0
    clock.advance(60)
    with any_runtime.begin() as tx:
        assert retention.purge(tx) == 1
        assert copies.open_copies(tx, gateway.mails()[0].id) == {}
    assert not list((any_runtime.settings.home / "copies").iterdir())


def test_rows_of_strangers_mails_go_after_a_month(any_runtime: Runtime, clock: ManualClock) -> None:
    add_company(any_runtime)
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:
        gateway.send(message(sender="x@kigyo.example.jp"), sender="x@kigyo.example.jp")
        gateway.send(message())
        sink.wait(2)
        gateway.wait_until_finished()
    clock.advance(timedelta(days=31).total_seconds())
    with any_runtime.begin() as tx:
        found = retention.old_strangers(tx)
        assert len(found) == 1
        retention.delete_rows(tx, [row.id for row in gateway.mails()])
    assert [(row.judged, row.verdict) for row in gateway.mails()] == [(True, "pass")]
    assert len(gateway.deliveries()) == 1


def test_a_body_file_without_a_row_is_swept_up_when_it_is_old(runtime: Runtime) -> None:
    add_company(runtime)
    with Sink() as sink, Gateway(runtime, sink.port, SPOOL__INLINE_BYTES_MAX="100") as gateway:
        gateway.send(message("x\r\n" * 100), ["rcpt450.x@example.com"])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        spool = runtime.settings.home / "spool"
        (needed,) = spool.iterdir()
        orphan = spool / "0123456789abcdef.eml"
        orphan.write_bytes(b"left by a crash")
        with runtime.read() as tx:
            now_s = orphan.stat().st_mtime
            assert retention.orphans(tx, now_s + retention.ORPHAN_AGE_S - 1) == []
            assert retention.orphans(tx, now_s + retention.ORPHAN_AGE_S + 1) == [orphan]
        assert needed.exists()


def test_a_home_that_moved_keeps_its_waiting_mails(runtime: Runtime, tmp_path: Path) -> None:
    """Rows hold the path as it was spelled then; another spelling of the same place makes no orphans."""
    add_company(runtime)
    raw = with_attachment(message(), b"x" * 400_000)
    with Gateway(runtime, "smtp://127.0.0.1:1") as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
    (tmp_path / "elsewhere").symlink_to(runtime.settings.home)
    moved = with_settings(runtime, HOME=str(tmp_path / "elsewhere"))
    (body,) = (runtime.settings.home / "spool").glob("*.eml")
    with moved.read() as tx:
        assert retention.orphans(tx, body.stat().st_mtime + retention.ORPHAN_AGE_S + 1) == []
