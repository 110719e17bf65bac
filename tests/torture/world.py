"""The installation in which processes are killed: two companies, an agency, and a mail of each kind."""

import dataclasses
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import careerrelay.tables  # noqa: F401 - every table, before the first mapper is configured
from core import outbox
from core.clock import ManualClock
from core.crypto import KeyRing
from core.db import Database
from core.runtime import Runtime
from core.setting_sources import load
from crm.agency import agencies
from crm.agency.agencies import NewAgency
from crm.registry import companies
from crm.registry.companies import NewCompany
from rules.model import Mode
from tests.conftest import START, fill

AUTO, CONFIRM = "auto.example.jp", "confirm.example.jp"
INLINE_BYTES_MAX = 4096
REJECTION = (
    "このたびは弊社の採用選考にご応募いただき、誠にありがとうございました。\r\n"
    "慎重に検討いたしました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r\n"
    "末筆ながら、今後のご活躍をお祈り申し上げます。\r\n"
)
FILLER = "補足：応募書類は責任をもって破棄いたします。\r\n" * 120


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to send: of a kind, with a sender and recipients that no other mail has."""

    kind: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


def letter(kind: str, number: int) -> Letter:
    """Mail ``number`` of a round."""
    domain = CONFIRM if kind == "hold" else AUTO
    prefix = {"refused": "no-", "later": "later-"}.get(kind, "")
    sender = f"saiyo{number}@{domain}"
    recipients = [f"{prefix}taro{number}@example.org"]
    if kind == "copied":
        recipients.append(f"chief{number}@{domain}")
    head = [
        f"From: {sender}",
        f"To: {recipients[0]}",
        "Subject: =?utf-8?b?6YG46ICD57WQ5p6c44Gu44GU6YCj57Wh?=",
        "Date: Sat, 21 Nov 2026 12:00:00 +0900",
        f"Message-ID: <{number}@{domain}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    if kind != "plain":
        head.append("X-CareerRelay: rejection")
    text = "面接の日程についてご連絡いたします。\r\n" if kind == "plain" else REJECTION
    body = text + (FILLER if kind == "large" else "")
    return Letter(kind, sender, tuple(recipients), ("\r\n".join(head) + "\r\n\r\n" + body).encode())


class World:
    """A HOME that is emptied for each round; its database is a copy of one that was filled once."""

    def __init__(self, home: Path, next_hop_port: int) -> None:
        self.home = home
        self._template = home.parent / "template.sqlite3"
        given = {
            "HOME": str(home),
            "SMTP__HOSTNAME": "gateway.example.jp",
            "MAIL__FROM": "relay@gateway.example.jp",
            "WEB__BASE_URL": "https://relay.example.jp",
            "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{next_hop_port}",
            "RELAY__RETRY_S": "60",
            "RELAY__DELAY_NOTICE_S": "86400",
            "SPOOL__FREE_BYTES_MIN": "0",
            "SPOOL__INLINE_BYTES_MAX": str(INLINE_BYTES_MAX),
        }
        settings = load(env={f"CAREERRELAY_{name}": value for name, value in given.items()})
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = Database(settings.effective_database_url)
        self.runtime = Runtime(settings, database, ManualClock(START), KeyRing.generate())
        self.file = home / "careerrelay.sqlite3"
        self._fill()

    def _fill(self) -> None:
        fill(self.runtime.db)
        with self.runtime.begin() as tx:
            for domain, mode in ((AUTO, Mode.AUTO), (CONFIRM, Mode.CONFIRM)):
                company = companies.add(
                    tx,
                    NewCompany(
                        name="株式会社サンプル",
                        sender_domains=(domain,),
                        recruiting_senders=(f"@{domain}",),
                        networks=("127.0.0.0/8",),
                        mode=mode,
                    ),
                )
                agencies.add(
                    tx,
                    company.id,
                    NewAgency(
                        name="サンプル人材紹介株式会社",
                        licence_no="13-ユ-300001",
                        licence_expires_on=date(2029, 3, 31),
                        mail="intake@agency.example.jp",
                    ),
                )
        with self.runtime.db.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.runtime.db.close()
        shutil.copy(self.file, self._template)

    def renew(self) -> None:
        """An empty installation again."""
        for name in ("careerrelay.sqlite3-wal", "careerrelay.sqlite3-shm"):
            (self.home / name).unlink(missing_ok=True)
        for name in ("spool", "copies"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        shutil.copy(self._template, self.file)

    def at(self, seconds: float) -> Runtime:
        """The installation as a process sees it that lives ``seconds`` after the round's beginning."""
        clock = ManualClock(START)
        clock.advance(seconds)
        return dataclasses.replace(self.runtime, clock=clock)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read with a connection of our own that changes nothing: not even the log is folded when it closes."""
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)
        try:
            return list(connection.execute(sql))
        finally:
            connection.close()


def put_own(runtime: Runtime, recipient: str) -> None:
    """Write a mail of our own into the outbox, as any use case does."""
    with runtime.begin() as tx:
        raw = outbox.compose(
            sender="relay@gateway.example.jp",
            sender_name="CareerRelay",
            recipient=recipient,
            subject="受付",
            text="受け付けました。\n",
            now=tx.now,
        )
        assert outbox.put(
            tx,
            key=f"receipt:{recipient}",
            company_id=None,
            kind=outbox.Kind.CANDIDATE,
            sender="relay@gateway.example.jp",
            recipient=recipient,
            raw=raw,
        )


def iso(moment: datetime) -> str:
    """As SQLite keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
