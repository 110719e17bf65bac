"""RQ's side of a worker: waits in Redis for the word that there is work, and drains the job table in this very process.

No fork a job, as RQ does by default: one wake-up stands for hundreds of job rows, and a fork would carry the polling
thread's locks with it.
"""

import signal
import threading
from types import FrameType

import redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from careerrelay import wake
from core import jobs
from core.log import get_logger
from core.runner import Runner

log = get_logger(__name__)

RETRY_S = 5.0
#: RQ waits in Redis for this less 15 s, then looks again: a hung connection is noticed within a minute.
WORKER_TTL_S = 60


class _Worker(SimpleWorker):  # type: ignore[misc]
    """Tells the rest of the process when RQ's own signal handler is asked to stop."""

    stop: threading.Event

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop.set()
        super().request_stop(signum, frame)


def listen(url: str, runner: Runner, stop: threading.Event) -> None:
    """Serve wake-ups until ``stop``. Without Redis the polling thread goes on alone: later, but nothing is lost."""
    wake.use(runner)
    ours = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    while not stop.is_set():
        try:
            _work(url, stop)
        except (redis.RedisError, OSError) as error:
            log.warning("Redis does not answer; this worker polls", extra={"error": type(error).__name__})
        except StopRequested:  # a signal between RQ's loop and the lines below
            return
        for number, handler in ours.items():
            signal.signal(number, handler)
        stop.wait(RETRY_S)


def _work(url: str, stop: threading.Event) -> None:
    connection = redis.Redis.from_url(url)
    try:
        # JSON, not pickle: whoever may write to Redis must not be able to run code here.
        queue = Queue(jobs.QUEUE, connection=connection, serializer=JSONSerializer)
        worker = _Worker([queue], connection=connection, serializer=JSONSerializer, worker_ttl=WORKER_TTL_S)
        worker.stop = stop
        worker.work(logging_level="WARNING")
    finally:
        connection.close()
