"""The way of a mail after 250: judge it, store what was decided, deliver it, write down the result.

Fail open: whatever goes wrong with judging or editing, the original leaves and the fault is counted. This is the one
place besides the four edges, and `faults.py` for the way to 250, where every exception is caught.
"""

import asyncio
from datetime import datetime
from functools import partial

from core.errors import Permanent, Temporary
from core.log import get_logger
from core.metrics import FAIL_OPEN, MAIL_PATH, RELAY_SECONDS
from core.runtime import Runtime
from gateway import outcome
from gateway.backlog import leases
from gateway.committer import LATER_S, Committer
from gateway.config import Directory
from gateway.delivery.finish import Finish, write_down
from gateway.delivery.relay import Relay
from gateway.delivery.retry import Schedule
from gateway.delivery.settle import settle, settle_barely
from gateway.faults import FAULT, count_fault
from gateway.judgement import holds
from gateway.judgement.judging import Judging
from gateway.judgement.signing import of_original, wants_every_mail
from gateway.outcome import Reply
from gateway.tables import MailState
from gateway.work import UNJUDGED_FROM_TRY, Hand, Work

log = get_logger(__name__)

WRITE_RETRY_S = 1.0


class Processor:
    """Takes each mail in hand to the end of this attempt."""

    def __init__(
        self,
        runtime: Runtime,
        directory: Directory,
        committer: Committer,
        judging: Judging,
        relay: Relay,
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._committer = committer
        self._judging = judging
        self._relay = relay
        retry = runtime.settings.relay
        self._schedule = Schedule(retry.retry_s, retry.give_up_s, retry.delay_notice_s)

    async def process(self, work: Work) -> None:
        """Judge, store, deliver; every delivery in hand ends sent, failed, waiting or held."""
        try:
            await self._process(work)
        finally:
            self._relay.withdraw(work)

    async def _process(self, work: Work) -> None:
        try:
            if _is_to_be_judged(work):
                await self._judging.judge(work)
        except Exception as error:  # noqa: BLE001 - fail open: the original goes out
            count_fault(work, "judge", error)
            work.leave_unchanged(FAULT)
        if not work.deliveries:
            return
        await self._sign(work)
        replies: list[tuple[Hand, Reply]] = []
        try:
            await self._relay.attempt(work, replies)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the mail: it is tried again
            count_fault(work, "relay", error)
            tried = {hand.position for hand, _ in replies}
            replies += [(hand, outcome.INTERNAL) for hand in work.deliveries if hand.position not in tried]
        await self._write_down(work, replies)

    async def _sign(self, work: Work) -> None:
        snapshot = self._directory.current
        try:
            if wants_every_mail(snapshot, work):
                work.signature = await asyncio.to_thread(of_original, snapshot, work, self._runtime.keys)
        except Exception as error:  # noqa: BLE001 - fail open: without our signature rather than not at all
            count_fault(work, "sign", error)

    # --- the result ---

    async def _write_down(self, work: Work, replies: list[tuple[Hand, Reply]]) -> None:
        now = self._runtime.clock.now()
        try:
            hostname = self._settings.smtp.hostname
            await self._store(settle(work, replies, schedule=self._schedule, hostname=hostname, now=now))
        except Exception as error:  # noqa: BLE001 - a lease that nobody gives back would keep the mail for ever
            count_fault(work, "settle", error)
            await self._write_barely(work, replies, now)
        if work.accepted_s and any(reply.ok for _, reply in replies):
            MAIL_PATH.observe(RELAY_SECONDS, asyncio.get_running_loop().time() - work.accepted_s)

    async def _store(self, finish: Finish) -> None:
        while True:
            try:
                await self._committer.submit_many(write_down, finish, within_s=LATER_S)
                return
            except Temporary:
                # The next hop may have the mail already: forgetting that would send it twice.
                await asyncio.sleep(WRITE_RETRY_S)

    async def _write_barely(self, work: Work, replies: list[tuple[Hand, Reply]], now: datetime) -> None:
        try:
            await self._store(settle_barely(work, replies, schedule=self._schedule, now=now))
        except Exception as error:  # noqa: BLE001 - given back, it is tried again later
            count_fault(work, "settle", error)
            positions = [hand.position for hand, _ in replies]
            await self._committer.submit(partial(leases.give_back, mail_id=work.id, positions=positions))


async def release_overdue(committer: Committer, mail_id: int) -> None:
    """Let a held mail leave whose time is over. A fault with this one does not stop the others.

    Raises:
        Temporary: the database does not answer, for nobody.
    """
    try:
        await committer.submit(partial(holds.let_go, mail_id=mail_id, note="expired"))
    except Permanent:
        return  # somebody was faster
    except Temporary:
        raise
    except Exception as error:  # fail open: the plain original goes out
        FAIL_OPEN.labels("hold").inc()
        log.error("fault with a held mail", exc_info=error, extra={"mail_id": mail_id})
        await _release_plain(committer, mail_id)


async def _release_plain(committer: Committer, mail_id: int) -> None:
    try:
        await committer.submit(partial(holds.let_go_plain, mail_id=mail_id, note=FAULT))
    except Permanent:
        return
    except Temporary:
        raise
    except Exception as error:  # noqa: BLE001 - it stays held, and the others go on
        log.error("a held mail cannot leave", extra={"mail_id": mail_id, "error": type(error).__name__})
        await committer.submit(partial(holds.postpone, mail_id=mail_id))


def _is_to_be_judged(work: Work) -> bool:
    return work.state is MailState.RECEIVED and work.may_judge and work.unfinished_tries < UNJUDGED_FROM_TRY
