"""The database itself refuses to change the book, whoever writes: SQL of an operator, a bug, a stranger."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.runtime import Runtime
from ledger.check import check_all
from ledger.heads import sign_heads
from tests.ledger.books import balance, earn_many, open_book


@pytest.fixture
def written(any_runtime: Runtime) -> Runtime:
    open_book(any_runtime)
    earn_many(any_runtime, 12)
    with any_runtime.begin() as tx:
        sign_heads(tx)
    return any_runtime


@contextmanager
def refused(runtime: Runtime, match: str) -> Iterator[Connection]:
    with pytest.raises(DBAPIError, match=match), runtime.db.engine.connect() as connection:
        yield connection
    with runtime.begin() as tx:
        assert all(report.ok for report in check_all(tx))


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_policy", "ledger_head"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET programme_id = 9", "DELETE FROM {}"])
def test_what_is_written_stays(written: Runtime, table: str, statement: str) -> None:
    with refused(written, f"{table} is append-only") as connection:
        connection.execute(text(statement.format(table)))


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_policy", "ledger_head"])
def test_a_table_of_the_book_cannot_be_emptied_at_once(pg_runtime: Runtime, table: str) -> None:
    open_book(pg_runtime)
    earn_many(pg_runtime, 1)
    with refused(pg_runtime, "append-only") as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))


COLUMNS = "programme_id, seq, kind, reference, settles, at, body, prev, hash"
LAST = "(SELECT hash FROM ledger_entry WHERE programme_id = 1 ORDER BY seq DESC LIMIT 1)"


@pytest.mark.parametrize(
    ("seq", "prev"),
    [(14, LAST), (12, LAST), (0, LAST), (13, "(SELECT hash FROM ledger_entry WHERE programme_id = 1 AND seq = 3)")],
)
def test_an_entry_follows_the_last_one(written: Runtime, seq: int, prev: str) -> None:
    with refused(written, r"does not follow|append-only") as connection:
        body = "x'7b7d'" if written.db.dialect == "sqlite" else r"'\x7b7d'"
        values = f"1, {seq}, 'earn', 'new', NULL, 'now', {body}, {prev}, 'h'"
        connection.execute(text(f"INSERT INTO ledger_entry ({COLUMNS}) VALUES ({values})"))


def test_credits_are_not_held_or_consumed_without_being_there(written: Runtime) -> None:
    for bucket in ("held", "consumed"):
        with refused(written, "more slots than credits") as connection:
            connection.execute(text(f"UPDATE ledger_account SET {bucket} = {bucket} + 20, available = available - 20"))
    assert balance(written).available == 12


@pytest.mark.parametrize("change", ["available = available + 1", "held = -1, available = available + 1"])
def test_an_account_that_does_not_add_up_is_refused(written: Runtime, change: str) -> None:
    with refused(written, "ck_ledger_account") as connection:
        connection.execute(text(f"UPDATE ledger_account SET {change}"))


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("seq", [5, 13])
def test_replace_is_no_way_round_on_sqlite(runtime: Runtime, recursive: str, seq: int) -> None:
    open_book(runtime)
    referral = earn_many(runtime, 12)[4]
    assert runtime.db.sqlite_file is not None
    # A plain connection, as from the sqlite3 shell: without the pragmas of core/db.py.
    with closing(sqlite3.connect(runtime.db.sqlite_file)) as connection:
        connection.execute(f"PRAGMA recursive_triggers={recursive}")
        values = f"1, {seq}, 'earn', '{referral}', NULL, 'now', x'7b7d', {LAST}, 'h'"
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|counted before|does not follow"):
            connection.execute(f"INSERT OR REPLACE INTO ledger_entry ({COLUMNS}) VALUES ({values})")
    with runtime.begin() as tx:
        assert all(report.ok for report in check_all(tx))


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("table", ["ledger_policy", "ledger_head"])
def test_terms_and_heads_are_not_replaced_either(runtime: Runtime, recursive: str, table: str) -> None:
    open_book(runtime)
    earn_many(runtime, 1)
    with runtime.begin() as tx:
        sign_heads(tx)
    assert runtime.db.sqlite_file is not None
    with closing(sqlite3.connect(runtime.db.sqlite_file)) as connection:
        connection.execute(f"PRAGMA recursive_triggers={recursive}")
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_the_same_referral_is_unique_in_the_database(written: Runtime) -> None:
    referral = earn_many(written, 1)[0]
    with refused(written, r"(?i)unique|counted before") as connection:
        body = "x'7b7d'" if written.db.dialect == "sqlite" else r"'\x7b7d'"
        values = f"1, 14, 'earn', '{referral}', NULL, 'now', {body}, {LAST}, 'h'"
        connection.execute(text(f"INSERT INTO ledger_entry ({COLUMNS}) VALUES ({values})"))
