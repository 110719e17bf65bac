"""Counts of the queue for console, daily line and doctor: what waits, and what went through since a moment. Reads only.

No count names anybody: of mail that nobody may look into there are numbers and times, as of all other.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from core.bulk import Query
from core.runtime import Tx
from gateway.tables import UNFINISHED_MAIL, DeliveryState, MailState, Origin, delivery, mail, mail_copy, review
from rules.model import Verdict

#: More than this many are shown as this many: nobody counts further, and the question stays cheap.
WAITING_MAX = 999
#: Ids are given at the commit, `received_at` before it: neighbours may stand in the other order by as much as this.
ORDER_SLACK = timedelta(minutes=10)
COUNTS = ("received", "judged", "edited", "reviewed", "passed", "held", "ordinary", "failed")
EDITED_NOTE, FAULT_NOTE = "edited", "fault"


@dataclass(frozen=True, slots=True)
class Waiting:
    """``held``: mails that wait for an answer, the first until ``held_until``. ``unanswered``: reviewed mails that left
    already and whose question nobody has answered while their copy is kept."""

    held: int
    held_until: datetime | None
    unanswered: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Mails received since a moment. ``judged``: of recruiting senders; the others are counted only."""

    received: int
    judged: int
    rejections: int
    edited: int
    held: int
    delivered: int
    deferred: int
    failed: int


