"""Counts of the queue for the console: what waits for a person, and what went through since a moment. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from core.runtime import Tx
from gateway.tables import DeliveryState, MailState, Origin, delivery, mail, mail_copy, review
from rules.model import Verdict

#: More than this many are shown as this many: nobody counts further, and the question stays cheap.
WAITING_MAX = 999


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
    came = (columns.received_at >= moment, columns.origin == Origin.SMTP.value, *_of(company_id))
    counted: Any = tx.session.execute(
        select(
            func.count().label("received"),
            _count(columns.judged).label("judged"),
            _count(columns.verdict == Verdict.INJECT.value).label("rejections"),
            _count(columns.note == "edited").label("edited"),
            _count(columns.state == MailState.HELD.value).label("held"),
        ).where(*came)
    ).one()
    each = delivery.c
    left: Any = tx.session.execute(
        select(
            _count(each.state == DeliveryState.SENT.value).label("delivered"),
            _count(and_(each.state == DeliveryState.WAITING.value, each.tries > 0)).label("deferred"),
            _count(each.state == DeliveryState.FAILED.value).label("failed"),
        )
        .join_from(delivery, mail, each.mail_id == columns.id)
        .where(*came)
    ).one()
    return Flow(*counted, *left)


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


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
