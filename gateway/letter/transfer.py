"""Content-Transfer-Encoding: decode a body, and write into an encoded body without touching the rest (RFC 2045 6).

7bit and 8bit take new octets where they stand. Quoted-printable keeps every old octet; new ones stand between hard or
soft line breaks. Base64 keeps every line before the place and is encoded anew, at its own line width, after it.
"""

import re
from binascii import Error, a2b_base64, a2b_qp, b2a_base64, b2a_qp
from collections.abc import Sequence

from gateway.letter.doubt import Doubt
from gateway.letter.splice import OctetEdit, splice

SEVEN_BIT = "7bit"
QUOTED_PRINTABLE = "quoted-printable"
BASE64 = "base64"
PLAIN_ENCODINGS = frozenset({SEVEN_BIT, "8bit"})
QP_LINE_MAX = 76
LINE_MAX = 998
_BASE64_WIDTH = 76

_QP_UNIT = re.compile(rb"(=[0-9A-Fa-f]{2}|[^=])|=\r\n|=\Z")


def decode(encoded: bytes, encoding: str) -> bytes:
    """Return the decoded body; raises Doubt unless every decoder would give the same octets."""
    if encoding in PLAIN_ENCODINGS:
        return encoded
    if encoding == BASE64:
        return _from_base64(encoded)
    if encoding == QUOTED_PRINTABLE:
        return _from_quoted_printable(encoded)
    raise Doubt("encoding: not known")


def read_loosely(encoded: bytes, encoding: str) -> bytes:
    """Decode for reading, past any fault."""
    if encoding == QUOTED_PRINTABLE:
        return a2b_qp(encoded)
    if encoding == BASE64:
        try:
            return a2b_base64(encoded)
        except Error:
            pass
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", encoded)
        usable = len(letters) - (len(letters) % 4 == 1)
        return a2b_base64(letters[:usable] + b"=" * (-usable % 4))
    return encoded


def _from_base64(encoded: bytes) -> bytes:
    letters = encoded.replace(b"\r\n", b"")
    try:
        if len(letters) % 4 == 0:
            return a2b_base64(letters, strict_mode=True)
    except Error:
        pass
    raise Doubt("encoding: bad base64")


def edits(encoded: bytes, octets: bytes, encoding: str, changes: Sequence[OctetEdit]) -> list[OctetEdit]:
    """Return what to replace in ``encoded`` so that ``changes`` (ascending, apart) are made to ``octets``, its content.

    Raises Doubt where a place is not certain.
    """
    if encoding == BASE64:
        return [_in_base64(encoded, octets, changes)]
    if encoding == QUOTED_PRINTABLE:
        return _in_quoted_printable(encoded, octets, changes)
    return list(changes)


def to_base64(octets: bytes, width: int = _BASE64_WIDTH) -> bytes:
    """Encode in lines of ``width`` letters, the last without a line end."""
    letters = b2a_base64(octets, newline=False)
    return b"\r\n".join(letters[i : i + width] for i in range(0, len(letters), width))


def _in_base64(encoded: bytes, octets: bytes, changes: Sequence[OctetEdit]) -> OctetEdit:
    body = encoded.rstrip(b"\r\n")
    start, letters = 0, 0
    kept, kept_letters, width = 0, 0, 0
    limit = changes[0].start // 3 * 4
    for line in body.split(b"\r\n"):
        width = max(width, len(line))
        if letters % 4 == 0 and letters <= limit:
            kept, kept_letters = start, letters
        elif letters > limit:
            break
        start, letters = start + len(line) + 2, letters + len(line)
    tail = kept_letters // 4 * 3
    new = splice(octets[tail:], [OctetEdit(start - tail, end - tail, piece) for start, end, piece in changes])
    width = width if 4 <= width <= LINE_MAX else _BASE64_WIDTH
    return OctetEdit(kept, len(body), to_base64(new, width))


