"""Writing into base64 and quoted-printable: everything before the place stays to the octet, everything else decodes."""

from binascii import a2b_base64, a2b_qp, b2a_qp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter import transfer
from gateway.letter.doubt import Doubt
from gateway.letter.splice import OctetEdit, splice
from tests.gateway.mails import property_of

TEXT = st.lists(
    st.sampled_from(["あいう", "= ", "word ", "\r\n", "x" * 70, ".\r\n", "\t", "=3D", "-- \r\n"]), max_size=25
)
BLOCKS = st.sampled_from(["", "\r\nあ block\r\n", "inline あ", "\r\n", "y" * 200])


def _cut_points(octets: bytes, draw: st.DrawFn, count: int) -> list[int]:
    """Ascending places that split no line end."""
    free = [i for i in range(len(octets) + 1) if octets[i - 1 : i + 1] != b"\r\n" or i == 0]
    return sorted(draw(st.sampled_from(free)) for _ in range(count))


def longest(encoded: bytes) -> int:
    return max(map(len, encoded.split(b"\r\n")))


@st.composite
def edits_of(draw: st.DrawFn) -> tuple[bytes, list[OctetEdit]]:
    octets = "".join(draw(TEXT)).encode()
    a, b, c, d = _cut_points(octets, draw, 4)
    return octets, [OctetEdit(a, b, draw(BLOCKS).encode()), OctetEdit(c, d, draw(BLOCKS).encode())]


@property_of(200)
@given(edits_of(), st.sampled_from([4, 60, 64, 72, 76, 77, 990, 4000]), st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]))
def test_base64_decodes_to_the_edited_octets(case: tuple[bytes, list[OctetEdit]], width: int, end: bytes) -> None:
    octets, edits = case
    encoded = transfer.to_base64(octets, width) + end
    new = splice(encoded, transfer.edits(encoded, octets, transfer.BASE64, edits))
    assert a2b_base64(new) == splice(octets, edits)
    assert transfer.decode(new, transfer.BASE64) == splice(octets, edits)
    untouched = edits[0].start // 3 * 4 // width * width
    assert new[:untouched] == encoded[:untouched] if width % 4 == 0 and width > untouched else True


def test_base64_keeps_whole_lines_before_the_place_and_its_own_width() -> None:
    octets = bytes(range(256)) * 2
    encoded = transfer.to_base64(octets, 64)
    new = splice(encoded, transfer.edits(encoded, octets, transfer.BASE64, [OctetEdit(300, 300, b"block")]))
    lines = new.split(b"\r\n")
    assert lines[:6] == encoded.split(b"\r\n")[:6]  # 48 octets a line: 288 octets stay as they are
    assert {len(line) for line in lines[:-1]} == {64}


def test_base64_in_one_endless_line_is_wrapped_where_it_changes() -> None:
    octets = b"x" * 3000
    new = splice(
        transfer.to_base64(octets, 4000),
        transfer.edits(transfer.to_base64(octets, 4000), octets, transfer.BASE64, [OctetEdit(2990, 2990, b"block")]),
    )
    assert max(map(len, new.split(b"\r\n"))) <= 998


@property_of(200)
@given(edits_of())
def test_quoted_printable_decodes_to_the_edited_octets(case: tuple[bytes, list[OctetEdit]]) -> None:
    octets, edits = case
    encoded = b2a_qp(b"\r\n" + octets, istext=True)[2:]
    new = splice(encoded, transfer.edits(encoded, octets, transfer.QUOTED_PRINTABLE, edits))
    assert a2b_qp(new) == splice(octets, edits)
    assert transfer.decode(new, transfer.QUOTED_PRINTABLE) == splice(octets, edits)
    # Python's own encoder writes 77 octets where a line ends in an escaped space.
    assert longest(new) <= max(76, longest(encoded))
    assert not [line for line in new.split(b"\r\n")[:-1] if line.endswith((b" ", b"\t"))]


