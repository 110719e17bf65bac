"""The PROXY protocol: the client behind a balancer is the peer, and nobody else can say who is."""

import base64
import ipaddress
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.runtime import Runtime
from gateway.session import accept, proxy
from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import PASSWORD, Gateway, add_company, add_user, message
from tests.gateway.sink import Sink

FROM_OFFICE = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n"
BEHIND_BALANCER = {"SMTP__PROXY_FROM": "127.0.0.0/8"}


def v2(source: str = "192.0.2.7", *, command: int = 0x21, family: int | None = None, tlvs: bytes = b"") -> bytes:
    address = ipaddress.ip_address(source)
    kind = (0x11 if address.version == 4 else 0x21) if family is None else family
    body = address.packed * 2 + struct.pack("!HH", 40000, 25) + tlvs
    return proxy.SIGNATURE + bytes((command, kind)) + struct.pack("!H", len(body)) + body


def read_v2(header: bytes) -> str | None:
    head, body = header[: proxy.V2_HEAD_BYTES], header[proxy.V2_HEAD_BYTES :]
    proxy.v2_body_bytes(head)
    return proxy.read_v2(head, body)


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n", "192.0.2.7"),
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 0 25\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n", "2001:db8::7"),
        (b"PROXY TCP6 2001:DB8:0:0:0:0:0:7 2001:db8::1 40000 25\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN 2001:db8::7 x y z and more\r\n", None),
    ],
)
def test_version_1(line: bytes, client: str | None) -> None:
    assert proxy.read_v1(line) == client


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"PROXY\r\n",
        b"PROXY \r\n",
        b"proxy TCP4 192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25",
        b"PROXY TCP4  192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25 \r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 0025 25\r\n",
        b"PROXY TCP4 192.0.2.007 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 192.0.2 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 40000 25\r\n",
        b"PROXY TCP6 192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY TCP6 fe80::1%eth0 2001:db8::1 40000 25\r\n",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 \xd9\xa5\r\n",
        b"PROXY UNKNOWN" + b" " * 100 + b"\r\n",
    ],
)
def test_what_is_no_version_1(line: bytes) -> None:
    with pytest.raises(proxy.Malformed):
        proxy.read_v1(line)


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (v2(), "192.0.2.7"),
        (v2("2001:db8::7"), "2001:db8::7"),
        (v2(tlvs=b"\x04\x00\x00" + b"\x01\x00\x05h2abc"), "192.0.2.7"),
        (v2(command=0x20), None),  # LOCAL: the balancer asks whether we are well
        (proxy.SIGNATURE + b"\x20\x00\x00\x00", None),
        (v2(family=0x00), None),
    ],
)
def test_version_2(header: bytes, client: str | None) -> None:
    assert read_v2(header) == client


@pytest.mark.parametrize(
    "header",
    [
        v2(command=0x11),  # version 1 in version 2's clothes
        v2(command=0x22),
        v2(family=0x12),  # UDP
        v2(family=0x31),  # a Unix socket
        v2(family=0x21),  # IPv6 announced, IPv4 sent
        v2(tlvs=b"\x04"),
        v2(tlvs=b"\x04\x00"),
        v2(tlvs=b"\x04\x00\x02a"),  # a value that ends behind the header
        v2()[:-1],
        v2()[:14] + struct.pack("!H", proxy.V2_BODY_BYTES_MAX + 1) + bytes(proxy.V2_BODY_BYTES_MAX + 1),
        b"\r\n\r\n\x00\r\nQUIT\r" + v2()[12:],
        v2()[:15],
    ],
)
def test_what_is_no_version_2(header: bytes) -> None:
    with pytest.raises(proxy.Malformed):
        read_v2(header)


@given(st.binary(max_size=200))
@example(b"PROXY TCP4 \xff")
def test_nothing_else_ever_comes_out(octets: bytes) -> None:
    for read in (proxy.read_v1, read_v2, lambda tail: read_v2(v2()[:14] + struct.pack("!H", len(tail)) + tail)):
        try:
            found = read(octets)
        except proxy.Malformed:
            continue
        assert found is None or ipaddress.ip_address(found)


@pytest.mark.parametrize("header", [FROM_OFFICE, v2(), v2(tlvs=b"\x04\x00\x03abc"), v2("::ffff:192.0.2.7")])
def test_the_address_in_it_is_the_peer(runtime: Runtime, sink: Sink, header: bytes) -> None:
    add_company(runtime, networks=("192.0.2.0/24",))
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway:
        with Raw(gateway.port, first=header) as client:
            client.greet()
            client.begin()
            client.send(message() + b".\r\n")
            assert client.reply().startswith("250")
        assert sink.wait(1)[0].raw.startswith(b"Received: from client.example.net ([192.0.2.7])\r\n")


