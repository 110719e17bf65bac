"""From a mail in hand to a decision, and on to what is done about it (`acting.py`): read, look up, decide.

Whatever is raised here lets the original out (`process.py`). Nothing of the CPU's work happens inside a transaction:
SQLite has one writer, and every process waits for it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from core.errors import Temporary
from core.metrics import JUDGE_SECONDS, MAIL_PATH, MAILS_DECIDED, MAILS_UNCHANGED
from core.runtime import Runtime
from crm.invitation.standing import Asked, Case, Standing, standings
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.committer import Committer
from gateway.config import Directory
from gateway.faults import tried
from gateway.foresight import Foreseen, foreseen
from gateway.judgement import judge
from gateway.judgement.acting import Acting
from gateway.judgement.cpu import BIG_BYTES, Cpu
from gateway.judgement.edit import Edited, NotEdited, Prepared, Unedited
from gateway.judgement.judge import Letter
from gateway.judgement.outlook import Ahead, View, leaves_as_it_came, note_of, plan_of
from gateway.judgement.suspects import Suspects, digest
from gateway.letter.doubt import Malformed
from gateway.traffic import Traffic
from gateway.work import Work

#: What is stored with a mail that was judged before.
Ready = Prepared | Unedited | None

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

    async def prepare(self, works: Sequence[Work]) -> list[Ready | Exception]:
        """Judge mails that are not stored yet, and make the edit of each, or the decision that it has none, ready to be
        stored with it. Each step is done for all of them before the next one (`gateway/gathering.py`).

        Only what needs no transaction is done; `judge` goes on from here once a mail is stored. None for a mail: what
        is to be done takes longer, or it must be stored before anybody looks at it. A fault is its mail's own.
        """
        looks = {work.queue_id: _Look(work) for work in works if self._may_come_first(work)}
        with self._counted(len(works)):
            for step in (self._read, self._ask, self._decide, self._make):
                for look in looks.values():
                    if not look.over:
                        look.fault = await tried(step(look))
                        look.over = look.over or look.fault is not None
                if len(looks) > 1:
                    await asyncio.sleep(0)  # whoever else asks for something is served between two steps
        return [self._outcome(looks.get(work.queue_id)) for work in works]

    def _may_come_first(self, work: Work) -> bool:
        """Is it a mail that is judged quickly, and that no process may have died of?"""
        if work.size > BIG_BYTES or work.raw is None:
            return False
        work.digest = digest(work.raw)
        return work.digest not in self._suspects

    def _outcome(self, look: "_Look | None") -> Ready | Exception:
        if look is None:
            return None
        if look.fault is not None:
            return look.fault
        if look.view is None:
            self.leave_alone(look.work)
            return Unedited(None, "", None)
        return look.ready

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
        with self._counted(1):
            if ahead is not None:
                await self._do(work, ahead.view, ahead.made)
            elif work.size <= BIG_BYTES:
                await self._do(work, await self._look(work), None)
            else:
                async with self._big:
                    await self._do(work, await self._look(work), None)

    @contextmanager
    def _counted(self, mails: int) -> Iterator[None]:
        self._under_way += mails
        try:
            yield
        finally:
            self._under_way -= mails

    def _patience_s(self) -> float:
        return self._traffic.patience_s(self._under_way)

    async def _look(self, work: Work) -> View | None:
        """Read a mail and decide about it; None: nobody looks at it any further."""
        look = _Look(work)
        for step in (self._read, self._ask, self._decide):
            if not look.over:
                await step(look)
        return look.view

    # --- the steps ---

    async def _read(self, look: "_Look") -> None:
        work, snapshot = look.work, self._directory.current
        look.began_s, look.over = asyncio.get_running_loop().time(), True
        company = snapshot.company(work.company_id)
        if company is None or not policy.may_be_judged(
            company, True, work.envelope.sender, bypass_all=snapshot.bypass_all
        ):
            return
        step = partial(judge.read, work.original(), work.envelope, company, self._settings, self._runtime.keys)
        try:
            letter = await self._cpu.do(work, step)
        except Malformed:
            MAIL_PATH.count(MAILS_UNCHANGED, "malformed")
            return
        look.company, look.letter, look.over = company, letter, letter is None

    async def _ask(self, look: "_Look") -> None:
        """Begin to ask what the books say about the one recipient outside; with two or more nothing is asked: such a
        mail is never edited."""
        work, (company, _) = look.work, look.seen
        look.external = policy.external(company, work.envelope.addresses)
        if len(look.external) != 1:
            return
        asked = Asked(company.id, look.external[0])
        seen, work.foreseen = work.foreseen, None  # whoever judges it once more wants to know what is so by then
        if seen is not None and seen.answers(asked):
            with suppress(Temporary):  # it is asked again
                look.standing = await seen.standing
                return
        look.answer = self._answer(asked)

    async def _decide(self, look: "_Look") -> None:
        work, (company, letter) = look.work, look.seen
        standing = await look.answer if look.answer is not None else look.standing
        snapshot = self._directory.current
        approval = snapshot.sentences.of(company.id, letter.mail.header_from)
        rule_set = snapshot.rule_sets.get(company.id)
        decision = await self._cpu.do(work, partial(judge.decide, letter.mail, approval, standing.ats, rule_set))
        took_s = asyncio.get_running_loop().time() - look.began_s
        look.view = View(company, letter.parsed, standing, look.external, decision, took_s)

    async def _make(self, look: "_Look") -> None:
        work, view = look.work, look.view
        ahead = self._ahead[work.queue_id] = Ahead(view)
        if view is None:
            raise AssertionError("made before it was decided")
        plan = plan_of(work, view)
        if plan.is_edit and plan.hand is not None and not plan.copies and view.standing.case is not Case.OTHER:
            made = await self._acting.prepared(work, view, plan.hand)
            if isinstance(made, Prepared):
                look.ready = made
                return
            ahead.made = made
        if leaves_as_it_came(view.decision, plan, ahead.made):
            kept = await self._acting.kept(work, view, view.decision)
            look.ready = Unedited(view.decision, note_of(view, plan, ahead.made), kept)

    async def _do(self, work: Work, view: View | None, made: Edited | NotEdited | None) -> None:
        if view is None:
            return
        MAIL_PATH.count(MAILS_DECIDED, str(view.company.id), view.decision.verdict.value)
        MAIL_PATH.observe(JUDGE_SECONDS, view.took_s)
        work.judged, work.decision = True, view.decision
        await self._acting.act(work, view, made)

    def _answer(self, asked: Asked) -> asyncio.Future[Standing]:
        return self._lookups.submit_many(standings, asked)

    def foresee(self, company: CompanyView, recipient: str) -> Foreseen | None:
        """Ask about a recipient of a mail that is still being sent and may be judged; None: it is not one outside."""
        if not policy.external(company, (recipient,)):
            return None
        asked = Asked(company.id, recipient)
        return foreseen(asked, self._answer(asked))


@dataclass(slots=True)
class _Look:
    """What is known of a mail between two steps. ``over``: nobody looks at it any further."""

    work: Work
    began_s: float = 0.0
    company: CompanyView | None = None
    letter: Letter | None = None
    external: tuple[str, ...] = ()
    standing: Standing = _NOTHING_KNOWN
    answer: asyncio.Future[Standing] | None = None
    view: View | None = None
    ready: Ready = None
    fault: Exception | None = None
    over: bool = False

    @property
    def seen(self) -> tuple[CompanyView, Letter]:
        """Whose mail it is, and the mail as it was read."""
        if self.company is None or self.letter is None:
            raise AssertionError("asked for before it was read")
        return self.company, self.letter
