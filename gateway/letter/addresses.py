"""Mailbox lists in From, To and Cc (RFC 5322 3.4), read leniently: what people's programmes write, not the grammar."""

import re
from typing import NamedTuple

from gateway.letter import words

#: Octets of a list that are looked at.
LIST_BYTES_MAX = 65_536

_PIECE = re.compile(
    rb'"((?>(?:[^"\\]|\\.)*))"|\(((?>(?:[^()\\]|\\.)*))\)|<([^<>]*+)>|([,;:])|(\[[^\[\]]*+\]|[^"(<,;:\[]++)|(.)',
    re.DOTALL,
)
_SHORT_BYTES = 512
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_FAST = re.compile(rb"\s*+([^\"(<>,;:\[\]@]*?)\s*<([^<>\s\"(),;:\[\]]+@[^<>\s\"(),;:\[\]@]+)>\s*\Z")
_BARE = re.compile(rb"\s*+([^\s\"()<>,;:\[\]@]++@[^\s\"()<>,;:\[\]@]++)\s*+\Z")


class Mailbox(NamedTuple):
    """``name`` is the decoded display name, ``address`` as written, without angle brackets."""

    name: str
    address: str


def mailboxes(value: bytes) -> list[Mailbox]:
    """Return the mailboxes of a raw field value, groups flattened; entries without an address are left out."""
    return [Mailbox(words.decode(name) if name else "", _text(address)) for name, address in _entries(value)]


def addresses(value: bytes) -> list[str]:
    """Return the addresses of ``mailboxes``: most of the cost is to decode the names."""
    return [_text(address) for _, address in _entries(value)]


def _entries(value: bytes) -> list[tuple[bytes, bytes]]:
    """Return the raw name and address of every mailbox."""
    if len(value) <= _SHORT_BYTES:
        bare = _BARE.match(value)
        if bare:
            return [(b"", bare[1])]
        simple = _FAST.match(value)
        if simple:
            return [(simple[1], simple[2])]
    found: list[tuple[bytes, bytes]] = []
    entry = _Entry()
    for piece in _PIECE.finditer(value[:LIST_BYTES_MAX]):
        quoted, comment, angle, separator, plain, stray = piece.groups()
        if separator == b":":
            entry = _Entry()  # what stood before it was a group's name
        elif separator:
            entry.finish(found)
            entry = _Entry()
        elif angle is not None:
            entry.angle = angle
        elif comment is not None:
            entry.comment = comment
        elif quoted is not None:
            entry.bare += piece[0]
            entry.name += _QUOTED_PAIR.sub(rb"\1", quoted) + b" "
        else:
            entry.bare += plain or stray
            entry.name += plain or stray
    entry.finish(found)
    return found


class _Entry:
    def __init__(self) -> None:
        self.name = b""
        self.bare = b""
        self.comment = b""
        self.angle: bytes | None = None

    def finish(self, found: list[tuple[bytes, bytes]]) -> None:
        if self.angle is not None:
            _, _, address = self.angle.rpartition(b":") if self.angle.startswith(b"@") else (b"", b"", self.angle)
            name = self.name
        else:
            address, name = self.bare, self.comment
        # An obsolete route before the address names no mailbox (RFC 5322 4.4).
        address = b"".join(address.split())
        if b"@" in address:
            found.append((name, address))


def _text(address: bytes) -> str:
    return address.decode("utf-8", "replace")
