"""From a mail in hand to a decision, and on to what is done about it (`acting.py`): read, look up, decide.

Whatever is raised here lets the original out (`process.py`). Nothing of the CPU's work happens inside a transaction:
SQLite has one writer, and every process waits for it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from core.errors import Temporary
from core.metrics import JUDGE_SECONDS, MAIL_PATH, MAILS_DECIDED, MAILS_UNCHANGED
from core.runtime import Runtime
from crm.invitation.standing import Asked, Case, Standing, standings
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.committer import Committer
from gateway.config import Directory
from gateway.foresight import Foreseen, foreseen
from gateway.judgement import judge
from gateway.judgement.acting import Acting
from gateway.judgement.cpu import BIG_BYTES, Cpu
from gateway.judgement.edit import Edited, NotEdited, Prepared, Unedited
from gateway.judgement.outlook import Ahead, View, leaves_as_it_came, note_of, plan_of
from gateway.judgement.suspects import Suspects, digest
from gateway.letter.doubt import Malformed
from gateway.traffic import Traffic, look_up_patience_s
from gateway.work import Work

_NOTHING_KNOWN = Standing(None, Case.OTHER)


class Judging:
    """Decides about mails and does what was decided, up to the delivery."""

    def __init__(
        self,
        runtime: Runtime,
        directory: Directory,
        committer: Committer,
        lookups: Committer,
        suspects: Suspects,
        traffic: Traffic,
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._directory = directory
        self._lookups = lookups
        self._suspects = suspects
        self._traffic = traffic
        self._cpu = Cpu(suspects)
        self._acting = Acting(runtime, directory, committer, self._cpu, self._patience_s)
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
                made = await self._acting.prepared(work, view, plan.hand)
                if isinstance(made, Prepared):
                    return made
                ahead.made = made
            if not leaves_as_it_came(view.decision, plan, ahead.made):
                return None
            return Unedited(
                view.decision, note_of(view, plan, ahead.made), await self._acting.kept(work, view, view.decision)
            )

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

    def _patience_s(self) -> float:
        return self._traffic.patience_s(self._under_way)

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
            letter = await self._cpu.do(work, step)
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
        decision = await self._cpu.do(work, partial(judge.decide, letter.mail, approval, standing.ats, rule_set))
        took_s = asyncio.get_running_loop().time() - began_s
        return View(company, letter.parsed, standing, external, decision, took_s)

    async def _do(self, work: Work, view: View | None, made: Edited | NotEdited | None) -> None:
        if view is None:
            return
        MAIL_PATH.count(MAILS_DECIDED, str(view.company.id), view.decision.verdict.value)
        MAIL_PATH.observe(JUDGE_SECONDS, view.took_s)
        work.judged, work.decision = True, view.decision
        await self._acting.act(work, view, made)

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
        return self._lookups.submit_many(standings, asked, within_s=look_up_patience_s(self._under_way))

    def foresee(self, company: CompanyView, recipient: str) -> Foreseen | None:
        """Ask about a recipient of a mail that is still being sent and may be judged; None: it is not one outside."""
        if not policy.external(company, (recipient,)):
            return None
        asked = Asked(company.id, recipient)
        return foreseen(asked, self._ask(asked))
