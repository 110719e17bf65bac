"""Content-Type and Content-Disposition: value and parameters, with the places where they stand (RFC 2045 5.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from gateway.letter import charset as charsets

#: Values are short; a longer field is a flood or a fault.
VALUE_BYTES_MAX = 16_384

_SPACE = rb"(?>(?:[ \t\r\n]|\((?>(?:[^()\\]|\\.)*)\))*)"
_HEAD = re.compile(_SPACE + rb"([^\s;()\"=]+)" + _SPACE + rb"(?=;|\Z)", re.DOTALL)
_PARAM = re.compile(
    rb";"
    + _SPACE
    + rb"(?>(?:([^\s;()\"=]+)"
    + _SPACE
    + rb"="
    + _SPACE
    + rb"(?:\"((?>(?:[^\"\\]|\\.)*))\""
    + _SPACE
    + rb"|([^;\"]*+))"
    rb")?)(?=;|\Z)",
    re.DOTALL,
)
_COMMENT = re.compile(rb"[ \t\r\n]+\(.*", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_FOLD = re.compile(rb"\r\n(?=[ \t])")


class Param(NamedTuple):
    """One parameter. ``start`` and ``end`` bound its octets inside the field value, without quotes; -1 when the value
    is pieced together (RFC 2231 3) or escaped and cannot be replaced in place."""

    value: bytes
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Structured:
    """A field value cut up; ``head`` is lower-case. ``problem`` is empty or says what is wrong with it."""

    head: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    problem: str = ""

    def get(self, name: str) -> bytes:
        """Return the octets of a parameter, empty when it is absent."""
        param = self.params.get(name)
        return param.value if param else b""

    def text(self, name: str) -> str:
        """Return a parameter for reading, its RFC 2231 charset decoded."""
        param = self.params.get(name)
        return param.text if param else ""


def read(value: bytes) -> Structured:
    """Cut the value of a Content-Type or Content-Disposition field; never raises."""
    # The same few types come in every mail. A boundary comes twice, in the mail and in its edited form. What may name
    # a person is not remembered.
    if len(value) > _REMEMBERED_BYTES_MAX or b"name" in value:
        return _read(value)
    return _read_lately(value) if b"boundary" in value else _read_common(value)


def _read(value: bytes) -> Structured:
    if len(value) > VALUE_BYTES_MAX:
        return Structured(problem="field too long")
    head = _HEAD.match(value)
    if head is None:
        return Structured(problem="field not understood")
    params: dict[str, Param] = {}
    problem = ""
    position, end = head.end(), len(value)
    while position < end:
        found = _PARAM.match(value, position)
        if found is None:
            problem = problem or "parameter not understood"
            break
        position = found.end()
        if found[1] is None:
            continue
        name = found[1].decode("latin-1").lower()
        if name in params:
            problem = problem or "parameter given twice"
            continue
        params[name] = _param(found)
    if any("*" in name for name in params):
        _join_extended(params)
    return Structured(head[1].decode("latin-1").lower(), params, problem)


_REMEMBERED_BYTES_MAX = 200
_read_common = lru_cache(maxsize=256)(_read)
_read_lately = lru_cache(maxsize=64)(_read)


def _param(found: re.Match[bytes]) -> Param:
    if found[2] is not None:
        start, end = found.span(2)
        octets = found[2]
    else:
        octets = _COMMENT.sub(b"", found[3]).rstrip(b" \t\r\n")
        start = found.start(3)
        end = start + len(octets)
    if b"\\" in octets or b"\r\n" in octets:
        octets, start, end = _ESCAPED.sub(rb"\1", _FOLD.sub(b"", octets)), -1, -1
    return Param(octets, start, end, octets.decode("utf-8", "replace"))


def _join_extended(params: dict[str, Param]) -> None:
    """Piece ``name*0*=…; name*1=…`` and ``name*=utf-8''…`` together under ``name`` (RFC 2231 3, 4)."""
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for name, param in params.items():
        base, star, rest = name.partition("*")
        number = rest.rstrip("*") or "0"
        if star and base and number.isdecimal() and len(number) <= 3:
            pieces.setdefault(base, []).append((int(number), name.endswith("*"), param.value))
    for base, found in pieces.items():
        label, octets = "utf-8", b""
        for order, extended, value in sorted(found):
            piece = value
            if extended and order == 0 and piece.count(b"'") >= 2:
                declared, _, piece = piece.split(b"'", 2)
                label = declared.decode("latin-1") or label
            octets += unquote_to_bytes(piece) if extended else piece
        params[base] = Param(octets, -1, -1, charsets.read_loosely(octets, label))
