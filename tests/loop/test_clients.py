"""Programs that companies send with, each by STARTTLS and by TLS from the first octet, with a password.

What one of them hands in is what arrives, byte for byte below the gateway's own field.
"""

import json
import re
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway import certificates
from tests.gateway.sink import Got, Sink
from tests.loop import programs
from tests.loop.installation import Installation
from tests.loop.postfix import postfix
from tests.servers import free_port

USER, PASSWORD = "hr", "a long enough passphrase"
SENDER = "jinji@example.jp"
RUN_S = 60

# Lines that begin with a dot, an empty end, kanji as they are, base64, a long line: what clients get wrong.
MAIL = (
    (
        "From: 人事 <jinji@example.jp>\r\n"
        "To: taro@example.com\r\n"
        "Subject: =?utf-8?b?44GU6YCj57Wh?=\r\n"
        "Date: Sat, 21 Nov 2026 12:00:00 +0900\r\n"
        "Message-ID: <clients@example.jp>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n"
        "\r\n"
        "--b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n"
        "山田 太郎 様\r\n"
        ".\r\n"
        "..点で始まる行\r\n"
        f"{'長' * 300}\r\n"
        "\r\n"
        "--b\r\n"
        "Content-Type: application/octet-stream; name=a.bin\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        "AAECAwQFBgcICQ==\r\n"
        "--b--\r\n"
    )
    .replace("From: 人事", "From: =?utf-8?b?5Lq65LqL?=")
    .encode()
)


@dataclass(frozen=True)
class World:
    """A running installation that takes mail only from its user; ``folder`` holds the mail with LF and with CRLF."""

    installation: Installation
    sink: Sink
    folder: Path
    certificate: Path
    starttls_port: int
    tls_port: int

    def port(self, *, implicit: bool) -> int:
        return self.tls_port if implicit else self.starttls_port


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("clients")
    certificate, key = certificates.make(folder)
    (folder / "crlf.eml").write_bytes(MAIL)
    (folder / "lf.eml").write_bytes(MAIL.replace(b"\r\n", b"\n"))
    # swaks puts an end of line before its dot, whether there is one already or not.
    (folder / "swaks.eml").write_bytes(MAIL.replace(b"\r\n", b"\n").removesuffix(b"\n"))
    tls_port = free_port()
    with Sink() as sink:
        installation = Installation(
            folder / "home",
            RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}",
            SMTP__LISTEN=f"127.0.0.1:0,tls://127.0.0.1:{tls_port}",
            SMTP__TLS_CERT=str(certificate),
            SMTP__TLS_KEY=str(key),
        )
        installation.command("migrate")
        words = ["company", "add", "--name", "例示株式会社", "--sender-domain", "example.jp"]
        company = installation.json(*words, "--recruiting-sender", "saiyo@example.jp")["id"]
        installation.command("company", "smtp-user", str(company), USER, stdin=f"{PASSWORD}\n")
        installation.start()
        try:
            yield World(installation, sink, folder, certificate, installation.smtp_port, tls_port)
        finally:
            installation.stop()


def run(*words: str, octets: bytes = b"") -> None:
    done = subprocess.run(words, input=octets, capture_output=True, check=False, timeout=RUN_S)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")[-2000:]


def with_swaks(world: World, recipient: str, implicit: bool) -> None:
    words = ["--server", "127.0.0.1", "--port", str(world.port(implicit=implicit)), "--from", SENDER, "--to", recipient]
    words += ["--auth", "LOGIN", "--auth-user", USER, "--auth-password", PASSWORD]
    words += ["--tls-on-connect" if implicit else "--tls", "--data", f"@{world.folder / 'swaks.eml'}"]
    run(programs.swaks(), *words)


def with_msmtp(world: World, recipient: str, implicit: bool) -> None:
    words = ["--host=127.0.0.1", f"--port={world.port(implicit=implicit)}", f"--from={SENDER}", "--auth=plain"]
    words += [f"--user={USER}", f"--passwordeval=echo {PASSWORD}", "--tls=on", f"--tls-trust-file={world.certificate}"]
    words += [f"--tls-starttls={'off' if implicit else 'on'}", "--", recipient]
    run(programs.program("msmtp"), *words, octets=(world.folder / "lf.eml").read_bytes())


