"""The few octets of a part's header that change when its charset or encoding does."""

from gateway.letter.doubt import Doubt
from gateway.letter.leaf import LeafEdit
from gateway.letter.parse import Field, Parsed
from gateway.letter.splice import OctetEdit

#: Fields that an edit may change or add; every other field stays as it is.
CHANGEABLE = frozenset({b"content-type", b"content-transfer-encoding", b"mime-version"})

_SPACE = b" \t\r\n"


def header_edits(parsed: Parsed, edit: LeafEdit) -> list[OctetEdit]:
    """Return the edits, ascending, that give the part its new charset and encoding; none when both stay."""
    part = edit.leaf.part
    if not edit.charset_label and not edit.encoding:
        return []
    edits: list[OctetEdit] = []
    added = b""
    type_field, encoding_field = part.field(b"content-type"), part.field(b"content-transfer-encoding")
    if edit.charset_label:
        if type_field:
            edits.append(_charset_edit(parsed, edit, type_field))
        else:
            added += b"Content-Type: text/plain; charset=" + edit.charset_label.encode() + b"\r\n"
    if edit.encoding:
        if encoding_field:
            value = parsed.raw[encoding_field.value : encoding_field.end]
            end = encoding_field.value + len(value.rstrip(_SPACE))
            edits.append(OctetEdit(encoding_field.value, end, b" " + edit.encoding.encode()))
        else:
            added += b"Content-Transfer-Encoding: " + edit.encoding.encode() + b"\r\n"
    if added:
        # RFC 2045 4: without MIME-Version the new fields would mean nothing.
        if part.depth == 0 and not part.field(b"mime-version"):
            added = b"MIME-Version: 1.0\r\n" + added
        edits.append(OctetEdit(part.body - 2, part.body - 2, added))
    return sorted(edits)


def _charset_edit(parsed: Parsed, edit: LeafEdit, field: Field) -> OctetEdit:
    label = edit.charset_label.encode()
    param = edit.leaf.part.type.params.get("charset")
    if param:
        if param.start < 0:
            raise Doubt("charset: label cannot be replaced")
        return OctetEdit(field.value + param.start, field.value + param.end, label)
    value = parsed.raw[field.value : field.end].rstrip(_SPACE)
    end = field.value + len(value)
    return OctetEdit(end, end, (b" charset=" if value.endswith(b";") else b"; charset=") + label)
