"""A gateway that obeys a company's rule file, for tests of what rules order."""

from typing import Any

from core.runtime import Runtime
from crm.registry.companies import CompanyView
from gateway.letter.limits import Limits
from gateway.ruling import ruleset
from gateway.tables import Origin
from tests.gateway.rig import CANDIDATE, HR, REJECTION, Gateway
from tests.gateway.sink import Sink

OURS = f'sender = "{HR}"'
DROPBOX = "crm@kigyo.example.jp"
COPY = f'action = "bcc_dropbox"\nto = "{DROPBOX}"'
NEWS = "来週の説明会のご案内です。\r\n"
SIGNED = f"{REJECTION}-- \r\n株式会社サンプル 採用担当\r\nTEL 03-0000-0000\r\n"
QUOTED = f"{SIGNED}\r\n-----Original Message-----\r\nFrom: taro@example.com\r\nSent: 1 Nov 2026\r\n応募いたします。\r\n"


def obey(runtime: Runtime, company: CompanyView, text: str) -> str:
    """Put a rule file in force; its version."""
    with runtime.begin() as tx:
        line = ruleset.save_version(tx, company.id, text, file="rules.toml", by="test", limits=Limits(), folder=None)
        ruleset.activate(tx, company.id, line.version, by="test")
    return line.version


def sent(runtime: Runtime, raw: bytes, count: int = 1, recipients: tuple[str, ...] = (CANDIDATE,)) -> tuple[Sink, Any]:
    """Send one mail through a gateway; what the next hop got, and the mail's row."""
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, recipients)
        sink.wait(count)
        gateway.wait_until_finished()
        (row,) = [row for row in gateway.mails() if row.origin == Origin.SMTP.value]
    return sink, row


def sent_again(runtime: Runtime, raw: bytes) -> tuple[Sink, Any]:
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        sink.wait(1)
        gateway.wait_until_finished()
        return sink, gateway.mails()[-1]
