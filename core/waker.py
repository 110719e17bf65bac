"""Saying "there is work" to a process that waits for it. Only a hint: every worker also looks by itself."""

import contextlib
import hashlib
import select
import socket
from pathlib import Path
from typing import Protocol


class Waker(Protocol):
    def wake(self, queue: str) -> None:
        """Never blocks, never raises: losing a wake-up costs a second, not work."""
        ...


class NoWaker:
    def wake(self, queue: str) -> None:
        return


def _address(home: Path, queue: str) -> str:
    # Linux's abstract namespace: no file to clean up, and no limit on how deep HOME lies.
    return f"\0careerrelay-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:24]}-{queue}"


class SocketWaker:
    """Embedded installations: a datagram to the worker on the same machine."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def wake(self, queue: str) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(b"!", _address(self._home, queue))

    def close(self) -> None:
        self._socket.close()


class WakeListener:
    """The worker's end. A second worker on the same machine hears nothing and only polls."""

    def __init__(self, home: Path, queue: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._bound = True
        try:
            self._socket.bind(_address(home, queue))
        except OSError:
            self._bound = False

    def wait(self, timeout_s: float) -> bool:
        """True when somebody called; swallows every call that is waiting."""
        ready, _, _ = select.select([self._socket] if self._bound else [], [], [], timeout_s)
        if not ready:
            return False
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(16):
                pass
        return True

    def close(self) -> None:
        self._socket.close()
