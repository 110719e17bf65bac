"""What waits in the queue, looked at every second: due retries, our own mails, expired holds, leases of the dead.

A first look only reads, so that an idle gateway writes nothing.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core import processes
from core.errors import Temporary
from core.log import get_logger
from core.metrics import IN_HAND
from core.runtime import Runtime, Tx
from gateway.backlog import leases
from gateway.committer import Committer
from gateway.delivery import recovery
from gateway.delivery.relay import Relay
from gateway.hands import Hands
from gateway.judgement import holds
from gateway.process import release_overdue
from gateway.store import gauges, own_mail, retention
from gateway.store.spool import Spool, withdraw

log = get_logger(__name__)

SWEEP_S = 1.0
CLAIM_MAX = 50
TAKE_MAX = 50
EXPIRE_MAX = 20
FORGET_AT_LEAST_EVERY = 12  # looks with mail in between, until the log is truncated under load
FORGET_EVERY = 5  # sweeps between two truncations of the log and two counts of the queue
PURGE_MAX = 200
TIDY_EVERY = 3600  # sweeps between two looks for old copies and orphaned files


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to do."""

    due: bool
    own: bool
    overdue: list[int]
    beats: dict[int, datetime]
    orphans: bool

    @property
    def nothing(self) -> bool:
        return not (self.due or self.own or self.overdue)


def look(tx: Tx) -> Findings:
    return Findings(
        due=leases.due(tx),
        own=own_mail.waiting(tx),
        overdue=holds.overdue(tx, EXPIRE_MAX),
        beats=processes.beats(tx),
        orphans=leases.orphans(tx),
    )


class Sweep:
    def __init__(
        self, runtime: Runtime, committer: Committer, hands: Hands, relay: Relay, spool: Spool, process_id: int
    ) -> None:
        self._runtime = runtime
        self._committer = committer
        self._hands = hands
        self._relay = relay
        self._spool = spool
        self._process_id = process_id
        self._finished_seen = 0
        self._returned: list[recovery.Returned] = []
        self._busy_looks = 0
        self._observer = leases.Observer(process_id)

    async def run(self) -> None:
        count = 0
        while True:
            with suppress(Temporary):  # the database does not answer: the next second may be better
                await self.once()
                if count % FORGET_EVERY == 0:
                    await self._forget()
                if count % TIDY_EVERY == 0:
                    await self._tidy()
            count += 1
            await asyncio.sleep(SWEEP_S)

    async def once(self) -> None:
        """One look and what follows from it."""
        self._spool.look()
        self._returned += await self._relay.tend()
        while self._returned:  # kept until it is done: the database may come back later than the next hop
            wake = partial(recovery.wake, returned=self._returned[0])
            while await self._committer.submit(wake) >= recovery.WAKE_MAX:
                pass  # each is a transaction of its own, and mail goes in between
            self._returned.pop(0)
        findings = await asyncio.to_thread(self._look)
        await self._bury(findings.beats)
        if findings.orphans:
            freed = await self._committer.submit(leases.free_orphans)
            log.warning("leases of forgotten processes freed", extra={"deliveries": freed})
        await self._withdraw()
        if findings.nothing:
            return
        if findings.due:  # first, so that no fault below can keep the retries waiting
            await self._claim()
        for mail_id in findings.overdue:
            await release_overdue(self._committer, mail_id)
        if findings.own:
            await self._committer.submit(partial(own_mail.take, limit=TAKE_MAX))
        if findings.own or findings.overdue:
            await self._claim()

    async def _bury(self, beats: dict[int, datetime]) -> None:
        dead = self._observer.dead(beats, asyncio.get_running_loop().time())
        if dead:
            silent = {process_id: beats[process_id] for process_id in dead}
            freed = await self._committer.submit(partial(leases.free_dead, silent=silent))
            log.warning("leases of dead processes freed", extra={"deliveries": freed})

    async def _withdraw(self) -> None:
        if doubtful := tuple(self._spool.doubtful):
            withdrawn = await self._committer.submit(partial(withdraw, queue_ids=doubtful))
            self._spool.doubtful.difference_update(doubtful)
            log.warning("mails in doubt settled", extra={"mails": len(doubtful), "withdrawn": withdrawn})

    def _look(self) -> Findings:
        with self._runtime.read() as tx:
            return look(tx)

    async def _claim(self) -> None:
        while (limit := min(self._hands.room(), CLAIM_MAX)) > 0:
            op = partial(leases.claim, process_id=self._process_id, limit=limit)
            works = await self._committer.submit(op)
            for work in works:
                self._hands.take(work)
            if len(works) < limit:
                return

    async def _forget(self) -> None:
        IN_HAND.set(len(self._hands))
        await asyncio.to_thread(gauges.measure, self._runtime)
        finished, seen = self._hands.finished, self._finished_seen
        self._finished_seen = finished
        self._busy_looks += 1
        # In a pause at once, for others delete too; in lasting traffic once a minute: a truncated log makes every
        # commit after it dearer.
        if finished == seen or self._busy_looks >= FORGET_AT_LEAST_EVERY:
            self._busy_looks = 0
            await asyncio.to_thread(retention.truncate_log, self._runtime)

    def _old_strangers(self) -> list[int]:
        with self._runtime.read() as tx:
            return retention.old_strangers(tx, PURGE_MAX)

    async def _tidy(self) -> None:
        while await self._committer.submit(retention.purge) >= PURGE_MAX:
            pass  # each is a transaction of its own, and mail goes in between
        while mail_ids := await asyncio.to_thread(self._old_strangers):
            await self._committer.submit(partial(retention.delete_rows, mail_ids=mail_ids))
        removed = await asyncio.to_thread(retention.remove_orphans, self._runtime)
        if removed:
            log.warning("body files without a mail removed", extra={"files": removed})
