"""DATA in blocks: however the network cuts it, the same message comes out (RFC 5321 4.1.1.4, 4.5.2)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.transaction import END, stuff
from gateway.session.data import DataReader, Fault


def read(
    blocks: list[bytes], *, message_bytes_max: int = 10_000, line_bytes_max: int = 1_000
) -> tuple[bytes, bytes, DataReader]:
    """Message, rest behind the dot, and the reader at its end."""
    reader = DataReader(message_bytes_max=message_bytes_max, line_bytes_max=line_bytes_max)
    octets = b""
    for number, block in enumerate(blocks):
        some, ended = reader.feed(block)
        octets += some
        if ended is not None:
            return octets, ended.rest + b"".join(blocks[number + 1 :]), reader
    raise AssertionError("no end")


def cut(octets: bytes, sizes: list[int]) -> list[bytes]:
    blocks, at = [], 0
    for size in sizes:
        blocks.append(octets[at : at + size])
        at += size
    return [block for block in [*blocks, octets[at:]] if block]


WORDS = [b"", b".", b"..", b".a", b"a.", b"text", b"\xe3\x81\x82", b" .", b"x" * 90]
LINES = st.lists(st.sampled_from(WORDS), max_size=12)
SIZES = st.lists(st.integers(1, 7), max_size=80)


@given(LINES, SIZES, st.binary(max_size=9))
def test_any_cut_gives_the_message_that_was_sent(lines: list[bytes], sizes: list[int], behind: bytes) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", message)
    octets, rest, reader = read(cut(stuffed + b".\r\n" + behind, sizes))
    assert (octets, rest, reader.size, reader.fault) == (message, behind, len(message), None)


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\n", b"\r\n.\0\r\n", b"\0"]
)
@given(sizes=SIZES)
def test_no_other_end_ends_a_message_and_each_is_refused(end: bytes, sizes: list[int]) -> None:
    """SMTP smuggling: what stands behind a malformed end must stay part of the refused message."""
    hidden = b"MAIL FROM:<evil@example.com>\r\n"
    octets = b"one" + end + hidden + b"\r\n.\r\n"
    _, rest, reader = read(cut(octets, sizes))
    assert reader.fault is Fault.MALFORMED
    # CR CR LF . CR LF holds a true end; everywhere else the hidden command is inside the message.
    assert rest == (hidden + b"\r\n.\r\n" if end == b"\r\r\n.\r\n" else b"")


BARE = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n"]
BARE += [b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\0\n.\r\n", b"\n\r.\n\r", b"\r\n\r.\r\n"]
BARE += [b"\r", b"\n", b"\0", b"\n\n", b"\r\r"]


@pytest.mark.parametrize("bare", BARE)
def test_wherever_two_cuts_fall_what_is_bare_is_seen(bare: bytes) -> None:
    octets = b"a" + bare + b"b\r\n.\r\n"
    for first in range(len(octets)):
        for second in range(first, len(octets)):
            message, rest, reader = read([block for block in cut(octets, [first, second - first]) if block])
            assert (reader.fault, rest) == (Fault.MALFORMED, b""), (first, second)
            assert not set(message) & set(b"\0")


@pytest.mark.parametrize("bare", [b"\n", b"\r", b"\0", b".\n", b".\r", b"\n.\r\n"])
def test_a_message_that_begins_with_what_is_bare_is_refused(bare: bytes) -> None:
    for first in range(len(bare) + 1):
        _, _, reader = read(cut(bare + b"x\r\n.\r\n", [first]))
        assert reader.fault is Fault.MALFORMED


@given(SIZES, st.integers(1, 40))
def test_lines_longer_than_the_limit_are_refused(sizes: list[int], limit: int) -> None:
    octets = b"ab\r\n" + b"x" * 20 + b"\r\ncd\r\n"
    _, _, reader = read(cut(octets + b".\r\n", sizes), line_bytes_max=limit)
    assert (reader.fault is Fault.LINE_TOO_LONG) == (limit < 20)


@given(SIZES, st.integers(1, 40))
def test_messages_larger_than_the_limit_are_refused_and_read_to_their_end(sizes: list[int], limit: int) -> None:
    octets, rest, reader = read(cut(b"x" * 18 + b"\r\n.\r\nQUIT\r\n", sizes), message_bytes_max=limit)
    assert (reader.fault is Fault.TOO_LARGE) == (limit < 20)
    assert rest == b"QUIT\r\n"
    assert len(octets) <= max(limit, 0) or reader.fault is None


@given(LINES, SIZES)
def test_what_leaves_in_blocks_arrives_as_it_was(lines: list[bytes], sizes: list[int]) -> None:
    """The sending side doubles dots however a file is cut, the receiving side takes them out again."""
    message = b"".join(line + b"\r\n" for line in lines)
    wire, tail = b"", b"\r\n"
    for block in cut(message, sizes):
        octets, tail = stuff(block, tail)
        wire += octets
    assert tail == b"\r\n"
    assert read([wire + END])[0] == message
