"""Kept mails decided once more, under two rule sets: what would be otherwise. Reads only; nothing is stored or sent.

Of each mail the rules see what they saw on the day: its bytes and what the ATS had said. Sentences count as they are
approved and refused now. What a changed mail would look like is made by the steps of the mail's real way
(`would_leave`), with a link that nobody has.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from core.crypto import SealBroken
from core.runtime import Runtime, Tx
from crm import notices, signals
from crm.registry import companies
from crm.registry.companies import CompanyView
from gateway import copies, policy
from gateway.copies import CopyKind
from gateway.figures import first_id
from gateway.judgement import judge, would_leave
from gateway.judgement.edit import EditRequest
from gateway.judgement.review import reviews_of
from gateway.judgement.would_leave import Making, Way
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope, Recipient
from gateway.ruling.ruleset import Sentences, read_rule_sets, read_sentences, shipped
from gateway.tables import Origin, mail, mail_copy
from rules.compare import Comparison, Replayed, ats_of, said_by
from rules.decide import decide
from rules.model import AtsAnswer, Decision, Signals
from rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Plan:
    """Which mails, and which rules. None as rules: those in force for the mail's company. ``samples``: how many changed
    mails are shown, with what would leave."""

    since: datetime
    company_id: int | None = None
    new: RuleSet | None = None
    against: RuleSet | None = None
    samples: int = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A changed mail, and the lines in which what would leave differs (``diff``: unified, without its head)."""

    mail: Replayed
    received_at: datetime
    before: Way
    after: Way
    diff: Sequence[str]


@dataclass(slots=True)
class Replay:
    """``unseen``: mails that could not be decided again, by the reason. ``capped``: days of a company on which the new
    rules would reach the daily cap: company, day, links, cap."""

    mails: int = 0
    comparison: Comparison = field(default_factory=Comparison)
    unseen: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    capped: list[tuple[int, str, int, int]] = field(default_factory=list)
    versions: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _World:
    """What all mails are decided with, read once."""

    companies: Mapping[int, CompanyView]
    making: Making
    sentences: Sentences
    before: Mapping[int, RuleSet]
    after: Mapping[int, RuleSet]


class _Unseen(Exception):
    """This mail cannot be decided again; the reason is a word."""


def mail_ids(tx: Tx, plan: Plan) -> list[tuple[int, bool]]:
    """The mails of recruiting senders since then, oldest first, and whether their bytes are kept."""
    columns = mail.c
    query = select(columns.id, exists().where(mail_copy.c.mail_id == columns.id)).where(
        columns.id >= first_id(tx, plan.since),
        columns.received_at >= plan.since,
        columns.judged.is_(True),
        columns.origin == Origin.SMTP.value,
    )
    if plan.company_id is not None:
        query = query.where(columns.company_id == plan.company_id)
    return [(mail_id, kept) for mail_id, kept in tx.session.execute(query.order_by(columns.id))]


def run(runtime: Runtime, plan: Plan, progress: Callable[[int, int], None]) -> Replay:
    """Decide every mail again. ``progress`` is told after each how many of how many are done.

    Raises:
        NotFound: no such company.
    """
    with runtime.read() as tx:
        if plan.company_id is not None:
            companies.get(tx, plan.company_id)
        wanted = mail_ids(tx, plan)
        world = _world(tx, plan)
    found = Replay(mails=len(wanted), versions=_versions(world))
    for number, (mail_id, kept) in enumerate(wanted, 1):
        try:
            if not kept:
                raise _Unseen("not_kept")
            _one(runtime, world, plan, mail_id, found)
        except _Unseen as reason:
            found.unseen[str(reason)] += 1
        progress(number, len(wanted))
    found.capped = _capped(found.comparison)
    return found


