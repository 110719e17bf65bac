"""Fields that we add on top of a mail: the one ``Received``, a company's stamp, and the trace of an edit.

Everything here is made from what the mail's row holds, so that every attempt sends the same bytes.
"""

import re
from datetime import datetime
from email.utils import format_datetime
from functools import cache, lru_cache

from core.clock import JST
from core.crypto import KeyRing, canonical_address
from gateway.letter.envelope import Arrival
from gateway.letter.octets import Octets

TRACE = "X-CareerRelay-Trace"
HOPS_MAX = 50

_RECEIVED = re.compile(rb"\n[Rr](?i:eceived)[ \t]*:")
_FOLD = re.compile(rb"\r\n[ \t]*")
_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}\Z")


def safe_name(helo: str) -> str:
    """The client's name for itself as it may stand in a field: anything odd becomes ``unknown``."""
    return helo if _NAME.match(helo) else "unknown"


def received(arrival: Arrival, queue_id: str, hostname: str) -> bytes:
    """The ``Received`` field (RFC 5321 4.4). It names no recipient: copies must not reveal each other."""
    tls = f"\r\n\t(using {arrival.tls})" if arrival.tls else ""
    literal = f"IPv6:{arrival.peer}" if ":" in arrival.peer else arrival.peer  # RFC 5321 4.1.3
    return (
        f"Received: from {arrival.helo} ([{literal}]){tls}\r\n"
        f"\tby {hostname} with {arrival.protocol} id {queue_id};\r\n"
        f"\t{_date(arrival.at.replace(microsecond=0))}\r\n"
    ).encode("ascii", "replace")


@lru_cache(maxsize=64)
def _date(second: datetime) -> str:
    return format_datetime(second.astimezone(JST))


def hops(head: bytes) -> int:
    """How many ``Received`` fields the header holds (RFC 5321 6.3)."""
    return len(_RECEIVED.findall(b"\n" + header_of(head)))


def header_of(octets: Octets) -> bytes:
    """The header of a message, without the empty line behind it."""
    if octets[:2] == b"\r\n":
        return b""
    end = octets.find(b"\r\n\r\n")
    return octets[:] if end < 0 else octets[: end + 2]


def field_values(octets: Octets, name: str) -> list[str]:
    """Values of a field, unfolded, in order; octets that are not ASCII become question marks."""
    return [
        _FOLD.sub(b" ", value).decode("ascii", "replace").strip()
        for value in _values_of(name).findall(b"\n" + header_of(octets))
    ]


@cache
def _values_of(name: str) -> re.Pattern[bytes]:
    # Begins with the end of the line before, not with "^": the search then skips from line to line.
    first, rest = name[0], re.escape(name[1:].encode())
    letter = f"[{first.upper()}{first.lower()}]".encode()
    return re.compile(rb"\n%b(?i:%b)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)" % (letter, rest))


def trace(keys: KeyRing, message_id: str, recipient: str) -> str:
    """Value of the trace field: who sees it later knows that this mail, for this recipient, was edited here."""
    return keys.mac("trace", _traced(message_id, recipient))


def trace_fits(keys: KeyRing, octets: Octets, recipients: tuple[str, ...]) -> bool:
    """Does a trace in the header fit one of the recipients? A forged or quoted one does not."""
    values = field_values(octets, TRACE)
    if not values:
        return False
    message_ids = field_values(octets, "Message-ID") or [""]
    return any(
        keys.verify_mac("trace", _traced(message_ids[0], recipient), value)
        for value in values[:HOPS_MAX]
        for recipient in recipients
    )


def _traced(message_id: str, recipient: str) -> bytes:
    return f"{message_id}\n{canonical_address(recipient)}".encode("utf-8", "surrogateescape")
