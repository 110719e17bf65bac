"""Listeners that have something to do before SMTP begins: read a balancer's PROXY header, or shake hands for TLS.

Both take a stranger's time, so the connection is counted before, not when the session greets. A PROXY header stands in
front of everything, TLS included, and is read octet-exact: what follows it belongs to TLS or to SMTP.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence

from core.log import get_logger
from gateway import policy, replies
from gateway.session import proxy
from gateway.session.connection import TLS_HANDSHAKE_S, TLS_SHUTDOWN_S, Connection

log = get_logger(__name__)

#: The specification asks for at least 3 s: a SYN lost on the way is sent again after that (PROXY protocol 2).
HEADER_S = 5.0
#: After accept(2) failed for want of descriptors or memory.
PAUSE_S = 0.2

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Listener:
    """Accepts on one socket until `close`. ``make(peer)`` gives the session of a client with that address.

    ``balancers``: networks whose connections must begin with a PROXY header. ``context``: TLS from the first octet
    (RFC 8314 3.3).
    """

    def __init__(
        self,
        sock: socket.socket,
        make: Callable[[str], Connection],
        *,
        balancers: Sequence[Network],
        context: ssl.SSLContext | None,
        pending_max: int,
    ) -> None:
        self._socket = sock
        self._make = make
        self._balancers = tuple(balancers)
        self._context = context
        self._pending_max = pending_max
        self._pending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nothing new; clients that have not begun SMTP yet are let go."""
        self._accepting.cancel()
        for task in self._pending:
            task.cancel()

    async def _accept(self) -> None:
        with self._socket:
            while True:
                try:
                    client, address = await self._loop.sock_accept(self._socket)
                except OSError as error:
                    log.error("cannot accept a connection", extra={"errno": error.errno})
                    await asyncio.sleep(PAUSE_S)
                    continue
                if len(self._pending) >= self._pending_max:
                    client.close()
                    continue
                task = self._loop.create_task(self._open(client, str(address[0])))
                self._pending.add(task)
                task.add_done_callback(self._pending.discard)

    async def _open(self, client: socket.socket, peer: str) -> None:
        with contextlib.ExitStack() as unfinished:
            unfinished.callback(client.close)
            if self._is_balancer(peer):
                try:
                    async with asyncio.timeout(HEADER_S):
                        peer = await _read_header(client) or peer
                except _Gone:
                    return  # a balancer that only looked whether the port is open
                except (proxy.Malformed, TimeoutError) as error:
                    log.warning("no PROXY header", extra={"balancer": peer, "why": str(error) or "too slow"})
                    self._refuse(client)
                    return
                except OSError:
                    return
            unfinished.pop_all()
            await self._begin(client, peer)

    async def _begin(self, client: socket.socket, peer: str) -> None:
        session = self._make(peer)
        if self._context is None:
            await self._loop.connect_accepted_socket(lambda: session, client)
            return
        with contextlib.ExitStack() as unfinished:
            unfinished.callback(client.close)
            if not session.enter():
                return  # a 421 in clear would mean nothing to it
            unfinished.callback(session.leave)
            try:
                await self._loop.connect_accepted_socket(
                    lambda: session,
                    client,
                    ssl=self._context,
                    ssl_handshake_timeout=TLS_HANDSHAKE_S,
                    ssl_shutdown_timeout=TLS_SHUTDOWN_S,
                )
            except OSError as error:  # a scanner, or a client that does not trust the certificate
                log.info("TLS handshake failed", extra={"peer": peer, "why": type(error).__name__})
                return
            unfinished.pop_all()

    def _is_balancer(self, peer: str) -> bool:
        address = policy.peer_address(peer)
        return address is not None and any(address in network for network in self._balancers)

    def _refuse(self, client: socket.socket) -> None:
        if self._context is None:  # in front of TLS a client would not understand it
            with contextlib.suppress(OSError):
                client.send(f"{replies.NO_PROXY_HEADER}\r\n".encode())


class _Gone(Exception):
    """Closed before the first octet."""


async def _read_header(client: socket.socket) -> str | None:
    start = await _exactly(client, proxy.START_BYTES)
    if start == proxy.SIGNATURE:
        head = start + await _exactly(client, proxy.V2_HEAD_BYTES - len(start))
        return proxy.read_v2(head, await _exactly(client, proxy.v2_body_bytes(head)))
    if not start.startswith(proxy.V1_START):
        raise proxy.Malformed("neither version 1 nor version 2")
    line = start
    while not line.endswith(b"\r\n") and len(line) < proxy.V1_BYTES_MAX:
        line += await _exactly(client, 1)
    return proxy.read_v1(line)


async def _exactly(client: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        more = await asyncio.get_running_loop().sock_recv(client, count - len(octets))
        if not more:
            raise proxy.Malformed("cut off") if octets else _Gone
        octets += more
    return octets
