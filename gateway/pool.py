"""Kept connections to one next hop, and a circuit breaker: a next hop that is down costs no waiting."""

import asyncio
import ssl
from contextlib import ExitStack

from core.clock import Clock
from core.endpoints import NextHop, Security
from core.log import get_logger
from core.settings import Settings
from gateway import outcome
from gateway.client import Dropped, SmtpClient, Unavailable
from gateway.outcome import Reply
from gateway.transaction import Transaction
from gateway.wire import ClientGone, LineTooLong

log = get_logger(__name__)

#: Servers close idle clients after minutes; a connection that we have left alone for this long is not trusted.
IDLE_S = 30.0
TRANSACTIONS_MAX = 1000
#: Pause after the first, second, … failure to connect in a row.
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0)


class Pool:
    """Up to ``relay.connections_max`` connections to ``hop``; further transactions wait for one."""

    def __init__(self, hop: NextHop, settings: Settings, clock: Clock) -> None:
        self.hop = hop
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.relay.connections_max)
        self._idle: list[SmtpClient] = []
        self._failures = 0
        self._closed_until_s = 0.0
        self._last_reply = outcome.NO_ANSWER
        self._tls = _tls_context(settings) if hop.security is not Security.PLAIN else None

    async def deliver(self, transaction: Transaction) -> list[Reply]:
        """One reply for each recipient; never raises what a next hop can cause."""
        async with self._slots:
            client = self._take_idle()
            if client is not None:
                try:
                    return await self._use(client, transaction)
                except Dropped:
                    pass  # closed while it was idle: nothing was taken, a new connection may try at once
            try:
                return await self._use(await self._connect(), transaction)
            except Unavailable as unavailable:
                reply = unavailable.reply
            except Dropped:
                reply = outcome.DROPPED
            return [_not_permanent(reply)] * len(transaction.recipients)

    async def _use(self, client: SmtpClient, transaction: Transaction) -> list[Reply]:
        with ExitStack() as unless_delivered:
            unless_delivered.callback(client.close)
            replies = await client.deliver(transaction)
            unless_delivered.pop_all()
        if client.usable and client.used < TRANSACTIONS_MAX:
            client.idle_since_s = self._clock.monotonic()
            self._idle.append(client)
        else:
            await client.quit()
        return replies

    def _take_idle(self) -> SmtpClient | None:
        while self._idle:
            client = self._idle.pop()
            if client.usable and self._clock.monotonic() - client.idle_since_s < IDLE_S:
                return client
            client.close()
        return None

    async def _connect(self) -> SmtpClient:
        if self._clock.monotonic() < self._closed_until_s:
            raise Unavailable(self._last_reply)
        try:
            client = await self.open()
        except Unavailable as unavailable:
            self._failed(unavailable.reply)
            raise
        self._failures = 0
        return client

    async def open(self) -> SmtpClient:
        """A new connection, greeted and logged in.

        Raises:
            Unavailable: with the reason as a reply.
        """
        client = SmtpClient(self._settings)
        try:
            async with asyncio.timeout(self._settings.relay.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: client,
                    self.hop.host,
                    self.hop.port,
                    ssl=self._tls if self.hop.security is Security.TLS else None,
                    server_hostname=self.hop.host if self.hop.security is Security.TLS else None,
                )
                await client.greet(self.hop, self._password(), self._tls)
        except Unavailable:
            client.close()
            raise
        except ssl.SSLError as error:
            client.close()
            reason = getattr(error, "verify_message", "") or error.reason or "handshake failed"
            raise Unavailable(outcome.ours(451, "4.7.5", f"TLS with the next hop failed: {reason}")) from error
        except (OSError, TimeoutError, ClientGone, LineTooLong, ValueError) as error:
            client.close()
            raise Unavailable(outcome.NO_ANSWER) from error
        return client

    def _password(self) -> str:
        # The installation's password is for the installation's next hop; a company's own hop never gets to see it.
        own = self.hop == self._settings.relay.next_hop
        return self._settings.relay.password.get_secret_value() if own else ""

    def _failed(self, reply: Reply) -> None:
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        self._closed_until_s = self._clock.monotonic() + pause_s
        self._last_reply = reply
        log.warning("next hop unavailable", extra={"code": reply.code, "failures": self._failures, "pause_s": pause_s})

    async def reap(self) -> None:
        """Close what has been idle for too long; the sweep calls this."""
        now_s = self._clock.monotonic()
        old = [client for client in self._idle if now_s - client.idle_since_s >= IDLE_S or not client.usable]
        self._idle = [client for client in self._idle if client not in old]
        for client in old:
            await client.quit()

    async def close(self) -> None:
        for client in self._idle:
            await client.quit()
        self._idle.clear()


def _not_permanent(reply: Reply) -> Reply:
    """What a server says against us as a whole must not bounce mail: the operator can still mend it."""
    return outcome.ours(451, "4.4.0", reply.text) if reply.permanent else reply


def _tls_context(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.relay.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
