"""Doing what was decided about a mail: copies, holds, edits, fields; what is left in hand then is to be delivered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from core.log import get_logger
from core.metrics import EDIT_SECONDS, MAIL_PATH, MAILS_EDITED, MAILS_UNCHANGED
from core.runtime import Runtime
from crm.invitation.standing import Case
from crm.registry.companies import CompanyView
from gateway import copies
from gateway.committer import Committer
from gateway.config import Directory
from gateway.copies import Kept
from gateway.judgement import edit, judge, signing
from gateway.judgement.cpu import Cpu
from gateway.judgement.edit import NO_ORDERS, CleanRequest, Edited, EditRequest, NotEdited, Prepared, store_cleaned
from gateway.judgement.holds import HoldRequest, hold
from gateway.judgement.outlook import View, note_of, plan_of
from gateway.letter.octets import Octets
from gateway.letter.splice import OctetEdit
from gateway.ruling import dropbox
from gateway.ruling.dropbox import CopyRequest
from gateway.ruling.fields import octets, of_rules
from gateway.ruling.ruleset import shipped
from gateway.tables import Variant
from gateway.work import Hand, Work
from rules.model import Decision, Mode, Orders, Reason, Verdict

log = get_logger(__name__)


class Acting:
    """``patience_s()``: how long a write may wait for company just now."""

    def __init__(
        self, runtime: Runtime, directory: Directory, committer: Committer, cpu: Cpu, patience_s: Callable[[], float]
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._committer = committer
        self._cpu = cpu
        self._patience_s = patience_s

    async def act(self, work: Work, view: View, made: Edited | NotEdited | None) -> None:
        """Do what verdict, mode and the company's rules ask for; without an edit the mail stays as it came."""
        decision, company, raw = view.decision, view.company, view.parsed.raw
        plan = plan_of(work, view)
        if decision.orders is not None and plan.copies:
            await self._copy(work, company, raw, decision.orders)
        if plan.held:
            await self._hold(work, company, raw, plan.held, plan.minutes)
        elif plan.is_edit and plan.hand is not None:
            await self._edit(work, view, plan.hand, made)
        else:
            work.note = note_of(view, plan, None)
        if work.stored:
            return
        work.kept = await self.kept(work, view, _decided(work))
        fields = octets(of_rules(decision.orders, company, raw))
        if (decision.marker or fields) and plan.mode is not Mode.OBSERVE:
            await self._clean(work, company, raw, view.external, fields)

    async def _edit(self, work: Work, view: View, hand: Hand, made: Edited | NotEdited | None) -> None:
        began_s = asyncio.get_running_loop().time()
        made = made or await self._edited(work, view, hand)
        MAIL_PATH.observe(EDIT_SECONDS, asyncio.get_running_loop().time() - began_s)
        if isinstance(made, NotEdited):
            MAIL_PATH.count(MAILS_UNCHANGED, made.reason)
            work.note = made.reason
            if made.reason == "cannot_edit" and (view.decision.orders or NO_ORDERS).on_fail == "pass_and_flag":
                work.decision = _flagged(view.decision, made.detail)
            log.info("mail left unchanged", extra={"mail_id": work.id, "reason": made.reason, "detail": made.detail})
            return
        MAIL_PATH.count(MAILS_EDITED, str(view.company.id))
        self._use(work, made.edits, [hand])
        work.note = "edited"

    async def _edited(self, work: Work, view: View, hand: Hand) -> Edited | NotEdited:
        if view.standing.case is not Case.OTHER:
            prepared = await self.prepared(work, view, hand)
            if isinstance(prepared, NotEdited):
                return prepared
            ready = (work.id, prepared)
            made = await self._committer.submit_many(edit.store, ready, within_s=self._patience_s())
            if made is not None:
                return made
        request = self._request(work, view, hand)
        return await self._committer.submit(partial(edit.edit_in, mail_id=work.id, request=request))

    async def prepared(self, work: Work, view: View, hand: Hand) -> Prepared | NotEdited:
        """Make a mail's edit ready to be stored; needs no transaction."""
        step = partial(
            edit.prepare,
            self._request(work, view, hand),
            view.standing,
            self._directory.current.licensed(view.company.id),
            keys=self._runtime.keys,
            settings=self._settings,
            now=self._runtime.clock.now(),
        )
        return await self._cpu.do(work, step)

    async def kept(self, work: Work, view: View, decision: Decision) -> Kept | None:
        """Seal the copies that are kept of a mail with this decision; None: of such a one nothing is kept."""
        passed = decision.verdict is Verdict.PASS
        days = view.company.keep_passed_days if passed else self._settings.retention.raw_days
        return await self._seal(work, view.parsed.raw, days, decision) if days else None

    def _request(self, work: Work, view: View, hand: Hand) -> EditRequest:
        company, current = view.company, self._directory.current
        return EditRequest(
            queue_id=work.queue_id,
            company=company,
            envelope=work.envelope,
            position=hand.position,
            recipient=hand.recipient,
            parsed=view.parsed,
            decision=view.decision,
            signing=signing.for_edit(current.signers_of(company.id), company, view.parsed.raw),
            texts=current.texts.get(company.id),
        )

    async def _copy(self, work: Work, company: CompanyView, raw: Octets, orders: Orders) -> None:
        """Write the copies to the company's CRM first: should this mail be judged again, they are not written again."""
        rule_set = self._directory.current.rule_sets.get(company.id) or shipped()
        addresses = dropbox.wanted(orders, company, rule_set, work.envelope.addresses, len(raw))
        if addresses:
            request = CopyRequest(work.id, company.id, work.envelope.sender, addresses, raw)
            await self._committer.submit(partial(dropbox.put, request=request))

    async def _hold(self, work: Work, company: CompanyView, raw: Octets, hands: list[Hand], minutes: int) -> None:
        kept = await self._seal(work, raw, self._settings.retention.raw_days, _decided(work))
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
        edits = await self._cpu.do(work, step)
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

    async def _seal(self, work: Work, raw: Octets, days: int, decision: Decision) -> Kept:
        step = partial(
            copies.seal,
            self._runtime.keys,
            self._settings,
            work.queue_id,
            original=raw,
            envelope=work.envelope,
            decision=decision,
            keep_until=self._runtime.clock.now() + timedelta(days=days),
        )
        return await self._cpu.do(work, step)


def _flagged(decision: Decision, why: str) -> Decision:
    """A link that could not go in, and whose rule wants a person to hear of it: the mail has left, and is listed."""
    reason = Reason("note", "not_inserted", detail=why)
    return replace(decision, verdict=Verdict.REVIEW, because=(*decision.because, reason))


def _decided(work: Work) -> Decision:
    if work.decision is None:
        raise AssertionError("asked before the decision")
    return work.decision
