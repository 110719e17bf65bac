"""Group commit: all that the mail path writes in one instant shares one transaction and one sync (decisions 5, 6).

One writer a process, with a thread for what waits. While it commits, further operations gather and make the next
transaction. When an operation fails, the transaction is rolled back and each is run again alone, so that one mail's
fault is its own.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from core.errors import Temporary
from core.metrics import COMMIT_BATCH_OPS, COMMIT_OPS, COMMIT_SECONDS, COMMITS, MAIL_PATH
from core.runtime import Tx

T = TypeVar("T")
Item = TypeVar("Item")

BATCH_OPS_MAX = 200
#: How long operations may wait for a commit that happens anyway: a mark behind a mail that has left.
LATER_S = 0.02
#: Only this committer's commits are measured: the others read.
WRITER = "committer"


class NotBegun(Temporary):
    """The database took no transaction: nothing was written, and there is no use in trying one operation alone."""


class Beside(Enum):
    """What of a transaction runs in a thread beside the event loop: whatever may wait, and no more.

    A thread gets the interpreter back after each row only when the loop's turn is over: statements that wait for nobody
    take longer there than in the loop, and hold SQLite's one lock meanwhile.
    """

    ALL = "all"
    """Of a server, which every statement waits for."""
    WAITS = "waits"
    """Of a writer of SQLite: the wait for its lock, and the sync."""
    NOTHING = "nothing"
    """Of a reader of SQLite in WAL mode."""


#: So many operations of the mail path take the event loop a few milliseconds; more of them run beside it.
HERE_OPS_MAX = 40

ManyOp = Callable[[Tx, Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Waiting:
    op: ManyOp
    item: Any
    future: asyncio.Future[Any]
    deadline_s: float
    meanwhile: Callable[[], None] | None


class Committer:
    """Runs operations in shared transactions; `run` is its only loop, and when that ends the process must end."""

    def __init__(
        self, begin: Callable[[], AbstractContextManager[Tx]], name: str = WRITER, *, beside: Beside = Beside.ALL
    ) -> None:
        self._begin = begin
        self._beside = beside
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._writes = name == WRITER
        self._waiting: list[_Waiting] = []
        self._due = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = 0.0
        self._closing = False
        self.commits = 0
        self._loop = asyncio.get_running_loop()

    def submit(self, op: Callable[[Tx], T], *, within_s: float = 0.0) -> asyncio.Future[T]:
        """Run ``op(tx)``; the future is done after the commit, with its result or its exception.

        ``op`` may run twice and must only write through ``tx``. ``within_s``: so long it may wait for somebody else's
        commit.
        """
        return self.submit_many(_each, op, within_s=within_s)

    def submit_many(
        self,
        op: Callable[[Tx, Sequence[Item]], Sequence[T]],
        item: Item,
        *,
        within_s: float = 0.0,
        meanwhile: Callable[[], None] | None = None,
    ) -> asyncio.Future[T]:
        """The same for an operation that takes all items of one transaction at once and gives a result for each.

        ``meanwhile`` is called when nothing is left but to wait for the disk or the server, perhaps more than once; the
        commit may fail all the same.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        deadline_s = self._loop.time() + within_s
        self._waiting.append(_Waiting(op, item, future, deadline_s, meanwhile))
        if within_s:
            self._wake_by(deadline_s)
        else:
            self._due.set()
        return future

    def _wake_by(self, deadline_s: float) -> None:
        if self._alarm is not None:
            if self._alarm_s <= deadline_s:
                return
            self._alarm.cancel()
        # uvloop gives a handle that knows no time when the deadline is this very moment.
        self._alarm_s = deadline_s
        self._alarm = self._loop.call_at(deadline_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._due.set()

    async def run(self) -> None:
        """Commit until `close`; raises only what is a bug here, never an operation's error."""
        while not (self._closing and not self._waiting):
            await self._due.wait()
            self._due.clear()
            while self._waiting:
                earliest_s = min(waiting.deadline_s for waiting in self._waiting)
                if earliest_s > self._loop.time() and not self._closing:
                    self._wake_by(earliest_s)
                    break
                batch, self._waiting = self._waiting[:BATCH_OPS_MAX], self._waiting[BATCH_OPS_MAX:]
                await self._commit(batch)
        self._thread.shutdown()

    def close(self) -> None:
        """Finish what has been submitted, then let `run` end."""
        self._closing = True
        self._due.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        began_s = self._loop.time()
        attempt = self._attempt(batch)
        await asyncio.wait([attempt])
        error = attempt.exception()
        if error is None:
            self.commits += 1
            if self._writes:
                MAIL_PATH.count(COMMITS)
                MAIL_PATH.count(COMMIT_OPS, by=len(batch))
                MAIL_PATH.observe(COMMIT_BATCH_OPS, len(batch))
                MAIL_PATH.observe(COMMIT_SECONDS, self._loop.time() - began_s)
            for waiting, result in zip(batch, attempt.result(), strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(result)
        elif len(batch) == 1 or isinstance(error, NotBegun):
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(error if len(batch) == 1 else NotBegun(*error.args))
        else:
            for waiting in batch:
                await self._commit([waiting])

    def _attempt(self, batch: list[_Waiting]) -> asyncio.Future[list[Any]]:
        if self._beside is Beside.NOTHING:
            return self._loop.create_task(self._here(batch))
        # Other operations than those for many items may do anything.
        quick = len(batch) <= HERE_OPS_MAX and all(waiting.op is not _each for waiting in batch)
        if self._beside is Beside.WAITS and quick:
            return self._loop.create_task(self._partly_here(batch))
        return self._loop.run_in_executor(self._thread, self._transaction, batch)

    async def _here(self, batch: list[_Waiting]) -> list[Any]:
        return self._transaction(batch)

    async def _partly_here(self, batch: list[_Waiting]) -> list[Any]:
        block = self._begin()
        tx = block.__enter__()
        try:
            if not tx.transaction.begin_at_once():
                await self._loop.run_in_executor(self._thread, _begun, tx)
            return self._run(tx, batch)
        finally:
            await self._loop.run_in_executor(self._thread, self._end, block, batch, *sys.exc_info())

    def _end(self, block: AbstractContextManager[Tx], batch: list[_Waiting], *fault: Any) -> None:
        if fault[0] is None:
            self._begin_meanwhile(batch)
        block.__exit__(*fault)

    def _transaction(self, batch: list[_Waiting]) -> list[Any]:
        with self._begin() as tx:
            _begun(tx)
            results = self._run(tx, batch)
            self._begin_meanwhile(batch)
            return results

    def _begin_meanwhile(self, batch: list[_Waiting]) -> None:
        # In the loop, so that no fault of theirs is taken for one of the transaction; from this thread, so that it is
        # at the disk before the loop has its turn.
        for waiting in batch:
            if waiting.meanwhile is not None:
                self._loop.call_soon_threadsafe(waiting.meanwhile)

    def _run(self, tx: Tx, batch: list[_Waiting]) -> list[Any]:
        groups: dict[ManyOp, list[int]] = {}
        for place, waiting in enumerate(batch):
            groups.setdefault(waiting.op, []).append(place)
        results: list[Any] = [None] * len(batch)
        for op, places in groups.items():
            done = op(tx, [batch[place].item for place in places])
            for place, result in zip(places, done, strict=True):
                results[place] = result
        return results


def _begun(tx: Tx) -> None:
    """Begin the transaction, and wait for whoever writes.

    Raises:
        NotBegun: it waited in vain, or the database is not there.
    """
    try:
        tx.transaction.begin()
    except Temporary as error:
        raise NotBegun(*error.args) from error


def _each(tx: Tx, ops: Sequence[Callable[[Tx], Any]]) -> list[Any]:
    return [op(tx) for op in ops]
