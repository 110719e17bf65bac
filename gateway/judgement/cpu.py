"""Where the processor's work on a mail is done: here, or beside the event loop when the mail is large."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from gateway.judgement.suspects import Suspects
from gateway.work import Work

T = TypeVar("T")

#: Reading and judging a mail above this size happens off the event loop, one at a time.
BIG_BYTES = 65_536


class Cpu:
    """Does the steps, and notes which mail each is about as long as it lasts (`suspects.py`)."""

    def __init__(self, suspects: Suspects) -> None:
        self._suspects = suspects

    async def do(self, work: Work, step: Callable[[], T]) -> T:
        """Do ``step``, a part of the work on this mail; raises what it raises."""
        if work.size > BIG_BYTES:
            return await asyncio.to_thread(step)
        return self._suspects.watch(work.digest, step) if work.digest else step()
