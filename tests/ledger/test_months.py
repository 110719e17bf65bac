"""The book in months of Japan's calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import JST, ManualClock
from core.runtime import Runtime
from ledger import book, months, rows
from ledger.months import Month
from ledger.slots import Tally
from tests.ledger.books import earn_many, open_book


def cut(runtime: Runtime, before: datetime | None = None) -> list[Month]:
    with runtime.read() as tx:
        return months.months(rows.read(tx, 1, before=before))


def test_a_month_ends_at_midnight_in_japan(runtime: Runtime, clock: ManualClock) -> None:
    open_book(runtime)
    midnight = datetime(2026, 11, 30, 15, tzinfo=UTC)  # December begins in Japan
    clock.advance((midnight - clock.now()).total_seconds() - 1)
    earn_many(runtime, 2)
    clock.advance(1)
    earn_many(runtime, 3)
    found = cut(runtime)
    assert [(month.name, month.earned, month.last_seq) for month in found] == [("2026-11", 2, 2), ("2026-12", 3, 5)]
    assert found[1].opening == found[0].closing
    assert [month.earned for month in cut(runtime, before=midnight)] == [2]


def test_every_kind_is_in_its_column(any_runtime: Runtime, clock: ManualClock) -> None:
    open_book(any_runtime, threshold=2)
    [first, *_] = earn_many(any_runtime, 9)
    clock.advance(8 * 86_400)
    with any_runtime.begin() as tx:
        book.reverse(tx, 1, first, "fraud", "user:1")
        book.adjust(tx, 1, 3, reason="correction", actor="user:1", approver="user:2")
        book.adjust(tx, 1, -1, reason="correction", actor="user:1", approver="user:2")
        used, given_back = (book.reserve(tx, 1, "engineer", "user:1").id for _ in range(2))
        book.reserve(tx, 1, "designer", "user:1")
        book.redeem(tx, used, "user:1")
        book.release(tx, given_back, "user:1")
    [month] = cut(any_runtime)
    assert (month.earned, month.reversed, month.adjusted) == (9, 1, 2)
    assert (month.reserved, month.used, month.released, month.moved_to_slots) == (3, 1, 1, 4)
    assert month.opening == Tally()
    assert month.closing.available == 9 - 1 + 2 - 4


def test_a_clock_that_was_behind_does_not_tear_a_month_apart(runtime: Runtime, clock: ManualClock) -> None:
    open_book(runtime)
    clock.advance((datetime(2026, 12, 1, 3, tzinfo=UTC) - clock.now()).total_seconds())
    earn_many(runtime, 1)
    clock.advance(-86_400 * 2)
    earn_many(runtime, 1)
    assert [(month.name, month.earned) for month in cut(runtime)] == [("2026-12", 2)]


def test_a_month_without_entries_stands_as_the_one_before(runtime: Runtime) -> None:
    open_book(runtime)
    earn_many(runtime, 2)
    found = cut(runtime)
    later = months.pick(found, "2027-03")
    assert later is not None
    assert (later.name, later.earned, later.opening, later.head) == ("2027-03", 0, found[0].closing, found[0].head)
    assert months.pick(found, "2026-10") is None


@pytest.mark.parametrize(("name", "before"), [("2026-01", "2025-12"), ("2026-12", "2026-11")])
def test_months_are_counted_over_the_new_year(name: str, before: str) -> None:
    assert months.before(name) == before
    assert months.bounds(before)[1] == months.bounds(name)[0]
    assert months.bounds(name)[0].tzinfo == JST
    assert months.month_name(months.bounds(name)[1] - timedelta(seconds=1)) == name
