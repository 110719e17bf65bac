"""Relaying: a mail's deliveries to the next hop of its company, each variant in transactions of its own.

MAIL FROM, parameters and bytes leave as they came, under one ``Received`` field (RFC 5321 4.4) and the company's stamp.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.endpoints import NextHop
from core.errors import ConfigError, NotFound
from core.log import get_logger
from core.metrics import DELIVERIES, MAIL_PATH
from core.runtime import Runtime
from crm.registry import hop_identity
from crm.registry.hop_identity import HopIdentity
from gateway import outcome
from gateway.config import Directory
from gateway.delivery.client import SmtpClient
from gateway.delivery.pool import Pool
from gateway.delivery.recovery import Returned
from gateway.delivery.transaction import Transaction
from gateway.letter.envelope import Recipient
from gateway.letter.splice import OctetEdit
from gateway.outcome import Reply
from gateway.received import received
from gateway.tables import Origin, Variant
from gateway.work import Hand, Work

log = get_logger(__name__)

#: RFC 5321 4.5.3.1.8: a server takes at least 100 recipients in one transaction.
RECIPIENTS_A_TRANSACTION = 100
#: A connection that is aborted tells so in one of the event loop's next turns.
CLOSING_TURNS = 20
_VARIANTS = tuple(Variant)
#: Values of the label `result` of `DELIVERIES`.
SENT, FAILED, DEFERRED = "sent", "failed", "deferred"


@dataclass(frozen=True, slots=True)
class Route:
    """A next hop and who we are to it: mails share connections only when all of this is the same."""

    hop: NextHop
    client_cert_sha256: str | None = None
    password_set_at: datetime | None = None

    @property
    def has_identity(self) -> bool:
        return self.client_cert_sha256 is not None or self.password_set_at is not None


@dataclass(frozen=True, slots=True)
class _Announced:
    """A transaction whose envelope the next hop has, and the connection on which it waits for the message."""

    pool: Pool
    client: SmtpClient
    transaction: Transaction

    def is_for(self, work: Work, pool: Pool, variant: Variant, hands: Sequence[Hand]) -> bool:
        """Would these deliveries of the mail make the same transaction now?"""
        return (
            self.pool is pool
            and self.transaction.edits == work.edits_of(variant)
            and not work.signature_of(variant)
            and [each.address for each in self.transaction.recipients] == [hand.recipient for hand in hands]
        )


class Relay:
    """The pools of this process, one for each route in use.

    Raises:
        ConfigError: no next hop, or its TLS settings cannot be used.
    """

    def __init__(self, runtime: Runtime, directory: Directory) -> None:
        if runtime.settings.relay.next_hop is None:
            raise ConfigError("RELAY__NEXT_HOP: not set; write smtp://HOST:PORT of the server that takes the mail")
        self._default: NextHop = runtime.settings.relay.next_hop
        self._runtime = runtime
        self._directory = directory
        self._version = 0
        self._making = asyncio.Lock()
        for result in (SENT, FAILED, DEFERRED):
            DELIVERIES.labels(result)  # seen as 0 from the start, so that the first one is an increase
        self._pools = {Route(self._default): self._new_pool(self._default, HopIdentity())}
        self._announced: dict[str, _Announced] = {}

    def announce(self, work: Work, edits: tuple[OctetEdit, ...]) -> None:
        """Tell the next hop of a mail while it is being stored, which goes to all of its recipients with ``edits``.

        Its envelope alone: the message leaves in `attempt`. Whoever announces calls `attempt` or `withdraw`.
        """
        pool = self._pools.get(self._route(work.company_id))
        if pool is None or work.queue_id in self._announced or len(work.deliveries) > RECIPIENTS_A_TRANSACTION:
            return
        transaction = _transaction(work, work.deliveries, self._head(work), edits)
        client = pool.announce(transaction)
        if client is not None:
            self._announced[work.queue_id] = _Announced(pool, client, transaction)
            work.announced = True

    def withdraw(self, work: Work) -> None:
        """Give up what was announced and will not be delivered; nothing to do after `attempt`."""
        announced = self._announced.pop(work.queue_id, None)
        if announced is not None:
            announced.pool.withdraw(announced.client)

    def _as_announced(self, work: Work, pool: Pool, variant: Variant, hands: list[Hand]) -> "_Announced | None":
        """What was announced, if it is this very transaction."""
        announced = self._announced.get(work.queue_id)
        if announced is None or not announced.is_for(work, pool, variant, hands):
            return None
        return self._announced.pop(work.queue_id)

    async def attempt(self, work: Work, results: list[tuple[Hand, Reply]]) -> None:
        """One attempt for every delivery in hand; adds what the next hop said about each to ``results``.

        Transaction by transaction, so that a fault in one leaves known what became of those before it.
        """
        try:
            pool = await self._pool(work.company_id)
        except (ConfigError, NotFound) as error:
            log.error("next hop cannot be used", extra={"company_id": work.company_id, "reason": error.message})
            results += [(hand, outcome.MISCONFIGURED) for hand in work.deliveries]
            return
        head = b""
        for variant, hands in _transactions(work.deliveries):
            announced = self._as_announced(work, pool, variant, hands)
            if announced is not None:
                replies = await pool.deliver(announced.transaction, announced.client)
            else:
                self.withdraw(work)
                head = head or self._head(work)
                signed = head + work.signature_of(variant)
                replies = await pool.deliver(_transaction(work, hands, signed, work.edits_of(variant)))
            results += zip(hands, replies, strict=True)
            for reply in replies:
                MAIL_PATH.count(DELIVERIES, SENT if reply.ok else FAILED if reply.permanent else DEFERRED)

    def _head(self, work: Work) -> bytes:
        """Fields on top. Our own mails carry the stamp too: without it the company's server would send them back."""
        company = self._directory.current.company(work.company_id)
        stamp = f"{company.stamp}\r\n".encode() if company is not None and company.stamp else b""
        if work.origin is Origin.OWN:
            return stamp
        return received(work.arrival, work.queue_id, self._runtime.settings.smtp.hostname) + stamp

    # --- pools ---

    def _route(self, company_id: int | None) -> Route:
        current = self._directory.current
        hop = current.next_hop(company_id, self._default)
        company = current.company(company_id)
        if company is None:
            return Route(hop)
        password_set_at = company.next_hop_password_set_at if company.next_hop else None
        return Route(hop, company.client_cert_sha256, password_set_at)

    async def _pool(self, company_id: int | None) -> Pool:
        route = self._route(company_id)
        pool = self._pools.get(route)
        if pool is not None:
            return pool
        async with self._making:
            pool = self._pools.get(route)
            if pool is None:
                identity = await asyncio.to_thread(self._identity, route, company_id)
                pool = self._pools[route] = await asyncio.to_thread(self._new_pool, route.hop, identity)
        return pool

    def _new_pool(self, hop: NextHop, identity: HopIdentity) -> Pool:
        return Pool(hop, identity, self._runtime.settings, self._runtime.clock)

    def _identity(self, route: Route, company_id: int | None) -> HopIdentity:
        if company_id is None or not route.has_identity:
            return HopIdentity()
        with self._runtime.read() as tx:
            return hop_identity.identity(tx, company_id)

    async def tend(self) -> list[Returned]:
        """Once a second: look after the connections; whose next hops have come back since the last call."""
        if self._version != self._directory.current.version:
            self._version = self._directory.current.version
            self._forget_unused()
            for pool in self._pools.values():
                pool.hurry()
        return [self._returned(route) for route, pool in self._pools.items() if pool.tend()]

    def _forget_unused(self) -> None:
        """Drop routes that no company has any more: nobody would ever end their connections and probes."""
        live = {self._route(company.id) for company in self._directory.current.companies} | {Route(self._default)}
        for route in [route for route, pool in self._pools.items() if route not in live and not pool.in_use]:
            self._pools.pop(route).close()

    def _returned(self, route: Route) -> Returned:
        routes = {company.id: self._route(company.id) for company in self._directory.current.companies}
        if route == Route(self._default):
            return Returned(None, frozenset(company_id for company_id, each in routes.items() if each != route))
        return Returned(frozenset(company_id for company_id, each in routes.items() if each == route))

    async def close(self) -> None:
        """End every connection: idle ones with QUIT, those that are left at once. No mail may be under way any more."""
        pools = list(self._pools.values())
        for pool in pools:
            pool.close()
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)
            if not sum(pool.abort() for pool in pools):
                return


def _transaction(work: Work, hands: Sequence[Hand], head: bytes, edits: tuple[OctetEdit, ...]) -> Transaction:
    recipients = [Recipient(hand.recipient, hand.params) for hand in hands]
    return Transaction(envelope=work.envelope, recipients=recipients, head=head, body=work.body, edits=edits)


def _transactions(deliveries: list[Hand]) -> Iterator[tuple[Variant, list[Hand]]]:
    for variant in _VARIANTS:
        hands = [hand for hand in deliveries if hand.variant is variant]
        for start in range(0, len(hands), RECIPIENTS_A_TRANSACTION):
            yield variant, hands[start : start + RECIPIENTS_A_TRANSACTION]