def _in_quoted_printable(encoded: bytes, octets: bytes, changes: Sequence[OctetEdit]) -> list[OctetEdit]:
    made: list[OctetEdit] = []
    offset = decoded = 0
    for change in changes:
        start = _qp_offset(encoded, octets, (offset, decoded), change.start)
        offset, decoded = _qp_offset(encoded, octets, (start, change.start), change.end), change.end
        # What an edit right before this one has written stands before this one's octets.
        start, written = (made[-1].start, made.pop().octets) if made and made[-1].end == start else (start, b"")
        before = written[-1:] or encoded[max(0, start - 1) : start]
        drops_space, new = _qp_join(before, change.octets, encoded[offset : offset + 2])
        if drops_space and not written:
            start -= 1
        made.append(OctetEdit(start, offset, (written[:-1] if drops_space else written) + new))
    return made


def _from_quoted_printable(encoded: bytes) -> bytes:
    """Every ``=`` must be an escape or a soft line break: then, and only then, the lengths agree."""
    octets = a2b_qp(encoded)
    dangling = encoded.endswith(b"=")
    exact = len(octets) == _qp_length(encoded, 0, len(encoded)) + dangling
    if not exact or not encoded.isascii() or has_bare_line_ends(encoded):
        raise Doubt("encoding: bad quoted-printable")
    return octets


def has_bare_line_ends(octets: bytes) -> bool:
    """Whether a carriage return or line feed stands alone (RFC 5322 2.3)."""
    lines = octets.count(b"\r\n")
    return octets.count(b"\n") != lines or octets.count(b"\r") != lines


def _qp_length(encoded: bytes, start: int, end: int) -> int:
    """How many octets the encoded lines from ``start`` to ``end`` stand for."""
    return end - start - 2 * encoded.count(b"=", start, end) - encoded.count(b"=\r\n", start, end)


def _qp_offset(encoded: bytes, octets: bytes, known: tuple[int, int], wanted: int) -> int:
    """Return the place in ``encoded`` before which exactly ``wanted`` octets are encoded.

    ``known`` is an earlier such place and the number of octets encoded before it.
    """
    start, left = known[0], wanted - known[1]
    low, high = start, len(encoded)
    while True:
        middle = (low + high) // 2
        line = encoded.rfind(b"\n", low, middle) + 1 or encoded.find(b"\n", middle, high) + 1
        if not low < line < high:
            break
        length = _qp_length(encoded, low, line)
        if length <= left:
            low, left = line, left - length
        else:
            high = line
    offset = low
    while left:
        unit = _QP_UNIT.match(encoded, offset)
        if unit is None:
            raise Doubt("encoding: place in quoted-printable is not certain")
        offset = unit.end()
        left -= unit[1] is not None
    if a2b_qp(encoded[start:offset]) != octets[known[1] : wanted]:
        raise Doubt("encoding: place in quoted-printable is not certain")
    return offset


def _qp_join(before: bytes, octets: bytes, after: bytes) -> tuple[bool, bytes]:
    """Fit ``octets`` between two stretches of quoted-printable, of which ``before`` is the last octet, ``after`` begins
    the second.

    Returns what to write, and whether it takes the place of ``before``: a space that would end a line.
    """
    ends_line = not after or after.startswith(b"\r\n")
    at_line_start = not before or before == b"\n"
    if not octets and ends_line and before in (b" ", b"\t"):
        return True, b"=20" if before == b" " else b"=09"
    if not octets:
        return False, b"" if at_line_start or ends_line else b"=\r\n"
    # A line break that follows a space would take the space away (RFC 2045 6.7 rule 3).
    breaks_well = octets.startswith(b"\r\n") and before not in (b" ", b"\t")
    opening = b"" if at_line_start or breaks_well else b"=\r\n"
    # The encoder copies the style of the first line break it meets.
    new = b2a_qp(b"\r\n" + octets, istext=True)[2:]
    closing = b"" if new.endswith(b"\n") or ends_line else b"=\r\n"
    return False, opening + new + closing
