"""Who owns the database file can write anything into it; checking names the first wrong entry."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import text

from core.clock import ManualClock
from core.runtime import Runtime
from ledger import book
from ledger.chain import GENESIS, entry_hash
from ledger.check import BookReport, check_all, check_book
from ledger.heads import sign_heads
from tests.ledger.books import earn_many, open_book

DAY_S = 86400.0
ENTRIES = 24


@pytest.fixture
def written(runtime: Runtime, clock: ManualClock) -> Runtime:
    """A book with every kind of entry: 20 earned, a slot used and one released, two taken back, one adjusted."""
    write_book(runtime, clock)
    return runtime


def write_book(runtime: Runtime, clock: ManualClock) -> None:
    open_book(runtime)
    referrals = earn_many(runtime, 10)
    clock.advance(8 * DAY_S)
    with runtime.begin() as tx:
        book.redeem(tx, book.reserve(tx, 1, "engineer", "user:1").id, "user:1")
    referrals += earn_many(runtime, 8)
    with runtime.begin() as tx:
        book.adjust(tx, 1, 2, reason="migration", actor="user:1", approver="user:2")
        book.release(tx, book.reserve(tx, 1, "designer", "user:1").id, "user:1")
        book.reverse(tx, 1, referrals[12], "duplicate", "agency:1")
    assert check(runtime).entries == ENTRIES


def check(runtime: Runtime) -> BookReport:
    with runtime.begin() as tx:
        return check_book(tx, 1)


def as_owner(runtime: Runtime, *statements: str, change: Callable[[sqlite3.Connection], None] | None = None) -> None:
    """Write past every guard, as somebody can who owns the file."""
    path = runtime.db.sqlite_file
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA ignore_check_constraints=ON")
        for statement in statements:
            connection.execute(statement)
        if change is not None:
            change(connection)
        connection.commit()


def test_an_honest_book_is_proved_to_its_head(written: Runtime) -> None:
    report = check(written)
    assert (report.entries, report.problems, len(report.head)) == (ENTRIES, (), 64)


@pytest.mark.parametrize("column", ["body", "prev", "hash", "kind", "reference", "at"])
@pytest.mark.parametrize("step", [pytest.param(37, id="some"), pytest.param(1, id="all", marks=pytest.mark.torture)])
def test_every_flipped_byte_is_found_at_its_entry(written: Runtime, column: str, step: int) -> None:
    path = written.db.sqlite_file
    assert path is not None
    as_owner(written)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # each damage is written twice, and nobody cuts the power
        rows = connection.execute(f"SELECT seq, CAST({column} AS BLOB) FROM ledger_entry").fetchall()
        places = [(seq, value, place) for seq, value in rows for place in range(len(value))]
        for number, (seq, value, place) in enumerate(places[:: step if column == "body" else max(step // 2, 1)]):
            damaged = bytearray(value)
            # "many12" must not become "many13": the unique key would refuse that before we can look.
            damaged[place] ^= 1 << (6 if column == "reference" else number % 8)
            # The type of the column stays, its byte does not, even where that is no UTF-8 any more.
            cast = "BLOB" if column == "body" else "TEXT"
            update = f"UPDATE ledger_entry SET {column} = CAST(? AS {cast}) WHERE seq = ?"
            connection.execute(update, (bytes(damaged), seq))
            connection.commit()
            report = check(written)
            assert [problem.seq for problem in report.problems] == [seq], (column, place)
            assert report.entries == seq - 1
            connection.execute(update, (value, seq))
            connection.commit()
    assert check(written).ok


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        ("DELETE FROM ledger_entry WHERE seq = 7", 7, "missing"),
        ("DELETE FROM ledger_entry WHERE seq > 20", 21, "missing"),
        ("UPDATE ledger_entry SET seq = 99 WHERE seq = 4", 4, "missing"),
        ("UPDATE ledger_entry SET programme_id = 2 WHERE seq = 1", 1, "missing"),
        ("UPDATE ledger_entry SET settles = 3 WHERE seq = 12", 12, "columns"),
        ("UPDATE ledger_entry SET settles = NULL WHERE seq = 12", 12, "columns"),
        ("UPDATE ledger_entry SET body = 'text' WHERE seq = 2", 2, "bytes"),
        ("UPDATE ledger_account SET seq = 25", 25, "missing"),
        ("UPDATE ledger_account SET seq = 23", 24, "does not know"),
        ("UPDATE ledger_account SET head = prev FROM ledger_entry WHERE ledger_entry.seq = 24", 24, "another hash"),
        ("UPDATE ledger_account SET available = 19, outside = -30", 0, "outside = -30"),
        ("UPDATE ledger_account SET slots_used = 2", 0, "slots_used = 2"),
        ("UPDATE ledger_account SET earned = 20", 0, "earned = 20"),
        ("UPDATE ledger_slot SET state = 'reserved' WHERE state = 'redeemed'", 0, "stored as reserved"),
        ("DELETE FROM ledger_slot WHERE state = 'released'", 0, "stored as missing"),
        ("UPDATE ledger_policy SET threshold = 9", 11, "the terms say 9"),
        ("DELETE FROM ledger_policy", 1, "no terms"),
    ],
)
def test_each_other_damage_is_found(written: Runtime, statement: str, seq: int, what: str) -> None:
    as_owner(written, "PRAGMA foreign_keys=OFF", statement)
    report = check(written)
    assert report.problems
    assert (report.problems[0].seq, what in report.problems[0].what) == (seq, True), report.problems


def test_a_rewritten_book_is_caught_by_a_head_signed_before(written: Runtime) -> None:
    with written.begin() as tx:
        (head,) = sign_heads(tx)
        assert sign_heads(tx) == []
    assert head.is_genuine()
    assert check(written).ok
    forge(written)
    report = check(written)
    assert [problem.seq for problem in report.problems] == [head.seq]
    assert "signed on 2026-11-29" in report.problems[0].what


def test_a_forged_head_is_no_excuse(written: Runtime) -> None:
    with written.begin() as tx:
        sign_heads(tx)
    as_owner(
        written,
        "UPDATE ledger_head SET head = CASE substr(head, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(head, 2)",
    )
    assert "signature" in check(written).problems[0].what
    as_owner(written, "UPDATE ledger_head SET seq = 30")
    assert [problem.seq for problem in check(written).problems] == [25]


def test_entries_without_an_account_are_a_problem(written: Runtime) -> None:
    as_owner(written, "DELETE FROM ledger_account")
    with written.begin() as tx:
        assert [report.problems[0].what for report in check_all(tx)] == ["entries without an account"]


def test_books_are_checked_on_postgresql_too(pg_runtime: Runtime, clock: ManualClock) -> None:
    write_book(pg_runtime, clock)
    with pg_runtime.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE ledger_entry SET body = set_byte(body, 40, 120) WHERE seq = 9"))
    assert [problem.seq for problem in check(pg_runtime).problems] == [9]


def test_long_books_are_read_in_pieces(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.check.ROWS_A_FETCH", 7)
    open_book(runtime)
    earn_many(runtime, 100)
    assert check(runtime).entries == 100


def forge(runtime: Runtime) -> None:
    """Rewrite the whole chain, hashes and account included, so that it fits in itself."""

    def rewrite(connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT seq, body FROM ledger_entry ORDER BY seq").fetchall()
        prev = GENESIS
        for seq, old in rows:
            body = old.replace(b'"actor":"system"', b'"actor":"forger"')
            digest = entry_hash(prev, body)
            connection.execute("UPDATE ledger_entry SET body=?, prev=?, hash=? WHERE seq=?", (body, prev, digest, seq))
            prev = digest
        connection.execute("UPDATE ledger_account SET head = ?", (prev,))

    as_owner(runtime, change=rewrite)
