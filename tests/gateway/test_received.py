"""Fields that we put on top or look for: harmless whatever the client calls itself, and no trace fits but our own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import KeyRing
from gateway.letter.envelope import Arrival
from gateway.received import field_values, header_of, hops, received, safe_name, trace, trace_fits

KEYS = KeyRing.generate()
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@given(st.text(max_size=40))
def test_no_name_breaks_the_field(helo: str) -> None:
    field = received(Arrival("192.0.2.1", safe_name(helo), "ESMTPS", "TLSv1.3 X", NOW), "id", "gateway.example.jp")
    lines = field.split(b"\r\n")
    assert lines[-1] == b""
    assert lines[0].startswith(b"Received: from ")
    assert all(line.startswith(b"\t") and len(line) < 400 for line in lines[1:-1])
    assert field.isascii()


@pytest.mark.parametrize(
    ("message", "count"),
    [
        (b"", 0),
        (b"Received: a\r\n", 1),
        (b"received : a\r\nRECEIVED:\r\n\tb\r\nX: Received: c\r\n\r\nReceived: in the body\r\n", 2),
        (b"\r\nReceived: in the body\r\n", 0),
        (b"X-Received: a\r\n\r\n", 0),
    ],
)
def test_hops_are_counted_in_the_header_only(message: bytes, count: int) -> None:
    assert hops(message) == count


def test_the_header_ends_at_the_first_empty_line() -> None:
    assert header_of(b"A: 1\r\n b\r\n\r\nbody\r\n\r\n") == b"A: 1\r\n b\r\n"


def test_values_are_unfolded() -> None:
    message = b"Message-ID:\r\n <a@example.jp>\r\nmessage-id: <b@example.jp>\r\n\r\nMessage-ID: c\r\n"
    assert field_values(message, "Message-ID") == ["<a@example.jp>", "<b@example.jp>"]


@pytest.mark.parametrize(
    ("message_id", "recipient", "value", "fits"),
    [
        ("<a@example.jp>", "taro@example.com", None, True),
        ("<a@example.jp>", "TARO@EXAMPLE.COM", None, True),
        ("<other@example.jp>", "taro@example.com", None, False),
        ("<a@example.jp>", "hanako@example.com", None, False),
        ("<a@example.jp>", "taro@example.com", "t1:" + "0" * 32, False),
        ("<a@example.jp>", "taro@example.com", "", False),
    ],
)
def test_only_our_own_trace_for_this_mail_and_recipient_counts(
    message_id: str, recipient: str, value: str | None, fits: bool
) -> None:
    mark = trace(KEYS, "<a@example.jp>", "taro@example.com") if value is None else value
    message = f"X-CareerRelay-Trace: {mark}\r\nMessage-ID: {message_id}\r\n\r\n".encode()
    assert trace_fits(KEYS, message, (recipient,)) is fits