@pytest.mark.parametrize(
    "header", [b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n", b"PROXY UNKNOWN\r\n", v2(command=0x20)]
)
def test_nobody_relays_by_an_address_that_is_not_the_companys(runtime: Runtime, sink: Sink, header: bytes) -> None:
    add_company(runtime, networks=("192.0.2.0/24",))
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway, Raw(gateway.port, first=header) as client:
        client.greet()
        client.ask(MAIL)
        assert client.ask(RCPT) == "550 5.7.1 relaying denied"


def test_header_and_commands_may_come_in_pieces_or_together(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime, networks=("192.0.2.0/24",))
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway:
        for header in (FROM_OFFICE, v2()):
            with Raw(gateway.port) as client:
                for octet in header:
                    client.send(bytes([octet]))
                client.greet()
            with Raw(gateway.port, first=header + HELLO + b"\r\n" + MAIL + b"\r\n" + RCPT + b"\r\n") as client:
                assert client.replies(4) == ["220", "250", "250", "250"]


@pytest.mark.parametrize(
    "first",
    [
        b"EHLO client.example.net\r\n",
        b"PROXY TCP4 nonsense\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\n" + b"x" * 100,
        v2(family=0x31),
        proxy.SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_without_a_good_header_there_is_no_session(
    runtime: Runtime, sink: Sink, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway, Raw(gateway.port, first=first) as client:
        assert client.reply() == "421 4.7.0 PROXY header missing or malformed"
        assert client.closed()
    assert "no PROXY header" in caplog.text


def test_a_balancer_that_says_nothing_is_let_go(runtime: Runtime, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "HEADER_S", 0.2)
    add_company(runtime)
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway:
        with Raw(gateway.port) as client:
            assert client.reply().startswith("421 4.7.0")
        with Raw(gateway.port, first=FROM_OFFICE[:20]) as client:
            assert client.reply().startswith("421 4.7.0")
        Raw(gateway.port).close()  # a look at the port, as health checks do
        with Raw(gateway.port, first=FROM_OFFICE) as client:
            client.greet()


def test_others_cannot_say_who_they_are(runtime: Runtime, sink: Sink) -> None:
    """Only the networks named may send the header; for everybody else it is no command."""
    add_company(runtime, networks=("192.0.2.0/24",))
    with Gateway(runtime, sink.port) as gateway, Raw(gateway.port) as client:
        client.reply()
        assert client.ask(FROM_OFFICE.strip()).startswith("500 5.5.2")


def test_a_client_that_is_no_balancer_comes_as_it_is(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__PROXY_FROM="127.0.0.2/32") as gateway:
        with Raw(gateway.port) as client:
            client.greet()
        with Raw(gateway.port, source="127.0.0.2", first=FROM_OFFICE) as client:
            client.greet()


def test_behind_a_balancer_tls_begins_after_the_header(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str]
) -> None:
    company = add_company(runtime, networks=())
    add_user(runtime, company.id)
    listen = {"SMTP__LISTEN": "127.0.0.1:2525,tls://127.0.0.1:4650"}
    with Gateway(runtime, sink.port, **BEHIND_BALANCER, **listen, **tls) as gateway:
        port = gateway.sockets[1].getsockname()[1]
        for header in (FROM_OFFICE, v2()):
            with Raw(port, first=header, tls=pem[0]) as client:
                client.greet()
                secret = base64.b64encode(f"\0kigyo\0{PASSWORD}".encode())
                assert client.ask(b"AUTH PLAIN " + secret).startswith("235")
                client.begin()
                client.send(message() + b".\r\n")
                assert client.reply().startswith("250")
        with Raw(port, first=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") as client:
            client.send(b"x" * 100)
            assert client.closed()  # TLS at once is no header; a 421 in clear would be no TLS
        for got in sink.wait(2):
            assert got.raw.startswith(b"Received: from client.example.net ([192.0.2.7])")
            assert b"with ESMTPSA id" in got.raw


def test_password_failures_count_for_the_client_not_for_the_balancer(runtime: Runtime, sink: Sink) -> None:
    company = add_company(runtime, networks=())
    add_user(runtime, company.id)
    bad = base64.b64encode(b"\0kigyo\0wrong")
    good = base64.b64encode(f"\0kigyo\0{PASSWORD}".encode())
    local = b"PROXY TCP4 127.0.0.%d 127.0.0.1 40000 25\r\n"  # on this machine AUTH needs no TLS
    env = BEHIND_BALANCER | {"SMTP__AUTH_FAILURES_PER_MINUTE_MAX": "2"}
    with Gateway(runtime, sink.port, **env) as gateway:
        with Raw(gateway.port, first=local % 5) as client:
            client.greet()
            assert [client.ask(b"AUTH PLAIN " + bad)[:3] for _ in range(3)] == ["535", "535", "454"]
        with Raw(gateway.port, first=local % 6) as client:
            client.greet()
            assert client.ask(b"AUTH PLAIN " + good).startswith("235")


def test_the_stopping_listener_lets_go_of_who_has_not_begun(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, **BEHIND_BALANCER) as gateway, Raw(gateway.port, first=b"PROXY ") as client:
        gateway.stop()
        assert client.closed()
