"""`careerrelay worker` with Redis: RQ's wake-up brings the work at once; without Redis the worker looks by itself.

Runs with every supported RQ (`make torture` brings the oldest one).
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from careerrelay import opening
from core import jobs
from core.jobs import Job
from core.runtime import Runtime
from core.setting_sources import load
from core.settings import Settings
from tests.careerrelay.command_line import Installation
from tests.careerrelay.running import eventually
from tests.servers import free_port, redis_server

NEVER_S = "600"


@contextmanager
def worker(home: Path, redis_url: str, poll_s: str) -> Iterator[tuple[Settings, subprocess.Popen[bytes]]]:
    """A worker process on a new installation."""
    installation = Installation(home, REDIS_URL=redis_url, JOBS__POLL_S=poll_s)
    settings = load(None, installation.env)
    opening.migrated(settings)
    with (home.parent / "worker.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "careerrelay", "worker"], env=installation.env, stderr=log)
    try:
        assert eventually(lambda: b"process started" in (home.parent / "worker.log").read_bytes(), 30)
        yield settings, process
    finally:
        process.kill()
        process.wait()


def write_job(runtime: Runtime, key: str) -> None:
    with runtime.begin() as tx:
        jobs.enqueue(tx, "purge", key)


def state_of(runtime: Runtime, key: str) -> str | None:
    with runtime.read() as tx:
        return tx.session.scalar(select(Job.state).where(Job.key == key))


def test_a_wake_up_through_redis_brings_the_work(tmp_path: Path) -> None:
    with redis_server() as url, worker(tmp_path / "home", url, NEVER_S) as (settings, process):
        with opening.opened(settings) as runtime:
            for key in ("one", "two"):
                write_job(runtime, key)
                assert eventually(lambda: state_of(runtime, key) == jobs.DONE, 30), "it polls only every 10 minutes"  # noqa: B023
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_without_redis_the_work_is_done_all_the_same(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with worker(tmp_path / "home", url, "0.2") as (settings, process), opening.opened(settings) as runtime:
        write_job(runtime, "one")
        assert eventually(lambda: state_of(runtime, "one") == jobs.DONE, 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_redis_that_goes_and_comes_back_is_found_again(tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port) as url, worker(tmp_path / "home", url, NEVER_S) as (settings, _):
        _is_woken(settings, "before")
    with worker(tmp_path / "second", url, NEVER_S) as (settings, _):  # started while nobody answers
        with redis_server(port):
            _is_woken(settings, "between")
        with redis_server(port):
            _is_woken(settings, "after")


def _is_woken(settings: Settings, key: str) -> None:
    """A wake-up may fall into the seconds in which the worker is still reconnecting: each job brings another one."""
    with opening.opened(settings) as runtime:
        write_job(runtime, key)
        for number in range(30):
            write_job(runtime, f"{key} {number}")
            if eventually(lambda: state_of(runtime, key) == jobs.DONE, 1):
                return
    raise AssertionError(f"{key}: nobody came")
