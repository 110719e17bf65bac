"""The envelope arrives as it was given: senders, recipients, and what each of them asks for (RFC 3461, 6152, 6531)."""

import pytest

from core.runtime import Runtime
from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import CANDIDATE, HR, Gateway, add_company, message
from tests.gateway.sink import Sink


def sent(client: Raw, mail: str, *rcpts: str) -> None:
    client.ask(HELLO)
    for line in (mail, *rcpts):
        assert client.ask(line.encode()).startswith("250"), line
    client.ask(b"DATA")
    client.send(message() + b".\r\n")
    assert client.reply().startswith("250")


@pytest.mark.parametrize(
    "address",
    [
        "taro..y@docomo.example.jp",
        "taro.@ezweb.example.jp",
        ".taro@docomo.example.jp",
        '"taro..y"@docomo.example.jp',
        '"taro yamada"@docomo.example.jp',
        "taro@[192.0.2.1]",
        "taro@[IPv6:2001:db8::1]",
        "postmaster",
        "a" * 64 + "@" + ".".join(["b" * 60] * 4) + ".example",
    ],
)
def test_recipients_arrive_as_they_were_written(client: Raw, sink: Sink, address: str) -> None:
    sent(client, f"MAIL FROM:<{HR}>", f"RCPT TO:<{address}>")
    (got,) = sink.wait(1)
    assert got.rcpts == (f"RCPT TO:<{address}>",)


def test_a_source_route_is_read_and_left_out(client: Raw, sink: Sink) -> None:
    sent(client, f"MAIL FROM:<@a.example:{HR}>", f"RCPT TO:<@a.example,@b.example:{CANDIDATE}>")
    assert sink.wait(1)[0].recipients == (CANDIDATE,)


def test_wishes_about_reports_are_passed_on_as_they_were_spelled(client: Raw, sink: Sink) -> None:
    sent(
        client,
        f"MAIL FROM:<{HR}> SIZE=1000 BODY=8bitmime RET=Hdrs ENVID=QQ+2B3d+5Bx AUTH=<>",
        f"RCPT TO:<{CANDIDATE}> NOTIFY=Success,DELAY ORCPT=rfc822;Taro+2Btag@example.com",
        "RCPT TO:<hanako@example.com> NOTIFY=NEVER",
        "RCPT TO:<jiro@example.com>",
    )
    got = sorted(sink.wait(1), key=lambda one: one.rcpts)
    words = set(" ".join(one.mail for one in got).split())
    assert {"RET=Hdrs", "ENVID=QQ+2B3d+5Bx", "BODY=8bitmime"} <= words
    assert not any(word.startswith("AUTH") for word in words)
    assert {line for one in got for line in one.rcpts} == {
        f"RCPT TO:<{CANDIDATE}> NOTIFY=Success,DELAY ORCPT=rfc822;Taro+2Btag@example.com",
        "RCPT TO:<hanako@example.com> NOTIFY=NEVER",
        "RCPT TO:<jiro@example.com>",
    }


def test_internationalised_addresses_travel_with_their_flag(client: Raw, sink: Sink) -> None:
    client.ask(HELLO)
    assert client.ask("MAIL FROM:<採用@kigyo.example.jp>".encode()).startswith("553 5.6.7")
    assert client.ask(MAIL).startswith("250")
    assert client.ask("RCPT TO:<太郎@example.com>".encode()).startswith("553 5.6.7")
    client.ask(b"RSET")
    sent(
        client,
        "MAIL FROM:<採用@kigyo.example.jp> SMTPUTF8",
        "RCPT TO:<太郎@example.com> ORCPT=utf-8;太郎@example.com",
    )
    (got,) = sink.wait(1)
    assert got.sender == "採用@kigyo.example.jp"
    assert "SMTPUTF8" in got.mail.split()
    assert got.rcpts == ("RCPT TO:<太郎@example.com> ORCPT=utf-8;太郎@example.com",)


def test_the_same_recipient_twice_gets_one_copy(client: Raw, sink: Sink) -> None:
    sent(client, f"MAIL FROM:<{HR}>", f"RCPT TO:<{CANDIDATE}>", f"RCPT TO:<{CANDIDATE}>")
    assert sink.wait(1)[0].recipients == (CANDIDATE,)


def test_more_recipients_than_the_limit_wait_for_another_mail(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__RECIPIENTS_MAX="100") as gateway, Raw(gateway.port) as client:
        client.greet()
        client.ask(MAIL)
        client.send(b"".join(b"RCPT TO:<r%d@example.com>\r\n" % number for number in range(103)))
        assert [client.reply()[:9] for _ in range(103)] == ["250 2.1.5"] * 100 + ["452 4.5.3"] * 3
        client.ask(b"DATA")
        client.send(message() + b".\r\n")
        assert client.reply().startswith("250")  # the hundred are served (RFC 5321 4.5.3.1.10)
        gateway.wait_until_finished()
    assert sum(len(got.recipients) for got in sink.got) == 100


@pytest.mark.parametrize(
    ("greeting", "protocol", "name"),
    [
        (b"HELO old.example.net", b"SMTP", b"old.example.net"),
        (b"EHLO client.example.net", b"ESMTP", b"client.example.net"),
        (b"EHLO [192.0.2.1]", b"ESMTP", b"[192.0.2.1]"),
        (b"EHLO [IPv6:2001:db8::1]", b"ESMTP", b"[IPv6:2001:db8::1]"),
        ("EHLO 採用".encode(), b"ESMTP", b"unknown"),
        (b"EHLO a b (c) id <x>;", b"ESMTP", b"unknown"),
        (b"EHLO " + b"x" * 400, b"ESMTP", b"unknown"),
        (b"ehlo WIN-PC.local.", b"ESMTP", b"WIN-PC.local."),
    ],
)
def test_what_a_client_calls_itself_stands_in_the_field_or_not(
    client: Raw, sink: Sink, greeting: bytes, protocol: bytes, name: bytes
) -> None:
    assert client.ask(greeting).startswith("250")
    client.begin()
    client.send(message() + b".\r\n")
    assert client.reply().startswith("250")
    (got,) = sink.wait(1)
    assert got.raw.startswith(b"Received: from " + name + b" ([127.0.0.1])\r\n")
    assert b" with " + protocol + b" id " in got.raw


def test_the_null_sender_stays_null(client: Raw, sink: Sink) -> None:
    sent(client, "MAIL FROM:<>", f"RCPT TO:<{CANDIDATE}>")
    assert sink.wait(1)[0].mail.startswith("MAIL FROM:<>")


def test_a_refused_recipient_leaves_the_others(client: Raw, sink: Sink) -> None:
    client.ask(HELLO)
    client.ask(MAIL)
    assert client.ask(b"RCPT TO:<bad>").startswith("501 5.1.3")
    assert client.ask(b"RCPT TO:<" + b"a" * 400 + b"@example.com>") == "501 5.1.3 address is longer than 320 octets"
    assert client.ask(RCPT).startswith("250")
    client.ask(b"DATA")
    client.send(message() + b".\r\n")
    assert client.reply().startswith("250")
    assert sink.wait(1)[0].recipients == (CANDIDATE,)
