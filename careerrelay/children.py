"""Child processes under supervision: made by fork, restarted when they die, stopped in time."""

import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

from careerrelay import forking
from core.log import get_logger

log = get_logger(__name__)

#: Wait before a restart, by the number of deaths in a row of a child that did not live for SETTLED_S.
RESTART_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
SETTLED_S = 3.0
#: A child cuts what is in flight after 8 s by itself; what still runs now is killed, so that we end within 10 s.
STOP_S = 9.0


@dataclass(frozen=True, slots=True)
class Role:
    """What one child is to be: a name for the log, one for `ps`, what it does, and the sockets that are its own."""

    name: str
    shown_as: str
    life: Callable[[], None]
    sockets: tuple[socket.socket, ...] = ()


@dataclass(slots=True)
class Child:
    role: Role
    pid: int | None = None
    started_s: float = 0.0
    quick_deaths: int = 0
    restart_at_s: float = 0.0
    deaths: int = 0


class Supervisor:
    """Keeps one process a role alive until it is told to stop. Single-threaded: it forks.

    A child that comes back is a copy of the same parent as the first one: the parent therefore does nothing but
    supervise, and what it opens for that is closed in each child.
    """

    def __init__(
        self, roles: Sequence[Role], on_death: Callable[[str, int], None], release: Callable[[], None]
    ) -> None:
        """``on_death(role name, process id)`` runs before the restart: it frees what the dead process held.
        ``release()`` runs in each new child: it closes what else the parent has open."""
        self.children = [Child(role) for role in roles]
        self.stopping = False
        self._on_death = on_death
        self._release_more = release
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
        forking.settle()
        for child in self.children:
            self._start(child)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_all()
        signal.set_wakeup_fd(-1)
        self._close()

    def _close(self) -> None:
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def step(self, wait_s: float, *, restart: bool = True) -> int:
        """Sleep for at most ``wait_s`` or until a signal, then restart what is due. Returns how many children died."""
        self._sleep(min([wait_s, *self._waits_s()]))
        died = sum(self._bury(child, child.pid) for child in self.children if child.pid is not None)
        if restart and not self.stopping:
            for child in self.children:
                if child.pid is None and time.monotonic() >= child.restart_at_s:
                    self._start(child)
        return died

    def _waits_s(self) -> list[float]:
        if self.stopping:
            return []
        now_s = time.monotonic()
        return [max(child.restart_at_s - now_s, 0.0) for child in self.children if child.pid is None]

    def _sleep(self, wait_s: float) -> None:
        if self._selector.select(wait_s):
            self._wake_read.recv(4096)

    def _start(self, child: Child) -> None:
        role = child.role

        def release() -> None:
            self._close()
            for other in self.children:
                if other.role is not role:
                    for sock in other.role.sockets:
                        sock.close()
            self._release_more()

        child.pid = forking.fork_child(role.life, role.shown_as, release)
        child.started_s = time.monotonic()
        log.info("process started", extra={"role": role.name, "pid": child.pid, "deaths": child.deaths})

    def _bury(self, child: Child, pid: int, *, wait: bool = False) -> bool:
        found, raw_status = os.waitpid(pid, 0 if wait else os.WNOHANG)
        if not found:
            return False
        status = os.waitstatus_to_exitcode(raw_status)  # minus the signal's number, as subprocess writes it
        child.pid = None
        if not self.stopping:
            child.deaths += 1
            settled = time.monotonic() - child.started_s >= SETTLED_S
            child.quick_deaths = 0 if settled else child.quick_deaths + 1
            delay_s = RESTART_DELAYS_S[min(child.quick_deaths, len(RESTART_DELAYS_S) - 1)]
            child.restart_at_s = time.monotonic() + delay_s
            log.error("process died", extra={"role": child.role.name, "pid": pid, "status": status, "delay_s": delay_s})
        self._on_death(child.role.name, pid)
        gc.collect()  # automatic collection is off here, so that children share what nobody touches
        return True

    def _stop_all(self) -> None:
        self.stopping = True
        deadline_s = time.monotonic() + STOP_S
        for _, pid in self._running():
            os.kill(pid, signal.SIGTERM)
        while self._running() and time.monotonic() < deadline_s:
            self.step(deadline_s - time.monotonic())
        for child, pid in self._running():
            log.error("process did not stop in time", extra={"role": child.role.name, "pid": pid})
            os.kill(pid, signal.SIGKILL)
            self._bury(child, pid, wait=True)

    def _running(self) -> list[tuple[Child, int]]:
        return [(child, child.pid) for child in self.children if child.pid is not None]
