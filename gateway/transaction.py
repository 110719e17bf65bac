"""One message for some recipients, as it goes over the wire: its octets with the dots doubled, and what it demands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.envelope import Envelope, Recipient

CHUNK_BYTES = 262_144
END = b".\r\n"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message for some recipients. ``head``: whole fields that go on top of ``body`` (bytes, or a file of them)."""

    envelope: Envelope
    recipients: Sequence[Recipient]
    head: bytes
    body: bytes | Path
    size_bytes: int


async def octets_of(transaction: Transaction) -> AsyncIterator[tuple[bytes, bool]]:
    """The message with its dots doubled (RFC 5321 4.5.2); True comes with the block that holds the end."""
    if isinstance(transaction.body, bytes):
        octets, tail = stuff(transaction.head + transaction.body, b"\r\n")
        yield octets + _end(tail), True
        return
    octets, tail = stuff(transaction.head, b"\r\n")
    yield octets, False
    with await asyncio.to_thread(transaction.body.open, "rb") as file:
        while block := await asyncio.to_thread(file.read, CHUNK_BYTES):
            octets, tail = stuff(block, tail)
            yield octets, False
    yield _end(tail), True


def _end(tail: bytes) -> bytes:
    return END if tail == b"\r\n" else b"\r\n" + END


def stuff(block: bytes, tail: bytes) -> tuple[bytes, bytes]:
    """Double the dots at line starts of ``block``; ``tail``: the two octets before it. Gives the new tail, too."""
    together = tail + block
    return together.replace(b"\r\n.", b"\r\n..")[2:], together[-2:]


def is_8bit(transaction: Transaction) -> bool:
    """Does the message hold octets above 127 (RFC 6152)? Of a file only its sender's word is known."""
    if isinstance(transaction.body, bytes):
        return not transaction.body.isascii()
    return transaction.envelope.params.get("BODY", "").upper() == "8BITMIME"


def needs_smtputf8(transaction: Transaction) -> bool:
    """Does the message really need what its sender asked for with SMTPUTF8 (RFC 6531 3.5)?"""
    if "SMTPUTF8" not in transaction.envelope.params:
        return False
    if not all(map(str.isascii, (transaction.envelope.sender, *transaction.envelope.addresses))):
        return True
    if isinstance(transaction.body, Path):
        return True
    return not transaction.body.partition(b"\r\n\r\n")[0].isascii()
