"""Terms of a programme: versions that hold from a day on, and never take a slot away."""

from datetime import timedelta

import pytest

from core.clock import ManualClock
from core.errors import NotFound, Permanent
from core.runtime import Runtime
from ledger import account, book
from ledger.check import check_book
from tests.ledger.books import balance, earn_many, open_book

DAY = timedelta(days=1)


def test_a_later_version_holds_from_its_day_on(any_runtime: Runtime, clock: ManualClock) -> None:
    open_book(any_runtime)
    earn_many(any_runtime, 6)
    with any_runtime.begin() as tx:
        book.change_policy(tx, 1, threshold=5, actor="user:1", effective_from=tx.now + 10 * DAY)
    assert (balance(any_runtime).price, balance(any_runtime).slots_free) == (10, 0)
    clock.advance(9 * 86_400)
    earn_many(any_runtime, 1)
    clock.advance(2 * 86_400)
    assert (balance(any_runtime).price, balance(any_runtime).slots_free) == (5, 1)
    with any_runtime.begin() as tx:
        book.reserve(tx, 1, "engineer", "user:1")
        assert [entry.policy for entry in book.entries(tx, 1)] == [1] * 7 + [2]
        assert [one.policy.version for one in book.terms(tx, 1)] == [1, 2]
        assert check_book(tx, 1).problems == ()


def test_changes_come_in_order_and_build_on_each_other(runtime: Runtime) -> None:
    open_book(runtime)
    with runtime.begin() as tx:
        book.change_policy(tx, 1, threshold=8, actor="user:1", effective_from=tx.now + 10 * DAY)
        new = book.change_policy(tx, 1, dispute_days=14, actor="user:1", effective_from=tx.now + 20 * DAY)
        assert (new.version, new.threshold, new.dispute_days) == (3, 8, 14)
    for days in (-1, 0, 15):
        with pytest.raises(Permanent), runtime.begin() as tx:
            book.change_policy(tx, 1, window_days=100, actor="user:1", effective_from=tx.now + days * DAY)


def test_a_slot_becomes_dearer_only_now_and_only_while_none_is_free(runtime: Runtime) -> None:
    open_book(runtime)
    with pytest.raises(Permanent, match="dearer"), runtime.begin() as tx:
        book.change_policy(tx, 1, threshold=11, actor="user:1", effective_from=tx.now + DAY)
    earn_many(runtime, 10)
    with pytest.raises(Permanent, match="free slots"), runtime.begin() as tx:
        book.change_policy(tx, 1, threshold=11, actor="user:1")
    with runtime.begin() as tx:
        book.reserve(tx, 1, "engineer", "user:1")
        assert book.change_policy(tx, 1, threshold=11, actor="user:1").threshold == 11


def test_a_clock_set_back_leaves_the_first_terms(runtime: Runtime, clock: ManualClock) -> None:
    open_book(runtime)
    clock.advance(-3_600)
    with runtime.read() as tx:
        assert account.current_policy(tx, 1).version == 1
    with pytest.raises(NotFound), runtime.read() as tx:
        book.terms(tx, 2)


def test_a_mistyped_year_does_not_bind_the_book(runtime: Runtime) -> None:
    open_book(runtime)
    with pytest.raises(Permanent, match="three years ahead"), runtime.begin() as tx:
        book.change_policy(tx, 1, threshold=8, actor="user:1", effective_from=tx.now.replace(year=2206))
    with runtime.begin() as tx:
        assert book.change_policy(tx, 1, threshold=8, actor="user:1").version == 2
