"""The mail queue for people: what the console and `careerrelay queue` list, show and do.

Content and addresses are shown of recruiting senders' mails only, and only while their copies are kept (decisions 2
and 3); of everybody else's there are time, size and result.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, select, update

from core import audit
from core.errors import NotFound, Permanent
from core.runtime import Tx
from crm.invitation import invitations
from gateway import copies
from gateway.backlog import leases
from gateway.copies import CopyKind
from gateway.judgement import holds, wrong
from gateway.judgement.review import ReviewLine, note_answer, reviews_of
from gateway.tables import UNFINISHED_MAIL, DeliveryState, MailState, Origin, Variant, delivery, mail
from rules.model import Decision, Verdict

PAGE_MAX = 200


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail in a list. ``sender`` is empty for mail that nobody may look into, nor will (``may_judge``)."""

    id: int
    queue_id: str
    company_id: int | None
    origin: Origin
    state: MailState
    may_judge: bool
    judged: bool
    verdict: Verdict | None
    note: str
    sender: str
    size: int
    received_at: datetime
    finished_at: datetime | None
    hold_until: datetime | None
    recipients: int
    sent: int
    failed: int
    edited: bool
    tries: int
    uncertain: int
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """``recipient`` is empty where it may not be shown, or is not known any more."""

    position: int
    recipient: str
    variant: Variant
    state: DeliveryState
    tries: int
    uncertain: int
    due_at: datetime
    code: int | None
    status: str | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class MailDetail:
    """A mail with all that is kept of it. ``original`` and ``final`` are raw bytes (None: not kept)."""

    line: MailLine
    decision: Decision | None
    deliveries: Sequence[DeliveryLine]
    reviews: Sequence[ReviewLine]
    original: bytes | None
    final: bytes | None


