"""Addresses that settings name: where we listen, and the next hop that takes our mail. Parsed once, at the edge."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from core.errors import ConfigError, Mistake

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")


class Security(StrEnum):
    PLAIN = "plain"
    STARTTLS = "starttls"
    TLS = "tls"


_SCHEMES = {
    "smtp": (Security.PLAIN, 25),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
}


def _check_host(host: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        if _HOST.match(host):
            return host.lower()
    raise ConfigError(Mistake(f"{text!r}: {host!r} is neither a host name nor an address", "hop_form"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to accept connections on; ``tls`` means TLS from the first byte (RFC 8314 3.3)."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> "Listen":
        tls = text.startswith("tls://")
        rest = text.removeprefix("tls://")
        host, colon, port = rest.rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65535 or not host:
            raise ConfigError(f"{text!r}: write HOST:PORT, for example 127.0.0.1:2525 or tls://0.0.0.0:465")
        return cls(_check_host(host.strip("[]"), text), int(port), tls)

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls://' if self.tls else ''}{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NextHop:
    """The server that takes every mail we relay. ``smtp://`` is plaintext and never turns to TLS."""

    security: Security
    host: str
    port: int
    user: str = ""

    @classmethod
    def parse(cls, text: str) -> "NextHop":
        url = urlsplit(text)
        if url.scheme not in _SCHEMES or not url.hostname or url.path not in ("", "/") or url.query or url.fragment:
            shape = "write smtp://HOST:PORT, smtp+starttls://USER@HOST:PORT or smtps://USER@HOST:PORT"
            raise ConfigError(Mistake(f"{text!r}: {shape}", "hop_form"))
        if url.password is not None:
            where = "the next hop's password stands in RELAY__PASSWORD or RELAY__PASSWORD_FILE, never in its URL"
            raise ConfigError(Mistake(where, "hop_password"))
        security, default_port = _SCHEMES[url.scheme]
        try:
            port = url.port or default_port
        except ValueError:
            raise ConfigError(Mistake(f"{text!r}: the port is not a number from 1 to 65535", "hop_port")) from None
        user = url.username or ""
        if user and security is Security.PLAIN and not _is_loopback(url.hostname):
            clear = "a user needs smtp+starttls:// or smtps://, or the password goes in clear"
            raise ConfigError(Mistake(f"{text!r}: {clear}", "hop_user"))
        return cls(security, _check_host(url.hostname, text), port, user)

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)

    def __str__(self) -> str:
        scheme = next(name for name, (security, _) in _SCHEMES.items() if security is self.security)
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{user}{host}:{self.port}"


def nameserver(text: str) -> tuple[str, int]:
    """Address and port of a name server: ``192.0.2.53``, ``192.0.2.53:5353`` or ``[2001:db8::53]:5353``; port 53.

    Raises:
        ValueError: it is no address. A name would need a name server to be found.
    """
    try:
        return str(ipaddress.ip_address(text.strip("[]"))), 53
    except ValueError:
        host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"{text!r}: write the address of a name server, 192.0.2.53 or 192.0.2.53:5353") from None
    if not port.isdigit() or not 0 < int(port) <= 65535:
        raise ValueError(f"{text!r}: the port is not a number from 1 to 65535")
    return str(address), int(port)
