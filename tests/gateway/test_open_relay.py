"""Is it an open relay? Every kind of client with every kind of sender, over real connections: the sink saw what it may.

The client's address comes by the PROXY protocol from a balancer on this machine.
"""

import base64
from itertools import product
from pathlib import Path

import pytest

from core.runtime import Runtime
from tests.gateway.raw import HELLO, Raw
from tests.gateway.rig import CANDIDATE, PASSWORD, Gateway, add_company, add_user, message
from tests.gateway.sink import Sink

#: Peer, network of whom. A's network holds B's.
PEERS = {"192.0.2.7": "A", "192.0.2.70": "B", "2001:db8::7": "A", "203.0.113.9": "", "::ffff:203.0.113.9": ""}
#: Sender, whose domain.
SENDERS = {
    "saiyo@a.example.jp": "A",
    "x@deep.a.example.jp": "A",
    "b@b.example.jp": "B",
    "x@b.example.jp.example.org": "foreign",
    "x@notb.example.jp": "foreign",
    "stranger@example.org": "foreign",
    "": "null",
}
SESSIONS = ["clear", "TLS", "TLS as A", "TLS as B", "TLS with a wrong password"]


def may_relay(network: str, session: str, domain: str, foreign: str) -> bool:
    """The rule, told once more and differently: whose session is it, and is the sender one it may use?"""
    company = session[-1] if session.startswith("TLS as") else network
    if not company:
        return False
    return domain in (company, "null") or foreign == "relay"


@pytest.fixture
def companies(runtime: Runtime) -> None:
    first = add_company(
        runtime,
        name="A",
        sender_domains=("a.example.jp", ".a.example.jp"),
        recruiting_senders=(),
        networks=("192.0.2.0/24", "2001:db8::/32"),
    )
    second = add_company(
        runtime, name="B", sender_domains=("b.example.jp",), recruiting_senders=(), networks=("192.0.2.64/26",)
    )
    add_user(runtime, first.id, "a")
    add_user(runtime, second.id, "b")


@pytest.mark.parametrize("foreign", ["relay", "refuse"])
def test_nothing_is_relayed_that_must_not_be(
    runtime: Runtime, companies: None, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str], foreign: str
) -> None:
    expected: dict[str, bool] = {}
    settings = tls | {"SMTP__PROXY_FROM": "127.0.0.0/8", "SMTP__FOREIGN_SENDER": foreign}
    settings |= {"SMTP__AUTH_FAILURES_PER_MINUTE_MAX": "1000", "SMTP__AUTH_FAILURES_PER_DAY_MAX": "1000"}
    with Gateway(runtime, sink.port, **settings) as gateway:
        for number, (peer, session) in enumerate(product(PEERS, SESSIONS)):
            with connected(gateway.port, peer, session, pem[0]) as client:
                for place, (sender, domain) in enumerate(SENDERS.items()):
                    recipient = f"r{number}-{place}.{CANDIDATE}"
                    expected[recipient] = may_relay(PEERS[peer], session, domain, foreign)
                    assert relayed(client, sender, recipient) is expected[recipient], (peer, session, sender)
        gateway.wait_until_finished()
    arrived = {recipient for got in sink.got for recipient in got.recipients}
    assert arrived == {recipient for recipient, may in expected.items() if may}
    assert 0 < len(arrived) < len(expected)


def connected(port: int, peer: str, session: str, certificate: Path) -> Raw:
    family = "TCP6" if ":" in peer else "TCP4"
    here = "2001:db8::1" if ":" in peer else "198.51.100.1"
    client = Raw(port, first=f"PROXY {family} {peer} {here} 40000 25\r\n".encode())
    client.greet()
    if session == "clear":
        assert client.ask(b"AUTH PLAIN AGEAYg==").startswith("538")  # a password in clear is not even looked at
        return client
    client.start_tls(certificate)
    client.ask(HELLO)
    user, password = {"A": ("a", PASSWORD), "B": ("b", PASSWORD)}.get(session[-1], ("a", "wrong"))
    if session != "TLS":
        code = client.ask(b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()))[:3]
        assert code == ("535" if password == "wrong" else "235")
    return client


def relayed(client: Raw, sender: str, recipient: str) -> bool:
    """Try all of it, whatever is answered on the way, as somebody would who means harm."""
    client.send(f"RSET\r\nMAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
    codes = client.replies(4)
    if codes[3] != "354":
        assert codes[1] == "550" or codes[2] == "550", codes
        return False
    client.send(message(sender=sender or "MAILER-DAEMON@a.example.jp", to=recipient) + b".\r\n")
    return client.reply().startswith("250")
