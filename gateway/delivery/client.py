"""The SMTP client that speaks to the next hop: one connection, many mails, an answer for each recipient.

A group of commands goes out in one write where the server allows it (RFC 2920 3.1).
"""

import asyncio
from collections.abc import Sequence

from core.settings import Settings
from gateway import outcome
from gateway.delivery.transaction import END, Transaction, is_8bit, needs_smtputf8, octets_of
from gateway.letter.envelope import Recipient
from gateway.outcome import Reply
from gateway.wire.dialogue import Broken, Dialogue, reason_of
from gateway.wire.wire import ClientGone

#: A time limit is set anew when this share of it is used up: a timer for each reply would cost more than the reply.
RENEW_SHARE = 0.1
_NOT_ASKED = Reply(0, "", "")


class NotBegun(Exception):
    """Nothing of a mail was sent, and another connection may try at once. ``reply``: what we say in its place."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class SmtpClient(Dialogue):
    """A connection to a next hop; `dial.Dialler` makes one. ``opened_s``, ``idle_since_s``: monotonic."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.used = 0
        self.opened_s = 0.0
        self.idle_since_s = 0.0
        self._announced = False
        self._message_begun = self._dot_sent = False
        self._relay = settings.relay

    def announce(self, transaction: Transaction) -> bool:
        """Send the envelope of a mail that is not stored yet; `deliver` goes on from there, once it is.

        False, and nothing sent: the server takes no group of commands, or does not take such a mail.
        """
        if "PIPELINING" not in self.extensions or self._impossible(transaction) is not None:
            return False
        self._send_group(self._envelope_commands(transaction))
        self._announced = True
        return True

    async def deliver(self, transaction: Transaction) -> list[Reply]:
        """Hand the mail over; one reply for each recipient, in order. After a fault the connection is closed.

        Raises:
            NotBegun: the connection ended, or went silent, before MAIL was answered or, for a mail that was announced,
                before its message; or a kept one is closed with 421.
        """
        self.used += 1
        self._message_begun = self._dot_sent = False
        announced, self._announced = self._announced, False
        count = len(transaction.recipients)
        refused = None if announced else self._impossible(transaction)
        if refused is not None:
            return [refused] * count
        replies: list[Reply] = []
        try:
            async with asyncio.timeout(self._relay.command_timeout_s) as limit:
                go_ahead = await self._open_transaction(transaction, announced, replies, limit)
                if go_ahead.code == 354 and replies[0].ok and any(reply.ok for reply in replies[1:]):
                    return await self._send_message(transaction, replies[1:], limit)
                return await self._abandon(replies, go_ahead, count, limit)
        except Broken as error:
            self.abort()
            if self._dot_sent:
                return self._answered(outcome.DROPPED_AFTER_DOT, replies[1:])
            reason = reason_of(error)
            if not replies or (announced and not self._message_begun):
                raise NotBegun(reason) from error
            # Nothing was sent to its end. A recipient that was refused for good stays refused.
            heard = replies[1:] + [reason] * (count - len(replies[1:]))
            return [reply if reply.permanent else reason for reply in heard]

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

    async def _open_transaction(
        self, transaction: Transaction, announced: bool, replies: list[Reply], limit: asyncio.Timeout
    ) -> Reply:
        """MAIL, RCPT…, DATA. Their replies go to ``replies`` as they come; gives the one to DATA."""
        if announced or "PIPELINING" in self.extensions:
            if not announced:
                self._send_group(self._envelope_commands(transaction))
            for _ in range(1 + len(transaction.recipients)):
                replies.append(await self._command_reply(limit))
                if replies[-1].code == 421:
                    return replies[-1]  # the server closes now (RFC 5321 3.8): there is nothing more to read
            return await self._command_reply(limit, 354)
        for command in self._envelope_commands(transaction):
            self.send(f"{command}\r\n".encode())
            replies.append(await self._command_reply(limit))
            if replies[-1].code == 421 or not replies[0].ok:
                return replies[-1]
        if not any(reply.ok for reply in replies[1:]):
            return _NOT_ASKED
        self.send(b"DATA\r\n")
        return await self._command_reply(limit, 354)

    def _envelope_commands(self, transaction: Transaction) -> list[str]:
        return [self._mail_command(transaction), *map(self._rcpt_command, transaction.recipients)]

    def _send_group(self, commands: Sequence[str]) -> None:
        self.send("".join(f"{command}\r\n" for command in (*commands, "DATA")).encode("utf-8"))

    async def _command_reply(self, limit: asyncio.Timeout, *also: int) -> Reply:
        """A success, a refusal, or a code of ``also``; raises ValueError for any other, which is out of step."""
        reply = await self.reply()
        self._renew(limit, self._relay.command_timeout_s)
        if not (reply.ok or 400 <= reply.code < 600 or reply.code in also):
            raise ValueError(reply.code)
        return reply

    @staticmethod
    def _renew(limit: asyncio.Timeout, seconds: float) -> None:
        end_s = asyncio.get_running_loop().time() + seconds
        if end_s - (limit.when() or 0.0) > seconds * RENEW_SHARE:
            limit.reschedule(end_s)

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

    async def _abandon(self, replies: list[Reply], go_ahead: Reply, count: int, limit: asyncio.Timeout) -> list[Reply]:
        """Nobody accepted, or no go-ahead: leave the connection ready for the next mail, or close it."""
        mail, heard = replies[0], replies[1:]
        closing = any(reply.code == 421 for reply in (*replies, go_ahead))
        heard += [mail if not mail.ok else go_ahead] * (count - len(heard))
        if mail.code == 421 and self.used > 1:
            self.abort()  # a limit of this connection: another one may be welcome
            raise NotBegun(mail)
        if not mail.ok:
            heard = [mail] * count
        elif go_ahead.ok or 400 <= go_ahead.code < 600:
            # No message was sent: a RCPT's 250 must never count as a delivery, nor may a 250 to DATA.
            instead = outcome.NO_GO_AHEAD if go_ahead.ok else go_ahead
            heard = [instead if reply.ok else reply for reply in heard]
        if closing or go_ahead.ok or (go_ahead.code == 354 and not mail.ok):
            self.abort()
            return heard
        limit.reschedule(None)
        try:
            async with asyncio.timeout(self._relay.command_timeout_s):
                if go_ahead.code == 354:
                    # Everybody was refused, yet the server waits for a message (RFC 2920 3.1): an empty one ends it.
                    self.send(END)
                    await self.reply()
                await self.ask("RSET")
        except Broken:
            self.abort()  # what it said about the recipients stands
        return heard

    async def _send_message(
        self, transaction: Transaction, replies: list[Reply], limit: asyncio.Timeout
    ) -> list[Reply]:
        """The message and the answer to its end, for the recipients whose reply is a success."""
        self._must_be_silent()
        self._message_begun = True
        final = outcome.INTERNAL
        async for octets, is_last in octets_of(transaction):
            if is_last:
                final = await self._end_message(octets, limit)
            else:
                self.send(octets)
                await self.drain()
                self._must_be_silent()
                self._renew(limit, self._relay.command_timeout_s)
        return self._answered(final, replies)

    def _answered(self, final: Reply, replies: list[Reply]) -> list[Reply]:
        final = final.with_dsn("DSN" in self.extensions)
        return [final if reply.ok else reply for reply in replies]

    def _must_be_silent(self) -> None:
        """Whatever a server says before the dot would be taken for the answer to it."""
        if self._wire.has_line():
            raise ValueError("said something before its turn")
        if not self.usable:
            raise ClientGone

    async def _end_message(self, octets: bytes, limit: asyncio.Timeout) -> Reply:
        """Send the last octets and wait for the answer: from here on the server may have taken the mail (RFC 1047)."""
        limit.reschedule(asyncio.get_running_loop().time() + self._relay.dot_timeout_s)
        self._dot_sent = True
        self.send(octets)
        final = await self.reply()
        if not (final.ok or 400 <= final.code < 600):
            raise ValueError(final.code)
        if final.code == 421:
            self.abort()
        return final
