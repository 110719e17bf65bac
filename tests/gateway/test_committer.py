"""Group commit: shared when all goes well, each for itself when one fails, and done means on disk."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from core.audit import AuditEntry
from core.errors import Temporary
from core.runtime import Runtime, Tx
from gateway.committer import LATER_S, Beside, Committer

Body = Callable[[Committer], Coroutine[Any, Any, None]]


def with_committer(runtime: Runtime, body: Body, *, beside: Beside = Beside.ALL) -> Committer:
    async def main() -> Committer:
        kept = runtime.db.keep(write=True) if beside is Beside.WAITS else None
        committer = Committer(partial(runtime.begin, kept), beside=beside)
        running = asyncio.create_task(committer.run())
        await body(committer)
        committer.close()
        await running
        return committer

    return asyncio.run(main())


def note(tx: Tx, word: str) -> str:
    values = {"at": tx.now, "actor": "test", "action": word, "subject": "x", "details": {}}
    tx.session.execute(insert(AuditEntry).values(values))
    if word == "bad":
        raise ZeroDivisionError(word)
    return word.upper()


def note_all(tx: Tx, words: Sequence[str]) -> list[str]:
    return [note(tx, word) for word in words]


def noted(runtime: Runtime) -> list[str]:
    with runtime.read() as tx:
        return sorted(tx.session.scalars(select(AuditEntry.action)))


def test_operations_of_one_instant_share_a_commit(any_runtime: Runtime) -> None:
    words = [f"w{number:03}" for number in range(150)]

    async def body(committer: Committer) -> None:
        results = await asyncio.gather(*(committer.submit(partial(note, word=word)) for word in words))
        assert results == [word.upper() for word in words]
        assert noted(any_runtime) == words

    assert with_committer(any_runtime, body).commits <= 2


@pytest.mark.parametrize("beside", Beside)
@pytest.mark.parametrize("many", [True, False])
def test_the_fault_of_one_is_its_own(any_runtime: Runtime, beside: Beside, many: bool) -> None:
    async def body(committer: Committer) -> None:
        words = ["a", "bad", "b", "bad", "c"]
        futures = [
            committer.submit_many(note_all, word) if many else committer.submit(partial(note, word=word))
            for word in words
        ]
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(result).__name__ for result in results] == [
            "str",
            "ZeroDivisionError",
            "str",
            "ZeroDivisionError",
            "str",
        ]

    with_committer(any_runtime, body, beside=beside)
    assert noted(any_runtime) == ["a", "b", "c"]


def test_operations_on_many_items_get_them_together_and_answer_each(runtime: Runtime) -> None:
    calls: list[list[int]] = []

    def double(_: Tx, items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        return [2 * item for item in items]

    async def body(committer: Committer) -> None:
        assert await asyncio.gather(*(committer.submit_many(double, item) for item in range(5))) == [0, 2, 4, 6, 8]

    with_committer(runtime, body)
    assert calls == [[0, 1, 2, 3, 4]]


def test_a_writer_in_the_loop_waits_beside_it_for_the_lock(runtime: Runtime) -> None:
    """The loop turns while somebody else writes, and what was asked for is written afterwards."""
    turns = 0

    async def body(committer: Committer) -> None:
        nonlocal turns
        with runtime.begin() as tx:
            note(tx, "first")
            future = committer.submit_many(note_all, "second")
            for _ in range(20):
                await asyncio.sleep(0.001)
                turns += 1
            assert not future.done()
        assert await future == "SECOND"

    with_committer(runtime, body, beside=Beside.WAITS)
    assert turns == 20
    assert noted(runtime) == ["first", "second"]


@pytest.mark.parametrize("beside", [Beside.ALL, Beside.WAITS])
def test_what_is_done_meanwhile_comes_before_the_result_and_is_no_part_of_it(runtime: Runtime, beside: Beside) -> None:
    done: list[str] = []

    def meanwhile() -> None:
        done.append("meanwhile")
        raise LookupError

    async def body(committer: Committer) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: done.append(type(context["exception"]).__name__))
        assert await committer.submit_many(note_all, "a", meanwhile=meanwhile) == "A"
        assert done == ["meanwhile", "LookupError"]
        with pytest.raises(ZeroDivisionError):  # nothing is left to be committed
            await committer.submit_many(note_all, "bad", meanwhile=meanwhile)
        assert len(done) == 2

    with_committer(runtime, body, beside=beside)
    assert noted(runtime) == ["a"]


def test_lazy_operations_ride_along_or_leave_soon_by_themselves(runtime: Runtime) -> None:
    async def body(committer: Committer) -> None:
        lazy = committer.submit(lambda tx: note(tx, "lazy"), within_s=LATER_S)
        await asyncio.sleep(LATER_S / 10)
        assert not lazy.done()
        await committer.submit(lambda tx: note(tx, "eager"))
        assert lazy.done()
        await committer.submit(lambda tx: note(tx, "alone"), within_s=LATER_S)

    assert with_committer(runtime, body).commits == 2


def test_a_caller_that_went_away_takes_nobody_with_him(runtime: Runtime) -> None:
    async def body(committer: Committer) -> None:
        gone = committer.submit(lambda tx: note(tx, "gone"))
        stays = committer.submit(lambda tx: note(tx, "stays"))
        gone.cancel()
        assert await stays == "STAYS"

    with_committer(runtime, body)
    assert noted(runtime) == ["gone", "stays"]


def test_a_database_that_does_not_answer_is_said_to_each_and_survived(runtime: Runtime) -> None:
    async def body(committer: Committer) -> None:
        def locked(tx: Tx) -> None:
            tx.session.execute(text("SELECT * FROM no_such_table"))

        results = await asyncio.gather(*(committer.submit(locked) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(result, Temporary) for result in results)
        assert await committer.submit(lambda tx: note(tx, "after")) == "AFTER"

    with_committer(runtime, body)


def test_what_was_submitted_is_finished_at_the_end(runtime: Runtime) -> None:
    async def body(committer: Committer) -> None:
        committer.submit(lambda tx: note(tx, "last"), within_s=LATER_S)

    with_committer(runtime, body)
    assert noted(runtime) == ["last"]


def test_a_bug_in_the_loop_ends_it(runtime: Runtime) -> None:
    """The server watches `run`: when it ends, the process ends, instead of hanging without a word."""

    async def main() -> None:
        committer = Committer(runtime.begin)
        running = asyncio.create_task(committer.run())
        committer.submit_many(lambda _tx, _items: 5, 1)  # type: ignore[arg-type,return-value]
        committer._thread.shutdown()
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(running, 5)

    asyncio.run(main())
