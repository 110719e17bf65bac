"""The way of a mail after 250: judge it, store what was decided, deliver it, write down the result.

Fail open: whatever goes wrong with judging or editing, the original leaves and the fault is counted. This is the one
place besides the four edges where every exception is caught.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from core.errors import Permanent, Temporary
from core.log import get_logger
from core.metrics import FAIL_OPEN, MAILS_DECIDED, MAILS_UNCHANGED, RELAY_SECONDS
from core.runtime import Runtime, Tx
from crm.companies import CompanyView
from crm.signals import answer_for
from gateway import copies, holds, judge, leases, outcome, policy
from gateway.committer import Committer
from gateway.config import Directory
from gateway.doubt import Malformed
from gateway.edit import CleanRequest, EditRequest, NotEdited, edit_in, store_cleaned
from gateway.finish import Finish, write_down
from gateway.holds import HoldRequest, hold
from gateway.outcome import Reply
from gateway.relay import Relay
from gateway.retry import Schedule
from gateway.rewrite import remove_placeholder
from gateway.settle import settle, settle_barely
from gateway.spool import new_path
from gateway.tables import MailState, Variant
from gateway.work import UNJUDGED_FROM_TRY, Hand, Work
from rules.model import AtsAnswer, Decision, Mode, Verdict

log = get_logger(__name__)

T = TypeVar("T")

#: Reading and judging a mail above this size happens off the event loop, one at a time.
BIG_BYTES = 65_536
WRITE_RETRY_S = 1.0


class Processor:
    """Takes each mail in hand to the end of this attempt."""

    def __init__(
        self, runtime: Runtime, directory: Directory, committer: Committer, lookups: Committer, relay: Relay
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._committer = committer
        self._lookups = lookups
        self._relay = relay
        self._big = asyncio.Semaphore(1)
        retry = runtime.settings.relay
        self._schedule = Schedule(retry.retry_s, retry.give_up_s, retry.delay_notice_s)

    async def process(self, work: Work) -> None:
        """Judge, store, deliver; every delivery in hand ends sent, failed, waiting or held."""
        try:
            if _is_to_be_judged(work):
                await self._judge(work)
        except Exception as error:  # noqa: BLE001 - fail open: the original goes out
            self._count_fault(work, "judge", error)
            work.leave_unchanged("fault")
        if not work.deliveries:
            return
        try:
            replies = await self._relay.attempt(work)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the mail: it is tried again
            self._count_fault(work, "relay", error)
            replies = [(hand, outcome.INTERNAL) for hand in work.deliveries]
        await self._write_down(work, replies)

    def _count_fault(self, work: Work, kind: str, error: Exception) -> None:
        FAIL_OPEN.labels(kind).inc()
        log.error("fault on a mail's way", exc_info=error, extra={"mail_id": work.id, "kind": kind})

    # --- judging ---

    async def _judge(self, work: Work) -> None:
        snapshot = self._directory.current
        company = snapshot.company(work.company_id)
        if company is None or not policy.may_be_judged(
            company, True, work.envelope.sender, bypass_all=snapshot.bypass_all
        ):
            return
        if work.size <= BIG_BYTES:
            await self._read_and_act(work, company, work.original())
            return
        async with self._big:
            await self._read_and_act(work, company, await asyncio.to_thread(work.original))

    async def _read_and_act(self, work: Work, company: CompanyView, raw: bytes) -> None:
        try:
            step = partial(judge.read, raw, work.envelope, company, self._settings, self._runtime.keys)
            mail = await self._cpu(work, step)
        except Malformed:
            MAILS_UNCHANGED.labels("malformed").inc()
            return
        if mail is None:
            return
        external = policy.external(company, work.envelope.addresses)
        ats = await self._ask_ats(company, external)
        approval = self._directory.current.sentences.of(company.id, mail.header_from)
        decision = await self._cpu(work, partial(judge.decide, mail, approval, ats))
        MAILS_DECIDED.labels(str(company.id), decision.verdict.value).inc()
        work.judged, work.decision = True, decision
        await self._act(work, company, raw, decision, external)

    async def _ask_ats(self, company: CompanyView, external: tuple[str, ...]) -> AtsAnswer | None:
        if len(external) != 1:
            return None
        return await self._lookups.submit(partial(_answer, company_id=company.id, recipient=external[0]))

    async def _act(
        self, work: Work, company: CompanyView, raw: bytes, decision: Decision, external: tuple[str, ...]
    ) -> None:
        """Do what verdict and mode ask for; without an edit the mail stays as it came."""
        days = company.keep_passed_days if decision.verdict is Verdict.PASS else self._settings.retention.raw_days
        if days:
            work.kept = copies.of_judged(raw, work.envelope, decision, days)
        hand = next((hand for hand in work.deliveries if external == (hand.recipient,)), None)
        if decision.verdict is Verdict.INJECT and hand is not None:
            match company.mode:
                case Mode.AUTO:
                    await self._edit(work, company, raw, decision, hand)
                case Mode.CONFIRM:
                    await self._hold(work, company, raw, decision, hand)
                case Mode.OBSERVE:
                    work.note = "observe"
        if decision.marker and not work.stored and company.mode is not Mode.OBSERVE:
            await self._clean(work, raw, decision, external)

    async def _edit(self, work: Work, company: CompanyView, raw: bytes, decision: Decision, hand: Hand) -> None:
        request = EditRequest(
            mail_id=work.id,
            company=company,
            envelope=work.envelope,
            position=hand.position,
            recipient=hand.recipient,
            raw=raw,
            decision=decision,
            final_path=new_path(self._settings) if work.body_path else None,
        )
        made = await self._committer.submit(partial(edit_in, request=request))
        if isinstance(made, NotEdited):
            work.note = made.reason
            log.info("mail left unchanged", extra={"mail_id": work.id, "reason": made.reason, "detail": made.detail})
            return
        hand.variant = Variant.EDITED
        work.final_raw, work.final_path = made.raw, request.final_path
        work.note, work.stored = "edited", True

    async def _hold(self, work: Work, company: CompanyView, raw: bytes, decision: Decision, hand: Hand) -> None:
        request = HoldRequest(work.id, company, work.envelope, hand.position, raw, decision)
        await self._committer.submit(partial(hold, request=request))
        work.deliveries.remove(hand)
        work.note, work.stored, work.whole = "held", True, False

    async def _clean(self, work: Work, raw: bytes, decision: Decision, external: tuple[str, ...]) -> None:
        """Take a placeholder out that no block replaces: an applicant must not see it (decisions 13)."""
        cleaned = remove_placeholder(raw, judge.limits(self._settings))
        if cleaned is None:
            return
        hands = [hand for hand in work.deliveries if hand.recipient in external]
        request = CleanRequest(
            mail_id=work.id,
            decision=decision,
            note=work.note,
            positions=[hand.position for hand in hands],
            final=cleaned,
            final_path=new_path(self._settings) if work.body_path else None,
            kept=work.kept,
        )
        await self._committer.submit(partial(store_cleaned, request=request))
        for hand in hands:
            hand.variant = Variant.EDITED
        work.final_path, work.stored = request.final_path, True
        work.final_raw = None if request.final_path else cleaned

    async def _cpu(self, work: Work, step: Callable[[], T]) -> T:
        return step() if work.size <= BIG_BYTES else await asyncio.to_thread(step)

    # --- the result ---

    async def _write_down(self, work: Work, replies: list[tuple[Hand, Reply]]) -> None:
        now = self._runtime.clock.now()
        try:
            hostname = self._settings.smtp.hostname
            await self._store(settle(work, replies, schedule=self._schedule, hostname=hostname, now=now))
        except Exception as error:  # noqa: BLE001 - a lease that nobody gives back would keep the mail for ever
            self._count_fault(work, "settle", error)
            await self._write_barely(work, replies, now)
        if work.accepted_s and any(reply.ok for _, reply in replies):
            RELAY_SECONDS.observe(asyncio.get_running_loop().time() - work.accepted_s)

    async def _store(self, finish: Finish) -> None:
        while True:
            try:
                await self._committer.submit_many(write_down, finish, lazy=True)
                return
            except Temporary:
                # The next hop may have the mail already: forgetting that would send it twice.
                await asyncio.sleep(WRITE_RETRY_S)

    async def _write_barely(self, work: Work, replies: list[tuple[Hand, Reply]], now: datetime) -> None:
        try:
            await self._store(settle_barely(work, replies, schedule=self._schedule, now=now))
        except Exception as error:  # noqa: BLE001 - given back, it is tried again later
            self._count_fault(work, "settle", error)
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
        await committer.submit(partial(holds.let_go_plain, mail_id=mail_id, note="fault"))
    except Permanent:
        return
    except Temporary:
        raise
    except Exception as error:  # noqa: BLE001 - it stays held, and the others go on
        log.error("a held mail cannot leave", extra={"mail_id": mail_id, "error": type(error).__name__})
        await committer.submit(partial(holds.postpone, mail_id=mail_id))


def _is_to_be_judged(work: Work) -> bool:
    return work.state is MailState.RECEIVED and work.may_judge and work.unfinished_tries < UNJUDGED_FROM_TRY


def _answer(tx: Tx, *, company_id: int, recipient: str) -> AtsAnswer | None:
    return answer_for(tx, company_id, recipient)
