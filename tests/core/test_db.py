"""The database keeps what it promised: UTC in and out, writers that wait their turn, clear words when it is away."""

import os
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from core import processes
from core.audit import AuditEntry, record
from core.clock import JST, ManualClock
from core.db import Database, UtcDateTime, new_id, random_id, sqlite_text
from core.errors import ConfigError, Temporary
from core.installation import config_version
from core.processes import Process
from core.runtime import Runtime, Tx
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


@pytest.mark.parametrize("moment", [datetime(2026, 11, 21, 12, 0, tzinfo=JST), datetime(999, 1, 2, 3, 4, 5, 6, UTC)])
def test_the_short_way_to_a_time_of_sqlite_is_the_same(moment: datetime) -> None:
    convert = UtcDateTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())
    assert convert is not None
    assert sqlite_text(moment) == convert(moment)
    assert sqlite_text(None) is None
    with pytest.raises(TypeError, match="naive"):
        sqlite_text(datetime(2026, 11, 21))  # noqa: DTZ001 - the point of the test


def actions(runtime: Runtime) -> list[str]:
    with runtime.read() as tx:
        return sorted(tx.session.scalars(select(AuditEntry.action)))


@pytest.mark.parametrize("connection_first", [True, False])
def test_orm_and_connection_are_one_transaction_whoever_comes_first(
    any_runtime: Runtime, *, connection_first: bool
) -> None:
    def write(tx: Tx, *, connection: bool) -> None:
        if connection:
            values = {"at": tx.now, "actor": "x", "action": "core", "subject": "x", "details": {}}
            tx.connection.execute(insert(AuditEntry).values(values))
        else:
            tx.session.add(AuditEntry(at=tx.now, actor="x", action="orm", subject="x", details={}))

    def both(tx: Tx) -> None:
        write(tx, connection=connection_first)
        write(tx, connection=not connection_first)

    with pytest.raises(ZeroDivisionError), any_runtime.begin() as tx:
        both(tx)
        raise ZeroDivisionError
    assert actions(any_runtime) == []
    with any_runtime.begin() as tx:
        both(tx)
        assert actions(any_runtime) == []
    assert actions(any_runtime) == ["core", "orm"]
    with any_runtime.begin() as tx:
        both(tx)
        savepoint = tx.session.begin_nested()
        both(tx)
        savepoint.rollback()
    assert actions(any_runtime) == ["core", "core", "orm", "orm"]


def test_a_commit_that_fails_leaves_no_open_transaction_behind(runtime: Runtime) -> None:
    with pytest.raises(IntegrityError), runtime.begin() as tx:
        tx.connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        tx.connection.execute(text("INSERT INTO mail_copy VALUES (404, 'letter', NULL, NULL, '2026-11-22')"))
    with runtime.begin() as tx:
        assert tx.connection.execute(text("SELECT count(*) FROM mail_copy")).scalar() == 0


def test_a_kept_connection_serves_one_transaction_after_the_other_until_a_fault(runtime: Runtime) -> None:
    kept, reading = runtime.db.keep(write=True), runtime.db.keep(write=False)
    entry = {"at": runtime.clock.now(), "actor": "x", "subject": "x", "details": {}}
    used = []
    with runtime.begin(kept) as tx:
        tx.connection.execute(insert(AuditEntry).values(action="core", **entry))
        used.append(tx.connection)
    with runtime.begin(kept) as tx:
        tx.session.add(AuditEntry(action="orm", **entry))
        used.append(tx.connection)
    with pytest.raises(IntegrityError), runtime.begin(kept) as tx:
        tx.connection.execute(insert(AuditEntry).values(action="lost", **entry))
        tx.connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        tx.connection.execute(text("INSERT INTO mail_copy VALUES (404, 'letter', NULL, NULL, '2026-11-22')"))
    with runtime.begin(kept) as tx:
        used.append(tx.connection)
    assert used[0] is used[1] is not used[2]
    for _ in range(2):  # a reader lets go of what it saw
        with runtime.read(reading) as tx:
            assert sorted(tx.session.scalars(select(AuditEntry.action))) == ["core", "orm"]
        with runtime.begin() as tx:
            tx.connection.execute(text("UPDATE audit_entry SET actor = 'y'"))
        with runtime.db.connection(write=False) as connection:
            assert tuple(connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()) == (0, 0, 0)


def test_a_transaction_that_asks_nothing_takes_no_lock(runtime: Runtime) -> None:
    with runtime.begin(), runtime.begin() as tx:
        tx.connection.execute(text("DELETE FROM audit_entry"))


def test_sqlite_is_durable_and_in_wal(runtime: Runtime) -> None:
    database = Database(runtime.settings.effective_database_url)
    with database.connection(write=False) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA recursive_triggers")).scalar() == 1
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.close()


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
        assert config_version(tx) == 41


def test_what_a_session_has_added_is_there_for_statements_without_it(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        tx.session.add(Process(role="worker", host="h", pid=1, started_at=tx.now, beat_at=tx.now))
        assert list(processes.beats(tx).values()) == [tx.now]


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
        assert config_version(tx) == 2


def test_a_database_that_is_away_is_temporary_and_names_no_secret() -> None:
    database = Database(f"postgresql+psycopg://someone:geheim@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Temporary) as caught, database.transaction(write=False) as transaction:
        transaction.session.execute(text("SELECT 1"))
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


def test_a_forked_process_has_ids_of_its_own() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_id()[8:].encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 8).decode() != new_id()[8:]
    os.close(reading)
    os.close(writing)


def test_an_id_that_must_tell_nothing_has_no_order() -> None:
    ids = [random_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert ids != sorted(ids)


def test_a_process_that_was_declared_dead_gets_to_know_it(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        quiet, alive = processes.register(tx, "gateway"), processes.register(tx, "gateway")
    with any_runtime.begin() as tx:
        assert processes.beat(tx, alive, follows=1)
        processes.forget(tx, quiet)
        assert not processes.beat(tx, quiet, follows=1)
        assert tx.session.scalars(select(Process.id)).all() == [alive]


def test_who_does_not_follow_a_new_configuration_is_known(runtime: Runtime, clock: ManualClock) -> None:
    with runtime.begin() as tx:
        _, old, new = (processes.register(tx, "gateway") for _ in range(3))
    clock.advance(processes.LATE_AFTER_S + 1)
    with runtime.begin() as tx:
        assert processes.behind(tx, 2) == 0, "nobody waits for those that are silent"
        for process_id in (old, new):
            processes.beat(tx, process_id, follows=1)
        assert processes.behind(tx, 2) == 2
        processes.beat(tx, new, follows=2)
        assert processes.behind(tx, 2) == 1
        processes.beat(tx, old, follows=3)
        assert processes.behind(tx, 2) == 0
        assert processes.behind(tx, 3) == 1
        processes.register(tx, "gateway")
        assert processes.behind(tx, 2) == 1, "one that starts has read nothing yet"


def test_the_audit_log_keeps_ids_and_counts(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        record(tx, "cli", "company.add", "company:1", senders=2)
    with any_runtime.read() as tx:
        assert tx.session.scalars(select(AuditEntry)).one().details == {"senders": 2}