def with_curl(world: World, recipient: str, implicit: bool) -> None:
    url = f"{'smtps' if implicit else 'smtp'}://127.0.0.1:{world.port(implicit=implicit)}"
    words = [url, "--silent", "--show-error", "--ssl-reqd", "--cacert", str(world.certificate)]
    words += ["--user", f"{USER}:{PASSWORD}", "--mail-from", SENDER, "--mail-rcpt", recipient]
    run(programs.program("curl"), *words, "--upload-file", str(world.folder / "crlf.eml"))


def with_smtplib(world: World, recipient: str, implicit: bool) -> None:
    context = certificates.client_context(world.certificate)
    port = world.port(implicit=implicit)
    with (
        smtplib.SMTP_SSL("127.0.0.1", port, context=context) if implicit else smtplib.SMTP("127.0.0.1", port)
    ) as client:
        if not implicit:
            client.starttls(context=context)
        client.login(USER, PASSWORD)
        client.sendmail(SENDER, [recipient], MAIL, mail_options=["BODY=8BITMIME"])


NODE = """\
const nodemailer = require('nodemailer');
const fs = require('fs');
const given = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({
  host: '127.0.0.1', port: given.port, secure: given.implicit, requireTLS: true,
  auth: { user: given.user, pass: given.password }, tls: { ca: fs.readFileSync(given.ca) },
});
transport.sendMail({ envelope: { from: given.from, to: given.to }, raw: fs.readFileSync(given.mail) })
  .then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
"""


def with_nodemailer(world: World, recipient: str, implicit: bool) -> None:
    folder = world.folder / "node"
    folder.mkdir(exist_ok=True)
    node = programs.nodemailer(folder)
    (folder / "send.js").write_text(NODE)
    given = {"port": world.port(implicit=implicit), "implicit": implicit, "user": USER, "password": PASSWORD}
    given |= {"ca": str(world.certificate), "from": SENDER, "to": recipient, "mail": str(world.folder / "crlf.eml")}
    run(node, str(folder / "send.js"), json.dumps(given))


def with_postfix(world: World, recipient: str, implicit: bool) -> None:
    """The company's own server in front, the gateway as its relayhost."""
    port = world.port(implicit=implicit)
    plugins = programs.sasl_plugins()
    assert plugins.is_dir()

    def extra(folder: Path) -> tuple[str, str]:
        (folder / "ca.pem").write_bytes(world.certificate.read_bytes())
        (folder / "password").write_text(f"[127.0.0.1]:{port} {USER}:{PASSWORD}\n")
        lines = [
            "smtp_sasl_auth_enable = yes",
            f"smtp_sasl_password_maps = texthash:{folder}/password",
            "smtp_sasl_security_options = noanonymous",
            "smtp_tls_security_level = encrypt",
            f"smtp_tls_CAfile = {folder}/ca.pem",
            f"smtp_tls_wrappermode = {'yes' if implicit else 'no'}",
        ]
        return "".join(f"{line}\n" for line in lines), "tlsmgr unix - - n 1000? 1 tlsmgr\n"

    with postfix("front.example.jp", port, extra) as front:
        with smtplib.SMTP("127.0.0.1", front.port) as client:
            client.sendmail(SENDER, [recipient], MAIL, mail_options=["BODY=8BITMIME"])
        arrived(world, recipient)


CLIENTS: dict[str, Callable[[World, str, bool], None]] = {
    "swaks": with_swaks,
    "msmtp": with_msmtp,
    "curl": with_curl,
    "smtplib": with_smtplib,
    "nodemailer": with_nodemailer,
    "postfix": with_postfix,
}


def arrived(world: World, recipient: str) -> Got:
    """Wait until the next hop has the mail."""
    count = 0
    while not world.sink.to(recipient):
        count = len(world.sink.wait(count + 1, RUN_S))
    (got,) = world.sink.to(recipient)
    return got


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_sends_is_what_arrives(world: World, name: str, implicit: bool) -> None:
    recipient = f"{name}-{'tls' if implicit else 'starttls'}@example.com"
    CLIENTS[name](world, recipient, implicit)
    got = arrived(world, recipient)
    assert got.sender == SENDER
    ours, rest = first_field(got.raw)
    assert b"with ESMTPSA id" in ours
    assert b"(using TLSv1." in ours
    if name == "postfix":
        theirs, rest = first_field(rest)
        assert b"(Postfix) with ESMTP id" in theirs
    assert rest == MAIL


def first_field(raw: bytes) -> tuple[bytes, bytes]:
    """The Received field on top, and what stands below it."""
    match = re.match(rb"Received: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", raw)
    assert match, raw[:200]
    return match[0], raw[match.end() :]
