"""Cut a mail into byte ranges: header fields, bodies, parts (RFC 5322, RFC 2045, RFC 2046 5.1).

Nothing is decoded and nothing copied here, so that whatever is not edited leaves exactly as it came. A mail that is
wrong somewhere is still cut as far as it can be read; ``Parsed.problem`` then says why it must not be edited.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gateway import params
from gateway.doubt import Malformed
from gateway.limits import Limits
from gateway.params import Structured

# RFC 5322 2.2: printable name, colon, a value that may continue on lines starting with white space. Octets above 127
# stand in the values of real mail (RFC 6532, and older mail without leave). A continuation of spaces only is a fault
# here, and so is space before the colon: obsolete syntax (4.2, 4.5) allows both, but readers differ about them.
_FIELD = re.compile(rb"(?:\A|(?<=\n))([!-9;-~]++):[^\r\n\0]*+(?:\r\n[ \t]++[^\r\n\0]++)*+(?:\r\n|\Z)")
_LINE = re.compile(rb"[^\n]*+(?:\n|\Z)")
_DELIMITER_TAIL = re.compile(rb"(--)?+[ \t]*+(?:\r\n|\Z)")
_MIME_FIELDS = frozenset({b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-id"})
_ENCODINGS = frozenset({"7bit", "8bit", "binary"})


class Field(NamedTuple):
    """A header field: ``name`` in lower case, its first octet, the first octet after the colon, the octet after its
    last line end."""

    name: bytes
    start: int
    value: int
    end: int


class Part(NamedTuple):
    """One part. Header ``start`` to ``body`` (blank line included), content ``body`` to ``end``; a boundary's own line
    end belongs to no part (RFC 2046 5.1.1). ``separated``: a blank line ends the header."""

    number: int
    depth: int
    start: int
    body: int
    end: int
    separated: bool
    fields: tuple[Field, ...]
    kind: str
    type: Structured
    disposition: Structured
    encoding: str
    content_id: bytes
    children: tuple["Part", ...]

    def field(self, name: bytes) -> Field | None:
        """Return the first field of that (lower-case) name."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def file_name(self) -> str:
        """The name a reader would save this part under, empty for a body."""
        return self.disposition.text("filename") or self.type.text("name")

    @property
    def attached(self) -> bool:
        """Whether readers show the part as a file rather than as text (RFC 2183 2.2, 2.3)."""
        return self.disposition.head not in ("", "inline") or bool(self.file_name)


class Parsed(NamedTuple):
    """The offset tree of ``raw``. ``parts`` is in the order of the octets, containers before their children."""

    raw: bytes
    root: Part
    parts: tuple[Part, ...]
    problem: str
    limits: Limits

    def values(self, name: bytes, part: Part | None = None) -> Iterator[bytes]:
        """Yield the raw values (after the colon, line ends included) of a field of the root or of ``part``."""
        for field in (part or self.root).fields:
            if field.name == name:
                yield self.raw[field.value : field.end]


def parse(raw: bytes, limits: Limits) -> Parsed:
    """Cut ``raw`` (CRLF line ends) into parts; raises Malformed when a limit of size is passed."""
    return _Cutter(raw, limits).cut()


