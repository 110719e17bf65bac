"""What happens regularly. A tick writes the job of the current period; its key makes a second scheduler harmless."""

import threading
from dataclasses import dataclass

from careerrelay import daily
from core import jobs
from core.errors import Temporary
from core.log import get_logger
from core.metrics import JOBS_OLDEST_SECONDS, JOBS_OPEN
from core.runtime import Runtime
from crm.slots import statement_files

log = get_logger(__name__)

TICK_S = 20.0


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job kind of `careerrelay.handlers` and how often it is due, counted from midnight UTC."""

    kind: str
    every_s: int


MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
PERIODIC = (
    Periodic("hold_digest", 15 * MINUTE_S),
    Periodic("purge", HOUR_S),
    Periodic("licences", DAY_S),
    Periodic("agency_digests", DAY_S),  # midnight UTC is 9:00 in Japan
    Periodic("recalls", DAY_S),
    Periodic("arrivals_waiting", DAY_S),
    Periodic("sign_heads", DAY_S),
    Periodic("slots", DAY_S),
)


def tick(runtime: Runtime) -> int:
    """Write the jobs whose period has begun; how many were new."""
    with runtime.begin() as tx:
        seconds = int(tx.now.timestamp())
        new = sum(jobs.enqueue(tx, task.kind, f"{task.kind}:{seconds // task.every_s}") for task in PERIODIC)
        return new + daily.enqueue_due(tx) + statement_files.enqueue_due(tx)


def measure(runtime: Runtime) -> None:
    """Set the gauges of the job table."""
    with runtime.read() as tx:
        waiting, oldest_due_at, dead = jobs.backlog(tx)
    JOBS_OPEN.labels(jobs.WAITING).set(waiting)
    JOBS_OPEN.labels(jobs.DEAD).set(dead)
    overdue_s = 0.0 if oldest_due_at is None else (runtime.clock.now() - oldest_due_at).total_seconds()
    JOBS_OLDEST_SECONDS.set(max(overdue_s, 0.0))


def run_forever(runtime: Runtime, stop: threading.Event) -> None:
    """Tick until ``stop``; a database that is away is waited for."""
    while not stop.is_set():
        try:
            tick(runtime)
            measure(runtime)
        except Temporary as error:
            log.warning("schedule waits for the database", extra={"error": error.message})
        stop.wait(TICK_S)
