"""One HTTP POST to an address that a stranger gave us: where it may lead, how long it may take, and nothing more.

The name is resolved once and the connection goes to that very address, so an answer of the DNS that changes meanwhile
leads nowhere else (OWASP ASVS 5.0 1.3.6, 13.2.4). Redirects are not followed, the body of the answer is not read.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from core.errors import Temporary
from core.resolver import Resolver
from core.settings import Settings

PUBLIC_PORTS = frozenset({443, 8443})
ADDRESSES_TRIED_MAX = 3
RETRY_AFTER_S_MAX = 86_400
_NAT64 = IPv6Network("64:ff9b::/96")
#: All that is given out for the open internet (RFC 4291 2.4). Elsewhere are forms that lead inside and that Python
#: calls global: fec0::/10 (RFC 3879), 64:ff9b:1::/48 (RFC 8215), ::a.b.c.d (RFC 4291 2.5.5.1).
_UNICAST = IPv6Network("2000::/3")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is 0 when there was no answer; ``problem`` says why in stable words, without names or addresses."""

    status: int
    problem: str = ""
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Whether the other side has it (2xx)."""
        return 200 <= self.status < 300


class Refused(Exception):
    """We may not call that address; ``args[0]`` says why in stable words."""


def post(settings: Settings, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send ``body`` once, within `webhook.timeout_s` all in all."""
    until = time.monotonic() + settings.webhook.timeout_s
    parts = urlsplit(url)
    try:
        addresses = allowed(settings, parts)
        with _connected(parts, addresses, until) as connection:
            return _asked(connection, parts, headers, body)
    except Refused as error:
        return Answer(0, str(error.args[0]))
    except (OSError, http.client.HTTPException, Temporary) as error:
        # A connection that the watch cut looks like any other that broke.
        if isinstance(error, TimeoutError) or time.monotonic() >= until:
            return Answer(0, "time over")
        return Answer(0, "TLS failed" if isinstance(error, ssl.SSLError) else "no connection")


def allowed(settings: Settings, parts: SplitResult) -> list[Address]:
    """Resolve the host of an address and return where a connection may go.

    Raises:
        Refused: the name, one of its addresses, the scheme or the port is not allowed.
        Temporary: the DNS gives no answer.
    """
    found = _addresses(settings, parts.hostname or "")
    if not found:
        raise Refused("name unknown")
    trusted = all(_inside(address, settings.webhook.allow_networks) for address in found)
    if trusted:
        return found
    # One bad address among good ones is how a name is made to lead inside.
    if not all(_inside(address, settings.webhook.allow_networks) or is_public(address) for address in found):
        raise Refused("address not public")
    if parts.scheme != "https":
        raise Refused("not https")
    if (parts.port or 443) not in PUBLIC_PORTS:
        raise Refused("port not allowed")
    return found


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, also behind the forms that wrap one of IPv4."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _addresses(settings: Settings, host: str) -> list[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    names = ["127.0.0.1"] if host == "localhost" else Resolver(settings).addresses(host)
    return sorted((ip_address(name) for name in names), key=lambda address: address.version)


def _inside(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@contextmanager
def _connected(parts: SplitResult, addresses: list[Address], until: float) -> Iterator[http.client.HTTPConnection]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    plain = _socket(addresses[:ADDRESSES_TRIED_MAX], port, until)
    held = plain.dup()  # TLS empties the socket that it wraps; this one still reaches the connection
    watch = threading.Timer(max(until - time.monotonic(), 0.0), _cut, [held])
    watch.daemon = True
    watch.start()
    try:
        connection = http.client.HTTPConnection(parts.hostname or "", port)
        connection.sock = plain
        if parts.scheme == "https":
            connection.default_port = 443  # else the Host field would name it
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        watch.cancel()
        watch.join()  # it may be cutting just now, and the next socket may get the same descriptor
        held.close()
        plain.close()


def _socket(addresses: list[Address], port: int, until: float) -> socket.socket:
    problem: OSError = TimeoutError()
    for address in addresses:
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        try:
            return socket.create_connection((str(address), port), timeout=left_s)
        except OSError as error:
            problem = error
    raise problem


def _cut(held: socket.socket) -> None:
    """End a call that takes too long, however slowly its bytes drip in."""
    try:
        held.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself in this moment


def _asked(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str], body: bytes
) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", target, body=body, headers=dict(headers))
    response = connection.getresponse()
    wait = response.headers.get("Retry-After", "")
    seconds = min(int(wait), RETRY_AFTER_S_MAX) if wait.isascii() and wait.isdecimal() and len(wait) < 9 else 0
    return Answer(response.status, f"HTTP {response.status}", seconds)
