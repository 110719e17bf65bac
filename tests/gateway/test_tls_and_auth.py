"""TLS on both sides, and passwords: only where nobody listens, only so often, remembered for a while."""

import asyncio
import base64
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from crm import companies
from gateway import auth
from gateway.auth import Authenticator, Credentials, FailureLimit, read_credentials
from gateway.replies import Deferral, Refusal
from tests.gateway import certificates
from tests.gateway.rig import CANDIDATE, HR, Gateway, add_company, message, with_settings
from tests.gateway.sink import Sink

PASSWORD = "a long enough passphrase"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def add_user(runtime: Runtime, company_id: int) -> None:
    with runtime.begin() as tx:
        companies.add_smtp_user(tx, company_id, "kigyo", PASSWORD)


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


def test_a_command_hidden_behind_starttls_is_thrown_away(runtime: Runtime, sink: Sink, pem: tuple[Path, Path]) -> None:
    add_company(runtime)
    tls = {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}
    with Gateway(runtime, sink.port, **tls) as gateway:
        plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=5)
        plain.recv(512)
        plain.sendall(b"EHLO x\r\n")
        plain.recv(512)
        plain.sendall(b"STARTTLS\r\nNOOP injected\r\n")
        assert plain.recv(512) == b"220 2.0.0 ready to start TLS\r\n"
        with certificates.client_context(pem[0]).wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.settimeout(0.3)
            with pytest.raises(TimeoutError):
                secure.recv(512)


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


def ask(*lines: bytes) -> auth.Credentials:
    """Read credentials from an exchange: the AUTH argument, then the client's lines."""
    answers = list(lines[1:])

    async def answer(_challenge: str) -> bytes:
        return answers.pop(0)

    return asyncio.run(read_credentials(lines[0].decode(), answer))


def b64(text: str) -> bytes:
    return base64.b64encode(text.encode())


@pytest.mark.parametrize(
    "lines",
    [
        (b"PLAIN " + b64("\0user\0pass"),),
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
        ((b"PLAIN ***",), "501 5.5.2"),
        ((b"PLAIN " + b64("user\0pass"),), "501 5.5.2"),
        ((b"PLAIN " + base64.b64encode(b"\0\xff\xfe\0x"),), "501 5.5.2"),
        ((b"LOGIN", b64("u\0ser"), b64("pass")), "501 5.5.2"),
        ((b"LOGIN", b64("u" * 600), b64("pass")), "501 5.5.2"),
        ((b"CRAM-MD5",), "504 5.5.4"),
        ((b"",), "504 5.5.4"),
    ],
)
def test_exchanges_that_are_refused(lines: tuple[bytes, ...], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ask(*lines)
    assert caught.value.reply.startswith(code)


def test_credentials_never_show_their_password() -> None:
    assert PASSWORD not in repr(Credentials("user", PASSWORD))


def test_failures_are_limited_and_forgiven(runtime: Runtime, clock: ManualClock) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    small = with_settings(runtime, SMTP__AUTH_FAILURES_PER_MINUTE_MAX="3", SMTP__AUTH_FAILURES_PER_DAY_MAX="5")
    good, bad = Credentials("kigyo", PASSWORD), Credentials("kigyo", "wrong")

    async def run() -> None:
        authenticator = Authenticator(small)
        evaluated = 0
        for _ in range(4):
            results = await asyncio.gather(
                *(authenticator.check(bad, "192.0.2.9") for _ in range(10)), return_exceptions=True
            )
            evaluated += sum(1 for result in results if result is None)
            clock.advance(61)
        assert evaluated == 5  # three in the first minute, two more that day
        with pytest.raises(Deferral):
            await authenticator.check(good, "192.0.2.9")
        assert await authenticator.check(good, "203.0.113.1") == company.id  # somebody else is not punished
        clock.advance(auth.DAY_S)
        assert await authenticator.check(good, "192.0.2.9") == company.id

    asyncio.run(run())


def test_a_password_is_remembered_until_something_changes(runtime: Runtime, clock: ManualClock) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    good = Credentials("kigyo", PASSWORD)

    async def run() -> None:
        authenticator = Authenticator(runtime)
        assert await authenticator.check(good, "192.0.2.9") == company.id
        with runtime.begin() as tx:
            companies.add_smtp_user(tx, company.id, "kigyo", "another long passphrase")
        assert await authenticator.check(good, "192.0.2.9") == company.id
        authenticator.forget()
        assert await authenticator.check(good, "192.0.2.9") is None

    asyncio.run(run())


def test_a_network_fails_together_in_the_end(runtime: Runtime) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    small = with_settings(runtime, SMTP__AUTH_FAILURES_PER_MINUTE_MAX="1")

    async def run() -> None:
        authenticator = Authenticator(small)
        for last in range(auth.NETWORK_FACTOR):
            assert await authenticator.check(Credentials("kigyo", "wrong"), f"192.0.2.{last}") is None
        with pytest.raises(Deferral):
            await authenticator.check(Credentials("kigyo", PASSWORD), "192.0.2.200")
        assert await authenticator.check(Credentials("kigyo", PASSWORD), "192.0.3.1") == company.id

    asyncio.run(run())


def test_failures_are_forgotten_in_time_and_their_memory_is_bounded() -> None:
    limit = FailureLimit(3, 100, sources_max=2)
    for at_s in range(3):
        assert not limit.exceeded("a", at_s)
        limit.failed("a", at_s)
    assert limit.exceeded("a", 3.0)
    assert not limit.exceeded("a", 62.0)
    limit.failed("b", 3.0)
    limit.failed("c", 3.0)  # memory is bounded: the oldest source is forgotten
    assert not limit.exceeded("a", 3.0)


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
