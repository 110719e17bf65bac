"""A process that dies before any statement of an operation leaves the whole of it or nothing."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from itertools import count

import pytest
from sqlalchemy import event

from core.clock import ManualClock
from core.db import Database
from core.runtime import Runtime, Tx
from ledger import book
from ledger.check import check_book
from tests.ledger.books import balance, earn_many, open_book

STATEMENTS_MAX = 40
OPERATIONS: dict[str, Callable[[Tx], object]] = {
    "earn": lambda tx: book.earn(
        tx, programme_id=1, referral_id="mine", company_id=1, subject_indexes=["i1:mine", "i2:mine"]
    ),
    "reverse": lambda tx: book.reverse(tx, 1, "known", "fraud", "agency:1"),
    "reserve": lambda tx: book.reserve(tx, 1, "engineer", "user:1", slot_id="new"),
    "redeem": lambda tx: book.redeem(tx, "held", "user:1"),
    "release": lambda tx: book.release(tx, "held", "user:1"),
    "adjust": lambda tx: book.adjust(
        tx, 1, 3, reason="correction", actor="user:1", approver="user:2", adjustment_id="once"
    ),
}


def dies_at(runtime: Runtime, operation: Callable[[Tx], object], moment: int) -> bool:
    """Run ``operation`` in a process that kills itself before its statement ``moment``; False when it has fewer."""

    def run() -> None:
        database = Database(runtime.db.url.render_as_string(hide_password=False))
        left = count(moment, -1)

        def die(*_: object) -> None:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(database.engine, "before_cursor_execute", die)
        event.listen(database.engine, "commit", die)
        own = Runtime(runtime.settings, database, ManualClock(runtime.clock.now()), runtime.keys)
        with own.begin() as tx:
            operation(tx)
        database.close()

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


#: Every operation on SQLite; on PostgreSQL the longest one and one that settles, the rest with the full counts.
CASES = [pytest.param("runtime", name, id=f"sqlite-{name}") for name in OPERATIONS] + [
    pytest.param(
        "pg_runtime",
        name,
        id=f"postgresql-{name}",
        marks=() if name in ("earn", "redeem") else pytest.mark.torture,
    )
    for name in OPERATIONS
]


@pytest.mark.parametrize(("database", "name"), CASES)
def test_an_operation_is_there_as_a_whole_or_not_at_all(
    request: pytest.FixtureRequest, clock: ManualClock, database: str, name: str
) -> None:
    runtime: Runtime = request.getfixturevalue(database)
    open_book(runtime)
    earn_many(runtime, 25)
    with runtime.begin() as tx:
        book.earn(tx, programme_id=1, referral_id="known", company_id=1, subject_indexes=["i1:known"])
        book.reserve(tx, 1, "designer", "user:1", slot_id="held")
    clock.advance(8 * 86400)
    before = balance(runtime)
    deaths = 0
    while dies_at(runtime, OPERATIONS[name], deaths):
        deaths += 1
        assert deaths < STATEMENTS_MAX
        assert balance(runtime) == before
        with runtime.begin() as tx:
            assert check_book(tx, 1).problems == ()
    assert deaths >= 5
    assert balance(runtime) != before
    with runtime.begin() as tx:
        report = check_book(tx, 1)
        OPERATIONS[name](tx)
        assert check_book(tx, 1) == report
    assert report.problems == ()