class _Cutter:
    def __init__(self, raw: bytes, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._spans = 0
        self._problem = ""
        self._parts: dict[int, Part] = {}
        self._delimiters: set[int] = set()
        self._near_misses: list[int] = []

    def cut(self) -> Parsed:
        root = self._part(0, len(self._raw), 0, "text/plain")
        # A line that starts like a boundary of an outer multipart must be one of an inner one (RFC 2046 5.1.2).
        if not self._delimiters.issuperset(self._near_misses):
            self._doubt("a line only begins like a boundary")
        return Parsed(
            self._raw, root, tuple(self._parts[i] for i in range(len(self._parts))), self._problem, self._limits
        )

    def _doubt(self, problem: str) -> None:
        self._problem = self._problem or problem

    def _count(self, spans: int) -> None:
        self._spans += spans
        if self._spans > self._limits.spans_max:
            raise Malformed(f"more than {self._limits.spans_max} header fields and boundary lines")

    def _part(self, start: int, end: int, depth: int, default_kind: str) -> Part:
        number = len(self._parts)
        if number >= self._limits.parts_max:
            raise Malformed(f"more than {self._limits.parts_max} parts")
        if depth > self._limits.depth_max:
            raise Malformed(f"parts nested deeper than {self._limits.depth_max}")
        header_end, body, separated = self._header_end(start, end)
        fields = self._fields(start, header_end)
        mime = self._mime(fields)
        content_type = params.read(mime[b"content-type"]) if b"content-type" in mime else Structured(default_kind)
        if "/" not in content_type.head:
            self._doubt("Content-Type not understood")
        disposition = params.read(mime[b"content-disposition"]) if b"content-disposition" in mime else Structured()
        encoding = _token(mime.get(b"content-transfer-encoding", b"7bit"))
        content_id = mime.get(b"content-id", b"").strip(b" \t\r\n<>")
        part = Part(
            number=number,
            depth=depth,
            start=start,
            body=body,
            end=end,
            separated=separated,
            fields=fields,
            kind=content_type.head,
            type=content_type,
            disposition=disposition,
            encoding=encoding,
            content_id=content_id,
            children=(),
        )
        self._parts[number] = part
        if part.kind.startswith("multipart/"):
            part = part._replace(children=tuple(self._children(part)))
            self._parts[number] = part
        return part

    def _header_end(self, start: int, end: int) -> tuple[int, int, bool]:
        raw = self._raw
        if raw.startswith(b"\r\n", start, end):
            return start, start + 2, True
        blank = raw.find(b"\r\n\r\n", start, end)
        return (blank + 2, blank + 4, True) if blank >= 0 else (end, end, False)

    def _fields(self, start: int, end: int) -> tuple[Field, ...]:
        fields = []
        position = start
        for found in islice(_FIELD.finditer(self._raw, start, end), self._limits.spans_max + 1):
            if found.start() != position:
                break
            position = found.end()
            fields.append(Field(found[1].lower(), found.start(), found.end(1) + 1, position))
        else:
            if position == end:
                self._count(len(fields))
                return tuple(fields)
        self._count(len(fields))
        self._doubt("malformed header line")
        return tuple(fields + self._fields_after_fault(position, end))

    def _fields_after_fault(self, position: int, end: int) -> list[Field]:
        """Read on behind a line that is no field; every line counts against the limit."""
        fields = []
        while position < end:
            self._count(1)
            found = _FIELD.match(self._raw, position, end)
            if found:
                fields.append(Field(found[1].lower(), position, found.end(1) + 1, found.end()))
                position = found.end()
            else:
                line = _LINE.match(self._raw, position, end)
                position = line.end() if line else end
        return fields

    def _mime(self, fields: tuple[Field, ...]) -> dict[bytes, bytes]:
        mime: dict[bytes, bytes] = {}
        for field in fields:
            if field.name in _MIME_FIELDS:
                if field.name in mime:
                    self._doubt("MIME field given twice")
                mime.setdefault(field.name, self._raw[field.value : field.end])
        return mime

    def _children(self, part: Part) -> Iterator[Part]:
        boundary = part.type.get("boundary")
        if not boundary or part.type.problem:
            self._doubt("multipart without a clear boundary")
            return
        if part.encoding not in _ENCODINGS:
            self._doubt("multipart with an encoding of its own")  # RFC 2045 6.4
        ranges = self._ranges(boundary, part)
        default_kind = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"  # RFC 2046 5.1.5
        for start, end in ranges:
            yield self._part(start, end, part.depth + 1, default_kind)

    def _ranges(self, boundary: bytes, part: Part) -> list[tuple[int, int]]:
        raw, mark = self._raw, b"\n--" + boundary
        ranges: list[tuple[int, int]] = []
        child = -1
        # The body follows a line end, so that a boundary in its first line is found like the others.
        position = raw.find(mark, part.body - 1, part.end) if part.separated else -1
        while position >= 0:
            self._count(1)
            tail = _DELIMITER_TAIL.match(raw, position + len(mark), part.end)
            if tail is None:
                self._near_misses.append(position + 1)
                position = raw.find(mark, position + len(mark), part.end)
                continue
            self._delimiters.add(position + 1)
            if raw[position - 1 : position] != b"\r":
                self._doubt("boundary after a bare line feed")
            if child >= 0:
                ranges.append((child, max(child, position - 1)))
                if position - 1 < child:
                    self._doubt("empty part")
            if tail[1]:
                if raw.find(mark, tail.end() - 1, part.end) >= 0:
                    self._doubt("boundary again after the last one")
                return ranges
            child = tail.end()
            position = raw.find(mark, child - 1, part.end)
        self._doubt("multipart not closed")
        if child >= 0:
            ranges.append((child, part.end))
        return ranges


def _token(value: bytes) -> str:
    """Return the encoding's name; a comment may stand beside it (RFC 2045 6.1)."""
    plain = value.strip(b" \t\r\n").lower()
    return (plain if plain.isalnum() or b"(" not in plain else params.read(plain).head.encode()).decode("latin-1")
