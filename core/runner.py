"""Runs job handlers: claims a batch, runs each, writes down what became of it."""

import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from core import jobs
from core.errors import NotYet, Permanent, Temporary
from core.jobs import Claimed
from core.log import get_logger
from core.metrics import JOBS
from core.runtime import Runtime
from core.waker import WakeListener

log = get_logger(__name__)

Handler = Callable[[Runtime, Claimed], None]


class Runner:
    """One worker. Handlers are idempotent: a crash between their commit and ours runs them again."""

    def __init__(self, runtime: Runtime, handlers: Mapping[str, Handler], owner: str) -> None:
        self._runtime = runtime
        self._handlers = dict(handlers)
        self._owner = owner
        self._one_at_a_time = threading.Lock()

    def run_once(self) -> int:
        """Claim and run one batch; how many jobs were run."""
        settings = self._runtime.settings.jobs
        with self._one_at_a_time:
            with self._runtime.begin() as tx:
                claimed = jobs.claim(tx, self._owner, settings.batch, settings.lease_s, sorted(self._handlers))
            for job in claimed:
                self._run(job)
        return len(claimed)

    def drain(self) -> int:
        """Run batches until nothing is due; how many jobs were run."""
        total = 0
        while count := self.run_once():
            total += count
        return total

    def run_forever(self, stop: threading.Event, listener: WakeListener | None = None) -> None:
        """Drain, then wait for a wake-up or `jobs.poll_s`, until ``stop``. A database that is away is waited for."""
        poll_s = self._runtime.settings.jobs.poll_s
        while not stop.is_set():
            try:
                self.drain()
            except Temporary as error:
                log.warning("jobs wait for the database", extra={"error": error.message})
            if listener is None:
                stop.wait(poll_s)
            else:
                listener.wait(poll_s)

    def _run(self, job: Claimed) -> None:
        tries_max = self._runtime.settings.jobs.tries_max
        if job.tries > tries_max:  # it never came back from its last try: it kills its worker
            self._settle(job, "dead", f"not finished after {tries_max} tries")
            return
        try:
            self._handlers[job.kind](self._runtime, job)
        except NotYet as error:
            with self._runtime.begin() as tx:
                jobs.put_off(tx, job, error.at)
        except Temporary as error:
            self._settle(job, "retry", error.message)
        except Permanent as error:
            self._settle(job, "dead", error.message)
        except Exception as error:  # noqa: BLE001 - the job runner's edge: a bug in one job must not stop the others
            log.error(
                "job failed",
                extra={
                    "job_id": job.id,
                    "kind": job.kind,
                    "error": type(error).__name__,
                    "where": _where(error),
                },
            )
            self._settle(job, "retry", f"internal error: {type(error).__name__}")
        else:
            self._settle(job, "done", "")

    def _settle(self, job: Claimed, result: str, error: str) -> None:
        with self._runtime.begin() as tx:
            if result == "done":
                kept = jobs.finish(tx, job)
            elif result == "dead":
                kept = jobs.bury(tx, job, error)
            else:
                kept = jobs.retry(tx, job, error, self._runtime.settings.jobs.tries_max)
        JOBS.labels(kind=job.kind, result=result).inc()
        if not kept:
            log.warning("job was taken over", extra={"job_id": job.id, "kind": job.kind})

    def sweep(self) -> int:
        """Forget jobs that ended long ago."""
        with self._runtime.begin() as tx:
            return jobs.purge_finished(tx, tx.now - timedelta(days=self._runtime.settings.retention.job_days))


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:])
