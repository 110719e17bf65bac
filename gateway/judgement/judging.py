"""From a mail in hand to a stored decision: read, look up, decide, then edit, hold or leave it alone.

Whatever is raised here lets the original out (`process.py`). Nothing of the CPU's work happens inside a transaction:
SQLite has one writer, and every process waits for it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from core.log import get_logger
from core.metrics import EDIT_SECONDS, JUDGE_SECONDS, MAIL_PATH, MAILS_DECIDED, MAILS_EDITED, MAILS_UNCHANGED
from core.runtime import Runtime
from crm.invitation.standing import Asked, Case, Standing, standings
from crm.registry.companies import CompanyView
from gateway import copies, policy
from gateway.committer import Committer, patience_s
from gateway.config import Directory
from gateway.copies import Kept
from gateway.judgement import edit, judge, signing
from gateway.judgement.edit import NO_ORDERS, CleanRequest, Edited, EditRequest, NotEdited, store_cleaned
from gateway.judgement.holds import HoldRequest, hold
from gateway.letter.doubt import Malformed
from gateway.letter.octets import Octets
from gateway.letter.parse import Parsed
from gateway.letter.splice import OctetEdit
from gateway.ruling import dropbox
from gateway.ruling.dropbox import CopyRequest
from gateway.ruling.fields import octets, of_rules
from gateway.ruling.ruleset import shipped
from gateway.tables import Variant
from gateway.work import Hand, Work
from rules.model import Decision, Mode, Orders, Reason, Verdict, strictest

log = get_logger(__name__)

T = TypeVar("T")

#: Reading and judging a mail above this size happens off the event loop, one at a time.
BIG_BYTES = 65_536
_NOTHING_KNOWN = Standing(None, Case.OTHER)


class Judging:
    """Decides about mails and does what was decided, up to the delivery."""

    def __init__(self, runtime: Runtime, directory: Directory, committer: Committer, lookups: Committer) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._committer = committer
        self._lookups = lookups
        self._big = asyncio.Semaphore(1)
        self._under_way = 0

    async def judge(self, work: Work) -> None:
        """Set ``work`` to what is to be delivered: variants, edits, decision; a held delivery is taken out of it."""
        snapshot = self._directory.current
        company = snapshot.company(work.company_id)
        if company is None or not policy.may_be_judged(
            company, True, work.envelope.sender, bypass_all=snapshot.bypass_all
        ):
            return
        self._under_way += 1
        try:
            if work.size <= BIG_BYTES:
                await self._read_and_act(work, company, work.original())
                return
            async with self._big:
                await self._read_and_act(work, company, work.original())
        finally:
            self._under_way -= 1

    @property
    def _patience_s(self) -> float:
        return patience_s(self._under_way)

    async def _read_and_act(self, work: Work, company: CompanyView, raw: Octets) -> None:
        began_s = asyncio.get_running_loop().time()
        try:
            step = partial(judge.read, raw, work.envelope, company, self._settings, self._runtime.keys)
            letter = await self._cpu(work, step)
        except Malformed:
            MAIL_PATH.count(MAILS_UNCHANGED, "malformed")
            return
        if letter is None:
            return
        external = policy.external(company, work.envelope.addresses)
        standing = await self._standing(company, external)
        snapshot = self._directory.current
        approval = snapshot.sentences.of(company.id, letter.mail.header_from)
        rule_set = snapshot.rule_sets.get(company.id)
        decision = await self._cpu(work, partial(judge.decide, letter.mail, approval, standing.ats, rule_set))
        MAIL_PATH.count(MAILS_DECIDED, str(company.id), decision.verdict.value)
        MAIL_PATH.observe(JUDGE_SECONDS, asyncio.get_running_loop().time() - began_s)
        work.judged, work.decision = True, decision
        await self._act(work, company, letter.parsed, standing, external)

    async def _standing(self, company: CompanyView, external: tuple[str, ...]) -> Standing:
        """What the books say about the one recipient outside; with two or more nothing is asked: such a mail is
        never edited."""
        if len(external) != 1:
            return _NOTHING_KNOWN
        return await self._lookups.submit_many(standings, Asked(company.id, external[0]), within_s=self._patience_s)

    async def _act(
        self, work: Work, company: CompanyView, parsed: Parsed, standing: Standing, external: tuple[str, ...]
    ) -> None:
        """Do what verdict, mode and the company's rules ask for; without an edit the mail stays as it came."""
        decision, mode, minutes = _decided(work), company.mode, 0
        if decision.orders is not None:
            mode, minutes = strictest(mode, decision.orders.mode), decision.orders.hold_minutes
            if decision.orders.dropboxes and mode is not Mode.OBSERVE:
                await self._copy(work, company, parsed.raw, decision.orders)
        hand = next((hand for hand in work.deliveries if external == (hand.recipient,)), None)
        hands = [hand for hand in work.deliveries if hand.recipient in external] if minutes else []
        if hands and mode is not Mode.OBSERVE:
            await self._hold(work, company, parsed.raw, hands, minutes)
        elif decision.verdict is Verdict.INJECT and hand is not None:
            match mode:
                case Mode.AUTO:
                    await self._edit(work, company, parsed, standing, hand)
                case Mode.CONFIRM:
                    await self._hold(work, company, parsed.raw, [hand], company.hold_minutes)
                case Mode.OBSERVE:
                    work.note = "observe"
        if work.stored:
            return
        passed = _decided(work).verdict is Verdict.PASS
        days = company.keep_passed_days if passed else self._settings.retention.raw_days
        work.kept = await self._seal(work, parsed.raw, days) if days else None
        fields = octets(of_rules(decision.orders, company, parsed.raw))
        if (decision.marker or fields) and mode is not Mode.OBSERVE:
            await self._clean(work, company, parsed.raw, external, fields)

    async def _edit(self, work: Work, company: CompanyView, parsed: Parsed, standing: Standing, hand: Hand) -> None:
        request = EditRequest(
            mail_id=work.id,
            company=company,
            envelope=work.envelope,
            position=hand.position,
            recipient=hand.recipient,
            parsed=parsed,
            decision=_decided(work),
            signing=signing.for_edit(self._directory.current.signers_of(company.id), company, parsed.raw),
            texts=self._directory.current.texts.get(company.id),
        )
        began_s = asyncio.get_running_loop().time()
        made = await self._edited(work, request, standing)
        MAIL_PATH.observe(EDIT_SECONDS, asyncio.get_running_loop().time() - began_s)
        if isinstance(made, NotEdited):
            MAIL_PATH.count(MAILS_UNCHANGED, made.reason)
            work.note = made.reason
            if made.reason == "cannot_edit" and (request.decision.orders or NO_ORDERS).on_fail == "pass_and_flag":
                work.decision = _flagged(request.decision, made.detail)
            log.info("mail left unchanged", extra={"mail_id": work.id, "reason": made.reason, "detail": made.detail})
            return
        MAIL_PATH.count(MAILS_EDITED, str(company.id))
        self._use(work, made.edits, [hand])
        work.note = "edited"

    async def _edited(self, work: Work, request: EditRequest, standing: Standing) -> Edited | NotEdited:
        if standing.case is not Case.OTHER:
            step = partial(
                edit.prepare,
                request,
                standing,
                self._directory.current.licensed(request.company.id),
                keys=self._runtime.keys,
                settings=self._settings,
                now=self._runtime.clock.now(),
            )
            prepared = await self._cpu(work, step)
            if isinstance(prepared, NotEdited):
                return prepared
            made = await self._committer.submit_many(edit.store, prepared, within_s=self._patience_s)
            if made is not None:
                return made
        return await self._committer.submit(partial(edit.edit_in, request=request))

    async def _copy(self, work: Work, company: CompanyView, raw: Octets, orders: Orders) -> None:
        """Write the copies to the company's CRM first: should this mail be judged again, they are not written again."""
        rule_set = self._directory.current.rule_sets.get(company.id) or shipped()
        addresses = dropbox.wanted(orders, company, rule_set, work.envelope.addresses, len(raw))
        if addresses:
            request = CopyRequest(work.id, company.id, work.envelope.sender, addresses, raw)
            await self._committer.submit(partial(dropbox.put, request=request))

    async def _hold(self, work: Work, company: CompanyView, raw: Octets, hands: list[Hand], minutes: int) -> None:
        kept = await self._seal(work, raw, self._settings.retention.raw_days)
        positions = [hand.position for hand in hands]
        request = HoldRequest(work.id, work.envelope, positions, minutes, _decided(work), kept)
        await self._committer.submit(partial(hold, request=request))
        for hand in hands:
            work.deliveries.remove(hand)
        work.note, work.stored, work.whole = "held", True, False

    async def _clean(
        self, work: Work, company: CompanyView, raw: Octets, external: tuple[str, ...], fields: bytes
    ) -> None:
        """Put the rules' fields on, and take a placeholder out that no block replaces: an applicant must not see it
        (decisions 13)."""
        signers, limits = self._directory.current.signers_of(company.id), judge.limits(self._settings)
        marked = _decided(work).marker
        step = partial(signing.cleaned, raw, signers, company, limits, work.received_at, fields=fields, marked=marked)
        edits = await self._cpu(work, step)
        if edits is None:
            return
        hands = [hand for hand in work.deliveries if hand.recipient in external]
        request = CleanRequest(
            mail_id=work.id,
            decision=_decided(work),
            note=work.note,
            positions=[hand.position for hand in hands],
            edits=edits,
            kept=work.kept,
        )
        await self._committer.submit(partial(store_cleaned, request=request))
        self._use(work, edits, hands)

    def _use(self, work: Work, edits: tuple[OctetEdit, ...], hands: list[Hand]) -> None:
        for hand in hands:
            hand.variant = Variant.EDITED
        work.edits, work.stored = edits, True

    async def _seal(self, work: Work, raw: Octets, days: int) -> Kept:
        step = partial(
            copies.seal,
            self._runtime.keys,
            self._settings,
            work.id,
            original=raw,
            envelope=work.envelope,
            decision=_decided(work),
            keep_until=self._runtime.clock.now() + timedelta(days=days),
        )
        return await self._cpu(work, step)

    async def _cpu(self, work: Work, step: Callable[[], T]) -> T:
        return step() if work.size <= BIG_BYTES else await asyncio.to_thread(step)


def _flagged(decision: Decision, why: str) -> Decision:
    """A link that could not go in, and whose rule wants a person to hear of it: the mail has left, and is listed."""
    reason = Reason("note", "not_inserted", detail=why)
    return replace(decision, verdict=Verdict.REVIEW, because=(*decision.because, reason))


def _decided(work: Work) -> Decision:
    if work.decision is None:
        raise AssertionError("asked before the decision")
    return work.decision
