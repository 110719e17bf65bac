"""The SMTP client that speaks to the next hop: one connection, many transactions, an answer for each recipient.

Only bytes leave here. A group of commands goes out in one write where the server allows it (RFC 2920 3.1).
"""

import asyncio
import base64
import ssl
from typing import cast

from core.endpoints import NextHop, Security
from core.errors import Temporary
from core.settings import Settings
from gateway import outcome
from gateway.envelope import Recipient
from gateway.outcome import Reply, read_reply
from gateway.transaction import END, Transaction, is_8bit, needs_smtputf8, octets_of
from gateway.wire import ClientGone, LineTooLong, Outflow, Wire

REPLY_LINE_BYTES_MAX = 4096
REPLY_LINES_MAX = 200


class Unavailable(Temporary):
    """The next hop as a whole cannot be used just now; ``reply`` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class Dropped(Exception):
    """The connection ended, or went silent, before the message did: nothing was taken."""


class SmtpClient(Outflow):
    """A connection to a next hop; make one with `connect`."""

    def __init__(self, settings: Settings) -> None:
        self.extensions: dict[str, str] = {}
        self.used = 0
        self.idle_since_s = 0.0
        self._relay = settings.relay
        self._hostname = settings.smtp.hostname
        self._wire = Wire()

    # --- the connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._wire.attach(self.transport)

    def data_received(self, data: bytes) -> None:
        self._wire.feed(data)

    def eof_received(self) -> None:
        self._wire.feed_eof()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.resume_writing()
        self._wire.feed_eof()

    @property
    def usable(self) -> bool:
        return self.transport is not None and not self.transport.is_closing() and not self._wire.at_end

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def quit(self) -> None:
        """Say goodbye without waiting for the answer."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"QUIT\r\n")
            self.transport.close()

    def _send(self, octets: bytes) -> None:
        if self.transport is None:
            raise ConnectionResetError
        self.transport.write(octets)

    async def _reply(self) -> Reply:
        lines = []
        while True:
            line = await self._wire.line(REPLY_LINE_BYTES_MAX)
            lines.append(line.rstrip(b"\r\n"))
            if line[3:4] != b"-":
                return read_reply(lines)
            if len(lines) > REPLY_LINES_MAX:
                raise LineTooLong

    async def _ask(self, command: str) -> Reply:
        self._send(command.encode("utf-8") + b"\r\n")
        return await self._reply()

    async def greet(self, hop: NextHop, password: str, tls: ssl.SSLContext | None) -> None:
        """Greeting, EHLO, STARTTLS, AUTH.

        Raises:
            Unavailable: the server refused one of them. Even its 5xx is about us, not about a mail.
        """
        _must(await self._reply(), 220)
        await self._hello()
        if hop.security is Security.STARTTLS:
            if "STARTTLS" not in self.extensions:
                raise Unavailable(outcome.ours(451, "4.7.4", "the next hop does not offer STARTTLS"))
            _must(await self._ask("STARTTLS"), 220)
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
        self._send(f"EHLO {self._hostname}\r\n".encode())
        lines = []
        while True:
            line = await self._wire.line(REPLY_LINE_BYTES_MAX)
            lines.append(line.rstrip(b"\r\n"))
            if line[3:4] != b"-":
                break
        self.extensions = {}
        if not read_reply(lines).ok:
            _must(await self._ask(f"HELO {self._hostname}"), 250)
            return
        for line in lines[1:]:
            word, _, value = line[4:].decode("ascii", "replace").strip().partition(" ")
            self.extensions[word.upper()] = value.strip()

    async def _authenticate(self, user: str, password: str) -> None:
        offered = self.extensions.get("AUTH", "").upper().split()
        if "PLAIN" in offered or "LOGIN" not in offered:
            _must(await self._ask(f"AUTH PLAIN {_b64(f'{chr(0)}{user}{chr(0)}{password}')}"), 235)
            return
        _must(await self._ask("AUTH LOGIN"), 334)
        _must(await self._ask(_b64(user)), 334)
        _must(await self._ask(_b64(password)), 235)

    # --- a transaction ---

    async def deliver(self, transaction: Transaction) -> list[Reply]:
        """Hand the message over; one reply for each recipient, in order.

        Raises:
            Dropped: the connection ended, or went silent, before the end of the message.
        """
        self.used += 1
        refused = self._impossible(transaction)
        if refused is not None:
            return [refused] * len(transaction.recipients)
        try:
            async with asyncio.timeout(self._relay.command_timeout_s):
                replies, go_ahead = await self._open_transaction(transaction)
                accepted = [reply.ok for reply in replies]
                if not (any(accepted) and go_ahead.code == 354):
                    return await self._abandon(replies, go_ahead)
        except (OSError, TimeoutError, ClientGone, LineTooLong, ValueError) as error:
            self.close()
            raise Dropped from error
        final = await self._send_message(transaction)
        dsn = "DSN" in self.extensions
        return [final.with_dsn(dsn) if taken else reply for taken, reply in zip(accepted, replies, strict=True)]

    def _impossible(self, transaction: Transaction) -> Reply | None:
        """What this server cannot take at all: nothing is converted on the way (RFC 6152 3, RFC 6531 3.5)."""
        limit = self.extensions.get("SIZE", "")
        if limit.isdigit() and 0 < int(limit) < transaction.size_bytes:
            return outcome.TOO_LARGE
        if not self._relay.assume_8bit and "8BITMIME" not in self.extensions and is_8bit(transaction):
            return outcome.NEEDS_8BIT
        if "SMTPUTF8" not in self.extensions and needs_smtputf8(transaction):
            return outcome.NEEDS_SMTPUTF8
        return None

    async def _open_transaction(self, transaction: Transaction) -> tuple[list[Reply], Reply]:
        commands = [self._mail_command(transaction)]
        commands += [self._rcpt_command(recipient) for recipient in transaction.recipients]
        if "PIPELINING" in self.extensions:
            self._send("".join(f"{command}\r\n" for command in (*commands, "DATA")).encode("utf-8"))
            mail = await self._reply()
            replies = [await self._reply() for _ in transaction.recipients]
            go_ahead = await self._reply()
        else:
            mail = await self._ask(commands[0])
            replies = [await self._ask(command) for command in commands[1:]] if mail.ok else []
            go_ahead = await self._ask("DATA") if any(reply.ok for reply in replies) else Reply(0, "", "")
        if not mail.ok:
            replies = [mail] * len(transaction.recipients)
        return replies, go_ahead

    def _mail_command(self, transaction: Transaction) -> str:
        given, words = transaction.envelope.params, [f"MAIL FROM:<{transaction.envelope.sender}>"]
        if "SIZE" in self.extensions:
            words.append(f"SIZE={transaction.size_bytes}")
        if "BODY" in given and "8BITMIME" in self.extensions:
            words.append(f"BODY={given['BODY']}")
        if "SMTPUTF8" in given and "SMTPUTF8" in self.extensions:
            words.append("SMTPUTF8")
        if "DSN" in self.extensions:
            words += [f"{name}={given[name]}" for name in ("RET", "ENVID") if name in given]
        return " ".join(words)

    def _rcpt_command(self, recipient: Recipient) -> str:
        words = [f"RCPT TO:<{recipient.address}>"]
        if "DSN" in self.extensions:
            words += [f"{name}={recipient.params[name]}" for name in ("NOTIFY", "ORCPT") if name in recipient.params]
        return " ".join(words)

    async def _abandon(self, replies: list[Reply], go_ahead: Reply) -> list[Reply]:
        if go_ahead.code == 354:
            # Everybody was refused, yet the server waits for a message (RFC 2920 3.1): an empty one ends it.
            self._send(END)
            await self._reply()
        is_refusal = 400 <= go_ahead.code < 600
        is_out_of_step = go_ahead.code not in (0, 354) and not is_refusal
        if is_refusal or is_out_of_step:
            # No message was sent: a RCPT's 250 must never count as a delivery.
            instead = go_ahead if is_refusal else outcome.NO_GO_AHEAD
            replies = [instead if reply.ok else reply for reply in replies]
        if is_out_of_step or any(reply.code == 421 for reply in replies):
            self.close()
        else:
            await self._ask("RSET")
        return replies

    async def _send_message(self, transaction: Transaction) -> Reply:
        dot_sent = False
        try:
            async with asyncio.timeout(self._relay.dot_timeout_s):
                async for octets, is_last in octets_of(transaction):
                    dot_sent = is_last
                    self._send(octets)
                    await self.drain()
                reply = await self._reply()
        except (OSError, TimeoutError, ClientGone, LineTooLong, ValueError) as error:
            self.close()
            if dot_sent:
                return outcome.DROPPED_AFTER_DOT
            raise Dropped from error
        if reply.code == 421:
            self.close()
        return reply


def _must(reply: Reply, code: int) -> None:
    if reply.code != code:
        raise Unavailable(reply)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
