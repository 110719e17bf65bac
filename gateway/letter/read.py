"""A parsed mail as the rules see it: decoded text, decoded header values, and what stands in the way of reading."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from gateway.letter import addresses, html, place, place_html, protect, transfer, words
from gateway.letter import charset as charsets
from gateway.letter.charset import Charset
from gateway.letter.decoded import DecodedText
from gateway.letter.doubt import Doubt
from gateway.letter.envelope import Envelope
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.params import Structured
from gateway.letter.parse import Parsed, Part
from gateway.letter.targets import readable_texts
from rules.mail import Mail

# The same lines that ``parse`` takes for a From field; the line end is not consumed, the next one may begin with it.
_FROM_PIECE = rb"[Ff][Rr][Oo][Mm]:([^\r\n\0]*+(?>(?:\r\n[ \t]++[^\r\n\0]++)*)(?=\r\n|\Z))"
_FROM = re.compile(_FROM_PIECE)
_FROM_LATER = re.compile(rb"\n" + _FROM_PIECE)
_STUFFED = re.compile(r"^ ", re.MULTILINE)


def read_mail(
    parsed: Parsed,
    envelope: Envelope,
    own_domains: frozenset[str],
    own_link_base: str,
    already_processed: bool,
) -> Mail:
    """Read ``parsed`` for judging; never raises, what cannot be read for sure is named in ``decoding_problem``.

    ``own_link_base`` is the public address that our links start with; ``already_processed`` whether a trace field of
    ours was found whose HMAC fits.
    """
    reader = _TextReader(parsed, own_link_base)
    plainest, pages = readable_texts(parsed)
    html_text = reader.read(pages)
    text = html_text if pages == plainest else reader.read(plainest)
    headers = _Headers(parsed)
    return Mail(
        envelope_from=envelope.sender,
        header_from=header_from(parsed),
        recipients=envelope.addresses,
        own_domains=own_domains,
        subject=headers.get("subject", ("",))[0],
        text=text if text.strip() else html_text,
        html_text=html_text,
        headers=headers,
        protected=protect.protection(parsed) or protect.inline_protection(text),
        decoding_problem=parsed.problem or reader.problem,
        attachments=tuple(_file_name(part) for part in parsed.parts if part.attached and part.file_name),
        already_processed=already_processed or reader.own_link,
        display_names=_display_names(parsed, envelope.addresses),
    )


class _Headers(Mapping[str, tuple[str, ...]]):
    """Header fields by lower-case name, each decoded when somebody asks for it: of twenty the rules ask for three."""

    def __init__(self, parsed: Parsed) -> None:
        self._values: dict[str, list[bytes]] = {}
        for field in parsed.root.fields:
            self._values.setdefault(field.name.decode("ascii"), []).append(parsed.raw[field.value : field.end])

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return tuple(map(words.decode, self._values[name]))

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def header_from(parsed: Parsed) -> str:
    """Return the one address of From; "" when there is none or more than one, for then nobody can say who writes."""
    found = [address for value in parsed.values(b"from") for address in addresses.addresses(value)]
    return found[0] if len(found) == 1 else ""


def sender_of(raw: Octets, limits: Limits) -> str:
    """Return what ``header_from`` will find, out of the header alone: a tenth of the cost of ``parse`` and reading.

    Never raises. It serves to leave mail alone whose writer sends no selection results, before anything is decoded.
    """
    blank = raw.find(b"\r\n\r\n")
    end = 0 if raw[:2] == b"\r\n" else blank + 2 if blank >= 0 else len(raw)
    first = _FROM.match(raw, 0, end)
    later = islice(_FROM_LATER.finditer(raw, 0, end), limits.spans_max)
    found = addresses.addresses(first[1]) if first else []
    found += [address for field in later for address in addresses.addresses(field[1])]
    return found[0] if len(found) == 1 else ""


def _display_names(parsed: Parsed, recipients: Sequence[str]) -> tuple[str, ...]:
    found = [
        mailbox for name in (b"to", b"cc") for value in parsed.values(name) for mailbox in addresses.mailboxes(value)
    ]
    wanted = {recipient.lower() for recipient in recipients}
    named = [mailbox.name for mailbox in found if mailbox.name and mailbox.address.lower() in wanted]
    return tuple(dict.fromkeys(named or [mailbox.name for mailbox in found if mailbox.name]))


def _file_name(part: Part) -> str:
    return _decoded(part.disposition, "filename") or _decoded(part.type, "name")


def _decoded(field: Structured, name: str) -> str:
    text = field.text(name)
    # RFC 2047 5 forbids encoded words here, and nobody obeys.
    return words.decode(field.get(name)) if "=?" in text or "\ufffd" in text else text


class _TextReader:
    def __init__(self, parsed: Parsed, own_link_base: str) -> None:
        self._parsed = parsed
        self._octets_max = parsed.limits.text_bytes_max
        base = own_link_base.rstrip("/")
        self._links = (f"{base}/r/", f"{base}/u/") if base else ()
        self.problem = ""
        self.own_link = False

    def read(self, parts: Sequence[Part]) -> str:
        left = self._octets_max
        texts = []
        for part in parts:
            source, used = self._source(part, left)
            left -= used
            self._look_for_links(part, source)
            texts.append(html.to_text(source) if part.kind == "text/html" else _lines(part, source))
        return "\n".join(texts)

    def _source(self, part: Part, octets_max: int) -> tuple[str, int]:
        encoded = self._parsed.raw[part.body : min(part.end, part.body + _encoded_max(part.encoding, octets_max))]
        sure = True
        try:
            octets = transfer.decode(encoded, part.encoding)
        except Doubt as doubt:
            sure = self._doubt(doubt.message)
            octets = transfer.read_loosely(encoded, part.encoding)
        if len(encoded) < part.end - part.body or len(octets) > octets_max:
            self.problem = f"text longer than {self._octets_max} bytes"
            sure = False
            octets = octets[:octets_max]
        charset, declared = self._charset(part, octets)
        try:
            text = charsets.decode(octets, charset)
        except Doubt as doubt:
            self._doubt(doubt.message)
            return octets.decode(charset.codec, "replace"), len(octets)
        if sure and declared:
            self._parsed.texts[part.number] = DecodedText(encoded, octets, charset, text)
        return text, len(octets)

    def _charset(self, part: Part, octets: bytes) -> tuple[Charset, bool]:
        """The charset to read with, and whether the part leaves no doubt about it."""
        label = part.type.text("charset")
        sure = True
        if part.type.problem:
            sure = self._doubt(f"Content-Type: {part.type.problem}")
        charset = charsets.lookup(label or "us-ascii")
        if charset is None:
            sure = self._doubt("charset: not known")
            charset = charsets.guess(octets)
        if charset is charsets.ASCII:
            charset = charsets.guess(octets)
            # A label that the octets belie is no missing one: readers go by it.
            if charsets.certain(octets) is not charset or (label and charset is charsets.UTF_8):
                sure = self._doubt("charset: not declared")
        return charset, sure

    def _doubt(self, problem: str) -> Literal[False]:
        self.problem = self.problem or problem
        return False

    def _look_for_links(self, part: Part, source: str) -> None:
        if not any(link in source for link in self._links):
            return
        if part.kind == "text/html":
            new = source[: place_html.cut(place_html.Page(source)).quote]
        else:
            new = place.new_text(source, place.cut(source))
        self.own_link = self.own_link or any(link in new for link in self._links)


def _encoded_max(encoding: str, octets_max: int) -> int:
    """How much of an encoded body surely holds ``octets_max`` octets, line ends and soft breaks counted."""
    if encoding == transfer.BASE64:
        return (octets_max // 57 + 1) * 78
    return octets_max * 4 + 4 if encoding == transfer.QUOTED_PRINTABLE else octets_max + 1


def _lines(part: Part, text: str) -> str:
    """Make line ends single, and join the lines of format=flowed paragraphs (RFC 3676 4); quoted lines stay."""
    text = text.replace("\r\n", "\n")
    if part.type.get("format").lower() != b"flowed":
        return text
    joined: list[str] = []
    open_paragraph = False
    delete_space = part.type.get("delsp").lower() == b"yes"
    for line in _STUFFED.sub("", text).split("\n"):
        flows = line.endswith(" ") and line != "-- " and not line.startswith(">")
        content = line[:-1] if flows and delete_space else line
        if open_paragraph and not line.startswith(">") and line != "-- ":
            joined[-1] += content
        else:
            joined.append(content)
        open_paragraph = flows
    return "\n".join(joined)
