"""One text part, decoded far enough to write into it, and what an edit makes of its body and header."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway import charset as charsets
from gateway import jis, transfer
from gateway.charset import Charset, Family
from gateway.doubt import Doubt
from gateway.limits import Limits
from gateway.parse import Parsed, Part
from gateway.splice import OctetEdit, TextEdit, splice_text

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
    """The new body of a part and what a reader must then find. ``charset_label`` and ``encoding`` are set only when the
    part's header changes to them."""

    leaf: Leaf
    encoded: bytes
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
    encoded = parsed.raw[part.body : part.end]
    octets = transfer.decode(encoded, part.encoding)
    if part.encoding in transfer.PLAIN_ENCODINGS and transfer.has_bare_line_ends(encoded):
        raise Doubt("bare carriage return or line feed in the text")
    charset = _charset(part, octets)
    return Leaf(part, encoded, octets, charset, charsets.decode(octets, charset))


def _charset(part: Part, octets: bytes) -> Charset:
    label = part.type.text("charset")
    charset = charsets.lookup(label) if label else charsets.ASCII
    if charset is None:
        raise Doubt("charset: not known")
    # Outlook and others send ISO-2022-JP without saying so; its octets cannot be anything else.
    if charset is charsets.ASCII and b"\x1b$" in octets:
        return charsets.ISO_2022_JP
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
    octet_edits = []
    read_back = []
    for edit, piece in zip(edits, pieces, strict=True):
        octet_edits.append(_octet_edit(leaf, edit, piece))
        read_back.append(TextEdit(edit.start, edit.end, charsets.decode(piece, charset)))
        if not charsets.same_words(edit.text, read_back[-1].text):
            raise Doubt("charset: the block would read differently")
    encoded = transfer.splice(leaf.encoded, leaf.octets, leaf.part.encoding, octet_edits)
    return LeafEdit(leaf, encoded, splice_text(leaf.text, read_back), charset, label)


def _octet_edit(leaf: Leaf, edit: TextEdit, piece: bytes) -> OctetEdit:
    if leaf.charset.family is Family.ISO_2022_JP:
        start, before = jis.place(leaf.octets, edit.start, len(leaf.text))
        end, after = jis.place(leaf.octets, edit.end, len(leaf.text)) if edit.end > edit.start else (start, before)
        return OctetEdit(start, end, jis.embed(piece, before, after))
    start = charsets.octet_of(leaf.octets, leaf.text, edit.start, leaf.charset)
    end = charsets.octet_of(leaf.octets, leaf.text, edit.end, leaf.charset) if edit.end > edit.start else start
    return OctetEdit(start, end, piece)


def _as_utf_8(leaf: Leaf, edits: Sequence[TextEdit]) -> LeafEdit:
    declared = leaf.part.type.text("charset")
    if charsets.lookup(declared or "us-ascii") is not leaf.charset:
        raise Doubt("charset: not declared, cannot change")
    if not charsets.encodes_back(leaf.text, leaf.octets, leaf.charset):
        raise Doubt("charset: the text cannot be turned into UTF-8 and back")
    text = splice_text(leaf.text, edits)
    label = "" if leaf.charset.family is Family.UTF_8 else "utf-8"
    line_end = b"\r\n" if leaf.encoded.endswith(b"\r\n") else b""
    return LeafEdit(leaf, transfer.to_base64(text.encode()) + line_end, text, charsets.UTF_8, label, transfer.BASE64)