@dataclass(slots=True)
class Tally:
    """One company's mails of a span of time, without our own. ``judged``: of recruiting senders.

    ``unchanged``: rejections that left (or wait to leave) as they came, by the word in ``mail.note``; faults too.
    ``ordinary``: other senders' mail, and what is no rejection. Edited, reviewed, held, unchanged and ordinary ones
    together are those received.
    """

    received: int = 0
    judged: int = 0
    edited: int = 0
    reviewed: int = 0
    passed: int = 0
    held: int = 0
    ordinary: int = 0
    failed: int = 0
    unchanged: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unchanged.update(other.unchanged)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Mails that have not left: how many in each state of `UNFINISHED_MAIL`, and since when the oldest of it waits.

    ``retried``: deliveries that were tried and wait for their next attempt.
    """

    mails: Mapping[str, int]
    oldest_at: Mapping[str, datetime]
    retried: int

    @property
    def total(self) -> int:
        return sum(self.mails.values())

    @property
    def oldest(self) -> datetime | None:
        """The oldest mail that no person holds."""
        held = MailState.HELD.value
        return min((at for state, at in self.oldest_at.items() if state != held), default=None)


def waiting(tx: Tx, company_id: int | None = None) -> Waiting:
    """What waits for people, of one company or of all."""
    columns = mail.c
    held, until = tx.session.execute(
        select(func.count(), func.min(columns.hold_until)).where(
            columns.state == MailState.HELD.value, columns.hold_until.is_not(None), *_of(company_id)
        )
    ).one()
    open_questions = select(columns.id).where(*_unanswered(company_id)).limit(WAITING_MAX).subquery()
    return Waiting(held, until, tx.session.scalar(select(func.count()).select_from(open_questions)) or 0)


def unanswered(tx: Tx, company_id: int | None = None, limit: int = 50) -> list[int]:
    """Reviewed mails without an answer, newest first."""
    query = select(mail.c.id).where(*_unanswered(company_id)).order_by(mail.c.id.desc()).limit(limit)
    return list(tx.session.scalars(query))


def since(tx: Tx, moment: datetime, company_id: int | None = None) -> Flow:
    """What came in since ``moment`` and what became of it, without our own mails."""
    columns = mail.c
    came = (
        columns.id >= first_id(tx, moment),
        columns.received_at >= moment,
        columns.origin == Origin.SMTP.value,
        *_of(company_id),
    )
    counted: Any = tx.session.execute(
        select(
            func.count().label("received"),
            how_many(columns.judged).label("judged"),
            how_many(columns.verdict == Verdict.INJECT.value).label("rejections"),
            how_many(columns.note == EDITED_NOTE).label("edited"),
            how_many(columns.state == MailState.HELD.value).label("held"),
        ).where(*came)
    ).one()
    each = delivery.c
    left: Any = tx.session.execute(
        select(
            how_many(each.state == DeliveryState.SENT.value).label("delivered"),
            how_many(and_(each.state == DeliveryState.WAITING.value, each.tries > 0)).label("deferred"),
            how_many(each.state == DeliveryState.FAILED.value).label("failed"),
        )
        .join_from(delivery, mail, each.mail_id == columns.id)
        .where(*came)
    ).one()
    return Flow(*counted, *left)


def tallies(tx: Tx, since: datetime, until: datetime | None = None) -> dict[int, Tally]:
    """What came in from ``since`` (to before ``until``), by company id; companies without a mail are left out."""
    columns = mail.c
    where = [columns.id >= first_id(tx, since), columns.received_at >= since, columns.origin == Origin.SMTP.value]
    if until is not None:
        where.append(columns.received_at < until)
    kinds = (columns.company_id, columns.judged, columns.verdict, columns.note, columns.state)
    found: dict[int, Tally] = {}
    for row in tx.session.execute(select(*kinds, func.count().label("mails")).where(*where).group_by(*kinds)):
        if row.company_id is not None:
            _count_in(found.setdefault(row.company_id, Tally()), row)
    return found


def _count_in(tally: Tally, row: Any) -> None:
    count: int = row.mails
    tally.received += count
    tally.judged += count * bool(row.judged)
    tally.passed += count * (row.verdict == Verdict.PASS.value)
    tally.failed += count * (row.state == MailState.FAILED.value)
    if row.note == EDITED_NOTE:
        tally.edited += count
    elif row.note == FAULT_NOTE:
        tally.unchanged[FAULT_NOTE] += count
    elif row.state == MailState.HELD.value:
        tally.held += count
    elif row.verdict == Verdict.REVIEW.value:
        tally.reviewed += count
    elif row.verdict == Verdict.INJECT.value:
        tally.unchanged[row.note or "unknown"] += count
    else:
        tally.ordinary += count


def first_id(tx: Tx, moment: datetime) -> int:
    """An id at or before the first mail of ``moment``. Ids grow with time, so halving finds it without an index."""
    columns = mail.c
    low, high = tx.session.execute(select(func.min(columns.id), func.max(columns.id))).one()
    if low is None:
        return 0
    wanted = moment - ORDER_SLACK
    while low < high:
        middle = (low + high) // 2
        row = tx.session.execute(
            select(columns.id, columns.received_at).where(columns.id >= middle).order_by(columns.id).limit(1)
        ).one()
        if row.received_at < wanted:
            low = row.id + 1
        else:
            high = middle
    return int(low)


def backlog(tx: Tx) -> Backlog:
    """What has not left yet, by state."""
    rows = _BY_STATE.rows(tx)
    counts = dict.fromkeys(_UNFINISHED, 0) | {state: count for state, count, _ in rows}
    ((retried,),) = _RETRIED.rows(tx)
    return Backlog(counts, {state: oldest for state, _, oldest in rows}, retried)


_UNFINISHED = [state.value for state in UNFINISHED_MAIL]
_BY_STATE = Query(
    select(mail.c.state, func.count(), func.min(mail.c.received_at))
    .where(mail.c.state.in_(_UNFINISHED))
    .group_by(mail.c.state)
)
_RETRIED = Query(select(func.count()).where(delivery.c.state == DeliveryState.WAITING.value, delivery.c.tries > 0))


def _of(company_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if company_id is None else (mail.c.company_id == company_id,)


def _unanswered(company_id: int | None) -> tuple[ColumnElement[bool], ...]:
    columns = mail.c
    return (
        columns.verdict == Verdict.REVIEW.value,
        columns.judged.is_(True),
        ~exists().where(review.c.mail_id == columns.id),
        exists().where(mail_copy.c.mail_id == columns.id),
        *_of(company_id),
    )


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Count the rows of a query for which ``condition`` holds."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
