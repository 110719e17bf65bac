"""What RQ runs when somebody says that there is work: claim job rows in batches until none is due.

Redis carries only this call, without arguments; the work stands in the database.
"""

import os
import time

from core import setting_sources
from core.runner import Runner

#: Below RQ's own time limit for a job, so that it never interrupts a handler of ours.
DRAIN_S = 120.0

_RUNNER: list[Runner] = []


def use(runner: Runner) -> None:
    """Let `drain` work through this process's runner, beside its polling thread (`careerrelay worker`)."""
    _RUNNER[:] = [runner]


def drain() -> int:
    """Run jobs until none is due or `DRAIN_S` are over; how many were run."""
    if _RUNNER:
        return _drain(_RUNNER[0])
    # A plain `rq worker` called us: there is no runner in this process yet.
    from careerrelay import opening
    from careerrelay.handlers import HANDLERS

    with opening.opened(setting_sources.load(None, os.environ)) as runtime:
        return _drain(Runner(runtime, HANDLERS, f"rq:{os.getpid()}"))


def _drain(runner: Runner) -> int:
    deadline_s = time.monotonic() + DRAIN_S
    total = 0
    while time.monotonic() < deadline_s and (count := runner.run_once()):
        total += count
    return total
