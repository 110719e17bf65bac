"""Replace ranges of octets and leave every other octet alone; edits are kept apart from what they change."""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

from gateway.letter.octets import Octets


class OctetEdit(NamedTuple):
    """Replace octets ``start`` to ``end`` (absent when equal) by ``octets``."""

    start: int
    end: int
    octets: bytes


def splice(octets: Octets, edits: Sequence[OctetEdit]) -> bytes:
    """Return ``octets`` with ``edits`` made, in one copy; raises ValueError unless they are ascending and apart."""
    with memoryview(octets) as view:
        return b"".join(
            [piece if isinstance(piece, bytes) else view[piece[0] : piece[1]] for piece in pieces(len(octets), edits)]
        )


def pieces(size: int, edits: Sequence[OctetEdit]) -> Iterator[tuple[int, int] | bytes]:
    """Yield what becomes of an original of ``size`` octets, in order and without empty pieces.

    A pair (first octet, octet after the last) is a range of the original, octets are new ones. Raises ValueError, at
    the latest where the fault is met, unless the edits are ascending, apart and inside the original.
    """
    position = 0
    for start, end, octets in edits:
        if not position <= start <= end <= size:
            raise ValueError(f"edits overlap or leave the text: {start}..{end} after {position} of {size}")
        if start > position:
            yield position, start
        if octets:
            yield octets
        position = end
    if position < size:
        yield position, size


def trimmed(old: bytes, new: bytes, start: int = 0) -> OctetEdit:
    """Return the smallest edit that turns ``old``, which begins at octet ``start``, into ``new``."""
    length = min(len(old), len(new))
    low, high = 0, length
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if new.startswith(old[low:middle], low) else (low, middle - 1)
    head = low
    low, high = 0, length - head
    while low < high:
        middle = (low + high + 1) // 2
        same = new.endswith(old[len(old) - middle : len(old) - low], 0, len(new) - low)
        low, high = (middle, high) if same else (low, middle - 1)
    return OctetEdit(start + head, start + len(old) - low, new[head : len(new) - low])


# Version, number of edits, checksum of both and of what follows; then of each edit its first octet, the octet after
# its last and its length; then their octets one after another.
_HEAD = struct.Struct(">BHI")
_CHECKED = struct.Struct(">BH")
_EDIT = struct.Struct(">III")
_VERSION = 1
_EDITS_MAX = 0xFFFF


def pack(edits: Sequence[OctetEdit]) -> bytes:
    """Return the edits as octets to be stored; raises ValueError for more than 65,535 or places above 4 GiB."""
    if len(edits) > _EDITS_MAX:
        raise ValueError(f"{len(edits)} edits cannot be stored together")
    try:
        table = b"".join([_EDIT.pack(start, end, len(octets)) for start, end, octets in edits])
    except struct.error as error:
        raise ValueError("an edit lies too far behind to be stored") from error
    content = table + b"".join([edit.octets for edit in edits])
    return _HEAD.pack(_VERSION, len(edits), _checksum(len(edits), content)) + content


def unpack(octets: bytes) -> tuple[OctetEdit, ...]:
    """Return the edits that ``pack`` stored; raises ValueError unless ``octets`` are exactly what it wrote."""
    if len(octets) < _HEAD.size:
        raise ValueError("stored edits are cut short")
    version, count, checksum = _HEAD.unpack_from(octets)
    if version != _VERSION:
        raise ValueError(f"stored edits have an unknown form: {version}")
    content = octets[_HEAD.size :]
    at = count * _EDIT.size
    if at > len(content) or _checksum(count, content) != checksum:
        raise ValueError("stored edits are damaged")
    edits = []
    position = 0
    for start, end, length in _EDIT.iter_unpack(content[:at]):
        if not position <= start <= end:
            raise ValueError("stored edits overlap")
        edits.append(OctetEdit(start, end, content[at : at + length]))
        at, position = at + length, end
    if at != len(content):
        raise ValueError("stored edits are cut short")
    return tuple(edits)


def _checksum(count: int, content: bytes) -> int:
    return crc32(content, crc32(_CHECKED.pack(_VERSION, count)))


class TextEdit(NamedTuple):
    """Replace characters ``start`` to ``end`` of a decoded text by ``text``."""

    start: int
    end: int
    text: str


def splice_text(text: str, edits: Sequence[TextEdit]) -> str:
    """Return ``text`` with ``edits`` (ascending, apart) made."""
    stretches: list[str] = []
    position = 0
    for edit in edits:
        stretches += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join((*stretches, text[position:]))
