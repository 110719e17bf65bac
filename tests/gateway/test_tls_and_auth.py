"""TLS on both sides, and what a session may do in it. Passwords themselves: `test_auth.py`."""

import base64
import smtplib
import ssl
from pathlib import Path

import pytest

from core.runtime import Runtime
from tests.gateway import certificates
from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import CANDIDATE, HR, PASSWORD, Gateway, add_company, add_user, message
from tests.gateway.sink import Sink

# --- towards clients ---


def test_starttls_begins_anew_and_shows_in_the_field(runtime: Runtime, sink: Sink, pem: tuple[Path, Path]) -> None:
    add_company(runtime)
    tls = {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}
    with Gateway(runtime, sink.port, **tls) as gateway, gateway.client() as client:
        client.ehlo("client.example.net")
        client.mail(HR)
        client.starttls(context=certificates.client_context(pem[0]))
        assert client.docmd(f"RCPT TO:<{CANDIDATE}>")[0] == 503  # nothing said in clear counts any more
        assert client.docmd(f"MAIL FROM:<{HR}>") == (503, b"5.5.1 send EHLO first")
        client.ehlo("client.example.net")
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 503
        client.sendmail(HR, [CANDIDATE], message())
        (got,) = sink.wait(1)
    head = got.raw.split(b"\r\nFrom:")[0]
    assert b"with ESMTPS id" in head
    assert b"(using TLSv1.3 " in head


@pytest.mark.parametrize(
    "behind",
    [
        b"NOOP injected\r\n",
        b"EHLO evil.example\r\nMAIL FROM:<x@kigyo.example.jp>\r\n",
        b"x" * 3000,  # without an end: it must not begin a line either
    ],
)
def test_what_is_hidden_behind_starttls_is_thrown_away(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str], behind: bytes
) -> None:
    """Sent in clear in the same segment, it must never count as said inside TLS (RFC 3207 4.2)."""
    add_company(runtime)
    with Gateway(runtime, sink.port, **tls) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.ask(MAIL)
        client.send(b"STARTTLS\r\n" + behind)
        assert client.reply() == "220 2.0.0 ready to start TLS"
        client.shake_hands(pem[0])
        assert client.ask(MAIL) == "503 5.5.1 send EHLO first"  # the first reply inside: nothing was answered before
        assert client.ask(RCPT).startswith("503")
        assert client.ask(HELLO).startswith("250-")
        client.begin()
        client.send(message() + b".\r\n")
        assert client.reply().startswith("250 2.0.0")


def test_starttls_forgets_who_had_authenticated(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str]
) -> None:
    company = add_company(runtime, networks=("192.0.2.0/24",))
    add_user(runtime, company.id)
    secret = base64.b64encode(f"\0kigyo\0{PASSWORD}".encode())
    with Gateway(runtime, sink.port, **tls) as gateway, Raw(gateway.port) as client:
        client.greet()
        assert client.ask(b"AUTH PLAIN " + secret).startswith("235")
        client.start_tls(pem[0])
        client.ask(HELLO)
        client.ask(MAIL)
        assert client.ask(RCPT).startswith("550 5.7.1")


def test_a_client_that_fails_its_handshake_leaves_its_place(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str]
) -> None:
    add_company(runtime)
    listen = {"SMTP__LISTEN": "127.0.0.1:2525,tls://127.0.0.1:4650", "SMTP__CONNECTIONS_MAX": "2"}
    with Gateway(runtime, sink.port, **tls, **listen) as gateway:
        for port, words in (
            (gateway.port, [HELLO, b"STARTTLS"]),
            (gateway.sockets[1].getsockname()[1], []),
        ):
            for _ in range(4):
                with Raw(port) as client:
                    if words:
                        client.reply()
                    for word in words:
                        client.ask(word)
                    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
                    assert b"SMTP" not in client.file.read()
        with Raw(gateway.port) as client:
            client.greet()


