"""Replace ranges of octets and leave every other octet alone."""

from collections.abc import Sequence
from typing import NamedTuple


class OctetEdit(NamedTuple):
    """Replace octets ``start`` to ``end`` (absent when equal) by ``octets``."""

    start: int
    end: int
    octets: bytes


def splice(octets: bytes, edits: Sequence[OctetEdit]) -> bytes:
    """Return ``octets`` with ``edits`` made; raises ValueError unless they are ascending and apart."""
    pieces: list[bytes] = []
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(octets):
            raise ValueError(f"edits overlap or leave the text: {edit.start}..{edit.end} after {position}")
        pieces += (octets[position : edit.start], edit.octets)
        position = edit.end
    pieces.append(octets[position:])
    return b"".join(pieces)


class TextEdit(NamedTuple):
    """Replace characters ``start`` to ``end`` of a decoded text by ``text``."""

    start: int
    end: int
    text: str


def splice_text(text: str, edits: Sequence[TextEdit]) -> str:
    """Return ``text`` with ``edits`` (ascending, apart) made."""
    pieces: list[str] = []
    position = 0
    for edit in edits:
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join((*pieces, text[position:]))
