"""The hash chain over entries. Pure.

Every entry's hash covers its body *as stored*, byte for byte, and the hash before it. The body holds the
programme and the sequence number, so an entry cannot be changed, moved, dropped, put in or taken to another
book without the chain showing where. What the chain cannot see by itself is a cut at its end: for that the
last hash (the head) is signed and kept elsewhere (`ledger/heads.py`, `ledger/export.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

#: What stands before the first entry.
GENESIS = "0" * 64


class Link(NamedTuple):
    """One stored entry as the chain sees it; ``prev`` and ``hash`` are 64 hex digits."""

    seq: int
    body: bytes
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that does not fit."""

    seq: int
    reason: str


class ChainError(ValueError):
    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"entry {seq}: {reason}")
        self.broken = Break(seq, reason)


def entry_hash(prev: str, body: bytes) -> str:
    r"""SHA-256(prev "\n" body), in hex."""
    return hashlib.sha256(b"%b\n%b" % (prev.encode("ascii", "replace"), body)).hexdigest()


def walk(links: Iterable[Link], *, after_seq: int = 0, prev: str = GENESIS) -> Iterator[Link]:
    """Yield the links that fit, in order, as they are proved.

    Raises:
        ChainError: at the first one that does not; nothing after it can be trusted.
    """
    sha256 = hashlib.sha256
    expected = after_seq
    for link in links:
        expected += 1
        seq, body, stored_prev, stored_hash = link
        if seq != expected:
            raise ChainError(expected, f"missing; entry {seq} stands in its place")
        if stored_prev != prev:
            raise ChainError(seq, "does not follow the entry before it")
        prev = sha256(b"%b\n%b" % (prev.encode(), body)).hexdigest()
        if stored_hash != prev:
            raise ChainError(seq, "its bytes are not the ones that were written")
        yield link


@dataclass(frozen=True, slots=True)
class Verified:
    """``count`` entries fit and end at ``head``; ``broken`` names the first one that does not."""

    count: int
    head: str
    broken: Break | None = None


def verify(links: Iterable[Link], *, after_seq: int = 0, prev: str = GENESIS) -> Verified:
    """Check a whole chain, or the part after ``after_seq`` whose last hash was ``prev``."""
    count, head = 0, prev
    try:
        for link in walk(links, after_seq=after_seq, prev=prev):
            count, head = count + 1, link.hash
    except ChainError as error:
        return Verified(count, head, error.broken)
    return Verified(count, head)
