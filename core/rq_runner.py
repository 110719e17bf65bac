"""Wake-ups through Redis and RQ, when `REDIS_URL` is set. Redis holds no work, only the word that there is some."""

import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from core.log import get_logger

log = get_logger(__name__)

DRAIN = "careerrelay.wake.drain"
OPEN_CIRCUIT_S = 5.0


def connect(url: str, timeout_s: float = 0.5) -> "redis.Redis":
    """A client that fails fast: redis-py's own retries would hold the caller for seconds when Redis hangs."""
    return redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )


class RedisWaker:
    """Enqueues at most one waiting `drain` a queue, from a side thread, so that no transaction ever waits for Redis."""

    def __init__(self, url: str) -> None:
        self._client = connect(url)
        self._wanted: set[str] = set()
        self._condition = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="redis-waker", daemon=True)
        self._thread.start()

    def wake(self, queue: str) -> None:
        with self._condition:
            self._wanted.add(queue)
            self._condition.notify()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(timeout=2)
        self._client.close()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._wanted and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                wanted, self._wanted = self._wanted, set()
            try:
                for name in sorted(wanted):
                    self._enqueue(name)
            except (redis.RedisError, OSError) as error:
                log.warning("Redis does not answer; workers poll", extra={"error": type(error).__name__})
                time.sleep(OPEN_CIRCUIT_S)

    def _enqueue(self, name: str) -> None:
        # JSON, not pickle: whoever may write to Redis must not be able to run code here.
        queue = Queue(name, connection=self._client, serializer=JSONSerializer)
        if not queue.job_ids:
            queue.enqueue(DRAIN, result_ttl=0, failure_ttl=60)
