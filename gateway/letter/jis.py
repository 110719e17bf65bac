"""ISO-2022-JP and EUC-JP as mail really carries them.

Windows programmes put the NEC and IBM rows (①, ㈱, 髙) and half-width kana into both, which Python's codecs refuse.
Every pair of JIS rows and cells has its place in Shift_JIS too, so cp932 can name the character: the two error
handlers registered here shift the pair (JIS X 0208 annex 1) and let the C codecs do the rest.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.letter.doubt import Doubt

VENDOR_JIS = "careerrelay.vendor-jis"
VENDOR_EUC = "careerrelay.vendor-euc"
ASCII = b"\x1b(B"
ROMAN = b"\x1b(J"
_KANA_OCTETS = range(0xA1, 0xE0)
_KANA = 0xFF61 - 0xA1

_DESIGNATION = re.compile(rb"\x1b(?:\([BJI]|\$[@B]|\$\(D)")


def vendor_character(row: int, cell: int) -> str:
    """Return the character of a JIS pair (each octet 0x21 to 0x7e) by way of cp932; raises UnicodeDecodeError."""
    lead = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)
    trail = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
    return bytes((lead, trail)).decode("cp932")


def _in_jis(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        octets = error.object[error.start : error.end]
        if len(octets) == 2 and all(0x21 <= octet <= 0x7E for octet in octets):
            return vendor_character(octets[0], octets[1]), error.end
        if len(octets) == 1 and octets[0] in _KANA_OCTETS:
            return chr(_KANA + octets[0]), error.end
    raise error


def _in_euc(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        pair = error.object[error.start : error.start + 2]
        if len(pair) == 2 and all(0xA1 <= octet <= 0xFE for octet in pair):
            return vendor_character(pair[0] - 0x80, pair[1] - 0x80), error.start + 2
    raise error


codecs.register_error(VENDOR_JIS, _in_jis)
codecs.register_error(VENDOR_EUC, _in_euc)


class Run(NamedTuple):
    """A stretch of ISO-2022-JP in one state: first octet and its length, first character and their number."""

    designation: bytes
    octet: int
    octets: int
    char: int
    chars: int


def runs(octets: bytes) -> Iterator[Run]:
    """Yield the stretches between escape sequences, as if no line ended in the middle of double-byte text."""
    if b"\x0e" in octets or b"\x0f" in octets:
        raise Doubt("charset: shift-out in ISO-2022-JP")
    designation, position, char = ASCII, 0, 0
    for found in _DESIGNATION.finditer(octets):
        run = _run(designation, position, found.start(), char)
        yield run
        char += run.chars
        designation, position = found[0], found.end()
    yield _run(designation, position, len(octets), char)


def _run(designation: bytes, start: int, end: int, char: int) -> Run:
    length = end - start
    return Run(designation, start, length, char, length // 2 if _is_double(designation) else length)


def places(octets: bytes, indices: Sequence[int], chars: int) -> list[tuple[int, bytes]]:
    """Return the octet where each of ``chars`` characters named by ``indices`` (ascending) begins, and the designation
    in force there.

    Between two stretches the one in ASCII is taken; raises Doubt when octets and characters cannot be matched.
    """
    found: list[Run | None] = [None] * len(indices)
    first = 0
    last = Run(ASCII, 0, 0, 0, 0)
    for last in runs(octets):
        while first < len(indices) and indices[first] < last.char:
            first += 1
        for number in range(first, len(indices)):
            if indices[number] > last.char + last.chars:
                break
            run = found[number]
            if run is None or _rank(last) < _rank(run):
                found[number] = last
    # A line end in the middle of double-byte text (against RFC 1468) is counted as one character, and found out here.
    if last.char + last.chars != chars or (last.octets and _is_double(last.designation)):
        raise Doubt("charset: octets and characters do not match")
    return [_place(run, index) for run, index in zip(found, indices, strict=True)]


def _place(run: Run | None, index: int) -> tuple[int, bytes]:
    if run is None:
        raise Doubt("charset: octets and characters do not match")
    width = 2 if _is_double(run.designation) else 1
    return run.octet + (index - run.char) * width, run.designation


def _is_double(designation: bytes) -> bool:
    return designation.startswith(b"\x1b$")


def _rank(run: Run) -> int:
    return (ASCII, ROMAN).index(run.designation) if run.designation in (ASCII, ROMAN) else 2


def embed(piece: bytes, before: bytes, after: bytes) -> bytes:
    """Return ``piece`` (ASCII at both ends) fit to stand between octets in the states ``before`` and ``after``."""
    if not piece:
        return b"" if before == after else after
    return (b"" if before == ASCII else ASCII) + piece + (b"" if after == ASCII else after)