def test_implicit_tls(runtime: Runtime, sink: Sink, pem: tuple[Path, Path]) -> None:
    add_company(runtime)
    settings = {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}
    settings["SMTP__LISTEN"] = "127.0.0.1:2525,tls://127.0.0.1:4650"
    with Gateway(runtime, sink.port, **settings) as gateway:
        port = gateway.sockets[1].getsockname()[1]
        with smtplib.SMTP_SSL("127.0.0.1", port, context=certificates.client_context(pem[0]), timeout=10) as client:
            client.ehlo("client.example.net")
            assert not client.has_extn("starttls")
            client.sendmail(HR, [CANDIDATE], message())
        assert b"with ESMTPS id" in sink.wait(1)[0].raw


def test_old_tls_is_refused(runtime: Runtime, sink: Sink, pem: tuple[Path, Path]) -> None:
    add_company(runtime)
    tls = {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}
    context = certificates.client_context(pem[0])
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        Gateway(runtime, sink.port, **tls) as gateway,
        gateway.client() as client,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        client.starttls(context=context)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_user_relays_for_his_company_from_anywhere(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], mechanism: str
) -> None:
    company = add_company(runtime, networks=("192.0.2.0/24",))
    add_user(runtime, company.id)
    tls = {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}
    with Gateway(runtime, sink.port, **tls) as gateway, gateway.client() as client:
        client.starttls(context=certificates.client_context(pem[0]))
        client.ehlo("client.example.net")
        client.user, client.password = "kigyo", PASSWORD
        method = client.auth_plain if mechanism == "PLAIN" else client.auth_login
        assert client.auth(mechanism, method)[0] == 235
        assert client.docmd("AUTH PLAIN")[0] == 503
        client.sendmail(HR, [CANDIDATE], message())
        assert b"with ESMTPSA id" in sink.wait(1)[0].raw


# --- towards the next hop ---


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_the_next_hop_by_tls_and_password(
    runtime: Runtime, pem: tuple[Path, Path], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    context = certificates.server_context(*pem)
    add_company(runtime)
    with Sink(tls=context, implicit_tls=scheme == "smtps", users={"relay": PASSWORD}) as sink:
        hop = f"{scheme}://relay@127.0.0.1:{sink.port}"
        with Gateway(runtime, hop, RELAY__PASSWORD=PASSWORD) as gateway:
            gateway.send(message())
            (got,) = sink.wait(1)
            gateway.wait_until_finished()
    assert (got.tls, got.user) == (True, "relay")


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("unknown certificate", "4.7.5"),
        ("no STARTTLS", "4.7.4"),
        ("wrong password", "4.4.0"),
        ("554 greeting", "4.4.0"),
    ],
)
def test_a_next_hop_that_will_not_have_us_keeps_the_mail_waiting(
    runtime: Runtime, pem: tuple[Path, Path], case: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case != "unknown certificate":
        monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    sink = Sink(
        tls=None if case == "no STARTTLS" else certificates.server_context(*pem),
        users={"relay": PASSWORD},
        greeting="554 no" if case == "554 greeting" else "220 sink",
    )
    add_company(runtime)
    with sink, Gateway(runtime, f"smtp+starttls://relay@127.0.0.1:{sink.port}", RELAY__PASSWORD="wrong") as gateway:
        gateway.send(message())
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert gateway.deliveries()[0].status == status
    assert not sink.got


def test_a_companys_own_next_hop_takes_its_mail_and_never_sees_our_password(runtime: Runtime, sink: Sink) -> None:
    with Sink(users={"relay": PASSWORD}) as own:
        add_company(runtime, next_hop=f"smtp://relay@127.0.0.1:{own.port}")
        with Gateway(runtime, sink.port, RELAY__PASSWORD=PASSWORD) as gateway:
            gateway.send(message())
            gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert not any(base64.b64encode(PASSWORD.encode()).decode()[4:20] in line for line in own.commands)
    assert not sink.got
