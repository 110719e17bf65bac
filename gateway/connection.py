"""One client's connection: its bytes in and out, its timeouts, and the loop that reads commands and sends replies.

Built on aiosmtpd, with its defects overridden: our own faults answer 451 instead of 500 with the exception's text,
replies to a pipelined group leave in one write (RFC 2920 3.2), a timeout says 421 first, and limits belong to the
connection instead of to the class. What the commands do stands in `smtp.py`.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Session as AiosmtpdSession

from core.log import get_logger
from core.metrics import MAILS_REFUSED
from gateway import replies
from gateway.intake import Intake
from gateway.replies import Refusal, smtp_reply
from gateway.wire import ClientGone, LineTooLong, Outflow, Wire

log = get_logger(__name__)

COMMAND_BYTES_MAX = 4096
OUT_BYTES_MAX = 16_384
ERRORS_MAX = 20
TLS_HANDSHAKE_S = 30.0

Method = Callable[[Any, str], Awaitable[None]]


class Connection(Outflow, SMTP):  # type: ignore[misc]  # aiosmtpd ships no types
    """The connection; sub-classes list their commands in ``methods``, by upper-case name."""

    methods: ClassVar[Mapping[bytes, Method]] = {}

    def __init__(self, intake: Intake, tls_context: ssl.SSLContext | None) -> None:
        # aiosmtpd's constructor looks through every attribute of handler and class for each connection (12 % of the
        # cost of a mail) and clears limits that all connections share: it is not called.
        self.loop = asyncio.get_running_loop()
        self.tls_context = tls_context
        self.hostname = intake.settings.smtp.hostname
        self._intake = intake
        self._wire = Wire()
        self._out = bytearray()
        self._errors = 0
        self._last_heard_s = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._handler_coroutine: asyncio.Task[None] | None = None
        self._in_data = False
        self._begin()

    def _begin(self) -> None:
        """The state before EHLO; STARTTLS returns to it (RFC 3207 4.2)."""
        self.session = AiosmtpdSession(self.loop)
        self.company_id: int | None = None
        self._reset()

    def _reset(self) -> None:
        """Forget the mail transaction."""
        raise NotImplementedError

    @property
    def peer(self) -> str:
        """The client's address; it stays the same under TLS."""
        return str(self.session.peer[0]) if self.session.peer else ""

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._attach(cast("asyncio.Transport", transport))
        self.session.peer = transport.get_extra_info("peername")
        if not self._intake.sessions.enter(self):
            self._close_with(replies.TOO_MANY_CONNECTIONS)
            return
        self._last_heard_s = self.loop.time()
        self._idle = self.loop.call_later(self._intake.settings.smtp.idle_s, self._timeout_cb)
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def _attach(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._wire.attach(transport)
        self.session.ssl = transport.get_extra_info("ssl_object")

    def data_received(self, data: bytes) -> None:
        self._last_heard_s = self.loop.time()
        self._wire.feed(data)

    def eof_received(self) -> bool:
        # What was pipelined before the client closed its half still counts, so the transport stays open for replies.
        self._wire.feed_eof()
        return self.session.ssl is None

    def connection_lost(self, error: Exception | None) -> None:
        self._intake.sessions.leave(self)
        self.resume_writing()
        self.transport = None
        if self._idle is not None:
            self._idle.cancel()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    # --- endings ---

    def shut_down(self) -> None:
        """The server is stopping: an idle client is told so, one in the middle of its message may finish it."""
        if not self._in_data and self._wire.waiting:
            self._close_with(replies.SHUTTING_DOWN)

    def _timeout_cb(self) -> None:
        # One timer a connection, set anew when it goes off, instead of one a command.
        left_s = self._last_heard_s + self._intake.settings.smtp.idle_s - self.loop.time()
        if self._wire.waiting and left_s <= 0:
            self._close_with(replies.TIMED_OUT)  # RFC 5321 4.5.3.2.7
            return
        self._idle = self.loop.call_later(max(left_s, 1.0), self._timeout_cb)

    def _close_with(self, reply: str) -> None:
        if self.transport is not None:
            self.transport.write(f"{reply}\r\n".encode())
            self.transport.close()

    # --- the conversation ---

    async def push(self, status: str) -> None:
        """Collect a reply; it leaves when the client has nothing further in flight."""
        if status[0] in "45":
            MAILS_REFUSED.labels(status[:3]).inc()
        self._out += status.encode("ascii", "replace") + b"\r\n"
        if len(self._out) > OUT_BYTES_MAX:
            await self._flush()

    async def _flush(self) -> None:
        if self._out and self.transport is not None:
            self.transport.write(bytes(self._out))
            self._out.clear()
        await self.drain()

    async def _handle_client(self) -> None:
        try:
            await self.push(f"220 {self.hostname} ESMTP")
            while self.transport is not None and not self.transport.is_closing():
                if not self._wire.has_line():
                    await self._flush()
                await self._answer_one()
        except (ClientGone, ConnectionError):
            pass
        finally:
            if self.transport is not None:
                if self._out:
                    self.transport.write(bytes(self._out))
                self.transport.close()

    async def _answer_one(self) -> None:
        try:
            line = await self._wire.line(COMMAND_BYTES_MAX)
        except LineTooLong:
            await self._complain(replies.LINE_TOO_LONG)
            return
        word, _, argument = line.strip(b"\r\n ").partition(b" ")
        method = self.methods.get(word.upper())
        if method is None:
            await self._complain(replies.NOT_UNDERSTOOD)
            return
        try:
            await method(self, argument.strip().decode("utf-8", "surrogateescape"))
        except Refusal as refusal:
            await self.push(refusal.reply)
        except (ClientGone, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a reply by the table
            await self.push(await self.handle_exception(error))

    async def handle_exception(self, error: Exception) -> str:
        """The reply to an error; the transaction is over, the session goes on."""
        self._reset()
        if not replies.is_expected(error):
            log.error("fault in an SMTP session", exc_info=error)
        reply = smtp_reply(error)
        if self._in_data:
            # What follows is the rest of a message; read as commands it could be a second, smuggled one.
            await self.push(reply)
            raise ClientGone
        return reply

    async def _complain(self, reply: str) -> None:
        self._errors += 1
        if self._errors < ERRORS_MAX:
            await self.push(reply)
            return
        await self.push(replies.TOO_MANY_ERRORS)
        raise ClientGone

    async def _ask(self, challenge: str) -> bytes:
        """Send a challenge (334) and read the client's answer."""
        await self.push(replies.CHALLENGE.format(text=challenge))
        await self._flush()
        return (await self._wire.line(COMMAND_BYTES_MAX)).strip()

    async def _turn_to_tls(self, context: ssl.SSLContext) -> None:
        """Say 220 and shake hands; the session begins anew (RFC 3207 4.2)."""
        await self.push(replies.READY_FOR_TLS)
        await self._flush()
        # Whatever the client, or somebody between us, sent in clear behind STARTTLS is gone.
        self._wire.clear()
        try:
            transport = await self.loop.start_tls(
                cast("asyncio.Transport", self.transport),
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=TLS_HANDSHAKE_S,
            )
        except (OSError, TimeoutError) as error:
            raise ClientGone from error
        if transport is None:
            raise ClientGone
        peer = self.session.peer
        self._begin()
        self._attach(transport)
        self.session.peer = peer


def require(condition: object, reply: str) -> None:
    """Refuse with ``reply`` unless ``condition`` holds."""
    if not condition:
        raise Refusal(reply)
