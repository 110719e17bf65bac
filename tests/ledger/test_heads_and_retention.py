"""Signed heads, and what the book forgets."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.clock import ManualClock
from core.runtime import Runtime
from ledger.book import AlreadyCounted, Earned
from ledger.check import check_all
from ledger.heads import sign_heads, signed_heads
from ledger.retention import purge
from ledger.tables import CountedPerson
from tests.ledger.books import earn, earn_many, open_book

DAY_S = 86400.0


def test_each_book_that_moved_gets_a_signed_head(any_runtime: Runtime) -> None:
    for programme in (1, 2, 3):
        open_book(any_runtime, programme)
    earn_many(any_runtime, 2)
    earn_many(any_runtime, 1, programme=2, company=2)
    with any_runtime.begin() as tx:
        assert [(head.programme_id, head.seq) for head in sign_heads(tx, programmes_max=1)] == [(1, 2)]
        assert [(head.programme_id, head.seq) for head in sign_heads(tx)] == [(2, 1)]
        assert sign_heads(tx) == []
    earn_many(any_runtime, 1)
    with any_runtime.begin() as tx:
        sign_heads(tx)
        assert [head.seq for head in signed_heads(tx, 1)] == [2, 3]
        assert all(head.is_genuine() for head in signed_heads(tx, 1))
        assert all(report.ok for report in check_all(tx))


@pytest.mark.parametrize(
    "change",
    [
        {"programme_id": 2},
        {"seq": 3},
        {"head": "0" * 64},
        {"at": "2026-11-21T03:00:00.000001Z"},
        {"public_key": "00" * 32},
        {"public_key": "zz"},
        {"signature": b""},
    ],
)
def test_a_head_proves_programme_entry_hash_and_time(runtime: Runtime, change: dict[str, object]) -> None:
    open_book(runtime)
    earn_many(runtime, 2)
    with runtime.begin() as tx:
        (head,) = sign_heads(tx)
    assert head.is_genuine()
    assert not replace(head, **change).is_genuine()  # type: ignore[arg-type]  # a table of single changes


def test_blind_indexes_are_forgotten_when_their_window_ends(any_runtime: Runtime, clock: ManualClock) -> None:
    open_book(any_runtime)
    for number in range(5):
        earn(any_runtime, f"old{number}", f"i1:old{number}")
    clock.advance(DAY_S)
    earn(any_runtime, "new", "i1:new")
    clock.advance(363.9 * DAY_S)
    with any_runtime.begin() as tx:
        assert purge(tx) == 0
    assert isinstance(earn(any_runtime, "again", "i1:old1"), AlreadyCounted)
    clock.advance(0.2 * DAY_S)
    with any_runtime.begin() as tx:
        assert [purge(tx, rows_max=3), purge(tx, rows_max=3), purge(tx, rows_max=3)] == [3, 2, 0]
        assert list(tx.session.scalars(select(CountedPerson.mail_index))) == ["i1:new"]
        assert all(report.ok for report in check_all(tx))
    assert isinstance(earn(any_runtime, "again", "i1:old1"), Earned)
