"""The mails that one process has in hand: how many may be in memory at once, and waiting for the last of them."""

import asyncio
from collections.abc import Awaitable, Callable

from core.log import get_logger
from gateway.work import Work

log = get_logger(__name__)

MAILS_MAX = 400
BYTES_MAX = 67_108_864


class Hands:
    """Runs ``process(work)`` as a task for each mail."""

    def __init__(self, process: Callable[[Work], Awaitable[None]]) -> None:
        self._process = process
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._is_cut = False
        self.finished = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def room(self) -> int:
        """How many more mails may be taken; 0 when there are too many, or too large ones."""
        return 0 if self._bytes >= BYTES_MAX else max(MAILS_MAX - len(self._tasks), 0)

    def take(self, work: Work) -> None:
        """Start the mail's way; returns at once. After `cut` it stays with the process, which frees it as it leaves."""
        if self._is_cut:
            return
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.finished += 1
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # Its lease ends with this process; until then the mail shows as being sent.
            log.error("a mail's way broke off", exc_info=error)

    async def _run(self, work: Work) -> None:
        bytes_held = len(work.raw or b"")
        self._bytes += bytes_held
        try:
            await self._process(work)
        finally:
            self._bytes -= bytes_held

    def cut(self) -> None:
        """Stop what is still under way, and begin nothing more; its deliveries are uncertain, as after a crash."""
        self._is_cut = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            log.warning("deliveries cut off at the stop", extra={"mails": len(self._tasks)})
