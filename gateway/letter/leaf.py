"""One text part, decoded far enough to write into it, and what an edit makes of its body and header."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.letter import charset as charsets
from gateway.letter import jis, transfer
from gateway.letter.charset import Charset, Family
from gateway.letter.decoded import DecodedText
from gateway.letter.doubt import Doubt
from gateway.letter.limits import Limits
from gateway.letter.parse import Parsed, Part
from gateway.letter.splice import OctetEdit, TextEdit, splice_text

_SHIFTS = (b"\x1b", b"\x0e", b"\x0f")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text part: ``encoded`` as it stands in the mail, ``octets`` decoded from its transfer encoding, ``text``."""

    part: Part
    encoded: bytes
    octets: bytes
    charset: Charset
    text: str

    @property
    def html(self) -> bool:
        return self.part.kind == "text/html"

    @property
    def newline(self) -> str:
        """The line end the text uses; only base64 can hide a bare line feed (RFC 2049 canonical form is CRLF)."""
        return "\n" if "\n" in self.text and "\r\n" not in self.text else "\r\n"

    @property
    def flowed(self) -> bool:
        return self.part.type.get("format").lower() == b"flowed"


@dataclass(frozen=True, slots=True)
class LeafEdit:
    """What to replace in the encoded body of a part, and what a reader must then find. ``charset_label`` and
    ``encoding`` are set only when the part's header changes to them."""

    leaf: Leaf
    edits: tuple[OctetEdit, ...]
    text: str
    charset: Charset
    charset_label: str = ""
    encoding: str = ""


def open_leaf(parsed: Parsed, part: Part, limits: Limits) -> Leaf:
    """Decode a text part; raises Doubt unless every reader would see the same text."""
    if not part.separated:
        raise Doubt("text part without a body")
    if part.type.problem or part.disposition.problem:
        raise Doubt("text part with an unclear header field")
    if part.end - part.body > limits.edit_bytes_max:
        raise Doubt("text part too large to edit")
    if part.field(b"content-md5"):
        raise Doubt("text part with a checksum")  # RFC 1864
    decoded = parsed.texts.get(part.number) or _decoded(parsed, part)
    if part.encoding in transfer.PLAIN_ENCODINGS and transfer.has_bare_line_ends(decoded.encoded):
        raise Doubt("bare carriage return or line feed in the text")
    return Leaf(part, *decoded)


def _decoded(parsed: Parsed, part: Part) -> DecodedText:
    encoded = parsed.raw[part.body : part.end]
    octets = transfer.decode(encoded, part.encoding)
    charset = _charset(part, octets)
    return DecodedText(encoded, octets, charset, charsets.decode(octets, charset))


def _charset(part: Part, octets: bytes) -> Charset:
    label = part.type.text("charset")
    charset = charsets.lookup(label) if label else charsets.ASCII
    if charset is None:
        raise Doubt("charset: not known")
    # Outlook and others send ISO-2022-JP without saying so; its octets cannot be anything else. Nor can most UTF-8.
    if charset is charsets.ASCII and b"\x1b$" in octets:
        return charsets.ISO_2022_JP
    if not label:
        return charsets.certain(octets) or charset
    return charset


def edit_leaf(leaf: Leaf, edits: Sequence[TextEdit]) -> LeafEdit:
    """Make ``edits`` (ascending, apart) in the part's own charset and encoding if they fit.

    Else ASCII becomes ISO-2022-JP, which reads the same and stays 7bit, or the part becomes UTF-8 in base64; raises
    Doubt where that could lose anything.
    """
    octets = [charsets.encode(edit.text, leaf.charset) for edit in edits]
    fits = [piece for piece in octets if piece is not None]
    if len(fits) == len(edits) and not _eight_bit_in_seven(leaf, fits):
        return _in_place(leaf, edits, fits, leaf.charset)
    if leaf.charset.family is Family.ASCII and not any(shift in leaf.octets for shift in _SHIFTS):
        japanese = [piece for edit in edits if (piece := charsets.encode(edit.text, charsets.ISO_2022_JP)) is not None]
        if len(japanese) == len(edits):
            return _in_place(leaf, edits, japanese, charsets.ISO_2022_JP, "iso-2022-jp")
    return _as_utf_8(leaf, edits)


def _eight_bit_in_seven(leaf: Leaf, pieces: Sequence[bytes]) -> bool:
    """Whether the edit would bring the first 8-bit octets into a part that says 7bit (RFC 2045 6.2)."""
    if leaf.part.encoding != transfer.SEVEN_BIT or not leaf.octets.isascii():
        return False
    return not all(piece.isascii() for piece in pieces)


def _in_place(
    leaf: Leaf, edits: Sequence[TextEdit], pieces: Sequence[bytes], charset: Charset, label: str = ""
) -> LeafEdit:
    read_back = []
    for edit, piece in zip(edits, pieces, strict=True):
        read_back.append(TextEdit(edit.start, edit.end, charsets.decode(piece, charset)))
        if not charsets.same_words(edit.text, read_back[-1].text):
            raise Doubt("charset: the block would read differently")
    changes = _octet_edits(leaf, edits, pieces)
    encoded_edits = tuple(transfer.edits(leaf.encoded, leaf.octets, leaf.part.encoding, changes))
    return LeafEdit(leaf, encoded_edits, splice_text(leaf.text, read_back), charset, label)


def _octet_edits(leaf: Leaf, edits: Sequence[TextEdit], pieces: Sequence[bytes]) -> list[OctetEdit]:
    """The edits in the decoded octets of the part."""
    indices = [index for edit in edits for index in (edit.start, edit.end)]
    if leaf.charset.family is Family.ISO_2022_JP:
        found = jis.places(leaf.octets, indices, len(leaf.text))
        return [
            OctetEdit(start, end, jis.embed(piece, before, after))
            for (start, before), (end, after), piece in zip(found[::2], found[1::2], pieces, strict=True)
        ]
    places = charsets.octets_of(leaf.octets, leaf.text, indices, leaf.charset)
    return [OctetEdit(*one) for one in zip(places[::2], places[1::2], pieces, strict=True)]


def _as_utf_8(leaf: Leaf, edits: Sequence[TextEdit]) -> LeafEdit:
    declared = leaf.part.type.text("charset")
    if charsets.lookup(declared or "us-ascii") is not leaf.charset:
        raise Doubt("charset: not declared, cannot change")
    if not charsets.encodes_back(leaf.text, leaf.octets, leaf.charset):
        raise Doubt("charset: the text cannot be turned into UTF-8 and back")
    text = splice_text(leaf.text, edits)
    label = "" if leaf.charset.family is Family.UTF_8 else "utf-8"
    line_end = b"\r\n" if leaf.encoded.endswith(b"\r\n") else b""
    whole = OctetEdit(0, len(leaf.encoded), transfer.to_base64(text.encode()) + line_end)
    return LeafEdit(leaf, (whole,), text, charsets.UTF_8, label, transfer.BASE64)