def list_mails(
    tx: Tx,
    *,
    company_id: int | None = None,
    states: Sequence[MailState] = (),
    verdict: Verdict | None = None,
    judged: bool | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[MailLine]:
    """Mails, newest first. ``judged``: only recruiting senders' (True) or only the others (False).

    The next page is asked for with ``before_id`` = the last line's id.
    """
    query = _lines()
    for wanted in (
        None if company_id is None else mail.c.company_id == company_id,
        mail.c.state.in_([state.value for state in states]) if states else None,
        None if verdict is None else mail.c.verdict == verdict.value,
        None if judged is None else mail.c.judged.is_(judged),
        None if before_id is None else mail.c.id < before_id,
    ):
        if wanted is not None:
            query = query.where(wanted)
    rows = tx.session.execute(query.order_by(mail.c.id.desc()).limit(min(limit, PAGE_MAX))).all()
    return [_line(row) for row in rows]


def show_mail(tx: Tx, mail_id: int, *, company_id: int | None = None) -> MailDetail:
    """One mail; ``company_id`` limits it to a company's own.

    Raises:
        NotFound: no such mail, or another company's.
    """
    row = tx.session.execute(_lines().where(mail.c.id == mail_id)).one_or_none()
    if row is None or (company_id is not None and row.company_id != company_id):
        raise NotFound(f"no mail {mail_id}")
    kept = copies.open_copies(tx, mail_id) if row.judged else {}
    stored = tx.session.execute(select(mail.c.decision).where(mail.c.id == mail_id)).scalar_one()
    told = json.loads(kept[CopyKind.DECISION]) if CopyKind.DECISION in kept else stored
    return MailDetail(
        line=_line(row),
        decision=None if told is None else Decision.from_json(told),
        deliveries=_deliveries(tx, row, kept),
        reviews=reviews_of(tx, mail_id),
        original=kept.get(CopyKind.ORIGINAL),
        final=kept.get(CopyKind.FINAL),
    )


# --- what people do ---


def approve(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> str:
    """A held mail is a rejection: it leaves with the link. "edited", or the word why it had to leave unchanged.

    Raises:
        NotFound, Permanent: no such mail of this company, or it is not held any more.
    """
    _check(tx, mail_id, company_id)
    refused = holds.approve(tx, mail_id)
    note_answer(tx, mail_id, "approve", by)
    audit.record(tx, by, "mail approved", f"mail:{mail_id}", edited=refused is None)
    return "edited" if refused is None else refused.reason


def release(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> None:
    """Let a held mail leave unchanged, or one that an admin has stopped go on."""
    row = _check(tx, mail_id, company_id)
    if row.state == MailState.HELD.value:
        holds.let_go(tx, mail_id, "released")
        note_answer(tx, mail_id, "release", by)
    else:
        _move(tx, mail_id, DeliveryState.HELD, DeliveryState.WAITING)
    audit.record(tx, by, "mail released", f"mail:{mail_id}")


def hold(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> None:
    """Stop what waits for its next attempt, until it is released."""
    _check(tx, mail_id, company_id)
    _move(tx, mail_id, DeliveryState.WAITING, DeliveryState.HELD)
    audit.record(tx, by, "mail stopped", f"mail:{mail_id}")


def retry(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> None:
    """Try what waits for its next attempt now, and probe a next hop that is down."""
    _check(tx, mail_id, company_id)
    _move(tx, mail_id, DeliveryState.WAITING, DeliveryState.WAITING)
    tx.config_changed()
    audit.record(tx, by, "mail retried", f"mail:{mail_id}")


def delete(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> None:
    """Throw away what has not left; nobody is told. A delivery under way runs to its end.

    Raises:
        NotFound: no such mail, or another company's.
        Permanent: it has left already.
    """
    row = _check(tx, mail_id, company_id)
    if row.state not in [state.value for state in UNFINISHED_MAIL]:
        raise Permanent(f"mail {mail_id} has left already (state: {row.state})")
    leases.cancel(tx, mail_id)
    copies.forget(tx, mail_id)
    audit.record(tx, by, "mail deleted", f"mail:{mail_id}")


def report_wrong(tx: Tx, mail_id: int, *, by: str, company_id: int | None = None) -> None:
    """This mail should not have carried a link: it ends at once, and the company goes back to observe (decisions 20).

    The admin gets a mail with an apology to send. A copy that has not left yet leaves as it came (`leases`).

    Raises:
        Permanent: the mail carries no link.
    """
    _check(tx, mail_id, company_id)
    if not invitations.report_wrong(tx, mail_id, actor=by):
        raise Permanent(f"mail {mail_id} carries no link")
    note_answer(tx, mail_id, wrong.ANSWER, by)
    tx.config_changed()
    wrong.tell(tx, mail_id)


def _check(tx: Tx, mail_id: int, company_id: int | None) -> Any:
    row: Any = tx.session.execute(
        select(mail.c.id, mail.c.company_id, mail.c.state).where(mail.c.id == mail_id).with_for_update()
    ).one_or_none()
    if row is None or (company_id is not None and row.company_id != company_id):
        raise NotFound(f"no mail {mail_id}")
    return row


def _move(tx: Tx, mail_id: int, before: DeliveryState, after: DeliveryState) -> None:
    columns = delivery.c
    moved = tx.session.execute(
        update(delivery)
        .where(columns.mail_id == mail_id, columns.state == before.value)
        .values(state=after.value, due_at=tx.now)
        .returning(columns.position)
    ).all()
    if not moved:
        raise Permanent(f"mail {mail_id} has no delivery that is {before.value}")


# --- reading rows ---


def _lines() -> Select[Any]:
    columns, each = mail.c, delivery.c

    def count(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    waiting = case((each.state == DeliveryState.WAITING.value, each.due_at))
    wanted = [column for column in columns if column.name not in ("raw", "edits", "decision", "mail_params")]
    return (
        select(
            *wanted,
            func.count(each.position).label("recipients"),
            count(each.state == DeliveryState.SENT.value).label("sent"),
            count(each.state == DeliveryState.FAILED.value).label("failed"),
            count(each.variant == Variant.EDITED.value).label("edited"),
            func.coalesce(func.max(each.tries), 0).label("tries"),
            func.coalesce(func.max(each.uncertain), 0).label("uncertain"),
            func.min(waiting).label("next_try_at"),
        )
        .outerjoin_from(mail, delivery, each.mail_id == columns.id)
        .group_by(columns.id)
    )


def _line(row: Row[Any]) -> MailLine:
    return MailLine(
        id=row.id,
        queue_id=row.queue_id,
        company_id=row.company_id,
        origin=Origin(row.origin),
        state=MailState(row.state),
        may_judge=row.may_judge,
        judged=row.judged,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        note=row.note,
        sender=row.envelope_from if row.judged else "",
        size=row.size,
        received_at=row.received_at,
        finished_at=row.finished_at,
        hold_until=row.hold_until,
        recipients=row.recipients,
        sent=row.sent or 0,
        failed=row.failed or 0,
        edited=row.note == "edited" and bool(row.edited),
        tries=row.tries,
        uncertain=row.uncertain,
        next_try_at=row.next_try_at,
    )


def _deliveries(tx: Tx, row: Row[Any], kept: dict[CopyKind, bytes]) -> list[DeliveryLine]:
    known = json.loads(kept[CopyKind.ENVELOPE])["to"] if CopyKind.ENVELOPE in kept else []
    rows = tx.session.execute(select(delivery).where(delivery.c.mail_id == row.id).order_by(delivery.c.position)).all()
    return [
        DeliveryLine(
            position=each.position,
            recipient=known[each.position] if each.position < len(known) else "",
            variant=Variant(each.variant),
            state=DeliveryState(each.state),
            tries=each.tries,
            uncertain=each.uncertain,
            due_at=each.due_at,
            code=each.code,
            status=each.status,
            reply=each.reply if row.judged else None,
        )
        for each in rows
    ]
