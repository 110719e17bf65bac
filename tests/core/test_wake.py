"""Wake-ups are hints: they arrive at once when the worker listens, and cost nothing when it does not."""

import threading
import time
from pathlib import Path

from rq import Queue
from rq.serializers import JSONSerializer

from core.rq_runner import DRAIN, RedisWaker, connect
from core.waker import SocketWaker, WakeListener
from tests.servers import free_port


def test_a_datagram_wakes_the_worker_of_the_same_home_only(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    listener, stranger = WakeListener(one, "jobs"), WakeListener(two, "jobs")
    waker = SocketWaker(one)
    waker.wake("jobs")
    waker.wake("jobs")
    assert listener.wait(5)
    assert not listener.wait(0), "all waiting calls were swallowed"
    assert not stranger.wait(0)
    for end in (waker, listener, stranger):
        end.close()


def test_nobody_listening_is_no_error_and_a_second_listener_only_polls(tmp_path: Path) -> None:
    waker = SocketWaker(tmp_path)
    waker.wake("jobs")
    first, second = WakeListener(tmp_path, "jobs"), WakeListener(tmp_path, "jobs")
    waker.wake("jobs")
    assert first.wait(5)
    assert not second.wait(0)
    for end in (waker, first, second):
        end.close()


def test_redis_carries_at_most_one_waiting_drain(redis_url: str) -> None:
    client = connect(redis_url)
    queue = Queue("jobs", connection=client, serializer=JSONSerializer)
    queue.empty()
    waker = RedisWaker(redis_url)
    for _ in range(20):
        waker.wake("jobs")
    deadline = time.monotonic() + 10
    while not queue.job_ids and time.monotonic() < deadline:
        time.sleep(0.01)
    waker.wake("jobs")
    waker.close()
    assert [job.func_name for job in queue.jobs] == [DRAIN]
    queue.empty()
    client.close()


def test_a_redis_that_is_not_there_never_holds_the_caller() -> None:
    waker = RedisWaker(f"redis://127.0.0.1:{free_port()}/0")
    done = threading.Event()

    def call() -> None:
        for _ in range(1000):
            waker.wake("jobs")
        done.set()

    threading.Thread(target=call).start()
    assert done.wait(5)
