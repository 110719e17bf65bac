"""Many processes at one book: nothing is counted or given twice (ASVS 5.0 2.3.4, 15.4.2)."""

import random
from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.errors import Permanent
from core.runtime import Runtime
from ledger import account, book
from ledger.book import AlreadyCounted, Earned
from ledger.check import check_all
from ledger.reservations import SlotSettled
from ledger.tables import SlotRow
from tests.ledger.books import balance, earn, earn_many, open_book
from tests.ledger.processes import together

PROCESSES = 8
PROGRAMMES = (1, 2, 3)


def test_two_workers_acknowledging_one_referral_add_one_credit(any_runtime: Runtime) -> None:
    open_book(any_runtime)

    def acknowledge(runtime: Runtime, _: int) -> None:
        for number in range(20):
            assert isinstance(earn(runtime, f"r{number}"), Earned)

    together(any_runtime, 2, acknowledge)
    assert balance(any_runtime).earned == 20


def test_one_person_at_two_agencies_at_once_counts_once_for_the_company(any_runtime: Runtime) -> None:
    for programme in PROGRAMMES:
        open_book(any_runtime, programme)

    def acknowledge(runtime: Runtime, worker: int) -> None:
        for number in range(15):
            people = [f"i1:{number}", f"i2:{number}"]
            random.Random(worker).shuffle(people)
            found = earn(runtime, f"r{worker}-{number}", *people, programme=PROGRAMMES[worker % 3])
            assert isinstance(found, Earned | AlreadyCounted)

    together(any_runtime, 6, acknowledge)
    assert sum(balance(any_runtime, programme).earned for programme in PROGRAMMES) == 15


def test_a_slot_is_settled_once_by_many(any_runtime: Runtime) -> None:
    open_book(any_runtime)
    with any_runtime.begin() as tx:
        book.adjust(tx, 1, 50, reason="migration", actor="u:1", approver="u:2")
        slots = [book.reserve(tx, 1, "engineer", "u:1", slot_id=f"s{number}").id for number in range(5)]

    def settle(runtime: Runtime, worker: int) -> None:
        for slot_id in slots:
            try:
                with runtime.begin() as tx:
                    (book.redeem if worker % 2 else book.release)(tx, slot_id, f"u:{worker}")
            except Permanent:
                continue

    together(any_runtime, 4, settle)
    found = balance(any_runtime)
    assert (found.slots_used + found.slots_free, found.slots_reserved) == (5, 0)
    with any_runtime.begin() as tx:
        assert [(report.ok, report.entries) for report in check_all(tx)] == [(True, 11)]


def test_what_a_transaction_saw_before_the_lock_does_not_count(pg_runtime: Runtime) -> None:
    open_book(pg_runtime)
    with pg_runtime.begin() as tx:
        book.adjust(tx, 1, 20, reason="migration", actor="u:1", approver="u:2")
        slot_id = book.reserve(tx, 1, "engineer", "u:1").id
    with pg_runtime.begin() as tx:
        seen = (account.read(tx, 1), tx.session.get_one(SlotRow, slot_id))  # held, so that the session keeps them
        assert (seen[0].available, seen[1].state) == (10, "reserved")
        with pg_runtime.begin() as other:
            book.release(other, slot_id, "u:2")
            book.reserve(other, 1, "designer", "u:2")
            book.reserve(other, 1, "analyst", "u:2")
        with pytest.raises(SlotSettled):
            book.redeem(tx, slot_id, "u:1")
        with pytest.raises(book.NotEnoughCredits):
            book.reserve(tx, 1, "engineer", "u:1")
    with pg_runtime.begin() as tx:
        assert all(report.ok for report in check_all(tx))


