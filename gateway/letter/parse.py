"""Cut a mail into byte ranges: header fields, bodies, parts (RFC 5322, RFC 2045, RFC 2046 5.1).

Nothing is decoded and nothing copied here, so that whatever is not edited leaves exactly as it came. A mail that is
wrong somewhere is still cut as far as it can be read; ``Parsed.problem`` then says why it must not be edited.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gateway.letter import params
from gateway.letter.decoded import DecodedText
from gateway.letter.doubt import Malformed
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.params import Structured

# RFC 5322 2.2: printable name, colon, a value that may continue on lines starting with white space. Octets above 127
# stand in the values of real mail (RFC 6532, and older mail without leave). A continuation of spaces only is a fault
# here, and so is space before the colon: obsolete syntax (4.2, 4.5) allows both, but readers differ about them.
_FIELD = re.compile(rb"([!-9;-~]++):[^\r\n\0]*+(?>(?:\r\n[ \t]++[^\r\n\0]++)*)(?:\r\n|\Z)")
_LINE = re.compile(rb"[^\n]*+(?:\n|\Z)")
_DELIMITER_TAIL = re.compile(rb"(?>(--)?)[ \t]*+(?:\r\n|\Z)")
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
    end belongs to no part (RFC 2046 5.1.1). ``separated``: a blank line ends the header. ``header``: its fields, their
    octets counted from ``start``."""

    number: int
    depth: int
    start: int
    body: int
    end: int
    separated: bool
    header: tuple[Field, ...]
    kind: str
    type: Structured
    disposition: Structured
    encoding: str
    content_id: bytes
    children: tuple["Part", ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the header, their octets counted from the beginning of the mail."""
        return tuple([_moved(field, self.start) for field in self.header]) if self.start else self.header

    def field(self, name: bytes) -> Field | None:
        """Return the first field of that (lower-case) name."""
        for field in self.header:
            if field.name == name:
                return _moved(field, self.start)
        return None

    @property
    def file_name(self) -> str:
        """The name a reader would save this part under, empty for a body."""
        return self.disposition.text("filename") or self.type.text("name")

    @property
    def attached(self) -> bool:
        """Whether readers show the part as a file rather than as text (RFC 2183 2.2, 2.3)."""
        return self.disposition.head not in ("", "inline") or bool(self.file_name)


def _moved(field: Field, octets: int) -> Field:
    name, start, value, end = field
    return Field(name, start + octets, value + octets, end + octets)


class Parsed(NamedTuple):
    """The offset tree of ``raw``. ``parts`` is in the order of the octets, containers before their children.

    ``texts`` keeps what was decoded, by the number of the part, for the next one who needs it.
    """

    raw: Octets
    root: Part
    parts: tuple[Part, ...]
    problem: str
    limits: Limits
    texts: dict[int, DecodedText]

    def values(self, name: bytes, part: Part | None = None) -> Iterator[bytes]:
        """Yield the raw values (after the colon, line ends included) of a field of the root or of ``part``."""
        for field in (part or self.root).fields:
            if field.name == name:
                yield self.raw[field.value : field.end]


def parse(raw: Octets, limits: Limits) -> Parsed:
    """Cut ``raw`` (CRLF line ends) into parts; raises Malformed when a limit of size is passed."""
    return _Cutter(raw, limits).cut()


_DEFAULTS = {kind: Structured(kind) for kind in ("text/plain", "message/rfc822")}
_NO_DISPOSITION = Structured()
_PENDING = Part(0, 0, 0, 0, 0, False, (), "", _NO_DISPOSITION, _NO_DISPOSITION, "", b"", ())


class _Cutter:
    def __init__(self, raw: Octets, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._spans = 0
        self._problem = ""
        self._parts: list[Part] = []
        self._delimiters: set[int] = set()
        self._near_misses: list[int] = []

    def cut(self) -> Parsed:
        root = self._part(0, len(self._raw), 0, "text/plain")
        # A line that starts like a boundary of an outer multipart must be one of an inner one (RFC 2046 5.1.2).
        if not self._delimiters.issuperset(self._near_misses):
            self._doubt("a line only begins like a boundary")
        return Parsed(self._raw, root, tuple(self._parts), self._problem, self._limits, {})

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
        head = _head(self._raw, start, header_end, self._limits.spans_max)
        self._count(head.spans)
        if head.problem:
            self._doubt(head.problem)
        content_type = head.type or _DEFAULTS[default_kind]
        kind = content_type.head
        if "/" not in kind:
            self._doubt("Content-Type not understood")
        self._parts.append(_PENDING)  # the children are numbered after their container
        children: tuple[Part, ...] = ()
        if kind.startswith("multipart/"):
            ranges = self._ranges(content_type, head.encoding, body if separated else end, end)
            inner_kind = "message/rfc822" if kind == "multipart/digest" else "text/plain"  # RFC 2046 5.1.5
            children = tuple([self._part(first, last, depth + 1, inner_kind) for first, last in ranges])
        part = Part(
            *(number, depth, start, body, end, separated, head.fields, kind),
            *(content_type, head.disposition, head.encoding, head.content_id, children),
        )
        self._parts[number] = part
        return part

    def _header_end(self, start: int, end: int) -> tuple[int, int, bool]:
        raw = self._raw
        if raw[start : min(start + 2, end)] == b"\r\n":
            return start, start + 2, True
        blank = raw.find(b"\r\n\r\n", start, end)
        return (blank + 2, blank + 4, True) if blank >= 0 else (end, end, False)

    def _ranges(self, content_type: Structured, encoding: str, body: int, part_end: int) -> list[tuple[int, int]]:
        boundary = content_type.get("boundary")
        if not boundary or content_type.problem:
            self._doubt("multipart without a clear boundary")
            return []
        if encoding not in _ENCODINGS:
            self._doubt("multipart with an encoding of its own")  # RFC 2045 6.4
        raw, mark = self._raw, b"\n--" + boundary
        ranges: list[tuple[int, int]] = []
        child = -1
        # The body follows a line end, so that a boundary in its first line is found like the others.
        position = _find(raw, mark, body - 1, part_end) if body < part_end else -1
        while position >= 0:
            self._count(1)
            tail = _DELIMITER_TAIL.match(raw, position + len(mark), part_end)
            if tail is None:
                self._near_misses.append(position + 1)
                position = _find(raw, mark, position + len(mark), part_end)
                continue
            self._delimiters.add(position + 1)
            if raw[position - 1 : position] != b"\r":
                self._doubt("boundary after a bare line feed")
            if child >= 0:
                ranges.append((child, max(child, position - 1)))
                if position - 1 < child:
                    self._doubt("empty part")
            if tail[1]:
                if _find(raw, mark, tail.end() - 1, part_end) >= 0:
                    self._doubt("boundary again after the last one")
                return ranges
            child = tail.end()
            position = _find(raw, mark, child - 1, part_end)
        self._doubt("multipart not closed")
        if child >= 0:
            ranges.append((child, part_end))
        return ranges


class _Head(NamedTuple):
    """What a header says. ``spans``: fields, and lines that are none; ``type`` is None where no field names one."""

    fields: tuple[Field, ...]
    spans: int
    problem: str
    type: Structured | None
    disposition: Structured
    encoding: str
    content_id: bytes


_REMEMBERED_BYTES_MAX = 4_096


def _head(raw: Octets, start: int, end: int, spans_max: int) -> _Head:
    """Read the header of the part between two octets; the octets of its fields are counted from ``start``."""
    if end - start <= _REMEMBERED_BYTES_MAX:
        return _read_lately(raw[start:end], 0, end - start, spans_max)
    head = _read_head(raw, start, end, spans_max)
    return head._replace(fields=tuple([_moved(field, -start) for field in head.fields])) if start else head


def _read_head(raw: Octets, start: int, end: int, spans_max: int) -> _Head:
    match = _FIELD.match
    fields = []
    position = start
    # More than the limit is never read, and found out when they are counted.
    for _ in range(spans_max + 1):
        found = match(raw, position, end)
        if found is None:
            break
        name, value = found[1], found.end(1) + 1
        first, position = position, found.end()
        fields.append(Field(name.lower(), first, value, position))
    spans, problem = len(fields), ""
    if position < end and spans <= spans_max:
        problem = "malformed header line"
        more, lines = _fields_after_fault(raw, position, end, spans_max)
        fields += more
        spans += lines
    mime: dict[bytes, bytes] = {}
    for field in fields:
        if field.name in _MIME_FIELDS:
            if field.name in mime:
                problem = problem or "MIME field given twice"
            mime.setdefault(field.name, raw[field.value : field.end])
    kind, disposition = mime.get(b"content-type"), mime.get(b"content-disposition")
    encoding = mime.get(b"content-transfer-encoding")
    return _Head(
        fields=tuple(fields),
        spans=spans,
        problem=problem,
        type=None if kind is None else params.read(kind),
        disposition=_NO_DISPOSITION if disposition is None else params.read(disposition),
        encoding="7bit" if encoding is None else _token(encoding),
        content_id=mime.get(b"content-id", b"").strip(b" \t\r\n<>"),
    )


#: The headers of parts recur from mail to mail, and every header comes again when the edited mail is proven. A mail's
#: own names its recipient: only the last few stay, in this process alone.
_read_lately = lru_cache(maxsize=32)(_read_head)


def _fields_after_fault(raw: Octets, position: int, end: int, spans_max: int) -> tuple[list[Field], int]:
    """Read on behind a line that is no field: the fields, and how many lines there were, one more than the limit at
    most."""
    fields = []
    lines = 0
    while position < end and lines <= spans_max:
        lines += 1
        found = _FIELD.match(raw, position, end)
        if found:
            fields.append(Field(found[1].lower(), position, found.end(1) + 1, found.end()))
            position = found.end()
        else:
            line = _LINE.match(raw, position, end)
            position = line.end() if line else end
    return fields, lines


def _find(raw: Octets, mark: bytes, start: int, end: int) -> int:
    """Where ``mark`` stands (line feed, two hyphens, boundary). One octet is found much faster than many, and base64
    holds no hyphen."""
    hyphen = raw.find(b"-", start, end)
    return raw.find(mark, max(start, hyphen - 1), end) if hyphen >= 0 else -1


def _token(value: bytes) -> str:
    """Return the encoding's name; a comment may stand beside it (RFC 2045 6.1)."""
    plain = value.strip(b" \t\r\n").lower()
    return (plain if plain.isalnum() or b"(" not in plain else params.read(plain).head.encode()).decode("latin-1")
