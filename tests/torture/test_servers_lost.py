"""PostgreSQL killed and started again under load; Redis refused, hung and emptied: the mail goes on."""

import dataclasses
import os
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from core.clock import SystemClock
from core.crypto import KeyRing
from core.db import Database
from core.rq_runner import RedisWaker, connect
from core.runtime import Runtime
from tests import servers
from tests.conftest import fill, make_settings
from tests.gateway.rig import Gateway, add_agency, add_company, message
from tests.gateway.sink import Sink
from tests.torture.conftest import Say
from tests.torture.load import Load, wait_until

MAILS_BETWEEN = 30
REFUSALS = 5
RESTART_S = 30.0


@pytest.fixture
def durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.PostgresServer]:
    """A PostgreSQL of our own that really syncs: one that somebody lends us must not be killed."""
    monkeypatch.delenv("CAREERRELAY_TEST_PG_DSN", raising=False)
    server = servers.start_postgres(fsync=True)
    yield server
    server.stop()


@contextmanager
def installation(server: servers.PostgresServer, home: Path) -> Iterator[Runtime]:
    home.mkdir(mode=0o700)
    server.create("torture")
    settings = make_settings(home, DATABASE_URL=server.url("torture"))
    database = Database(settings.effective_database_url)
    fill(database)
    yield Runtime(settings, database, SystemClock(), KeyRing.generate())
    database.close()


def start_again(server: servers.PostgresServer) -> None:
    """Start the killed server on its old files; the kernel may hold its shared memory for a moment."""
    assert server.process is not None
    deadline = time.monotonic() + RESTART_S
    command, environment = server.process.args, {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    while True:
        if server.process.poll() is not None:
            server.process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
            )
        with suppress(psycopg.OperationalError):
            server.execute("SELECT 1")
            return
        assert time.monotonic() < deadline, "PostgreSQL does not start again"
        time.sleep(0.05)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.torture)])
def test_postgresql_is_killed_under_load(durable: servers.PostgresServer, tmp_path: Path, kills: int, say: Say) -> None:
    with installation(durable, tmp_path / "home") as runtime, Sink() as sink:
        company = add_company(runtime, sender_domains=("example.jp",), recruiting_senders=("@example.jp",))
        add_agency(runtime, company.id)
        with Gateway(runtime, sink.port, RELAY__RETRY_S="1") as server, Load(server.port) as load:
            for _ in range(kills):
                wait_until(load.takes(MAILS_BETWEEN), "no mail is taken any more")
                assert durable.process is not None
                durable.process.kill()
                durable.process.wait()
                wait_until(load.refuses(REFUSALS), "mail is taken without a database")
                start_again(durable)
            wait_until(load.takes(MAILS_BETWEEN), "no mail is taken after the last restart")
            load.__exit__()
            server.wait_until_finished(60)
            assert server.error is None
            copies = Counter(got.recipients[0] for got in sink.got)
    assert set(load.acked) <= set(copies), "a mail that got 250 is lost"
    twice = {recipient for recipient in load.acked if copies[recipient] > 1}
    assert not twice
    assert set(load.refused) <= {421, 451, 452}
    answers = f"{len(load.acked)} mails answered 250, others {dict(load.refused)}"
    say(f"{kills} kills of PostgreSQL, {answers}, 0 lost, 0 twice")


# --- Redis ---


@contextmanager
def hung() -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@contextmanager
def refused() -> Iterator[str]:
    yield f"redis://127.0.0.1:{servers.free_port()}/0"


@contextmanager
def emptied() -> Iterator[str]:
    """A real one that loses everything all the time."""
    stop = threading.Event()
    with servers.redis_server() as url, closing(connect(url)) as client:

        def forget() -> None:
            while not stop.wait(0.01):
                client.flushall()

        thread = threading.Thread(target=forget)
        thread.start()
        yield url
        stop.set()
        thread.join()


@pytest.mark.parametrize("redis", [hung, refused, emptied])
def test_mail_goes_on_whatever_redis_does(runtime: Runtime, redis: Callable[[], AbstractContextManager[str]]) -> None:
    add_company(runtime)
    recipients = [f"r{number}@example.com" for number in range(20)] + ["rcpt550.nobody@example.com"]
    with (
        redis() as url,
        closing(RedisWaker(url)) as waker,
        Sink() as sink,
        Gateway(dataclasses.replace(runtime, waker=waker), sink.port) as server,
    ):
        for recipient in recipients:
            server.send(message(), [recipient])
        sink.wait(len(recipients))  # the last one is the report of the refusal, which wakes the outbox
        server.wait_until_finished()
    assert Counter(got.recipients[0] for got in sink.got).most_common(1)[0][1] == 1


def test_redis_is_not_asked_for_a_mail_that_goes_through(runtime: Runtime) -> None:
    add_company(runtime)
    with (
        socket.create_server(("127.0.0.1", 0)) as redis,
        closing(RedisWaker(f"redis://127.0.0.1:{redis.getsockname()[1]}/0")) as waker,
        Sink() as sink,
        Gateway(dataclasses.replace(runtime, waker=waker), sink.port) as server,
    ):
        redis.settimeout(0)
        for number in range(20):
            server.send(message(), [f"r{number}@example.com"])
        server.wait_until_finished()
        with pytest.raises(BlockingIOError):
            redis.accept()  # nobody stands before the door
