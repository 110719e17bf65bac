"""One gateway process by fork: the real server on inherited sockets, until it is killed or nothing is left to do."""

import os
import selectors
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from core import processes
from core.runtime import Runtime
from gateway import server, sweep
from gateway.backlog import leases, queue
from gateway.tables import MailState
from tests.torture import points
from tests.torture.points import Point
from tests.torture.world import Letter, World, iso, put_own

#: A process that neither dies nor finishes in this time is stuck: the run fails and says where.
STUCK_S = 20.0
LOOK_S = 0.01
SWEEP_AGAIN_S = 0.05
_LEFT = """
SELECT (SELECT count(*) FROM delivery WHERE state = 'sending' OR (state = 'waiting' AND due_at <= :now))
     + (SELECT count(*) FROM mail WHERE state = 'held' AND hold_until <= :now)
     + (SELECT count(*) FROM outgoing WHERE state = 'waiting')
"""


class Stuck(AssertionError):
    """A process did not come to its end."""


@dataclass(frozen=True, slots=True)
class Life:
    """What a process is to do: at which second of the round it lives, where it dies, and what is put before it."""

    at_s: float
    point: Point | None = None
    own_recipient: str = ""
    approves: bool = False
    ends_when_idle: bool = False


def begin(world: World, listener: socket.socket, life: Life) -> int:
    """Fork; the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _live(world, listener, life)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
        traceback.print_exc(file=sys.stderr)
        os._exit(70)


def _live(world: World, listener: socket.socket, life: Life) -> None:
    # A loop that looks every second looks more often here; how long it waits is not what is tested.
    sweep.SWEEP_S = SWEEP_AGAIN_S
    sweep.FORGET_EVERY = sweep.TIDY_EVERY = 1_000_000  # at the start only
    runtime = world.at(life.at_s)
    points.arm(life.point, runtime.db.engine)
    bury_the_dead(world, life.at_s)
    if life.own_recipient:
        put_own(runtime, life.own_recipient)
    if life.approves:
        _approve_everything(runtime)
    if life.ends_when_idle:
        threading.Thread(target=_leave_when_idle, args=(world, runtime), daemon=True).start()
    server.run(runtime, [listener], threading.Event())


def bury_the_dead(world: World, at_s: float) -> None:
    """What the supervisor does when a child has died. A mail waits for some seconds then, longer after each crash."""
    with world.at(at_s).begin() as tx:
        for process_id in processes.beats(tx):
            leases.free(tx, process_id)


def _approve_everything(runtime: Runtime) -> None:
    with runtime.read() as tx:
        held = [line.id for line in queue.list_mails(tx, states=[MailState.HELD], limit=200)]
    for mail_id in held:
        with runtime.begin() as tx:
            queue.approve(tx, mail_id, by="torture")


def _leave_when_idle(world: World, runtime: Runtime) -> None:
    connection = sqlite3.connect(f"file:{world.file}?mode=ro", uri=True, timeout=10)
    while connection.execute(_LEFT, {"now": iso(runtime.clock.now())}).fetchone()[0]:
        time.sleep(LOOK_S)
    os._exit(0)  # crash-only: an end like any other


def wait_for_death(pid: int, what: str) -> bool:
    """True: it was killed. False: it went because nothing was left to do.

    Raises:
        Stuck: it lives on, or it ended by an error.
    """
    handle = os.pidfd_open(pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            is_over = bool(selector.select(STUCK_S))
    finally:
        os.close(handle)
    if not is_over:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not is_over:
        raise Stuck(f"neither dead nor done after {STUCK_S} s: {what}")
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, -signal.SIGKILL):
        raise Stuck(f"ended with {code}: {what}")
    return code != 0


def send(port: int, letter: Letter, on_250: Callable[[], None]) -> bool:
    """Send a mail; True when 250 came back, ``on_250`` is called at that moment. False: the server died first."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=STUCK_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as lines:
                _expect(lines.readline(), b"220")
                group = [b"EHLO client.example.net", f"MAIL FROM:<{letter.sender}> BODY=8BITMIME".encode()]
                group += [f"RCPT TO:<{recipient}>".encode() for recipient in letter.recipients]
                connection.sendall(b"\r\n".join([*group, b"DATA", b""]))
                while (line := lines.readline())[:3] != b"354":
                    _expect(line, b"250")
                connection.sendall(letter.raw + b".\r\n")
                _expect(lines.readline(), b"250")
                on_250()
                return True
    except (ConnectionError, EOFError):
        return False


def _expect(line: bytes, code: bytes) -> None:
    if not line:
        raise EOFError
    if line[:3] != code:
        raise AssertionError(f"the server said {line!r} instead of {code!r}")
