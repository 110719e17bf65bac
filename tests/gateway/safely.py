"""What must hold whatever a mail is made of, checked from its octets and by the witness of ``mails``."""

from gateway.letter.block import Block
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.limits import Limits
from gateway.letter.parse import Parsed, Part, parse
from gateway.letter.read import header_from, read_mail, sender_of
from gateway.letter.rewrite import Rewritten, Untouched, remove_placeholder, rewrite, rewrite_parsed
from gateway.letter.targets import targets
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS

ENVELOPE = Envelope("saiyo@example.jp", (Recipient("hanako@example.com"),))


def read_and_edit(raw: bytes, block: Block = JA, limits: Limits = LIMITS) -> Rewritten | Untouched:
    """Read and edit ``raw``, check both, and return the result; only Malformed may keep it from being read."""
    fresh = rewrite(raw, block, limits)
    taken_out = remove_placeholder(raw, limits)
    try:
        parsed = parse(raw, limits)
    except Malformed:
        assert isinstance(fresh, Untouched)
        assert fresh.reason
        assert taken_out is None
        return fresh
    assert sender_of(raw, limits) == header_from(parsed)
    read_mail(parsed, ENVELOPE, frozenset(), "https://relay.example.jp", already_processed=False)
    # What reading has decoded serves the edit, and changes nothing about it.
    assert rewrite_parsed(parsed, block, limits) == fresh
    if taken_out is not None:
        assert_only_targets_changed(parsed, taken_out)
    if isinstance(fresh, Untouched):
        assert fresh.reason
        return fresh
    assert_only_targets_changed(parsed, fresh)
    assert isinstance(rewrite(fresh.apply(raw), block, limits), Untouched), "a second pass adds a second block"
    return fresh


def assert_only_targets_changed(old: Parsed, result: Rewritten) -> None:
    """Every octet outside the letter's own parts is where it was, in the same tree."""
    raw = bytes(old.raw)
    new = parse(result.apply(raw), old.limits)
    assert new.problem == ""
    assert [(one.kind, one.depth) for one in old.parts] == [(one.kind, one.depth) for one in new.parts]
    numbers = [part.number for part in targets(old)]
    assert 0 < result.parts <= len(numbers)
    edited = [old.parts[number] for number in numbers]
    for start, end, octets in result.edits:
        assert octets or start < end
        assert any(part.start <= start <= end <= part.end for part in edited)
    assert _outside(raw, edited) == _outside(bytes(new.raw), [new.parts[number] for number in numbers])


def _outside(raw: bytes, parts: list[Part]) -> list[bytes]:
    edges = [0, *(edge for part in parts for edge in (part.start, part.end)), len(raw)]
    return [raw[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def assert_shown_as_meant(raw: bytes, result: Rewritten) -> None:
    """The witness, too, finds the old texts with the block, and every other leaf as it was."""
    mails.assert_only_block_added(raw, result.apply(raw), result.parts)
