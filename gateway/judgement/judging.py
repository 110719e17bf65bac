"""From a mail in hand to a stored decision: read, look up, decide, then edit, hold or leave it alone.

Whatever is raised here lets the original out (`process.py`). Nothing of the CPU's work happens inside a transaction:
SQLite has one writer, and every process waits for it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from core.errors import Temporary
from core.log import get_logger
from core.metrics import EDIT_SECONDS, JUDGE_SECONDS, MAIL_PATH, MAILS_DECIDED, MAILS_EDITED, MAILS_UNCHANGED
from core.runtime import Runtime
from crm.invitation.standing import Asked, Case, Standing, standings
from crm.registry.companies import CompanyView
from gateway import copies, policy
from gateway.committer import Committer, patience_s
from gateway.config import Directory
from gateway.copies import Kept
from gateway.foresight import Foreseen, foreseen
from gateway.judgement import edit, judge, signing
from gateway.judgement.edit import (
    NO_ORDERS,
    CleanRequest,
    Edited,
    EditRequest,
    NotEdited,
    Prepared,
    Unedited,
    store_cleaned,
)
from gateway.judgement.holds import HoldRequest, hold
from gateway.judgement.outlook import Ahead, View, leaves_as_it_came, note_of, plan_of
from gateway.judgement.suspects import Suspects, digest
from gateway.letter.doubt import Malformed
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

T = TypeVar("T")

#: Reading and judging a mail above this size happens off the event loop, one at a time.
BIG_BYTES = 65_536
_NOTHING_KNOWN = Standing(None, Case.OTHER)


class Judging:
    """Decides about mails and does what was decided, up to the delivery."""

    def __init__(
        self, runtime: Runtime, directory: Directory, committer: Committer, lookups: Committer, suspects: Suspects
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._committer = committer
        self._lookups = lookups
        self._suspects = suspects
        self._big = asyncio.Semaphore(1)
        self._under_way = 0
        self._ahead: dict[str, Ahead] = {}

    async def prepare(self, work: Work) -> Prepared | Unedited | None:
        """Judge a mail that is not stored yet, and make its edit, or the decision that it has none, ready to be stored
        with it.

        Only what needs no transaction is done; `judge` goes on from here once the mail is stored. None: what is to be
        done takes longer, or the mail must be stored before anybody looks at it.
        """
        if work.size > BIG_BYTES or work.raw is None:
            return None
        work.digest = digest(work.raw)
        if work.digest in self._suspects:
            return None
        with self._counted():
            view = await self._look(work)
            ahead = self._ahead[work.queue_id] = Ahead(view)
            if view is None:
                return Unedited(None, "", None)
            plan = plan_of(work, view)
            if plan.is_edit and plan.hand is not None and not plan.copies and view.standing.case is not Case.OTHER:
                made = await self._prepared(work, view, plan.hand)
                if isinstance(made, Prepared):
                    return made
                ahead.made = made
            if not leaves_as_it_came(view.decision, plan, ahead.made):
                return None
            return Unedited(view.decision, note_of(view, plan, ahead.made), await self._kept(work, view, view.decision))

    def stored(self, work: Work, made: Edited | NotEdited | None) -> None:
        """Note what became of the edit that `prepare` gave."""
        self._ahead[work.queue_id].made = made

    def forget(self, work: Work) -> None:
        """Forget what `prepare` found: should the mail be stored after all, it is judged then."""
        self._ahead.pop(work.queue_id, None)

    def leave_alone(self, work: Work) -> None:
        """Let `judge` do nothing about a mail."""
        self._ahead[work.queue_id] = Ahead(None)

    async def judge(self, work: Work) -> None:
        """Set ``work`` to what is to be delivered: variants, edits, decision; a held delivery is taken out of it."""
        ahead = self._ahead.pop(work.queue_id, None)
        with self._counted():
            if ahead is not None:
                await self._do(work, ahead.view, ahead.made)
            elif work.size <= BIG_BYTES:
                await self._do(work, await self._look(work), None)
            else:
                async with self._big:
                    await self._do(work, await self._look(work), None)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    @property
    def _patience_s(self) -> float:
        return patience_s(self._under_way)

    async def _look(self, work: Work) -> View | None:
        """Read a mail and decide about it; None: nobody looks at it any further."""
        snapshot = self._directory.current
        company = snapshot.company(work.company_id)
        if company is None or not policy.may_be_judged(
            company, True, work.envelope.sender, bypass_all=snapshot.bypass_all
        ):
            return None
        began_s = asyncio.get_running_loop().time()
        raw = work.original()
        try:
            step = partial(judge.read, raw, work.envelope, company, self._settings, self._runtime.keys)
            letter = await self._cpu(work, step)
        except Malformed:
            MAIL_PATH.count(MAILS_UNCHANGED, "malformed")
            return None
        if letter is None:
            return None
        external = policy.external(company, work.envelope.addresses)
        standing = await self._standing(work, company, external)
        snapshot = self._directory.current
        approval = snapshot.sentences.of(company.id, letter.mail.header_from)
        rule_set = snapshot.rule_sets.get(company.id)
        decision = await self._cpu(work, partial(judge.decide, letter.mail, approval, standing.ats, rule_set))
        took_s = asyncio.get_running_loop().time() - began_s
        return View(company, letter.parsed, standing, external, decision, took_s)

    async def _do(self, work: Work, view: View | None, made: Edited | NotEdited | None) -> None:
        if view is None:
            return
        MAIL_PATH.count(MAILS_DECIDED, str(view.company.id), view.decision.verdict.value)
        MAIL_PATH.observe(JUDGE_SECONDS, view.took_s)
        work.judged, work.decision = True, view.decision
        await self._act(work, view, made)

    async def _standing(self, work: Work, company: CompanyView, external: tuple[str, ...]) -> Standing:
        """What the books say about the one recipient outside; with two or more nothing is asked: such a mail is
        never edited."""
        if len(external) != 1:
            return _NOTHING_KNOWN
        asked = Asked(company.id, external[0])
        seen, work.foreseen = work.foreseen, None  # whoever judges it once more wants to know what is so by then
        if seen is not None and seen.answers(asked):
            with suppress(Temporary):  # it is asked again
                return await seen.standing
        return await self._ask(asked)

    def _ask(self, asked: Asked) -> asyncio.Future[Standing]:
        return self._lookups.submit_many(standings, asked, within_s=self._patience_s / 4)

    def foresee(self, company: CompanyView, recipient: str) -> Foreseen | None:
        """Ask about a recipient of a mail that is still being sent and may be judged; None: it is not one outside."""
        if not policy.external(company, (recipient,)):
            return None
        asked = Asked(company.id, recipient)
        return foreseen(asked, self._ask(asked))

    async def _act(self, work: Work, view: View, made: Edited | NotEdited | None) -> None:
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
        work.kept = await self._kept(work, view, _decided(work))
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
            prepared = await self._prepared(work, view, hand)
            if isinstance(prepared, NotEdited):
                return prepared
            ready = (work.id, prepared)
            made = await self._committer.submit_many(edit.store, ready, within_s=self._patience_s)
            if made is not None:
                return made
        request = self._request(work, view, hand)
        return await self._committer.submit(partial(edit.edit_in, mail_id=work.id, request=request))

    async def _prepared(self, work: Work, view: View, hand: Hand) -> Prepared | NotEdited:
        step = partial(
            edit.prepare,
            self._request(work, view, hand),
            view.standing,
            self._directory.current.licensed(view.company.id),
            keys=self._runtime.keys,
            settings=self._settings,
            now=self._runtime.clock.now(),
        )
        return await self._cpu(work, step)

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

    async def _kept(self, work: Work, view: View, decision: Decision) -> Kept | None:
        passed = decision.verdict is Verdict.PASS
        days = view.company.keep_passed_days if passed else self._settings.retention.raw_days
        return await self._seal(work, view.parsed.raw, days, decision) if days else None

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
        return await self._cpu(work, step)

    async def _cpu(self, work: Work, step: Callable[[], T]) -> T:
        if work.size > BIG_BYTES:
            return await asyncio.to_thread(step)
        return self._suspects.watch(work.digest, step) if work.digest else step()


def _flagged(decision: Decision, why: str) -> Decision:
    """A link that could not go in, and whose rule wants a person to hear of it: the mail has left, and is listed."""
    reason = Reason("note", "not_inserted", detail=why)
    return replace(decision, verdict=Verdict.REVIEW, because=(*decision.because, reason))


def _decided(work: Work) -> Decision:
    if work.decision is None:
        raise AssertionError("asked before the decision")
    return work.decision
