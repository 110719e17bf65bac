"""Mails that come one upon the other are judged and stored in groups: the next group gathers while one is being stored.

A step that was just done for another mail finds its code and data in the processor's caches and costs half, and a
commit costs nearly the same for one mail and for ten (`docs/adr/0022-judged-in-company.md`).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Generic, TypeVar

from gateway.faults import tried
from gateway.traffic import Traffic

Item = TypeVar("Item")
Result = TypeVar("Result")

#: So many that have gathered do not wait for the group before them: most of what a group saves is saved with as many.
ENOUGH = 12
#: A group has at most so many mails, and octets unless one alone has more: the event loop serves nobody else meanwhile.
MAILS_MAX = 32
OCTETS_MAX = 262_144


class Gathering(Generic[Item, Result]):
    """Gathers items for ``do_all``, which yields for each, in order, its result or its fault when that is known."""

    def __init__(self, traffic: Traffic, do_all: Callable[[Sequence[Item]], AsyncIterator[Result | Exception]]) -> None:
        self._traffic = traffic
        self._do_all = do_all
        self._loop = asyncio.get_running_loop()
        self._here: list[tuple[Item, asyncio.Future[Result]]] = []
        self._octets = 0
        self._at_the_dot = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._is_late = False
        self._groups: set[asyncio.Task[None]] = set()

    async def join(self, item: Item, octets: int) -> Result:
        """Have ``item`` done, perhaps with others; raises what is its own fault. ``octets``: the size of its mail."""
        self._at_the_dot += 1
        try:
            patience_s = self._traffic.patience_s(self._at_the_dot)
            if patience_s or self._here:
                return await self._in_company(item, octets, patience_s)
            (result,) = [result async for result in self._do_all([item])]
            if isinstance(result, Exception):
                raise result
            return result
        finally:
            self._at_the_dot -= 1

    @property
    def is_empty(self) -> bool:
        """Is no mail between its final dot and its end here?"""
        return not self._at_the_dot

    @property
    def is_alone(self) -> bool:
        """Is there one mail between its final dot and its end here, and no other?"""
        return self._at_the_dot == 1

    async def _in_company(self, item: Item, octets: int, patience_s: float) -> Result:
        future: asyncio.Future[Result] = self._loop.create_future()
        if self._here and self._octets + octets > OCTETS_MAX:
            self._begin()
        self._here.append((item, future))
        self._octets += octets
        if self._alarm is None:
            self._alarm = self._loop.call_later(patience_s, self._ring)
        self._begin_in_time()
        return await future

    def _ring(self) -> None:
        self._is_late = True
        self._begin_in_time()

    def _begin_in_time(self) -> None:
        """Begin with those that are here unless it is better to wait: for mails on the way, or for the group before."""
        here = len(self._here)
        if self._groups:
            if here >= ENOUGH:
                self._begin()
        elif here and (self._is_late or here >= MAILS_MAX or self._traffic.all_here(self._at_the_dot)):
            self._begin()

    def _begin(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        group, self._here, self._octets, self._is_late = self._here, [], 0, False
        task = self._loop.create_task(self._do(group))
        self._groups.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        self._begin_in_time()

    async def _do(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        waiting = deque(future for _, future in group)
        try:
            fault = await tried(self._answer([item for item, _ in group], waiting))
            while fault is not None and waiting:
                _settle(waiting.popleft(), fault)
        finally:
            for future in waiting:
                future.cancel()

    async def _answer(self, items: Sequence[Item], waiting: deque[asyncio.Future[Result]]) -> None:
        """Let each hear of its own at once: another one may take long."""
        async for result in self._do_all(items):
            _settle(waiting.popleft(), result)


def _settle(future: asyncio.Future[Result], result: Result | Exception) -> None:
    if future.done():
        return  # cancelled: the process ends
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
