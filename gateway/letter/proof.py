"""Proof before use: the edited mail is read again from its bytes, and must be the old mail plus the block.

Whatever the editing code believes, a mail that fails here leaves unedited.
"""

from collections.abc import Sequence

from gateway.letter import charset as charsets
from gateway.letter import transfer
from gateway.letter.doubt import Doubt
from gateway.letter.header_edit import CHANGEABLE
from gateway.letter.leaf import LeafEdit
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.parse import Parsed, Part, parse

_SLICE_BYTES = 1 << 18


def prove(old: Parsed, new_raw: bytes, edits: Sequence[LeafEdit], limits: Limits) -> None:
    """Raise Doubt unless ``new_raw`` has the same tree, every octet outside the edited parts as before, and in each
    edited part exactly the text that was meant."""
    new = parse(new_raw, limits)
    if new.problem:
        raise Doubt(f"proof: {new.problem}")
    if len(old.parts) != len(new.parts) or not all(map(_same_shape, old.parts, new.parts)):
        raise Doubt("proof: the tree of parts changed")
    changed = {edit.leaf.part.number: edit for edit in edits}
    position_old = position_new = 0
    for number, edit in sorted(changed.items()):
        part, twin = old.parts[number], new.parts[number]
        header_kept = not edit.charset_label and not edit.encoding
        start, twin_start = (part.body, twin.body) if header_kept else (part.start, twin.start)
        _prove_same(old.raw, position_old, start, new_raw, position_new, twin_start)
        position_old, position_new = part.end, twin.end
        if not header_kept:
            _prove_header(old, new, part, twin)
        _prove_text(new, twin, edit)
    _prove_same(old.raw, position_old, len(old.raw), new_raw, position_new, len(new_raw))


def _prove_same(old: Octets, start: int, end: int, new: bytes, new_start: int, new_end: int) -> None:
    # In slices, so that a large file is not copied whole.
    same = end - start == new_end - new_start and all(
        new.startswith(old[at : min(at + _SLICE_BYTES, end)], at - start + new_start)
        for at in range(start, end, _SLICE_BYTES)
    )
    if not same:
        raise Doubt("proof: something outside the edited text changed")


def _same_shape(part: Part, twin: Part) -> bool:
    return (
        (part.kind, part.depth, len(part.children)) == (twin.kind, twin.depth, len(twin.children))
        and (part.disposition is twin.disposition or part.disposition == twin.disposition)
        # The charset of an edited part may be another one; what tells its place in the tree and its name may not.
        and (
            part.type is twin.type
            or part.type == twin.type
            or (part.type.get("boundary"), part.file_name) == (twin.type.get("boundary"), twin.file_name)
        )
    )


def _prove_header(old: Parsed, new: Parsed, part: Part, twin: Part) -> None:
    kept = [old.raw[field.start : field.end] for field in part.fields if field.name not in CHANGEABLE]
    if kept != [new.raw[field.start : field.end] for field in twin.fields if field.name not in CHANGEABLE]:
        raise Doubt("proof: another header field changed")
    params = {name: param.value for name, param in part.type.params.items() if name != "charset"}
    if params != {name: param.value for name, param in twin.type.params.items() if name != "charset"}:
        raise Doubt("proof: another parameter changed")


def _prove_text(new: Parsed, twin: Part, edit: LeafEdit) -> None:
    label, encoding = twin.type.text("charset"), twin.encoding
    if edit.charset_label and label.lower() != edit.charset_label:
        raise Doubt("proof: the charset is not declared")
    if encoding != (edit.encoding or edit.leaf.part.encoding):
        raise Doubt("proof: the encoding is not declared")
    encoded = new.raw[twin.body : twin.end]
    octets = transfer.decode(encoded, encoding)
    if charsets.decode(octets, edit.charset) != edit.text:
        raise Doubt("proof: the text is not the old text and the block")
    if encoding == transfer.SEVEN_BIT and not octets.isascii() and edit.leaf.octets.isascii():
        raise Doubt("proof: 8-bit octets in a 7bit part")
    line_max = transfer.QP_LINE_MAX if encoding == transfer.QUOTED_PRINTABLE else transfer.LINE_MAX
    if _has_longer_line(encoded, line_max) and _longest_line(encoded) > _longest_line(edit.leaf.encoded):
        raise Doubt("proof: a line is too long")


def _has_longer_line(encoded: bytes, line_max: int) -> bool:
    """Whether a line is longer than ``line_max``. The last line end within reach leaves out all lines before it."""
    start = 0
    while len(encoded) - start > line_max:
        start = encoded.rfind(b"\r\n", start, start + line_max + 2) + 2
        if start < 2:
            return True
    return False


def _longest_line(encoded: bytes) -> int:
    return max(map(len, encoded.split(b"\r\n")))
