# ruff: noqa: N802 - the commands have aiosmtpd's names
"""The SMTP listener: what a client may say, and what we answer; from the final dot the mail goes to `intake.py`.

Parameters keep their spelling, and DATA is read in blocks: whatever has arrived, not line by line.
"""

import asyncio
from contextlib import ExitStack
from typing import Any

from gateway import replies
from gateway.foresight import Foreseen
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.policy import Route
from gateway.received import safe_name
from gateway.replies import Refusal
from gateway.session.auth import read_credentials
from gateway.session.commands import parse_mail, parse_rcpt
from gateway.session.connection import Connection, require
from gateway.session.data import DataReader
from gateway.wire.wire import ClientGone

#: Longest wait before the answer to a failed AUTH.
AUTH_DELAY_S_MAX = 5.0


class SmtpSession(Connection):
    """One client's session, from the greeting to QUIT."""

    _auth_failures = 0
    _has_begun = False

    def _reset(self) -> None:
        if self._has_begun:
            self._has_begun = False
            self._intake.traffic.end()
        self._sender: str | None = None
        self._params: dict[str, str] = {}
        self._recipients: dict[str, Recipient] = {}
        self._route: Route | None = None
        self._foreseen: Foreseen | None = None

    # --- who are you ---

    async def smtp_HELO(self, hostname: str) -> None:
        self._hello(hostname, extended=False)
        await self.push(replies.HELLO.format(hostname=self.hostname))

    async def smtp_EHLO(self, hostname: str) -> None:
        self._hello(hostname, extended=True)
        size = self._intake.settings.smtp.message_bytes_max
        starttls = self.tls_context is not None and self.session.ssl is None
        await self.push(replies.hello(self.hostname, size, starttls=starttls, auth=self._may_authenticate()))

    def _hello(self, hostname: str, *, extended: bool) -> None:
        require(hostname, replies.SYNTAX)
        self._reset()
        self.session.extended_smtp = extended
        self.session.host_name = safe_name(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        require(not arg, replies.SYNTAX)
        require(self.session.ssl is None, replies.ALREADY_TLS)
        if self.tls_context is None:
            raise Refusal(replies.NOT_IMPLEMENTED)
        await self._turn_to_tls(self.tls_context)

    def _may_authenticate(self) -> bool:
        return self.session.ssl is not None or self._intake.is_loopback(self.peer)

    async def smtp_AUTH(self, arg: str) -> None:
        require(self.session.host_name and self.session.extended_smtp, replies.HELLO_FIRST)
        require(self._may_authenticate(), replies.AUTH_NEEDS_TLS)
        require(not self.session.authenticated, replies.ALREADY_AUTHENTICATED)
        require(self._sender is None, replies.AUTH_IN_MAIL)
        credentials = await read_credentials(arg, self._ask)
        company_id = await self._intake.authenticator.check(credentials, self.peer)
        if company_id is None:
            # Only this session waits; the next password of a guesser comes later for it.
            self._auth_failures += 1
            delay_s = self._auth_failures * self._intake.settings.smtp.auth_delay_s
            await asyncio.sleep(min(delay_s, AUTH_DELAY_S_MAX))
            raise Refusal(replies.AUTH_REFUSED)
        self.session.authenticated = True
        self.company_id = company_id
        self.stranger = False
        if not self._intake.sessions.admit(self):
            await self._end_with(replies.TOO_MANY_CONNECTIONS)
        await self.push(replies.AUTHENTICATED)

    # --- a mail ---

    async def smtp_MAIL(self, arg: str) -> None:
        require(self.session.host_name, replies.HELLO_FIRST)
        require(self._sender is None, replies.NESTED_MAIL)
        command = parse_mail(arg)
        require(command.size_bytes <= self._intake.settings.smtp.message_bytes_max, replies.TOO_LARGE)
        self._intake.check_space(command.size_bytes)
        self._route = self._intake.route(self.peer, self.company_id, command.sender)
        self._sender, self._params = command.sender, command.params
        self._has_begun = True
        self._intake.traffic.begin()
        await self.push(replies.SENDER_OK)

    async def smtp_RCPT(self, arg: str) -> None:
        require(self._sender is not None, replies.MAIL_FIRST)
        command = parse_rcpt(arg, smtputf8="SMTPUTF8" in self._params)
        # Refused at RCPT, not before: a client then learns which recipient it was about (decision 1).
        require(self._route, replies.NO_RELAY)
        if len(self._recipients) >= self._intake.settings.smtp.recipients_max:
            await self.push(replies.TOO_MANY_RECIPIENTS)
            return
        # The same address twice gets one copy.
        self._recipients.setdefault(command.address, Recipient(command.address, command.params))
        if self._foreseen is None and self._route is not None:
            self._foreseen = self._intake.foresee(self._route, self._sender or "", command.address)
        await self.push(replies.RECIPIENT_OK)

    async def smtp_DATA(self, arg: str) -> None:
        require(self._sender is not None, replies.MAIL_FIRST)
        require(not arg, replies.SYNTAX)
        require(self._recipients, replies.RCPT_FIRST)
        await self.push(replies.GO_AHEAD)
        await self._flush()
        try:
            queue_id = await self._receive()
        finally:
            self._reset()
        await self.push(replies.QUEUED.format(queue_id=queue_id))

    async def _receive(self) -> str:
        """Read the message to its end and store it; only after this does anybody hear 250 (RFC 5321 4.2.5)."""
        smtp = self._intake.settings.smtp
        reader = DataReader(message_bytes_max=smtp.message_bytes_max, line_bytes_max=smtp.line_bytes_max)
        body = self._intake.new_body()
        with ExitStack() as before_the_dot:
            before_the_dot.callback(body.drop)  # a client that is gone before its dot: nothing may be delivered
            ended = None
            self._data_began_s, self._data_bytes = self.loop.time(), 0
            while ended is None:
                block = await self._wire.block()
                self._data_bytes += len(block)
                octets, ended = reader.feed(block)
                body.write(octets)
            self._data_began_s = None
            self._wire.give_back(ended.rest)
            if self._route is None:
                raise Refusal(replies.NO_RELAY)
            before_the_dot.pop_all()
        envelope = Envelope(self._sender or "", tuple(self._recipients.values()), self._params)
        self.storing = True
        try:
            return await self._intake.accept(self._route, envelope, self._arrival(), reader.fault, body, self._foreseen)
        finally:
            self.storing = False

    async def smtp_BDAT(self, arg: str) -> None:
        """Not offered; but the chunk is on its way, and must never be read as commands (RFC 3030 2)."""
        size = arg.partition(" ")[0]
        if not (size.isascii() and size.isdigit()) or int(size) > self._intake.settings.smtp.message_bytes_max:
            await self._end_with(replies.CHUNK_LOST)
        self._data_began_s, self._data_bytes = self.loop.time(), 0
        await self._wire.skip(int(size))
        self._data_began_s = None
        self._reset()
        await self.push(replies.NO_CHUNKS)

    def _arrival(self) -> Arrival:
        protocol = "ESMTP" if self.session.extended_smtp else "SMTP"
        tls: Any = self.session.ssl
        if protocol == "ESMTP":  # RFC 3848: S and A only extend ESMTP
            protocol += ("S" if tls else "") + ("A" if self.session.authenticated else "")
        cipher = tls.cipher() if tls else None
        words = f"{tls.version()} {cipher[0]}" if cipher else ""
        return Arrival(self.peer, self.session.host_name or "", protocol, words, self._intake.now())

    # --- the rest ---

    async def smtp_RSET(self, arg: str) -> None:
        require(not arg, replies.SYNTAX)
        self._reset()
        await self.push(replies.OK)

    async def smtp_NOOP(self, arg: str) -> None:
        await self.push(replies.OK)

    async def smtp_VRFY(self, arg: str) -> None:
        require(arg, replies.SYNTAX)
        await self.push(replies.NOT_VERIFIED)

    async def smtp_EXPN(self, arg: str) -> None:
        await self.push(replies.NOT_IMPLEMENTED)

    async def smtp_HELP(self, arg: str) -> None:
        await self.push(replies.HELP)

    async def smtp_QUIT(self, arg: str) -> None:
        await self.push(replies.BYE)
        raise ClientGone


SmtpSession.methods = {
    name.removeprefix("smtp_").encode(): method
    for name, method in vars(SmtpSession).items()
    if name.startswith("smtp_")
}
