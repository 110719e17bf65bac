"""A gateway process in a thread, in front of a real sink, for tests that send real mail through it."""

import base64
import dataclasses
import ipaddress
import re
import smtplib
import socket
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import Any, Self

from sqlalchemy import func, select

from core.runtime import Runtime
from core.setting_sources import load
from crm import signals
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.registry import companies, smtp_users
from crm.registry.companies import CompanyView, NewCompany
from crm.signals import SignalRow
from gateway.server import run
from gateway.tables import UNFINISHED_MAIL, delivery, mail
from rules.model import AtsStatus, Mode

HR = "saiyo@kigyo.example.jp"
CANDIDATE = "taro@example.com"
#: The link of an invitation, as `with_settings` has it begin.
LINK = re.compile(rb"https://relay\.example\.jp/r/([A-Za-z0-9_-]{22})")


def message(body: str = "こんにちは\r\n", *, sender: str = HR, to: str = CANDIDATE, subject: str = "ご連絡") -> bytes:
    """A plain mail, 8-bit UTF-8, with a Message-ID of its own."""
    head = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        "Date: Sat, 21 Nov 2026 12:00:00 +0900",
        f"Message-ID: <{time.monotonic_ns()}@kigyo.example.jp>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def with_attachment(raw: bytes, octets: bytes) -> bytes:
    """The same mail with its text beside a file."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-")]
    kept = [line for line in head.split(b"\r\n") if line.startswith(b"Content-")]
    fields.append(b"Content-Type: multipart/mixed; boundary=frontier")
    file = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    parts = [
        b"\r\n".join(fields) + b"\r\n",
        b"--frontier",
        b"\r\n".join(kept) + b"\r\n",
        body,
        b"--frontier",
        b"Content-Type: application/octet-stream; name=file.bin",
        b"Content-Disposition: attachment; filename=file.bin",
        b"Content-Transfer-Encoding: base64\r\n",
        file + b"--frontier--\r\n",
    ]
    return b"\r\n".join(parts)


def with_settings(runtime: Runtime, **env: str) -> Runtime:
    """The same installation with other settings; names without prefix, e.g. ``RELAY__RETRY_S="1,1"``."""
    settings = runtime.settings
    base = {
        "HOME": str(settings.home),
        "DATABASE_URL": settings.effective_database_url,
        "SMTP__HOSTNAME": settings.smtp.hostname,
        "MAIL__FROM": settings.mail.from_,
        "SPOOL__FREE_BYTES_MIN": "0",
        "SMTP__AUTH_DELAY_S": "0",
        "GATEWAY__PROCESSES": "1",
        "WEB__BASE_URL": "https://relay.example.jp",
    }
    return dataclasses.replace(
        runtime, settings=load(env={f"CAREERRELAY_{name}": value for name, value in (base | env).items()})
    )


def add_company(runtime: Runtime, **more: Any) -> CompanyView:
    """A company whose network is this machine and whose recruiting sender is HR."""
    fields: dict[str, Any] = {
        "name": "株式会社サンプル",
        "sender_domains": ("kigyo.example.jp",),
        "recruiting_senders": (HR,),
        "networks": ("127.0.0.0/8",),
        "mode": Mode.AUTO,
    }
    with with_settings(runtime).begin() as tx:
        return companies.add(tx, NewCompany(**(fields | more)))


PASSWORD = "a long enough passphrase"


def add_user(runtime: Runtime, company_id: int, user: str = "kigyo", password: str = PASSWORD) -> None:
    """An SMTP user of a company."""
    with runtime.begin() as tx:
        smtp_users.add(tx, company_id, user, password)


class Gateway:
    """``with Gateway(runtime, sink.port) as gateway: gateway.send(...)``."""

    def __init__(self, runtime: Runtime, next_hop: int | str, **env: str) -> None:
        hop = next_hop if isinstance(next_hop, str) else f"smtp://127.0.0.1:{next_hop}"
        self.runtime = with_settings(runtime, RELAY__NEXT_HOP=hop, **env)
        listens = self.runtime.settings.smtp.listen
        self.sockets = [_listening() for _ in listens]
        self.port = self.sockets[0].getsockname()[1]
        self._stop = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            run(self.runtime, self.sockets, self._stop)
        except BaseException as error:  # noqa: BLE001 - carried over to the test's thread
            self.error = error
            traceback.print_exc()

    def __enter__(self) -> Self:
        self._thread.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as ready:
            if self.is_behind_balancer:
                ready.sendall(b"PROXY UNKNOWN\r\n")
            assert ready.recv(4) == b"220 "
        return self

    @property
    def is_behind_balancer(self) -> bool:
        """Must connections from 127.0.0.1 begin with a PROXY header?"""
        here = ipaddress.ip_address("127.0.0.1")
        return any(here in network for network in self.runtime.settings.smtp.proxy_from)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        if self.error is not None and error is None:
            raise self.error

    def ask_to_stop(self) -> None:
        self._stop.set()

    def wait_until_it_ends(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    @contextmanager
    def client(self) -> Iterator[smtplib.SMTP]:
        client = smtplib.SMTP("127.0.0.1", self.port, timeout=20)
        client.command_encoding = "utf-8"
        try:
            yield client
        finally:
            client.close()

    def send(self, raw: bytes, recipients: Sequence[str] = (CANDIDATE,), sender: str = HR) -> str:
        """Send one mail; the queue id from the reply to the dot. Raises what smtplib raises."""
        with self.client() as client:
            client.ehlo("client.example.net")
            code, reply = client.mail(sender, ["BODY=8BITMIME"])
            assert code == 250, reply
            for recipient in recipients:
                code, reply = client.rcpt(recipient)
                if code != 250:
                    raise smtplib.SMTPRecipientsRefused({recipient: (code, reply)})
            code, reply = client.data(raw)
            if code != 250:
                raise smtplib.SMTPDataError(code, reply)
            client.quit()
        return reply.decode().split()[-1]

    def wait_until_finished(self, timeout_s: float = 15.0) -> None:
        """Until no mail is open."""
        self.wait_for(lambda: self.count_open() == 0, timeout_s)

    def count_open(self) -> int:
        states = [state.value for state in UNFINISHED_MAIL]
        with self.runtime.read() as tx:
            return tx.session.scalar(select(func.count()).select_from(mail).where(mail.c.state.in_(states))) or 0

    def wait_for(self, holds: Any, timeout_s: float = 15.0) -> None:
        end_s = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < end_s, "did not come true in time"
            time.sleep(0.02)

    def mails(self) -> list[Any]:
        with self.runtime.read() as tx:
            return list(tx.session.execute(select(mail).order_by(mail.c.id)).all())

    def deliveries(self) -> list[Any]:
        with self.runtime.read() as tx:
            return list(tx.session.execute(select(delivery).order_by(delivery.c.mail_id, delivery.c.position)).all())


def _listening() -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(100)
    return sock


REJECTION = (
    "山田 太郎 様\r\n\r\n株式会社サンプル 採用担当です。\r\n"
    "この度は弊社の求人にご応募いただき、誠にありがとうございました。\r\n"
    "慎重に選考を重ねました結果、誠に残念ながら今回は採用を見送らせていただくこととなりました。\r\n"
    "末筆ながら、貴殿の今後のご活躍をお祈り申し上げます。\r\n"
)


def without_received(raw: bytes) -> bytes:
    """Drop exactly the one field that we add on top."""
    match = re.match(rb"Received: [^\r\n]*\r\n(?:\t[^\r\n]*\r\n)*", raw)
    assert match
    return raw[match.end() :]


def add_agency(runtime: Runtime, company_id: int) -> None:
    with runtime.begin() as tx:
        agencies.add(
            tx,
            company_id,
            NewAgency(
                name="サンプル人材紹介株式会社",
                licence_no="13-ユ-300001",
                licence_expires_on=date(2028, 3, 31),
                mail="intake@agency.example.jp",
            ),
        )


def ats_says(
    runtime: Runtime, company_id: int, status: AtsStatus = AtsStatus.REJECTED, recipient: str = CANDIDATE
) -> None:
    """Store what the ATS knows about a recipient, as of now."""
    with runtime.begin() as tx:
        signals.store(tx, company_id, SignalRow("test", recipient, status, tx.now))


def rejecting_company(runtime: Runtime, mode: Mode = Mode.AUTO, **more: Any) -> CompanyView:
    """A company with a licensed agency whose ATS has rejected the candidate: its next rejection mail is sure."""
    company = add_company(runtime, mode=mode, **more)
    add_agency(runtime, company.id)
    ats_says(runtime, company.id)
    return company