@pytest.mark.parametrize(
    "operations", [pytest.param(60, id="some"), pytest.param(1000, id="full", marks=pytest.mark.torture)]
)
def test_mixed_work_of_eight_processes_gives_nothing_twice(any_runtime: Runtime, operations: int) -> None:
    for programme in PROGRAMMES:
        open_book(any_runtime, programme)
        with any_runtime.begin() as tx:
            book.change_policy(tx, programme, threshold=3, dispute_days=0, actor="u:1")

    def mix(runtime: Runtime, worker: int) -> None:
        chance = random.Random(worker)
        for _ in range(operations):
            try:
                step(runtime, chance, f"u:{worker}")
            except Permanent:  # no credits, settled before: the answer that somebody has to get
                continue

    together(any_runtime, PROCESSES, mix)
    with any_runtime.begin() as tx:
        reports = check_all(tx)
    assert [report.problems for report in reports] == [(), (), ()]
    assert sum(balance(any_runtime, programme).slots_used for programme in PROGRAMMES) > 0
    for programme in PROGRAMMES:
        found = balance(any_runtime, programme)
        assert over_granted(found.earned - found.reversed + found.debt, found.slots_used + found.slots_reserved, 3) == 0


def step(runtime: Runtime, chance: random.Random, actor: str) -> None:
    """One random operation on a few hot programmes, referrals and slots that all processes share."""
    programme, referral = chance.choice(PROGRAMMES), f"r{chance.randrange(150)}"
    slot_id = f"s{programme}-{chance.randrange(20)}"
    with runtime.begin() as tx:
        match chance.randrange(8):
            case 0 | 1 | 2:
                person = [f"i1:{chance.randrange(120)}"]
                book.earn(tx, programme_id=programme, referral_id=referral, company_id=1, subject_indexes=person)
            case 3:
                book.reverse(tx, programme, referral, "fraud", actor)
            case 4 | 5:
                book.reserve(tx, programme, "engineer", actor, slot_id=slot_id)
            case 6:
                book.redeem(tx, slot_id, actor)
            case 7:
                book.release(tx, slot_id, actor)


def over_granted(credits_earned: int, slots_given: int, price: int) -> int:
    """Slots given beyond what was earned."""
    return max(slots_given - credits_earned // price, 0)


def naive_reserve(runtime: Runtime) -> None:
    """Look, then act, with nothing held in between: what the book must not do."""
    with runtime.begin() as tx:
        left = tx.session.scalar(text("SELECT coalesce(sum(credits), 0) FROM naive")) or 0
        if left >= 10:
            tx.session.execute(text("INSERT INTO naive (credits) VALUES (-10)"))


def careful_reserve(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        try:
            book.reserve(tx, 1, "engineer", "u:1")
        except book.NotEnoughCredits:
            return


def slots_given(runtime: Runtime, reserve: Callable[[Runtime], None], given: Callable[[Runtime], int]) -> int:
    """Most slots given beyond 10 x 10 credits, over a few rounds in which eight processes all want the last ones."""

    def greedy(own: Runtime, _: int) -> None:
        for _ in range(30):
            reserve(own)

    together(runtime, PROCESSES, greedy)
    return over_granted(100, given(runtime), 10)


def test_the_last_slots_are_given_once_and_a_naive_book_fails_the_same_test(pg_runtime: Runtime) -> None:
    open_book(pg_runtime)
    earn_many(pg_runtime, 100)
    assert slots_given(pg_runtime, careful_reserve, lambda runtime: balance(runtime).slots_reserved) == 0
    assert balance(pg_runtime).slots_reserved == 10

    with pg_runtime.db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE naive (credits integer)"))

    def naive_given(runtime: Runtime) -> int:
        with runtime.read() as tx:
            return int(tx.session.scalar(text("SELECT count(*) FROM naive WHERE credits < 0")) or 0)

    for _ in range(20):  # the race is a matter of chance; one round in twenty is enough to show the test has teeth
        with pg_runtime.db.engine.begin() as connection:
            connection.execute(text("DELETE FROM naive"))
            connection.execute(text("INSERT INTO naive (credits) VALUES (100)"))
        if slots_given(pg_runtime, naive_reserve, naive_given) > 0:
            return
    pytest.fail("a book without locks was never caught")


def test_the_last_slots_are_given_once_on_sqlite(runtime: Runtime) -> None:
    open_book(runtime)
    earn_many(runtime, 100)
    assert slots_given(runtime, careful_reserve, lambda own: balance(own).slots_reserved) == 0
    assert balance(runtime).slots_reserved == 10
