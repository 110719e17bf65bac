"""Mail of senders who are not recruiting senders leaves no trace: not in the database, the spool or the log."""

import base64
import smtplib
import time
from pathlib import Path

from sqlalchemy import text

from core.db import Database
from tests.gateway.sink import Sink
from tests.loop.installation import Installation, serving
from tests.servers import PostgresServer

PLANTED = ("kanarienvogel-7731", "カナリア四七一一号", "canary-subject-5520", "canary-rcpt-9087", "canary-sender-3344")
NOBODY_LOOKS_S = 20.0


def mails() -> list[tuple[str, str, bytes]]:
    """Everyday mail of a colleague in accounting, small and large; sender, recipient, octets."""
    sender, recipient = f"{PLANTED[4]}@example.jp", f"{PLANTED[3]}@example.org"
    head = (
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: {PLANTED[2]}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    small = f"{head}{PLANTED[0]} {PLANTED[1]} 採用を見送らせていただきます。\r\n".encode()
    filler = base64.encodebytes(b"x" * 1500).replace(b"\n", b"\r\n")
    large = small + (f"{PLANTED[0]}\r\n".encode() + filler) * 400
    return [(sender, recipient, small), (sender, recipient, large)] * 3


def add_company(installation: Installation) -> None:
    words = ("company", "add", "--name", "例示株式会社", "--sender-domain", "example.jp", "--network", "127.0.0.0/8")
    installation.json(*words, "--recruiting-sender", "saiyo@example.jp", "--mode", "auto")


def send(port: int, sink: Sink) -> None:
    sent = mails()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for sender, recipient, raw in sent:
            client.sendmail(sender, [recipient], raw, mail_options=["BODY=8BITMIME"])
    sink.wait(len(sent), 60)


def traces(folder: Path) -> list[str]:
    """Planted strings in any file below ``folder``."""
    needles = [word.encode() for word in PLANTED]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.name}: {needle.decode()}" for needle in needles if needle in content]
    return found


def traces_that_stay(folder: Path) -> list[str]:
    """The done-marks and the emptying of the write-ahead log come a moment after the delivery."""
    deadline = time.monotonic() + NOBODY_LOOKS_S
    while (found := traces(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_no_file_below_home_keeps_anything(tmp_path: Path) -> None:
    with Sink() as sink, serving(tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}") as installation:
        add_company(installation)
        send(installation.smtp_port, sink)
        assert traces_that_stay(tmp_path) == [], "while it runs: database, its log, spool, our log"
        installation.stop()
    assert traces(tmp_path) == []


def test_no_row_in_postgresql_keeps_anything(tmp_path: Path, postgres_server: PostgresServer) -> None:
    name = "cr_nobody"
    postgres_server.create(name)
    url = postgres_server.url(name)
    with Sink() as sink, serving(
        tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", DATABASE_URL=url
    ) as installation:  # fmt: skip
        add_company(installation)
        send(installation.smtp_port, sink)
        installation.stop()
    assert traces(tmp_path) == []
    database = Database(url)
    with database.connection(write=False) as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        rows = "".join(str(connection.execute(text(f'SELECT t::text FROM "{table}" t')).all()) for table in tables)
    database.close()
    assert "example.jp" in rows, "the look reaches the rows: the company's own domain stands there"
    hexed = [word.encode().hex() for word in PLANTED]
    assert [word for word in (*PLANTED, *hexed) if word in rows] == []
