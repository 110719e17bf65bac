"""One message for some recipients, as it goes over the wire: its octets with the dots doubled, and what it demands."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.splice import OctetEdit, pieces, splice

CHUNK_BYTES = 262_144
END = b".\r\n"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message for some recipients. ``head``: whole fields that go on top of ``body`` (bytes, or a file of them),
    in which ``edits`` are made on the way."""

    envelope: Envelope
    recipients: Sequence[Recipient]
    head: bytes
    body: bytes | Path
    edits: Sequence[OctetEdit] = ()

    @property
    def size_bytes(self) -> int:
        """Octets of the message as it leaves, without the dots doubled (RFC 1870 3)."""
        body_bytes = self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)
        added = sum(len(edit.octets) - (edit.end - edit.start) for edit in self.edits)
        return len(self.head) + body_bytes + added


async def octets_of(transaction: Transaction) -> AsyncIterator[tuple[bytes, bool]]:
    """The message with its dots doubled (RFC 5321 4.5.2); True comes with the block that holds the end."""
    if isinstance(transaction.body, bytes):
        octets, tail = stuff(transaction.head + splice(transaction.body, transaction.edits), b"\r\n")
        yield octets + _end(tail), True
        return
    octets, tail = stuff(transaction.head, b"\r\n")
    yield octets, False
    with await asyncio.to_thread(transaction.body.open, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        for piece in pieces(size, transaction.edits):
            if isinstance(piece, bytes):
                octets, tail = stuff(piece, tail)
                yield octets, False
                continue
            start, end = piece
            while start < end:
                block = await asyncio.to_thread(os.pread, file.fileno(), min(CHUNK_BYTES, end - start), start)
                if not block:
                    raise EOFError("a body file is shorter than it was")
                start += len(block)
                octets, tail = stuff(block, tail)
                yield octets, False
    yield _end(tail), True


def _end(tail: bytes) -> bytes:
    return END if tail == b"\r\n" else b"\r\n" + END


def stuff(block: bytes, tail: bytes) -> tuple[bytes, bytes]:
    """Double the dots at line starts of ``block``; ``tail``: the two octets before it. Gives the new tail, too."""
    if b"." not in block:  # base64 holds none, and one octet is found much faster than three
        return block, (tail + block[-2:])[-2:]
    together = tail + block
    return together.replace(b"\r\n.", b"\r\n..")[2:], together[-2:]


def is_8bit(transaction: Transaction) -> bool:
    """Does the message hold octets above 127 (RFC 6152)? Of a file only its sender's word is known."""
    if isinstance(transaction.body, bytes):
        return not (transaction.body.isascii() and all(edit.octets.isascii() for edit in transaction.edits))
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
