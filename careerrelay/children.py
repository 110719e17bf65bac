"""Child processes under supervision: started by fork and exec, restarted when they die, stopped in time."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

from careerrelay import launch
from core.log import get_logger

log = get_logger(__name__)

#: Wait before a restart, by the number of deaths in a row of a child that did not live for SETTLED_S.
RESTART_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
SETTLED_S = 3.0
#: A child cuts what is in flight after 8 s by itself; what still runs now is killed, so that we end within 10 s.
STOP_S = 9.0


@dataclass(frozen=True, slots=True)
class Role:
    """What one child is to run: a name for the log, its command, and the sockets it inherits."""

    name: str
    arguments: tuple[str, ...]
    sockets: tuple[socket.socket, ...] = ()


@dataclass(slots=True)
class Child:
    role: Role
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    quick_deaths: int = 0
    restart_at_s: float = 0.0
    deaths: int = 0


class Supervisor:
    """Keeps one process a role alive until it is told to stop. Single-threaded: it starts processes."""

    def __init__(
        self, roles: Sequence[Role], environment: Mapping[str, str], on_death: Callable[[str, int], None]
    ) -> None:
        """``on_death(role name, process id)`` runs before the restart: it frees what the dead process held."""
        self.children = [Child(role) for role in roles]
        self.stopping = False
        self._environment = launch.environment(environment)
        self._on_death = on_death
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_read, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        # The wake-up descriptor turns every signal, SIGCHLD too, into an event that select() sees at once.
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for child in self.children:
            self._start(child)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_all()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def step(self, wait_s: float, *, restart: bool = True) -> int:
        """Sleep for at most ``wait_s`` or until a signal, then restart what is due. Returns how many children died."""
        self._sleep(min([wait_s, *self._waits_s()]))
        died = sum(self._bury(child, child.process) for child in self.children if child.process is not None)
        if restart and not self.stopping:
            for child in self.children:
                if child.process is None and time.monotonic() >= child.restart_at_s:
                    self._start(child)
        return died

    def _waits_s(self) -> list[float]:
        if self.stopping:
            return []
        now_s = time.monotonic()
        return [max(child.restart_at_s - now_s, 0.0) for child in self.children if child.process is None]

    def _sleep(self, wait_s: float) -> None:
        if self._selector.select(wait_s):
            self._wake_read.recv(4096)

    def _start(self, child: Child) -> None:
        descriptors = tuple(sock.fileno() for sock in child.role.sockets)
        arguments = [*child.role.arguments, *(f"--fd={number}" for number in descriptors), f"--parent={os.getpid()}"]
        child.process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
            launch.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),  # `ready …` stays the only line on standard output
            pass_fds=descriptors,
            env=self._environment,
            process_group=0,  # Ctrl-C reaches the parent only, which stops its children in order
        )
        child.started_s = time.monotonic()
        log.info("process started", extra={"role": child.role.name, "pid": child.process.pid, "deaths": child.deaths})

    def _bury(self, child: Child, process: subprocess.Popen[bytes]) -> bool:
        status = process.poll()
        if status is None:
            return False
        pid, child.process = process.pid, None
        if not self.stopping:
            child.deaths += 1
            settled = time.monotonic() - child.started_s >= SETTLED_S
            child.quick_deaths = 0 if settled else child.quick_deaths + 1
            delay_s = RESTART_DELAYS_S[min(child.quick_deaths, len(RESTART_DELAYS_S) - 1)]
            child.restart_at_s = time.monotonic() + delay_s
            log.error("process died", extra={"role": child.role.name, "pid": pid, "status": status, "delay_s": delay_s})
        self._on_death(child.role.name, pid)
        return True

    def _stop_all(self) -> None:
        self.stopping = True
        deadline_s = time.monotonic() + STOP_S
        for _, process in self._running():
            process.terminate()
        while self._running() and time.monotonic() < deadline_s:
            self.step(deadline_s - time.monotonic())
        for child, process in self._running():
            log.error("process did not stop in time", extra={"role": child.role.name, "pid": process.pid})
            process.kill()
            process.wait()
            self._bury(child, process)

    def _running(self) -> list[tuple[Child, subprocess.Popen[bytes]]]:
        return [(child, child.process) for child in self.children if child.process is not None]