def _world(tx: Tx, plan: Plan) -> _World:
    views = {view.id: view for view in companies.all_companies(tx)}
    in_force = read_rule_sets(tx)

    def sets(chosen: RuleSet | None) -> dict[int, RuleSet]:
        return {company_id: chosen or in_force.get(company_id, shipped()) for company_id in views}

    return _World(
        companies=views,
        making=would_leave.read_making(tx, list(views)),
        sentences=read_sentences(tx),
        before=sets(plan.against),
        after=sets(plan.new),
    )


def _versions(world: _World) -> dict[int, tuple[str, str]]:
    return {each: (world.before[each].version, world.after[each].version) for each in world.companies}


def _one(runtime: Runtime, world: _World, plan: Plan, mail_id: int, found: Replay) -> None:
    """Decide one mail again. A transaction of its own: a long replay must not hold back what others write."""
    with runtime.read() as tx:
        row: Any = tx.session.execute(
            select(mail.c.company_id, mail.c.received_at).where(mail.c.id == mail_id)
        ).one_or_none()
        company = None if row is None else world.companies.get(row.company_id)
        if row is None or company is None:
            raise _Unseen("not_kept")  # deleted in this moment
        kept = _copies(tx, mail_id)
        envelope = json.loads(kept[CopyKind.ENVELOPE])
        stored = Decision.from_json(json.loads(kept[CopyKind.DECISION]))
        ats = ats_of(stored) or _ats_now(tx, company, envelope["to"])
        answers = tuple(line.answer for line in reviews_of(tx, mail_id))
    asked = Envelope(envelope["from"], tuple(Recipient(address) for address in envelope["to"]))
    try:
        letter = judge.read(kept[CopyKind.ORIGINAL], asked, company, runtime.settings, runtime.keys)
    except Malformed:
        raise _Unseen("unreadable") from None
    if letter is None:
        raise _Unseen("no_recruiting_sender_now")
    approved, refused = world.sentences.of(company.id, letter.mail.header_from)
    known = Signals(None if ats == "silent" else ats, approved, refused)
    replayed = Replayed(
        mail_id=mail_id,
        company_id=company.id,
        day=row.received_at.astimezone(ZoneInfo(company.timezone)).date().isoformat(),
        stored=stored.verdict,
        before=decide(letter.mail, world.before[company.id], known),
        after=decide(letter.mail, world.after[company.id], known),
        rejection=said_by(answers),
    )
    found.comparison.add(replayed)
    if replayed.changes and len(found.samples) < plan.samples:
        request = EditRequest("", company, asked, 0, "", letter.parsed, replayed.after)
        found.samples.append(_sample(runtime, world, replayed, request, row.received_at))


def _copies(tx: Tx, mail_id: int) -> dict[CopyKind, bytes]:
    try:
        kept = copies.open_copies(tx, mail_id)
    except (OSError, SealBroken):
        raise _Unseen("unreadable") from None
    if CopyKind.ORIGINAL not in kept:
        raise _Unseen("not_kept")
    return kept


def _ats_now(tx: Tx, company: CompanyView, recipients: Sequence[str]) -> AtsAnswer | None:
    """For a mail of which the ATS was not asked on the day: a gate was closed that another rule set may open."""
    external = policy.external(company, recipients)
    return signals.answer_for(tx, company.id, external[0]) if len(external) == 1 else None


def _sample(runtime: Runtime, world: _World, replayed: Replayed, request: EditRequest, received_at: datetime) -> Sample:
    (before, old), (after, new) = (
        would_leave.way(runtime, world.making, decision, request, received_at)
        for decision in (replayed.before, replayed.after)
    )
    return Sample(replayed, received_at, before, after, would_leave.difference(old, new))


def _capped(comparison: Comparison) -> list[tuple[int, str, int, int]]:
    """Days on which the links of the new rules alone would pass the brake of decisions 19."""
    found = []
    days = sorted(comparison.links.items())
    for (company_id, day), links_that_day in days:
        earlier = [count for (each, other), count in days if each == company_id and other < day]
        cap = notices.cap_from(earlier[-notices.CAP_DAYS :])
        if cap is not None and links_that_day > cap:
            found.append((company_id, day, links_that_day, cap))
    return found
