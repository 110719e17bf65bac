"""One message in, one message out: whatever is hidden in it, behind it or in place of it is refused as a whole."""

import pytest

from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import Gateway, message
from tests.gateway.sink import Sink

HIDDEN = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nSubject: evil\r\n\r\nevil"

NO_ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r.\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\r\x00\n.\r\n",
    b"\n\r.\n\r",
    b"\r\n\r.\r\n",
]


@pytest.mark.parametrize("end", NO_ENDS)
@pytest.mark.parametrize("cut", [False, True])
def test_a_hidden_second_message_is_refused_with_the_first(
    client: Raw, sink: Sink, gateway: Gateway, end: bytes, cut: bool
) -> None:
    """CRLF.CRLF is the only end (RFC 5321 4.1.1.4), wherever the network cuts the octets."""
    client.ask(HELLO)
    client.begin()
    whole = message() + b"one" + end + HIDDEN + b"\r\n.\r\n"
    client.send(whole)
    assert client.reply() == "550 5.6.0 bare CR, bare LF or NUL in the message is refused"
    if cut:
        client.begin()
        for octet in whole[-len(HIDDEN) - len(end) - 10 :]:
            client.send(bytes([octet]))
        assert client.reply().startswith("550 5.6.0")
    assert client.ask(b"NOOP").startswith("250")
    assert not gateway.mails()
    assert not sink.got


@pytest.mark.parametrize("octets", [b"\r", b"\n", b"\x00", b"a\rb", b"a\nb", b"a\x00b", b"\r\r\n", b"\n\r\n"])
@pytest.mark.parametrize("where", ["header", "body", "first", "last"])
def test_bare_line_ends_and_nul_are_refused_anywhere(client: Raw, gateway: Gateway, octets: bytes, where: str) -> None:
    raw = message("text\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    placed = {
        "header": head + b"\r\nX: " + octets + b"\r\n\r\n" + body,
        "body": raw + octets + b"more\r\n",
        "first": octets + raw,
        "last": raw + octets + b"\r\n",
    }
    client.ask(HELLO)
    client.begin()
    client.send(placed[where] + b".\r\n")
    assert client.reply().startswith("550 5.6.0")
    assert client.ask(b"NOOP").startswith("250")
    assert not gateway.mails()


def test_commands_end_with_crlf_and_nothing_else(client: Raw) -> None:
    client.ask(HELLO)
    for line in (b"NOOP\n", b"NOOP\r\r\n", b"NO\rOP\r\n", b"NOOP\x00\r\n", MAIL + b"\n"):
        client.send(line)
        assert client.reply().startswith("500 5.5.2 end commands with CRLF"), line
    assert client.ask(RCPT).startswith("503")


def test_a_hidden_command_in_an_argument_is_none(client: Raw) -> None:
    client.ask(HELLO)
    for argument in (
        b"FROM:<a@example.jp\rRCPT TO:<b@example.com>>",
        b"FROM:<a\x0bb@example.jp>",
        b"FROM:<a\x7f@x.jp>",
    ):
        assert client.ask(b"MAIL " + argument)[:3] in ("500", "501")
    assert client.ask(b"NOOP").startswith("250")


@pytest.mark.parametrize("last", [b"", b" LAST", b" last"])
def test_a_chunk_nobody_asked_for_is_never_read_as_commands(client: Raw, sink: Sink, last: bytes) -> None:
    """BDAT is not offered; its octets are taken off the line all the same (RFC 3030 2)."""
    client.ask(HELLO)
    client.ask(MAIL)
    client.ask(RCPT)
    client.send(b"BDAT %d%b\r\n" % (len(HIDDEN), last) + HIDDEN + b"NOOP\r\n")
    assert client.reply() == "503 5.5.1 BDAT is not offered, use DATA"
    assert client.reply() == "250 2.0.0 ok"
    assert client.ask(b"DATA").startswith("503")  # the transaction is over
    client.begin()
    client.send(message() + b".\r\n")
    assert client.reply().startswith("250")
    assert len(sink.wait(1)) == 1


@pytest.mark.parametrize("size", [b"", b"x", b"-5", b"5x", b"99999999999999999999", "٥".encode()])
def test_a_chunk_without_a_length_ends_the_session(client: Raw, size: bytes) -> None:
    client.ask(HELLO)
    client.send(b"BDAT " + size + b" LAST\r\n" + HIDDEN + b"\r\n")
    assert client.reply().startswith("421 4.5.1")
    assert client.closed()


def test_a_browser_that_is_made_to_post_to_us_is_cut_off(client: Raw, gateway: Gateway) -> None:
    """A page opened inside the company's network must not send mail as the company."""
    body = b"\r\n".join((HELLO, MAIL, RCPT, b"DATA", message() + b".", b"QUIT", b""))
    client.send(b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert client.reply() == "421 4.7.0 this is SMTP, not HTTP"
    assert client.closed()
    assert not gateway.mails()


def test_a_message_sent_without_waiting_for_354_is_not_taken(client: Raw, gateway: Gateway) -> None:
    """Every recipient was refused, so there is no DATA: what follows is no message, and its commands are in order."""
    client.ask(HELLO)
    client.send(MAIL + b"\r\nRCPT TO:<bad>\r\nDATA\r\n" + b"Subject: x\r\n\r\ntext\r\n.\r\n")
    assert client.replies(3) == ["250", "501", "503"]
    assert client.replies(4) == ["500"] * 4
    assert client.ask(b"NOOP").startswith("250")
    assert not gateway.mails()


def test_what_is_long_but_well_formed_goes_through_as_it_is(client: Raw, sink: Sink) -> None:
    long = [b"x" * 999, b"y" * 100_000, b"." + b"z" * 5000]
    raw = message() + b"\r\n".join(long) + b"\r\n"
    client.ask(HELLO)
    client.begin()
    client.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert client.reply().startswith("250")
    assert sink.wait(1)[0].raw.endswith(raw)


def test_a_line_above_the_limit_is_refused(client: Raw, gateway: Gateway) -> None:
    client.ask(HELLO)
    client.begin()
    client.send(message() + b"x" * (1 << 20) + b"x\r\n.\r\n")
    assert client.reply() == "550 5.6.0 a line of the message is too long"
    assert client.ask(b"NOOP").startswith("250")
    assert not gateway.mails()
