"""Edits as values: made, kept as octets, and streamed without the whole mail."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.splice import OctetEdit, pack, pieces, splice, trimmed, unpack
from tests.gateway.mails import property_of

RAW = b"0123456789"


@st.composite
def edits_of(draw: st.DrawFn, size: int = len(RAW)) -> tuple[OctetEdit, ...]:
    places = sorted(draw(st.lists(st.integers(0, size), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return tuple(OctetEdit(start, end, draw(st.binary(max_size=5))) for start, end in pairs)


def test_ranges_are_replaced_and_the_rest_stays() -> None:
    assert splice(
        RAW, [OctetEdit(0, 0, b"<"), OctetEdit(2, 4, b""), OctetEdit(4, 4, b"|"), OctetEdit(9, 10, b"X")]
    ) == (b"<01|45678X")
    assert splice(RAW, []) == RAW


@pytest.mark.parametrize(
    "edits",
    [
        [OctetEdit(4, 5, b""), OctetEdit(3, 4, b"")],
        [OctetEdit(4, 6, b""), OctetEdit(5, 7, b"")],
        [OctetEdit(3, 2, b"")],
        [OctetEdit(9, 11, b"")],
        [OctetEdit(-1, 2, b"")],
    ],
    ids=["descending", "overlapping", "backwards", "behind the end", "before the start"],
)
def test_edits_that_do_not_fit_are_refused(edits: list[OctetEdit]) -> None:
    with pytest.raises(ValueError, match="edits overlap"):
        splice(RAW, edits)
    with pytest.raises(ValueError, match="edits overlap"):
        list(pieces(len(RAW), edits))


@property_of(200)
@given(edits_of())
def test_pieces_in_order_are_the_edited_mail(edits: tuple[OctetEdit, ...]) -> None:
    found = list(pieces(len(RAW), edits))
    assert all(found), "an empty piece"
    streamed = b"".join(one if isinstance(one, bytes) else RAW[one[0] : one[1]] for one in found)
    assert streamed == splice(RAW, edits)


@property_of(300)
@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 9))
def test_a_trimmed_edit_holds_only_what_differs(old: bytes, new: bytes, start: int) -> None:
    edit = trimmed(old, new, start)
    assert splice(b"#" * start + old, [edit]) == b"#" * start + new
    gone, came = old[edit.start - start : edit.end - start], edit.octets
    assert not gone or not came or (gone[0] != came[0] and gone[-1] != came[-1])


def test_a_block_in_a_long_text_is_an_edit_as_long_as_the_block() -> None:
    text = b"".join(b"line %d\r\n" % number for number in range(5_000))
    assert trimmed(text, text[:20_000] + b"<block>" + text[20_000:]) == OctetEdit(20_000, 20_000, b"<block>")


# --- kept -------------------------------------------------------------------------------------------------------------


@property_of(300)
@given(edits_of((1 << 32) - 1))
def test_packed_edits_come_back(edits: tuple[OctetEdit, ...]) -> None:
    packed = pack(edits)
    assert unpack(packed) == edits
    assert len(packed) <= 7 + sum(12 + len(edit.octets) for edit in edits)


EDITS = (OctetEdit(1, 1, b"block"), OctetEdit(5, 9, b""), OctetEdit(9, 10, b"x" * 20))


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: b"",
        lambda packed: packed[:6],
        lambda packed: packed[:-1],
        lambda packed: packed + b"x",
        lambda packed: b"\x02" + packed[1:],
        lambda packed: packed[:1] + b"\xff\xff" + packed[3:],
        lambda packed: packed[:-1] + b"y",
        lambda packed: bytes(len(packed)),
    ],
    ids=["nothing", "half a head", "cut", "more", "version", "count", "another octet", "zeros"],
)
def test_damaged_octets_are_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="stored edits"):
        unpack(damage(pack(EDITS)))


@property_of(400)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_no_damage_makes_other_edits(at: int, piece: bytes) -> None:
    packed = pack(EDITS)
    at %= len(packed)
    damaged = packed[:at] + piece + packed[at + len(piece) :]
    try:
        assert unpack(damaged) == EDITS
    except ValueError:
        assert damaged != packed


@property_of(300)
@given(st.binary(max_size=200))
def test_garbage_is_refused_by_a_value_error(octets: bytes) -> None:
    with pytest.raises(ValueError, match="stored edits"):
        unpack(octets)


def test_overlapping_edits_are_not_read_even_when_they_were_stored() -> None:
    with pytest.raises(ValueError, match="overlap"):
        unpack(pack((OctetEdit(5, 9, b""), OctetEdit(8, 10, b""))))


def test_what_cannot_be_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="too far"):
        pack((OctetEdit(1 << 32, 1 << 32, b"x"),))
    with pytest.raises(ValueError, match="together"):
        pack((OctetEdit(0, 0, b""),) * 65_536)