def test_quoted_printable_keeps_the_old_octets_as_they_were_written() -> None:
    """Needless escapes, lower-case hex and odd soft breaks are the sender's and stay."""
    encoded = b"=61bc=\r\n=64ef =e3=81=82\r\n=2D=2D=20\r\nsignature\r\n"
    octets = transfer.decode(encoded, transfer.QUOTED_PRINTABLE)
    at = octets.index(b"-- ")
    new = splice(encoded, transfer.edits(encoded, octets, transfer.QUOTED_PRINTABLE, [OctetEdit(at, at, b"a=b\r\n")]))
    assert new == b"=61bc=\r\n=64ef =e3=81=82\r\na=3Db\r\n=2D=2D=20\r\nsignature\r\n"


def test_quoted_printable_that_ends_in_a_soft_break_can_be_continued() -> None:
    """Outlook leaves a soft break before the boundary; its line end belongs to the boundary."""
    encoded = b"last line="
    octets = transfer.decode(encoded, transfer.QUOTED_PRINTABLE)
    new = splice(
        encoded, transfer.edits(encoded, octets, transfer.QUOTED_PRINTABLE, [OctetEdit(9, 9, b"\r\n\r\nblock")])
    )
    assert transfer.decode(new, transfer.QUOTED_PRINTABLE) == b"last line\r\n\r\nblock"


def test_a_space_left_at_a_line_end_is_escaped() -> None:
    """Decoders take bare spaces at the end of a line away (RFC 2045 6.7 rule 3)."""
    encoded = b"word \tmark\r\nx"
    new = splice(encoded, transfer.edits(encoded, encoded, transfer.QUOTED_PRINTABLE, [OctetEdit(6, 10, b"")]))
    assert new == b"word =09\r\nx"


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        (b"abc", "base64"),
        (b"YWJj=", "base64"),
        (b"YQ==\r\nYWJj", "base64"),
        (b"YWJj YWJj", "base64"),
        (b"YWJj\nYWJj", "base64"),
        (b"a=ZZ", "quoted-printable"),
        (b"a==3D", "quoted-printable"),
        (b"a= \r\nb", "quoted-printable"),
        (b"a\nb", "quoted-printable"),
        (b"a\xe3b", "quoted-printable"),
        (b"begin 644 x", "x-uuencode"),
        (b"x", "binary"),
    ],
)
def test_what_decoders_read_differently_is_a_doubt(encoded: bytes, encoding: str) -> None:
    with pytest.raises(Doubt):
        transfer.decode(encoded, encoding)


@property_of(200)
@given(st.lists(st.sampled_from([b"=", b"4", b"a", b"Z", b"\r\n", b"\r", b"\n", b" ", b"=41", b"=\r\n"]), max_size=8))
def test_quoted_printable_is_checked_as_the_grammar_says(pieces: list[bytes]) -> None:
    import re

    encoded = b"".join(pieces)
    wrong = re.search(rb"=(?![0-9A-Fa-f]{2}|\r\n|\Z)|(?<!\r)\n|\r(?!\n)", encoded)
    try:
        transfer.decode(encoded, transfer.QUOTED_PRINTABLE)
    except Doubt:
        assert wrong
    else:
        assert not wrong


@pytest.mark.parametrize(
    ("encoded", "encoding", "octets"),
    [
        (b"YWJ", "base64", b"ab"),
        (b"YW*Jj\n", "base64", b"abc"),
        (b"YWJjZ", "base64", b"abc"),
        (b"a=ZZ=41", "quoted-printable", b"a=ZZA"),
        (b"as it is", "x-odd", b"as it is"),
    ],
)
def test_reading_goes_past_faults(encoded: bytes, encoding: str, octets: bytes) -> None:
    assert transfer.read_loosely(encoded, encoding) == octets


def test_edits_that_overlap_are_a_bug() -> None:
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcdef", [OctetEdit(0, 3, b""), OctetEdit(2, 4, b"")])
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abc", [OctetEdit(2, 9, b"")])
