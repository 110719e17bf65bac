"""The listening sockets of one installation, opened before anything else starts.

The supervisor owns them all: a process that dies and comes back finds its socket, with the connections that waited
in it, and nobody else can take the port in between (`docs/architecture.md`, *Processes*).
"""

import errno
import socket
from dataclasses import dataclass, replace

from core.endpoints import Listen
from core.errors import ConfigError

BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """One address and its open sockets, one for each process that accepts there."""

    listen: Listen
    sockets: tuple[socket.socket, ...]

    @property
    def address(self) -> str:
        """HOST:PORT as others write it."""
        return str(self.listen).removeprefix("tls://")

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


def open_listener(listen: Listen, processes: int, setting: str) -> Listener:
    """Open ``processes`` sockets on one address; port 0 becomes the port that the system chose.

    Raises:
        ConfigError: the address is in use, not of this machine, or not allowed; ``setting`` names where it was set.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        # SO_REUSEPORT would share the port with a stranger's (or an older gateway's) sockets without a word:
        # a plain bind first makes a port in use an error.
        with _bound(family, listen.host, listen.port, shared=False) as probe:
            listen = replace(listen, port=probe.getsockname()[1])
        shared = processes > 1
        sockets = tuple(_bound(family, listen.host, listen.port, shared=shared) for _ in range(processes))
    except OSError as error:
        raise ConfigError(f"{setting}: cannot listen on {listen}: {_reason(error)}") from None
    for sock in sockets:
        sock.listen(BACKLOG)
    return Listener(listen, sockets)


def _bound(family: socket.AddressFamily, host: str, port: int, *, shared: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is in use"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address"
        case errno.EACCES:
            return "ports below 1024 need the right to bind them"
        case _:
            return error.strerror or str(error)
