"""An adjustment needs two persons, and what two persons do is booked once (domain 3.3 invariant 9)."""

import pytest

from core.errors import NotFound, Permanent
from core.runtime import Runtime
from ledger import adjustments, book
from ledger.adjustments import AdjustmentState, Decided, OtherSideNeeded, SecondPersonNeeded, Side, Why
from ledger.check import check_all
from ledger.slots import NotEnoughCredits
from tests.ledger.books import balance, earn_many, open_book
from tests.ledger.processes import together


@pytest.fixture
def asked(runtime: Runtime) -> str:
    """Five credits more, asked for by user 1."""
    open_book(runtime)
    with runtime.begin() as tx:
        return adjustments.ask(tx, 1, 5, Why.CORRECTION, "user:1", Side.COMPANY).id


def test_the_second_person_books_it_once(runtime: Runtime, asked: str) -> None:
    assert balance(runtime).adjusted == 0
    with pytest.raises(SecondPersonNeeded), runtime.begin() as tx:
        adjustments.approve(tx, asked, "user:1", Side.AGENCY)
    for _ in range(2):
        with runtime.begin() as tx:
            assert adjustments.approve(tx, asked, "user:2", Side.AGENCY).state is AdjustmentState.BOOKED
    with runtime.begin() as tx:
        [entry] = book.entries(tx, 1)
        assert (entry.actor, entry.approver, entry.reason, entry.reference) == ("user:1", "user:2", "correction", asked)
        assert adjustments.waiting(tx, 1) == []
        assert [report.problems for report in check_all(tx)] == [()]
    assert balance(runtime).adjusted == 5


@pytest.mark.parametrize("asks", list(Side))
@pytest.mark.parametrize("approves", list(Side))
def test_one_of_the_two_is_the_company_s_and_the_other_is_not(runtime: Runtime, asks: Side, approves: Side) -> None:
    open_book(runtime)
    with runtime.begin() as tx:
        made = adjustments.ask(tx, 1, 5, Why.GOODWILL, "user:1", asks)
    allowed = {asks, approves} in ({Side.COMPANY, Side.AGENCY}, {Side.COMPANY, Side.OPERATOR})
    assert adjustments.may_approve(made, "user:2", approves) == allowed
    assert not adjustments.may_approve(made, "user:1", approves)
    with pytest.raises(SecondPersonNeeded), runtime.begin() as tx:
        adjustments.approve(tx, made.id, "user:1", approves)
    if allowed:
        with runtime.begin() as tx:
            assert adjustments.approve(tx, made.id, "user:2", approves).state is AdjustmentState.BOOKED
    else:
        with pytest.raises(OtherSideNeeded, match="administrator of the"), runtime.begin() as tx:
            adjustments.approve(tx, made.id, "user:2", approves)
    assert balance(runtime).adjusted == (5 if allowed else 0)


def test_what_was_decided_stays_decided(runtime: Runtime, asked: str) -> None:
    with runtime.begin() as tx:
        adjustments.refuse(tx, asked, "user:2")
    with pytest.raises(Decided), runtime.begin() as tx:
        adjustments.approve(tx, asked, "user:3", Side.AGENCY)
    with pytest.raises(Decided), runtime.begin() as tx:
        adjustments.refuse(tx, asked, "user:2")
    assert balance(runtime).adjusted == 0


def test_taking_away_what_is_not_there_is_refused_and_stays_open(runtime: Runtime, asked: str) -> None:
    earn_many(runtime, 2)
    with runtime.begin() as tx:
        less = adjustments.ask(tx, 1, -3, Why.CONTRACT, "user:1", Side.COMPANY).id
    with pytest.raises(NotEnoughCredits), runtime.begin() as tx:
        adjustments.approve(tx, less, "user:2", Side.AGENCY)
    with runtime.read() as tx:
        assert [one.id for one in adjustments.waiting(tx, 1)] == [asked, less]


@pytest.mark.parametrize(("amount", "actor"), [(0, "user:1"), (1_000_001, "user:1"), (1, "someone@example.jp")])
def test_nonsense_is_not_even_asked_for(runtime: Runtime, amount: int, actor: str) -> None:
    open_book(runtime)
    with pytest.raises(Permanent), runtime.begin() as tx:
        adjustments.ask(tx, 1, amount, Why.GOODWILL, actor, Side.COMPANY)
    with pytest.raises(NotFound), runtime.begin() as tx:
        adjustments.ask(tx, 2, 1, Why.GOODWILL, "user:1", Side.COMPANY)
    with pytest.raises(NotFound), runtime.begin() as tx:
        adjustments.approve(tx, "nothing", "user:1", Side.AGENCY)


def test_many_who_approve_at_once_book_it_once(any_runtime: Runtime) -> None:
    open_book(any_runtime)
    with any_runtime.begin() as tx:
        asked = adjustments.ask(tx, 1, 5, Why.CORRECTION, "user:1", Side.COMPANY).id

    def approve(runtime: Runtime, worker: int) -> None:
        try:
            with runtime.begin() as tx:
                adjustments.approve(tx, asked, f"user:{worker + 2}", Side.AGENCY)
        except Decided:
            return

    together(any_runtime, 4, approve)
    assert balance(any_runtime).adjusted == 5
