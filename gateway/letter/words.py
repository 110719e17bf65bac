"""Header values for reading: unfolded, encoded words decoded (RFC 2047), raw 8-bit and raw ISO-2022-JP guessed."""

import re
from binascii import a2b_qp

from gateway.letter import charset as charsets
from gateway.letter import transfer

#: Octets of one value that are looked at; a longer one is cut.
VALUE_BYTES_MAX = 16_384

# RFC 2047 2 allows no space inside, but senders that forget to encode one are read all the same; RFC 2231 5 adds the
# language after the charset.
_WORD = re.compile(rb"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?\r\n]*+)\?=")
_FOLD = re.compile(rb"\r\n(?=[ \t])|[\r\n]+")


def decode(value: bytes) -> str:
    """Return the text of a raw header value; never raises."""
    value = value[:VALUE_BYTES_MAX].strip(b" \t\r\n")
    if b"\n" in value or b"\r" in value:
        value = _FOLD.sub(b"", value)
    if b"=?" not in value:
        return _plain(value)
    text: list[str] = []
    pending: list[tuple[bytes, bytes]] = []
    position = 0
    for found in _WORD.finditer(value):
        between = value[position : found.start()]
        if between.strip(b" \t") or not pending:
            text += (_words(pending), _plain(between))
            pending = []
        # White space between two encoded words is not part of the text (RFC 2047 6.2).
        pending.append((found[1].lower(), _octets(found[2], found[3])))
        position = found.end()
    text += (_words(pending), _plain(value[position:]))
    return "".join(text)


def _plain(value: bytes) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    return charsets.read_loosely(value, "")


def _octets(kind: bytes, encoded: bytes) -> bytes:
    if kind in b"bB":
        return transfer.read_loosely(encoded, transfer.BASE64)
    return a2b_qp(encoded, header=True)


def _words(words: list[tuple[bytes, bytes]]) -> str:
    """Decode neighbours of one charset together: many programmes cut a character in two (against RFC 2047 5)."""
    text = []
    start = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or words[index][0] != words[start][0]:
            octets = b"".join(word for _, word in words[start:index])
            text.append(charsets.read_loosely(octets, words[start][0].decode("latin-1")))
            start = index
    return "".join(text)
