"""The SMTP server as clients and attackers meet it: order, limits, pipelining, endings. Raw sockets, real server."""

import shutil
import socket
import struct

import pytest
from sqlalchemy import text

from core.runtime import Runtime
from gateway.session import connection as connection_module
from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import HR, Gateway, add_company, message
from tests.gateway.sink import Sink


def test_the_greeting_offers_what_is_meant(client: Raw) -> None:
    lines = client.ask(HELLO).split("\r\n")
    assert lines[0] == "250-gateway.example.jp"
    offered = {line[4:] for line in lines[1:]}
    assert offered == {
        "PIPELINING",
        "SIZE 52428800",
        "8BITMIME",
        "SMTPUTF8",
        "ENHANCEDSTATUSCODES",
        "DSN",
        "AUTH PLAIN LOGIN",  # loopback; STARTTLS needs a certificate
    }


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([MAIL], "503 5.5.1"),
        ([HELLO, RCPT], "503 5.5.1"),
        ([HELLO, b"DATA"], "503 5.5.1"),
        ([HELLO, MAIL, b"DATA"], "503 5.5.1"),
        ([HELLO, MAIL, MAIL], "503 5.5.1"),
        ([HELLO, MAIL, RCPT, b"RSET", RCPT], "503 5.5.1"),
        ([HELLO, MAIL, RCPT, HELLO, RCPT], "503 5.5.1"),
        ([HELLO, MAIL, b"AUTH PLAIN"], "503 5.5.1"),
        ([HELLO, MAIL, RCPT, b"DATA now"], "501 5.5.4"),
        ([HELLO, b"STARTTLS"], "502 5.5.1"),
        ([HELLO, b"EXPN all"], "502 5.5.1"),
        ([HELLO, b"VRFY taro"], "252 2.1.5"),
        ([HELLO, b"HELP"], "214 2.0.0"),
        ([HELLO, b"NOOP whatever"], "250 2.0.0"),
        ([b"EHLO"], "501 5.5.4"),
        ([HELLO, b"BURL imap://x"], "500 5.5.2"),
        ([HELLO, b"XCLIENT ADDR=127.0.0.1"], "500 5.5.2"),
        ([HELLO, b"PROXY TCP4 127.0.0.1 127.0.0.1 1 25"], "500 5.5.2"),
        ([HELLO, b""], "500 5.5.2"),
        ([HELLO, b"\xff\xfe"], "500 5.5.2"),
        ([HELLO, MAIL + b" SIZE=52428801"], "552 5.3.4"),
        ([HELLO, MAIL + b" SIZE=99999999999999999999"], "552 5.3.4"),
        ([HELLO, b"MAIL FROM:<x@elsewhere.example.org>", RCPT], "250 2.1.5"),
        ([b"HELO client", MAIL], "250 2.1.0"),
        ([HELLO, b"x" * 5000], "500 5.5.2"),
    ],
)
def test_commands_out_of_order_or_out_of_shape(client: Raw, commands: list[bytes], code: str) -> None:
    replies = [client.ask(command) for command in commands]
    assert replies[-1].startswith(code), replies
    assert client.ask(b"QUIT").startswith("221 2.0.0")
    assert client.closed()


def test_strangers_cannot_relay(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime, networks=("192.0.2.0/24",))
    with Gateway(runtime, sink.port) as gateway:
        client = Raw(gateway.port)
        client.reply()
        client.ask(HELLO)
        for sender in (HR.encode(), b"x@elsewhere.example.org", b""):
            assert client.ask(b"MAIL FROM:<" + sender + b">").startswith("250")
            assert client.ask(RCPT) == "550 5.7.1 relaying denied"
            assert client.ask(b"DATA").startswith("503")
            client.ask(b"RSET")
        client.close()
    assert not sink.got


def test_foreign_senders_may_be_refused(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__FOREIGN_SENDER="refuse") as gateway:
        client = Raw(gateway.port)
        client.reply()
        client.ask(HELLO)
        assert client.ask(b"MAIL FROM:<x@elsewhere.example.org>").startswith("550 5.7.1")
        assert client.ask(MAIL).startswith("250")
        client.close()


def test_a_group_in_one_write_is_answered_in_order(client: Raw, sink: Sink) -> None:
    client.ask(HELLO)
    client.send(MAIL + b"\r\nRCPT TO:<bad>\r\n" + RCPT + b"\r\nDATA\r\n")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "501", "250", "354"]
    client.send(message("one\r\n") + b".\r\n" + MAIL + b"\r\n" + RCPT + b"\r\nDATA\r\n")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
    client.send(message("two\r\n") + b".\r\nQUIT\r\n")
    assert [client.reply()[:3] for _ in range(2)] == ["250", "221"]
    assert sorted(got.raw.rstrip()[-3:] for got in sink.wait(2)) == [b"one", b"two"]


