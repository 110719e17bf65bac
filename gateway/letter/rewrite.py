"""Put the block into a mail, or leave the mail exactly as it is. Pure; any doubt means: as it is."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.letter import plan
from gateway.letter.block import Block
from gateway.letter.doubt import Doubt
from gateway.letter.header_edit import header_edits
from gateway.letter.leaf import Leaf, LeafEdit, edit_leaf, open_leaf
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.parse import Parsed, parse
from gateway.letter.proof import prove
from gateway.letter.protect import refuse_foreign_signature, refuse_protected
from gateway.letter.splice import OctetEdit, TextEdit, splice, trimmed
from gateway.letter.targets import targets
from rules.model import Place

__all__ = ["Block", "Rewritten", "Untouched", "prepend", "remove_placeholder", "rewrite", "rewrite_parsed"]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What makes the edited mail out of the original: ``edits``, ascending and apart, each as small as it can be.

    ``parts`` text parts were edited.
    """

    edits: tuple[OctetEdit, ...]
    parts: int

    def apply(self, raw: Octets) -> bytes:
        """Return the edited mail; ``raw`` must be the mail that was rewritten."""
        return splice(raw, self.edits)


@dataclass(frozen=True, slots=True)
class Untouched:
    """The mail stays as it is; ``reason`` says why, in words without content of the mail."""

    reason: str


def rewrite(
    raw: Octets, block: Block, limits: Limits, *, editable_dkim_domains: frozenset[str] = frozenset()
) -> Rewritten | Untouched:
    """Write ``block`` into every form of the letter in ``raw`` (CRLF line ends), proven before it is returned.

    A mail with a DKIM signature is edited only when its domain is in ``editable_dkim_domains`` (``*``: any).
    """
    try:
        return rewrite_parsed(parse(raw, limits), block, limits, editable_dkim_domains=editable_dkim_domains)
    except Doubt as doubt:
        return Untouched(doubt.message)


def rewrite_parsed(
    parsed: Parsed,
    block: Block,
    limits: Limits,
    *,
    editable_dkim_domains: frozenset[str] = frozenset(),
    where: Place = "before_signature",
) -> Rewritten | Untouched:
    """The same for a mail that is parsed already; ``where``: the place that a rule wants, unless a placeholder says."""
    try:
        return _edited(parsed, limits, editable_dkim_domains, lambda leaf: plan.insert_block(leaf, block, where))
    except Doubt as doubt:
        return Untouched(doubt.message)


def remove_placeholder(
    raw: Octets, limits: Limits, *, editable_dkim_domains: frozenset[str] = frozenset()
) -> Rewritten | None:
    """Take the placeholder out of ``raw`` that no block takes the place of; None when nothing can be taken out."""
    try:
        result = _edited(parse(raw, limits), limits, editable_dkim_domains, plan.remove_placeholders)
    except Doubt:
        return None
    return result if result.parts else None


def _edited(
    parsed: Parsed, limits: Limits, editable_dkim_domains: frozenset[str], plan_for: Callable[[Leaf], list[TextEdit]]
) -> Rewritten:
    if parsed.problem:
        raise Doubt(f"malformed: {parsed.problem}")
    refuse_protected(parsed)
    refuse_foreign_signature(parsed, editable_dkim_domains)
    leaf_edits: list[LeafEdit] = []
    octet_edits: list[OctetEdit] = []
    for part in targets(parsed):
        leaf = open_leaf(parsed, part, limits)
        text_edits = plan_for(leaf)
        if not text_edits:
            continue
        edit = edit_leaf(leaf, text_edits)
        leaf_edits.append(edit)
        octet_edits += header_edits(parsed, edit)
        octet_edits += [OctetEdit(part.body + start, part.body + end, octets) for start, end, octets in edit.edits]
    edits = tuple(_smallest(parsed.raw, octet_edits))
    prove(parsed, splice(parsed.raw, edits), leaf_edits, limits)
    return Rewritten(edits, len(leaf_edits))


def _smallest(raw: Octets, edits: list[OctetEdit]) -> Iterator[OctetEdit]:
    for edit in edits:
        smallest = trimmed(raw[edit.start : edit.end], edit.octets, edit.start) if edit.start < edit.end else edit
        if smallest.start < smallest.end or smallest.octets:
            yield smallest


_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}")
_LINE_OCTETS = 78
_LINE_OCTETS_MAX = 998


def prepend(raw: bytes, fields: Sequence[tuple[str, bytes]]) -> bytes:
    """Return ``raw`` with header ``fields`` on top, in order, long values folded at their spaces (RFC 5322 2.2.3).

    Raises ValueError for a name or value that would make another field or a line above 998 octets.
    """
    return top_fields(fields) + raw


def top_fields(fields: Sequence[tuple[str, bytes]]) -> bytes:
    """Return what ``prepend`` puts on top."""
    return b"".join([_field(name, value) for name, value in fields])


def _field(name: str, value: bytes) -> bytes:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError("header field name holds a colon, a space or a control character")
    if any(octet in value for octet in b"\r\n\0"):
        raise ValueError(f"header field {name} holds a line end or NUL")
    lines = []
    line = name.encode("ascii") + b":"
    for word in re.findall(rb"[ \t]*[^ \t]+|[ \t]+\Z", b" " + value.strip(b" \t")):
        if len(line) + len(word) > _LINE_OCTETS and not line.endswith(b":"):
            lines.append(line)
            line = b""
        line += word
    lines.append(line)
    if any(len(folded) > _LINE_OCTETS_MAX for folded in lines):
        raise ValueError(f"header field {name} has a word too long for a line")
    return b"\r\n".join(lines) + b"\r\n"
