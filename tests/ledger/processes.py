"""Several processes at one book at the same moment."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from core.clock import ManualClock
from core.db import Database
from core.runtime import Runtime

#: Patience for a busy machine, no expectation: the full counts take minutes there.
WAIT_S = 1800.0


def together(runtime: Runtime, processes: int, work: Callable[[Runtime, int], None]) -> None:
    """Run ``work(runtime, number)`` in so many processes, all let go at once; fails when one of them fails."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(processes)
    now = runtime.clock.now()

    def run(number: int) -> None:
        with _own_runtime(runtime, now) as own:
            barrier.wait(WAIT_S)
            work(own, number)

    children = [context.Process(target=run, args=(number,)) for number in range(processes)]
    try:
        for child in children:
            child.start()
        for child in children:
            child.join(WAIT_S)
        assert [child.exitcode for child in children] == [0] * processes
    finally:
        for child in children:
            child.kill()


@contextmanager
def _own_runtime(runtime: Runtime, now: datetime) -> Iterator[Runtime]:
    """The same installation with connections of its own: an engine does not survive a fork."""
    database = Database(runtime.db.url.render_as_string(hide_password=False))
    try:
        yield Runtime(runtime.settings, database, ManualClock(now), runtime.keys)
    finally:
        database.close()
