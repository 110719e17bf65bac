"""The demo's internet: an SMTP server that takes every mail and keeps it, in memory and as a file."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from careerrelay.sockets import open_listener
from core.endpoints import Listen

MAILS_MAX = 2_000
LINE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail as the internet received it."""

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=modern)

    @property
    def subject(self) -> str:
        return str(self.parsed()["Subject"] or "")

    @property
    def edited(self) -> bool:
        """Did the gateway put its block into this mail?"""
        return "X-CareerRelay-Trace" in self.parsed()

    def text(self, subtype: str) -> str:
        """The body of one kind (``plain`` or ``html``), empty when the mail has none."""
        part = self.parsed().get_body((subtype,))
        if part is None:
            return ""
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset("utf-8")
        return payload.decode(charset, "replace") if isinstance(payload, bytes) else ""


class _LenientSmtp(SMTP):  # type: ignore[misc]
    line_length_limit = LINE_BYTES_MAX  # the product relays long lines as they are; so does the internet here


class Sink:
    """Listens on a loopback port (0: a free one), on an event loop in a thread of its own."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        self._directory = directory
        self._socket = open_listener(Listen("127.0.0.1", port), 1, "demo sink").sockets[0]
        self._mails: list[Delivered] = []
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._accept(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _accept(self) -> None:
        self._server = await self._loop.create_server(self._protocol, sock=self._socket)

    def _protocol(self) -> SMTP:
        return _LenientSmtp(self, enable_SMTPUTF8=True, data_size_limit=None, ident="demo sink", loop=self._loop)

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # kept connections of the gateway
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name and arguments
        raw = envelope.original_content
        with self._arrived:
            if len(self._mails) >= MAILS_MAX:
                return "452 4.3.1 the demo's inbox is full"
            mail = Delivered(
                len(self._mails) + 1, datetime.now(UTC), envelope.mail_from or "", tuple(envelope.rcpt_tos), raw or b""
            )
            (self._directory / f"{mail.number:04}.eml").write_bytes(mail.raw)
            self._mails.append(mail)
            self._arrived.notify_all()
        return "250 2.0.0 kept"

    def mails(self) -> tuple[Delivered, ...]:
        with self._arrived:
            return tuple(self._mails)

    def wait_until_quiet(self, quiet_s: float) -> int:
        """Wait until nothing has arrived for ``quiet_s`` seconds; how many mails there are then."""
        with self._arrived:
            while self._arrived.wait(quiet_s):
                pass
            return len(self._mails)

    def wait_for(self, wanted: Callable[[Delivered], object], timeout_s: float) -> Delivered | None:
        """The first mail that fits, waiting for it; None when it did not come in time."""
        deadline_s = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                found = next((mail for mail in self._mails if wanted(mail)), None)
                left_s = deadline_s - time.monotonic()
                if found is not None or left_s <= 0:
                    return found
                self._arrived.wait(left_s)
