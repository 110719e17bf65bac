"""Relaying: a mail's deliveries to the next hop of its company, each variant in transactions of its own.

MAIL FROM, parameters and bytes leave as they came, under one ``Received`` field (RFC 5321 4.4).
"""

from collections.abc import Iterator
from pathlib import Path

from core.endpoints import NextHop
from core.errors import ConfigError
from core.metrics import DELIVERIES
from core.runtime import Runtime
from gateway.config import Directory
from gateway.envelope import Recipient
from gateway.outcome import Reply
from gateway.pool import Pool
from gateway.received import received
from gateway.tables import Origin, Variant
from gateway.transaction import Transaction
from gateway.work import Hand, Work

#: RFC 5321 4.5.3.1.8: a server takes at least 100 recipients in one transaction.
RECIPIENTS_A_TRANSACTION = 100


class Relay:
    """The pools of this process, one for each next hop in use."""

    def __init__(self, runtime: Runtime, directory: Directory) -> None:
        if runtime.settings.relay.next_hop is None:
            raise ConfigError("RELAY__NEXT_HOP: not set; write smtp://HOST:PORT of the server that takes the mail")
        self._default: NextHop = runtime.settings.relay.next_hop
        self._runtime = runtime
        self._directory = directory
        self._pools: dict[NextHop, Pool] = {}

    async def attempt(self, work: Work) -> list[tuple[Hand, Reply]]:
        """One attempt for every delivery in hand; what the next hop said about each."""
        pool = self._pool(self._directory.current.next_hop(work.company_id, self._default))
        head = self._head(work)
        results: list[tuple[Hand, Reply]] = []
        for variant, hands in _transactions(work.deliveries):
            body = work.body(variant)
            transaction = Transaction(
                envelope=work.envelope,
                recipients=[Recipient(hand.recipient, hand.params) for hand in hands],
                head=head,
                body=body,
                size_bytes=len(head) + (body.stat().st_size if isinstance(body, Path) else len(body)),
            )
            results += zip(hands, await pool.deliver(transaction), strict=True)
        for _, reply in results:
            DELIVERIES.labels("sent" if reply.ok else "failed" if reply.permanent else "deferred").inc()
        return results

    def _head(self, work: Work) -> bytes:
        if work.origin is Origin.OWN:
            return b""
        company = self._directory.current.company(work.company_id)
        stamp = f"{company.stamp}\r\n".encode() if company is not None and company.stamp else b""
        return received(work.arrival, work.queue_id, self._runtime.settings.smtp.hostname) + stamp

    def _pool(self, hop: NextHop) -> Pool:
        pool = self._pools.get(hop)
        if pool is None:
            pool = self._pools[hop] = Pool(hop, self._runtime.settings, self._runtime.clock)
        return pool

    async def reap(self) -> None:
        for pool in self._pools.values():
            await pool.reap()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()


def _transactions(deliveries: list[Hand]) -> Iterator[tuple[Variant, list[Hand]]]:
    for variant in Variant:
        hands = [hand for hand in deliveries if hand.variant is variant]
        for start in range(0, len(hands), RECIPIENTS_A_TRANSACTION):
            yield variant, hands[start : start + RECIPIENTS_A_TRANSACTION]
