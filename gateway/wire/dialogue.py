"""One connection to a next hop: commands and replies, greeting, EHLO, STARTTLS, AUTH. Only bytes leave here."""

import asyncio
import base64
import ssl
from typing import cast

from core.endpoints import NextHop, Security
from core.errors import Temporary
from core.settings import Settings
from gateway import outcome
from gateway.outcome import Reply, read_reply
from gateway.wire.wire import ClientGone, LineTooLong, Outflow, Wire

REPLY_LINE_BYTES_MAX = 4096
REPLY_LINES_MAX = 200

#: What a server or the network can do to a conversation.
Broken = (OSError, TimeoutError, ClientGone, LineTooLong, ValueError)


class Unavailable(Temporary):
    """The next hop as a whole cannot be used just now; ``reply`` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def reason_of(error: BaseException) -> Reply:
    """What we say in place of a server with which a conversation ended so."""
    match error:
        case TimeoutError():
            return outcome.SILENT
        case LineTooLong() | ValueError():
            return outcome.NOT_SMTP
        case ClientGone() | ConnectionError():
            return outcome.DROPPED
        case _:
            return outcome.INTERNAL  # a body that cannot be read is our fault, not the next hop's


class Dialogue(Outflow):
    """A connection to a next hop. Who uses it sets the time limits."""

    def __init__(self, settings: Settings) -> None:
        self.extensions: dict[str, str] = {}
        self.tls_is_new = False  # a handshake, and not a word since
        self.lost: Exception | None = None
        self._hostname = settings.smtp.hostname
        self._wire = Wire()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.tls_is_new = transport.get_extra_info("ssl_object") is not None
        self._wire.attach(self.transport)

    def data_received(self, data: bytes) -> None:
        self._wire.feed(data)

    def eof_received(self) -> None:
        self._wire.feed_eof()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.lost = error
        self.resume_writing()
        self._wire.feed_eof()

    @property
    def usable(self) -> bool:
        """May another mail be sent? Not when the server has closed, or has said something that nobody asked for."""
        return self.transport is not None and not self.transport.is_closing() and not self._wire.at_end

    def abort(self) -> None:
        """Close at once. What is still buffered must not leave later: it might be the end of a mail given up."""
        if self.transport is not None:
            self.transport.abort()

    def quit(self) -> None:
        """Say goodbye without waiting for the answer."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"QUIT\r\n")
            self.transport.close()

    def send(self, octets: bytes) -> None:
        if self.transport is None:
            raise ConnectionResetError
        self.transport.write(octets)

    async def reply(self) -> Reply:
        """The next reply.

        Raises:
            ClientGone, LineTooLong, ValueError: the server has closed, says too much, or speaks no SMTP.
        """
        return read_reply(await self._reply_lines())

    async def _reply_lines(self) -> list[bytes]:
        lines: list[bytes] = []
        while len(lines) < REPLY_LINES_MAX:
            line = await self._wire.line(REPLY_LINE_BYTES_MAX)
            lines.append(line.rstrip(b"\r\n"))
            if not line[:3].isdigit():
                raise ValueError("no reply")
            if line[3:4] != b"-":
                self.tls_is_new = False
                return lines
        raise LineTooLong

    async def ask(self, command: str) -> Reply:
        self.send(command.encode("utf-8") + b"\r\n")
        return await self.reply()

    # --- before the first mail ---

    async def greet(self, hop: NextHop, password: str, tls: ssl.SSLContext | None) -> None:
        """Greeting, EHLO, STARTTLS, AUTH.

        Raises:
            Unavailable: the server refused one of them. Even its 5xx is about us, not about a mail.
        """
        _must(await self.reply(), 220)
        await self._hello()
        if hop.security is Security.STARTTLS:
            if "STARTTLS" not in self.extensions:
                raise Unavailable(outcome.NO_STARTTLS)
            _must(await self.ask("STARTTLS"), 220)
            self._wire.clear()
            await self._start_tls(hop, tls)
            await self._hello()  # RFC 3207 4.2: what was learned in clear is forgotten
        if hop.user:
            await self._authenticate(hop.user, password)

    async def _start_tls(self, hop: NextHop, tls: ssl.SSLContext | None) -> None:
        if self.transport is None or tls is None:
            raise ConnectionResetError
        transport = await asyncio.get_running_loop().start_tls(self.transport, self, tls, server_hostname=hop.host)
        if transport is None:
            raise ConnectionResetError
        self.connection_made(transport)

    async def _hello(self) -> None:
        """EHLO, or HELO to a server that does not know it (RFC 5321 3.2); 4xx is about now, not about EHLO."""
        self.send(f"EHLO {self._hostname}\r\n".encode())
        lines = await self._reply_lines()
        self.extensions = {}
        said = read_reply(lines)
        if said.permanent:
            _must(await self.ask(f"HELO {self._hostname}"), 250)
            return
        _must(said, 250)
        for line in lines[1:]:
            word, _, value = line[4:].decode("ascii", "replace").strip().partition(" ")
            if word.upper().startswith("AUTH="):  # how servers wrote it before RFC 2554, and some still do
                word, value = "AUTH", f"{word[5:]} {value} {self.extensions.get('AUTH', '')}"
            self.extensions[word.upper()] = value.strip()

    async def _authenticate(self, user: str, password: str) -> None:
        offered = self.extensions.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            _must(await self.ask(f"AUTH PLAIN {_b64(f'{chr(0)}{user}{chr(0)}{password}')}"), 235)
        elif "LOGIN" in offered:
            _must(await self.ask("AUTH LOGIN"), 334)
            _must(await self.ask(_b64(user)), 334)
            _must(await self.ask(_b64(password)), 235)
        else:
            raise Unavailable(outcome.NO_AUTH)


def _must(reply: Reply, code: int) -> None:
    if reply.code != code:
        raise Unavailable(outcome.refused_us(reply))


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
