"""Group commit: all that the mail path writes in one instant shares one transaction and one sync (decisions 5, 6).

One writer thread a process. While it commits, further operations gather and make the next transaction. When an
operation fails, the transaction is rolled back and each is run again alone, so that one mail's fault is its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from core.metrics import COMMIT_OPS, COMMITS
from core.runtime import Tx

T = TypeVar("T")
Item = TypeVar("Item")

BATCH_OPS_MAX = 200
#: A mark that need not be on disk at once waits this long for a commit that happens anyway.
LAZY_S = 0.02

ManyOp = Callable[[Tx, Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Waiting:
    op: ManyOp
    item: Any
    future: asyncio.Future[Any]
    lazy: bool


class Committer:
    """Runs operations in shared transactions; `run` is its only loop, and when that ends the process must end."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Tx]], name: str = "committer") -> None:
        self._begin = begin
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[_Waiting] = []
        self._due = asyncio.Event()
        self._closing = False
        self.commits = 0
        self._loop = asyncio.get_running_loop()

    def submit(self, op: Callable[[Tx], T], *, lazy: bool = False) -> asyncio.Future[T]:
        """Run ``op(tx)``; the future is done after the commit, with its result or its exception.

        ``op`` may run twice and must only write through ``tx``. ``lazy``: it may wait for somebody else's commit.
        """
        return self.submit_many(_each, op, lazy=lazy)

    def submit_many(
        self, op: Callable[[Tx, Sequence[Item]], Sequence[T]], item: Item, *, lazy: bool = False
    ) -> asyncio.Future[T]:
        """The same for an operation that takes all items of one transaction at once and gives a result for each."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Waiting(op, item, future, lazy))
        if not lazy:
            self._due.set()
        elif len(self._waiting) == 1:
            self._loop.call_later(LAZY_S, self._due.set)
        return future

    async def run(self) -> None:
        """Commit until `close`; raises only what is a bug here, never an operation's error."""
        while not (self._closing and not self._waiting):
            await self._due.wait()
            self._due.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_OPS_MAX], self._waiting[BATCH_OPS_MAX:]
                await self._commit(batch)
                if self._waiting and not self._closing and all(waiting.lazy for waiting in self._waiting):
                    self._loop.call_later(LAZY_S, self._due.set)
                    break
        self._thread.shutdown()

    def close(self) -> None:
        """Finish what has been submitted, then let `run` end."""
        self._closing = True
        self._due.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        attempt = self._loop.run_in_executor(self._thread, self._transaction, batch)
        await asyncio.wait([attempt])
        error = attempt.exception()
        if error is None:
            self.commits += 1
            COMMITS.inc()
            COMMIT_OPS.inc(len(batch))
            for waiting, result in zip(batch, attempt.result(), strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(result)
        elif len(batch) == 1:
            if not batch[0].future.done():
                batch[0].future.set_exception(error)
        else:
            for waiting in batch:
                await self._commit([waiting])

    def _transaction(self, batch: list[_Waiting]) -> list[Any]:
        groups: dict[ManyOp, list[int]] = {}
        for place, waiting in enumerate(batch):
            groups.setdefault(waiting.op, []).append(place)
        results: list[Any] = [None] * len(batch)
        with self._begin() as tx:
            for op, places in groups.items():
                done = op(tx, [batch[place].item for place in places])
                for place, result in zip(places, done, strict=True):
                    results[place] = result
        return results


def _each(tx: Tx, ops: Sequence[Callable[[Tx], Any]]) -> list[Any]:
    return [op(tx) for op in ops]
