"""Kept connections to one next hop, with its circuit breaker and its throttle."""

import asyncio
from contextlib import ExitStack

from core.clock import Clock
from core.endpoints import NextHop
from core.log import get_logger
from core.metrics import NEXT_HOP_RESTS
from core.settings import Settings
from crm.registry.hop_identity import HopIdentity
from gateway import outcome
from gateway.delivery.breaker import Breaker
from gateway.delivery.client import NotBegun, SmtpClient
from gateway.delivery.dial import Dialler
from gateway.delivery.transaction import Transaction
from gateway.outcome import Reply
from gateway.wire import throttle
from gateway.wire.dialogue import Broken, Unavailable, reason_of

log = get_logger(__name__)

#: Servers close idle clients after minutes; a connection that we have left alone for this long is not trusted.
IDLE_S = 30.0
#: When no mail has come to an end for this long, others do not wait behind those: they go back to the queue.
STALL_S = 30.0


class Pool:
    """Up to ``relay.connections_max`` connections to ``hop`` with one identity; further mails wait for one.

    Raises:
        ConfigError: the TLS settings or the identity cannot be used.
    """

    def __init__(self, hop: NextHop, identity: HopIdentity, settings: Settings, clock: Clock) -> None:
        self.hop = hop
        self._settings = settings.relay
        self._clock = clock
        self._dialler = Dialler(hop, settings, identity)
        self._slots = throttle.Slots(self._settings.connections_max)
        self._gentleness = throttle.Gentleness(self._settings.connections_max)
        self._pace = throttle.Pace(self._settings.rate_per_minute / settings.gateway.processes)
        self._breaker = Breaker()
        self._last_reply = outcome.NO_ANSWER
        self._last_end_s = 0.0
        self._idle: list[SmtpClient] = []
        self._probe: asyncio.Task[None] | None = None
        self._is_back = False
        self._callers = 0

    @property
    def in_use(self) -> bool:
        return self._callers > 0

    def announce(self, transaction: Transaction) -> SmtpClient | None:
        """Begin a mail that is not stored yet on a connection that is idle, as far as the go-ahead for its message.

        The connection and its slot are taken until `deliver` goes on with it, or `withdraw` gives it up. None: there is
        no such connection, or mails have to wait for their turn.
        """
        if self._pace.is_limited or not self._slots.free:
            return None
        client = self._take_idle()
        if client is None:
            return None
        if not client.announce(transaction):
            self._idle.append(client)
            return None
        self._began_to_move()
        self._slots.take_free()
        self._callers += 1
        return client

    def withdraw(self, client: SmtpClient) -> None:
        """Give up a mail that was announced: closing before its message is begun, no server has anything of it."""
        client.abort()
        self._slots.give_back()
        self._callers -= 1

    async def deliver(self, transaction: Transaction, announced: SmtpClient | None = None) -> list[Reply]:
        """One reply for each recipient; never raises what a next hop can cause. ``announced``: of `announce`."""
        if announced is None:
            self._callers += 1
        try:
            return await (self._deliver(transaction) if announced is None else self._in_slot(transaction, announced))
        finally:
            self._callers -= 1

    async def _deliver(self, transaction: Transaction) -> list[Reply]:
        count = len(transaction.recipients)
        if self._rests:
            return [outcome.resting(self._last_reply)] * count
        wait_s = self._pace.wait_s(self._clock.monotonic())
        if wait_s > throttle.WAIT_MAX_S:
            return [outcome.throttled(wait_s)] * count
        if wait_s:
            await asyncio.sleep(wait_s)
        if not await self._take_slot():
            return [outcome.NO_ANSWER] * count
        return await self._in_slot(transaction)

    async def _in_slot(self, transaction: Transaction, announced: SmtpClient | None = None) -> list[Reply]:
        try:
            return await self._attempt(transaction, announced or self._take_idle())
        except Unavailable as unavailable:
            return [unavailable.reply] * len(transaction.recipients)
        finally:
            self._last_end_s = _now_s()
            self._slots.give_back()

    @property
    def _rests(self) -> bool:
        return self._breaker.is_open and not self._idle

    async def _take_slot(self) -> bool:
        """Wait for a connection; False: nothing moves here."""
        self._began_to_move()
        while not self._slots.free:
            left_s = self._last_end_s + STALL_S - _now_s()
            if left_s <= 0:
                return False
            try:
                async with asyncio.timeout(left_s):
                    await self._slots.take()
            except TimeoutError:
                continue
            return True
        await self._slots.take()
        return True

    def _began_to_move(self) -> None:
        if not self._slots.taken:
            self._last_end_s = _now_s()

    async def _attempt(self, transaction: Transaction, client: SmtpClient | None) -> list[Reply]:
        if client is not None:
            try:
                return await self._use(client, transaction)
            except NotBegun:
                pass  # it had ended while it was idle: no mail was begun, a new connection may try at once
        if self._breaker.is_open:  # since this mail began to wait
            raise Unavailable(outcome.resting(self._last_reply))
        try:
            return await self._use(await self._open(), transaction)
        except NotBegun as fault:
            self._failed(fault.reply)
            raise Unavailable(fault.reply) from fault
        except Unavailable as unavailable:
            self._failed(unavailable.reply)
            raise

    async def _open(self) -> SmtpClient:
        client = await self._dialler.open()
        client.opened_s = self._clock.monotonic()
        return client

    async def _use(self, client: SmtpClient, transaction: Transaction) -> list[Reply]:
        replies: list[Reply] | None = None
        try:
            replies = await client.deliver(transaction)
        finally:
            if replies is None:
                client.abort()
        self._put_back(client)
        complaint = next((reply for reply in replies if throttle.asks_to_slow_down(reply)), None)
        if complaint is not None:
            self._slow_down(complaint)
        if all(reply.code == outcome.HOP_CODE for reply in replies):
            self._failed(replies[0])
        elif any(not reply.ours for reply in replies) and self._breaker.succeeded():
            self._came_back()
        return replies

    def _put_back(self, client: SmtpClient) -> None:
        now_s = self._clock.monotonic()
        old = now_s - client.opened_s >= self._settings.connection_age_s
        if client.usable and not old and client.used < self._settings.connection_mails_max:
            client.idle_since_s = now_s
            self._idle.append(client)
        else:
            client.quit()

    def _take_idle(self) -> SmtpClient | None:
        while self._idle:
            client = self._idle.pop()
            if client.usable and self._clock.monotonic() - client.idle_since_s < IDLE_S:
                return client
            client.quit()
        return None

    # --- a next hop in trouble ---

    def _failed(self, reply: Reply) -> None:
        self._last_reply = reply
        if throttle.asks_to_slow_down(reply):
            self._slow_down(reply)
        if self._breaker.failed(self._clock.monotonic()):
            NEXT_HOP_RESTS.labels(self._name).set(1)
            log.warning("next hop is down", extra={"hop": self._name, "code": reply.code, "status": reply.status})

    def _slow_down(self, reply: Reply) -> None:
        if self._gentleness.complained(self._clock.monotonic()):
            self._slots.set_limit(self._gentleness.connections)
            extra = {"hop": self._name, "code": reply.code, "connections": self._gentleness.connections}
            log.warning("next hop asks us to slow down", extra=extra)

    def _came_back(self) -> None:
        self._is_back = True
        NEXT_HOP_RESTS.labels(self._name).set(0)
        log.warning("next hop is back", extra={"hop": self._name})

    @property
    def _name(self) -> str:
        return f"{self.hop.host}:{self.hop.port}"

    async def _try_once(self) -> None:
        """The probe: no mail of anybody's, but as far as MAIL, since a hung server may still greet."""
        try:
            client = await self._open()
            with ExitStack() as unless_answered:
                unless_answered.callback(client.abort)
                async with asyncio.timeout(self._settings.command_timeout_s):
                    said = await client.ask("MAIL FROM:<>")
                    if said.code == outcome.HOP_CODE:
                        raise Unavailable(said)
                    await client.ask("RSET")
                unless_answered.pop_all()
        except Unavailable as unavailable:
            self._last_reply = unavailable.reply
        except Broken as error:
            self._last_reply = reason_of(error)
        else:
            self._breaker.probed(self._clock.monotonic(), True)
            self._put_back(client)
            self._came_back()
            return
        self._breaker.probed(self._clock.monotonic(), False)

    # --- looked after every second ---

    def tend(self) -> bool:
        """Close idle connections in time, probe what is down; True: the hop has come back since the last call."""
        now_s = self._clock.monotonic()
        if self._gentleness.relax(now_s):
            self._slots.set_limit(self._gentleness.connections)
        old = [client for client in self._idle if now_s - client.idle_since_s >= IDLE_S or not client.usable]
        self._idle = [client for client in self._idle if client not in old]
        for client in old:
            client.quit()
        if self._breaker.probe_is_due(now_s) and (self._probe is None or self._probe.done()):
            self._probe = asyncio.get_running_loop().create_task(self._try_once())
        is_back, self._is_back = self._is_back, False
        return is_back

    def hurry(self) -> None:
        """An operator has changed something, or wants mails tried now: a hop that is down is probed at once."""
        self._breaker.hurry(self._clock.monotonic())

    def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
        for client in self._idle:
            client.quit()
        self._idle.clear()

    def abort(self) -> int:
        """Close what `close` has left: connections in use, or whose server lets a goodbye wait; how many they were."""
        return self._dialler.abort()


def _now_s() -> float:
    """Real seconds, as time-outs of asyncio have them."""
    return asyncio.get_running_loop().time()
