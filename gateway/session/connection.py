"""One client's connection: its bytes in and out, its timeouts, and the loop that reads commands and sends replies.

Built on aiosmtpd, with its defects overridden: our own faults answer 451 instead of 500 with the exception's text,
replies to a pipelined group leave in one write (RFC 2920 3.2), a timeout says 421 first, and limits belong to the
connection instead of to the class. What the commands do stands in `smtp.py`.
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, NoReturn, cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Session as AiosmtpdSession

from core.log import get_logger
from core.metrics import MAILS_REFUSED
from gateway import replies
from gateway.policy import plain_address
from gateway.replies import Refusal, smtp_reply
from gateway.session.intake import Intake
from gateway.session.sessions import TICK_S
from gateway.wire.wire import ClientGone, LineTooLong, Outflow, Wire

log = get_logger(__name__)

COMMAND_BYTES_MAX = 4096
OUT_BYTES_MAX = 16_384
COMMANDS_A_TURN = 50
ERRORS_MAX = 20
#: Refusals of one session that are logged; a flood of them must not become one of lines.
REFUSALS_LOGGED_MAX = 3
TLS_HANDSHAKE_S = 30.0
#: Waiting for the client's own close_notify.
TLS_SHUTDOWN_S = 5.0
#: A client that takes no reply for so long is cut off.
SEND_S = 60.0
#: A web page can make a browser inside the company's network send these (with SMTP commands in the body) to our port.
HTTP_METHODS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"PATCH"})

Method = Callable[[Any, str], Awaitable[None]]


class Connection(Outflow, SMTP, ABC):  # type: ignore[misc]  # aiosmtpd ships no types
    """The connection; sub-classes list their commands in ``methods``, by upper-case name."""

    methods: ClassVar[Mapping[bytes, Method]] = {}
    #: The dot has come, and the mail is on its way to the disk.
    storing = False

    def __init__(self, intake: Intake, tls_context: ssl.SSLContext | None, peer: str = "") -> None:
        """``peer``: the client's address, where it is not the one that connects (a balancer stands between)."""
        # aiosmtpd's constructor looks through every attribute of handler and class for each connection (12 % of the
        # cost of a mail) and clears limits that all connections share: it is not called.
        self.loop = asyncio.get_running_loop()
        self.tls_context = tls_context
        self.hostname = intake.settings.smtp.hostname
        self.peer = plain_address(peer)
        self.stranger = True
        self._intake = intake
        self._wire = Wire()
        self._out = bytearray()
        self._errors = self._refusals = 0
        self._entered = False
        self._began_s = self._last_heard_s = self.loop.time()
        self._data_began_s: float | None = None
        self._data_bytes = 0
        self._clock: asyncio.TimerHandle | None = None
        self._handler_coroutine: asyncio.Task[None] | None = None
        self._begin()

    def _begin(self) -> None:
        """The state before EHLO; STARTTLS returns to it (RFC 3207 4.2)."""
        self.session = AiosmtpdSession(self.loop)
        self.company_id: int | None = None
        self._reset()

    @abstractmethod
    def _reset(self) -> None:
        """Forget the mail transaction."""

    # --- what listener and asyncio call ---

    def enter(self) -> bool:
        """Count the connection in, once; False when there are too many of them."""
        if not self._entered:
            self.stranger = not self._intake.companies_around(self.peer)
            self._entered = self._intake.sessions.enter(self)
        return self._entered

    def leave(self) -> None:
        """Count it out."""
        self._intake.sessions.leave(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._attach(cast("asyncio.Transport", transport))
        peername = transport.get_extra_info("peername")
        self.peer = self.peer or (plain_address(str(peername[0])) if peername else "")
        if not self.enter():
            self._close_with(replies.TOO_MANY_CONNECTIONS)
            return
        self._began_s = self._last_heard_s = self.loop.time()
        self._clock = self.loop.call_later(self._intake.sessions.tick_s, self._look_at_clock)
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
        self.leave()
        self.resume_writing()
        self.transport = None
        if self._clock is not None:
            self._clock.cancel()
        # A commit under way cannot be taken back: what is being stored runs on without its client.
        if self._handler_coroutine is not None and not self.storing:
            self._handler_coroutine.cancel()

    # --- endings ---

    def shut_down(self) -> None:
        """The server is stopping: an idle client is told so, one in the middle of its message may finish it."""
        if self._data_began_s is None and self._wire.waiting:
            self._close_with(replies.SHUTTING_DOWN)

    def cut_off(self) -> None:
        """The server ends now, whatever this client is doing."""
        self._end(replies.SHUTTING_DOWN)

    def _look_at_clock(self) -> None:
        # One timer a connection, set anew when it goes off, instead of one a command.
        now_s = self.loop.time()
        left_s = self._deadline_s() - now_s
        if left_s <= 0:
            self._end(replies.TIMED_OUT)
            left_s = TICK_S
        self._clock = self.loop.call_later(min(left_s, self._intake.sessions.tick_s), self._look_at_clock)

    def _deadline_s(self) -> float:
        """When this connection ends unless its client goes on; silence counts only while we wait for the client."""
        if self.blocked_since_s is not None:
            return self.blocked_since_s + SEND_S
        smtp = self._intake.settings.smtp
        deadlines_s = []
        if self._wire.waiting:
            deadlines_s.append(self._last_heard_s + smtp.idle_s)  # RFC 5321 4.5.3.2.7
            # An octet now and then is no silence, but holds a place all the same.
            if self._data_began_s is not None:
                deadlines_s.append(self._data_began_s + smtp.idle_s + self._data_bytes / smtp.data_bytes_per_s_min)
            elif self._wire.partial_since_s is not None:
                deadlines_s.append(self._wire.partial_since_s + smtp.line_s)
            if self.stranger:
                deadlines_s.append(self._began_s + smtp.stranger_s)
        return min(deadlines_s, default=self.loop.time() + TICK_S)

    def _end(self, reply: str) -> None:
        if self.transport is None:
            return
        if self.blocked_since_s is not None or self.transport.is_closing():
            self.transport.abort()  # it does not take what we have said; a reply more would not reach it either
        else:
            self._close_with(reply)

    def _close_with(self, reply: str) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self._note(reply)
            self.transport.write(f"{reply}\r\n".encode())
            self.transport.close()

    # --- the conversation ---

    async def push(self, status: str) -> None:
        """Collect a reply; it leaves when the client has nothing further in flight."""
        if status[0] in "45":
            self._note(status)
        self._out += status.encode("ascii", "replace") + b"\r\n"
        if len(self._out) > OUT_BYTES_MAX:
            await self._flush()

    def _note(self, reply: str) -> None:
        """Count a refusal and, for the first of a session, say in the log who was told what."""
        MAILS_REFUSED.labels(reply[:3]).inc()
        self._refusals += 1
        if self._refusals <= REFUSALS_LOGGED_MAX:
            log.info("refused", extra={"peer": self.peer, "reply": reply})

    async def _flush(self) -> None:
        if self._out and self.transport is not None:
            self.transport.write(bytes(self._out))
            self._out.clear()
        if self.blocked_since_s is not None or self.transport is None or self.transport.is_closing():
            await self.drain()

    async def _handle_client(self) -> None:
        try:
            await self.push(f"220 {self.hostname} ESMTP")
            turns = 0
            while self.transport is not None and not self.transport.is_closing():
                turns += 1
                if not self._wire.has_line():
                    await self._flush()
                elif turns % COMMANDS_A_TURN == 0:
                    await asyncio.sleep(0)  # who sends thousands of commands at once waits for the others
                await self._answer_one()
        except (ClientGone, ConnectionError):
            pass
        finally:
            self._reset()
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
        # RFC 5321 2.3.8: nothing but CRLF ends a line, and CR and LF stand nowhere else.
        if line[-2:] != b"\r\n" or line.count(b"\r") > 1 or b"\0" in line:
            await self._complain(replies.BAD_LINE)
            return
        word, _, argument = line.strip().partition(b" ")
        method = self.methods.get(word.upper())
        if method is None:
            await self._complain(replies.NOT_HTTP if word in HTTP_METHODS else replies.NOT_UNDERSTOOD)
            return
        try:
            await method(self, argument.strip().decode("utf-8", "surrogateescape"))
        except Refusal as refusal:
            await self._refuse(refusal.reply)
        except (ClientGone, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a reply by the table
            await self._refuse(await self.handle_exception(error))

    async def handle_exception(self, error: Exception) -> str:
        """The reply to an error; the transaction is over, the session goes on."""
        self._reset()
        if not replies.is_expected(error):
            log.error("fault in an SMTP session", exc_info=error)
        if self._data_began_s is not None:
            # What follows is the rest of a message; read as commands it could be a second, smuggled one.
            await self._end_with(replies.INTERNAL_IN_DATA)
        return smtp_reply(error)

    async def _refuse(self, reply: str) -> None:
        # A company's server may have many refused; a stranger who goes on is trying doors.
        await (self._complain if self.stranger else self.push)(reply)

    async def _complain(self, reply: str) -> None:
        """Say what was wrong; who goes on like that is told so and let go."""
        self._errors += 1
        if reply.startswith("421"):
            await self._end_with(reply)
        if self._errors >= ERRORS_MAX:
            await self._end_with(replies.TOO_MANY_ERRORS)
        await self.push(reply)

    async def _end_with(self, reply: str) -> NoReturn:
        await self.push(reply)
        raise ClientGone

    async def _ask(self, challenge: str) -> bytes:
        """Send a challenge (334) and read the client's answer."""
        await self.push(replies.CHALLENGE.format(text=challenge))
        await self._flush()
        try:
            return (await self._wire.line(COMMAND_BYTES_MAX)).strip()
        except LineTooLong:
            raise Refusal(replies.AUTH_LINE_TOO_LONG) from None

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
                ssl_shutdown_timeout=TLS_SHUTDOWN_S,
            )
        except (OSError, TimeoutError) as error:
            log.info("TLS handshake failed", extra={"peer": self.peer, "why": type(error).__name__})
            raise ClientGone from error
        if transport is None:
            raise ClientGone
        self._begin()
        self._attach(transport)


def require(condition: object, reply: str) -> None:
    """Refuse with ``reply`` unless ``condition`` holds."""
    if not condition:
        raise Refusal(reply)
