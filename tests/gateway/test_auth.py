"""Passwords: in every form that clients send them, only where nobody listens, remembered for a while."""

import asyncio
import base64
import smtplib
from pathlib import Path

import pytest

from core.runtime import Runtime
from crm.registry import smtp_users
from gateway import server
from gateway.replies import Refusal
from gateway.session import auth
from gateway.session.auth import Authenticator, Credentials, read_credentials
from gateway.session.connection import ERRORS_MAX
from tests.gateway.raw import HELLO, MAIL, RCPT, Raw
from tests.gateway.rig import CANDIDATE, HR, PASSWORD, Gateway, add_company, add_user, message
from tests.gateway.sink import Sink


def b64(text: str) -> bytes:
    return base64.b64encode(text.encode())


PLAIN = b"AUTH PLAIN " + b64(f"\0kigyo\0{PASSWORD}")


def ask(*lines: bytes) -> Credentials:
    """Read credentials from an exchange: the AUTH argument, then the client's lines."""
    answers = list(lines[1:])

    async def answer(_challenge: str) -> bytes:
        return answers.pop(0)

    return asyncio.run(read_credentials(lines[0].decode("utf-8", "surrogateescape"), answer))


@pytest.mark.parametrize(
    "lines",
    [
        (b"PLAIN " + b64("\0user\0pass"),),
        (b"PLAIN  " + b64("\0user\0pass"),),
        (b"plain " + b64("somebody\0user\0pass"),),
        (b"PLAIN", b64("\0user\0pass")),
        (b"LOGIN", b64("user"), b64("pass")),
        (b"LOGIN " + b64("user"), b64("pass")),
    ],
)
def test_both_mechanisms_in_every_form(lines: tuple[bytes, ...]) -> None:
    assert ask(*lines) == Credentials("user", "pass")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((b"PLAIN", b"*"), "501 5.7.0"),
        ((b"LOGIN", b64("user"), b"*"), "501 5.7.0"),
        ((b"PLAIN ***",), "501 5.5.2"),
        ((b"PLAIN =",), "501 5.5.2"),
        ((b"PLAIN \xff\xfe",), "501 5.5.2"),
        ((b"PLAIN " + b64("\0user\0pass")[:-1],), "501 5.5.2"),
        ((b"PLAIN " + b64("user\0pass"),), "501 5.5.2"),
        ((b"PLAIN " + b64("\0user\0pass\0more"),), "501 5.5.2"),
        ((b"PLAIN " + base64.b64encode(b"\0\xff\xfe\0x"),), "501 5.5.2"),
        ((b"LOGIN", b64("u\0ser"), b64("pass")), "501 5.5.2"),
        ((b"LOGIN", b64("u" * 600), b64("pass")), "501 5.5.2"),
        ((b"CRAM-MD5",), "504 5.5.4"),
        ((b"",), "501 5.5.4"),
    ],
)
def test_exchanges_that_are_refused(lines: tuple[bytes, ...], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ask(*lines)
    assert caught.value.reply.startswith(code)


def test_credentials_never_show_their_password() -> None:
    assert PASSWORD not in repr(Credentials("user", PASSWORD))


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_on_this_machine_a_password_may_come_in_clear(runtime: Runtime, sink: Sink, mechanism: str) -> None:
    company = add_company(runtime, networks=("192.0.2.0/24",))
    add_user(runtime, company.id)
    with Gateway(runtime, sink.port) as gateway, gateway.client() as client:
        client.ehlo("client.example.net")
        client.user, client.password = "kigyo", PASSWORD
        method = client.auth_plain if mechanism == "PLAIN" else client.auth_login
        assert client.auth(mechanism, method)[0] == 235
        client.sendmail(HR, [CANDIDATE], message())
        assert b"with ESMTPA id" in sink.wait(1)[0].raw


def test_from_elsewhere_it_comes_under_tls_or_not_at_all(
    runtime: Runtime, sink: Sink, pem: tuple[Path, Path], tls: dict[str, str]
) -> None:
    company = add_company(runtime, networks=())
    add_user(runtime, company.id)
    from_elsewhere = b"PROXY TCP4 203.0.113.7 192.0.2.1 40000 25\r\n"
    with (
        Gateway(runtime, sink.port, SMTP__PROXY_FROM="127.0.0.0/8", **tls) as gateway,
        Raw(gateway.port, first=from_elsewhere) as client,
    ):
        client.reply()
        assert "AUTH" not in client.ask(HELLO)
        assert client.ask(PLAIN) == "538 5.7.11 encryption is required for authentication"
        client.start_tls(pem[0])
        assert "AUTH PLAIN LOGIN" in client.ask(HELLO)
        assert client.ask(PLAIN).startswith("235 2.7.0")
        client.begin()
        client.send(message() + b".\r\n")
        assert client.reply().startswith("250")
    (got,) = sink.wait(1)
    assert got.raw.startswith(b"Received: from client.example.net ([203.0.113.7])")
    assert b"with ESMTPSA id" in got.raw


def test_the_session_stays_in_step_whatever_the_exchange(runtime: Runtime, sink: Sink) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    with Gateway(runtime, sink.port) as gateway, Raw(gateway.port) as client:
        client.reply()
        assert client.ask(b"AUTH PLAIN").startswith("503 5.5.1")  # EHLO comes first
        client.ask(b"HELO client.example.net")
        assert client.ask(PLAIN).startswith("503 5.5.1")  # and it is ESMTP
        client.ask(HELLO)
        assert client.ask(b"AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert client.ask(b"*").startswith("501 5.7.0")
        assert client.ask(b"AUTH PLAIN") == "334 "
        assert client.ask(b"x" * 13_000) == "500 5.5.6 authentication exchange line is too long"
        assert client.ask(b"AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert client.ask(b"%%%").startswith("501 5.5.2")
        assert client.ask(b"NOOP").startswith("250")
        assert client.ask(MAIL).startswith("250")
        assert client.ask(PLAIN).startswith("503 5.5.1")  # not inside a transaction (RFC 4954 4)
        assert client.ask(b"RSET").startswith("250")
        assert client.ask(PLAIN).startswith("235")
        assert client.ask(PLAIN).startswith("503 5.5.1")  # nor twice
        assert client.ask(b"QUIT").startswith("221")


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD + " "])
def test_a_wrong_password_opens_nothing(runtime: Runtime, sink: Sink, password: str) -> None:
    company = add_company(runtime, networks=("192.0.2.0/24",))
    add_user(runtime, company.id)
    with Gateway(runtime, sink.port) as gateway, gateway.client() as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login("kigyo", password)
        assert caught.value.smtp_error == b"5.7.8 authentication credentials invalid"
        client.mail(HR)
        assert client.rcpt(CANDIDATE)[0] == 550


def test_the_answer_to_a_failure_comes_later_and_only_for_that_session(
    runtime: Runtime, sink: Sink, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOP_S", 0.3)  # nobody waits for the guesser's answer
    company = add_company(runtime)
    add_user(runtime, company.id)
    with (
        Gateway(runtime, sink.port, SMTP__AUTH_DELAY_S="5") as gateway,
        Raw(gateway.port) as guesser,
        Raw(gateway.port) as other,
    ):
        guesser.greet()
        other.greet()
        guesser.send(b"AUTH PLAIN " + b64("\0kigyo\0wrong") + b"\r\n")
        gateway.wait_for(lambda: "SMTP authentication failed" in caplog.text)
        guesser.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            guesser.reply()
        assert other.ask(PLAIN).startswith("235")  # meanwhile


def test_a_guesser_is_let_go(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime, networks=())
    with Gateway(runtime, sink.port) as gateway, Raw(gateway.port) as client:
        client.greet()
        answers = [client.ask(b"AUTH PLAIN " + b64(f"\0kigyo\0{number}"))[:3] for number in range(ERRORS_MAX - 1)]
        assert answers == ["535"] * 10 + ["454"] * (ERRORS_MAX - 11)
        assert client.ask(RCPT).startswith("421 4.7.0")
        assert client.closed()


def test_a_password_is_remembered_until_something_changes(runtime: Runtime) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    good = Credentials("kigyo", PASSWORD)

    async def run() -> None:
        authenticator = Authenticator(runtime)
        assert await authenticator.check(good, "192.0.2.9") == company.id
        with runtime.begin() as tx:
            smtp_users.add(tx, company.id, "kigyo", "another long passphrase", replace=True)
        assert await authenticator.check(good, "192.0.2.9") == company.id
        authenticator.forget()
        assert await authenticator.check(good, "192.0.2.9") is None

    asyncio.run(run())


def test_what_is_remembered_has_an_end(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    monkeypatch.setattr(auth, "CACHE_ENTRIES_MAX", 2)

    async def run() -> None:
        authenticator = Authenticator(runtime)
        for last in range(5):
            assert await authenticator.check(Credentials("kigyo", PASSWORD), f"192.0.2.{last}") == company.id
        assert len(authenticator._known) <= 2

    asyncio.run(run())