def test_a_client_that_closes_its_half_still_gets_its_answer(client: Raw, sink: Sink) -> None:
    client.ask(HELLO)
    client.send(MAIL + b"\r\n" + RCPT + b"\r\nDATA\r\n")
    assert [client.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
    client.send(message() + b".\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.reply().startswith("250 2.0.0 queued as ")
    sink.wait(1)


def test_a_connection_lost_before_the_dot_delivers_nothing(client: Raw, gateway: Gateway, sink: Sink) -> None:
    client.ask(HELLO)
    client.ask(MAIL)
    client.ask(RCPT)
    client.ask(b"DATA")
    client.send(message() + b"." * 300_000)
    client.close()
    gateway.send(message("later\r\n"))
    sink.wait(1)
    gateway.wait_until_finished()
    assert len(gateway.mails()) == 1
    assert not list((gateway.runtime.settings.home / "spool").iterdir())


def test_a_client_lost_behind_the_dot_does_not_stop_its_mail(client: Raw, gateway: Gateway, sink: Sink) -> None:
    with Raw(gateway.port) as other, gateway.runtime.begin() as tx:
        other.greet()
        tx.connection.execute(text("SELECT 1"))  # holds the write lock, so that the mail waits for its commit
        client.ask(HELLO)
        client.begin()
        client.send(message() + b".\r\n")
        other.ask(b"NOOP")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        other.ask(b"NOOP")
    sink.wait(1)
    gateway.wait_until_finished()


def test_a_mail_in_a_loop_is_refused(client: Raw, gateway: Gateway) -> None:
    client.ask(HELLO)
    for fields, code in ((50, "250"), (51, "554 5.4.6")):
        client.ask(MAIL)
        client.ask(RCPT)
        client.ask(b"DATA")
        client.send(b"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0900\r\n" * fields + message() + b".\r\n")
        assert client.reply().startswith(code)
    assert len(gateway.mails()) == 1


def test_a_message_above_the_limit_is_read_to_its_end_and_refused(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__MESSAGE_BYTES_MAX="2000", SPOOL__INLINE_BYTES_MAX="500") as gateway:
        client = Raw(gateway.port)
        client.reply()
        client.ask(HELLO)
        client.ask(MAIL)
        client.ask(RCPT)
        client.ask(b"DATA")
        client.send(message(("x" * 70 + "\r\n") * 100) + b".\r\n")
        assert client.reply().startswith("552 5.3.4")
        assert client.ask(MAIL).startswith("250")
        client.close()
        assert not gateway.mails()
    assert not list((runtime.settings.home / "spool").iterdir())


def test_a_full_disk_is_said_before_it_is_full(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SPOOL__FREE_BYTES_MIN=str(1 << 60)) as gateway:
        client = Raw(gateway.port)
        client.reply()
        client.ask(HELLO)
        assert client.ask(MAIL) == "452 4.3.1 not enough storage, try again later"
        client.close()


def test_a_disk_that_fills_during_the_message_is_said_at_the_dot(
    client: Raw, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ask(HELLO)
    client.begin()
    client.send(message())
    usage = shutil.disk_usage(gateway.runtime.settings.home)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=-1))
    with Raw(gateway.port) as other:
        other.greet()
        gateway.wait_for(lambda: other.ask(MAIL).startswith("452") or not other.ask(b"RSET"))
    client.send(b".\r\n")
    assert client.reply() == "452 4.3.1 not enough storage, try again later"
    monkeypatch.undo()
    gateway.wait_for(lambda: client.ask(MAIL).startswith("250"))
    assert not gateway.mails()


def test_the_log_says_who_was_refused_but_no_address_of_people(
    client: Raw, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client.ask(HELLO)
    for _ in range(10):
        client.ask(b"MAIL FROM:<taro yamada@example.com>")
    found = [record for record in caplog.records if record.getMessage() == "refused"]
    assert [(record.__dict__["peer"], record.__dict__["reply"][:9]) for record in found] == [
        ("127.0.0.1", "501 5.1.7")
    ] * 3
    assert "yamada" not in caplog.text


def test_the_server_has_an_end(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__CONNECTIONS_MAX="2") as gateway:
        clients = [Raw(gateway.port) for _ in range(3)]
        assert clients[-1].reply().startswith("421 4.7.0")
        for client in clients:
            client.close()


def test_nonsense_is_borne_for_a_while_only(client: Raw) -> None:
    replies = [client.ask(b"HOLA") for _ in range(connection_module.ERRORS_MAX)]
    assert replies[-1].startswith("421 4.7.0")
    assert client.closed()


def test_the_stopping_server_says_goodbye_and_finishes_what_is_under_way(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port) as gateway:
        idle, busy = Raw(gateway.port), Raw(gateway.port)
        for client in (idle, busy):
            client.reply()
            client.ask(HELLO)
        busy.ask(MAIL)
        busy.ask(RCPT)
        busy.ask(b"DATA")
        busy.send(message()[:50])
        gateway.ask_to_stop()
        assert idle.reply().startswith("421 4.3.2")
        busy.send(message()[50:] + b".\r\n")
        assert busy.reply().startswith("250 2.0.0")
        gateway.stop()
        assert len(sink.wait(1)) == 1
        for client in (idle, busy):
            client.close()


def test_our_own_fault_answers_451_and_the_session_goes_on(
    client: Raw, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    client.ask(HELLO)
    with gateway.runtime.begin() as tx:
        tx.session.connection().exec_driver_sql("ALTER TABLE delivery RENAME TO gone")
    client.ask(MAIL)
    client.ask(RCPT)
    client.ask(b"DATA")
    client.send(message() + b".\r\n")
    assert client.reply() in ("451 4.3.0 try again later", "451 4.3.0 internal error, try again later")
    with gateway.runtime.begin() as tx:
        tx.session.connection().exec_driver_sql("ALTER TABLE gone RENAME TO delivery")
    client.ask(MAIL)
    client.ask(RCPT)
    client.ask(b"DATA")
    client.send(message() + b".\r\n")
    assert client.reply().startswith("250")
    assert HR not in caplog.text
