"""The database keeps what it promised: UTC in and out, writers that wait their turn, clear words when it is away."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from core import processes
from core.audit import AuditEntry, record
from core.clock import JST, ManualClock
from core.db import Database, new_id, random_id
from core.errors import ConfigError, Temporary
from core.installation import config_version
from core.processes import Process
from core.runtime import Runtime
from tests.servers import free_port


def test_times_come_back_as_the_same_instant_in_utc(any_runtime: Runtime) -> None:
    moment = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=JST)
    with any_runtime.begin() as tx:
        tx.session.add(AuditEntry(at=moment, actor="cli", action="x", subject="y", details={}))
    with any_runtime.read() as tx:
        stored = tx.session.scalars(select(AuditEntry.at)).one()
    assert stored == moment
    assert stored.tzinfo is UTC


def test_a_naive_time_is_a_bug_and_is_refused(any_runtime: Runtime) -> None:
    with pytest.raises(Exception, match="naive datetime"), any_runtime.begin() as tx:
        naive = datetime(2026, 11, 21)  # noqa: DTZ001 - the point of the test
        tx.session.add(AuditEntry(at=naive, actor="cli", action="x", subject="y", details={}))


def test_sqlite_is_durable_and_in_wal(runtime: Runtime) -> None:
    with runtime.db.connection(write=False) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA recursive_triggers")).scalar() == 1
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_writers_wait_for_each_other(any_runtime: Runtime) -> None:
    """Read, then write, from eight threads: without an immediate lock SQLite refuses at once, and counts get lost."""

    def add() -> None:
        for _ in range(5):
            with any_runtime.begin() as tx:
                tx.session.execute(text("SELECT config_version FROM installation"))
                tx.config_changed()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_runtime.read() as tx:
        assert config_version(tx.session) == 41


def test_hooks_and_wake_ups_follow_the_commit_only(any_runtime: Runtime) -> None:
    called: list[str] = []
    with pytest.raises(ZeroDivisionError), any_runtime.begin() as tx:
        tx.after_commit(lambda: called.append("rolled back"))
        raise ZeroDivisionError
    with any_runtime.begin() as tx:
        tx.after_commit(lambda: called.append("committed"))
        assert called == []
    assert called == ["committed"]


def test_a_hook_that_fails_does_not_make_the_commit_look_failed(any_runtime: Runtime) -> None:
    def no_space() -> None:
        raise OSError(28, "No space left on device")

    with any_runtime.begin() as tx:
        tx.config_changed()
        tx.after_commit(no_space)
    with any_runtime.read() as tx:
        assert config_version(tx.session) == 2


def test_a_database_that_is_away_is_temporary_and_names_no_secret() -> None:
    database = Database(f"postgresql+psycopg://someone:geheim@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Temporary) as caught, database.session(write=False) as session:
        session.execute(text("SELECT 1"))
    assert "geheim" not in caught.value.message
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "oracle://x/y", "postgresql+psycopg://h:p:p/x"])
def test_an_unusable_url_is_one_clear_line(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database(url)


def test_ids_are_short_never_the_same_and_in_order_of_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(len(found) == 16 and found.isalnum() for found in ids)
    assert [found[:8] for found in ids] == sorted(found[:8] for found in ids)


def test_an_id_that_must_tell_nothing_has_no_order() -> None:
    ids = [random_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert ids != sorted(ids)


def test_a_process_without_heartbeat_is_found_dead_and_can_know_it(any_runtime: Runtime, clock: ManualClock) -> None:
    with any_runtime.begin() as tx:
        quiet, alive = processes.register(tx, "gateway"), processes.register(tx, "gateway")
    clock.advance(processes.DEAD_AFTER_S + 1)
    with any_runtime.begin() as tx:
        assert processes.beat(tx, alive)
        assert processes.dead(tx) == [quiet]
        processes.forget(tx, quiet)
        assert not processes.beat(tx, quiet)
        assert tx.session.scalars(select(Process.id)).all() == [alive]


def test_the_audit_log_keeps_ids_and_counts(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        record(tx, "cli", "company.add", "company:1", senders=2)
    with any_runtime.read() as tx:
        assert tx.session.scalars(select(AuditEntry)).one().details == {"senders": 2}
