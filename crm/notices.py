"""Rejection notices (decisions 15), and the cap on injections a day (decisions 19)."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from core.db import new_id
from core.runtime import Tx
from crm.tables import CompanyRow, InvitationMailRow, NoticeRow

SAME_NOTICE_DAYS = 30
CAP_MIN = 20
CAP_FACTOR = 3
CAP_DAYS = 14
EXPECTED, SENT = "expected", "sent"


def note(tx: Tx, company_id: int, person_id: str, *, source: str, sent: bool) -> NoticeRow:
    """Find or make the person's notice: everything within 30 days of its first event is the same one.

    The caller holds the person's lock when two could come at once; a second expected notice would do no harm.
    """
    row = tx.session.scalar(
        select(NoticeRow)
        .where(
            NoticeRow.company_id == company_id,
            NoticeRow.person_id == person_id,
            NoticeRow.first_at >= tx.now - timedelta(days=SAME_NOTICE_DAYS),
        )
        .order_by(NoticeRow.first_at)
        .limit(1)
    )
    if row is None:
        row = NoticeRow(
            id=new_id(), company_id=company_id, person_id=person_id, state=EXPECTED, source=source, first_at=tx.now
        )
        tx.session.add(row)
    if sent and row.state == EXPECTED:
        row.state, row.sent_at = SENT, tx.now
    tx.session.flush()
    return row


def injections_today(tx: Tx, company_id: int) -> int:
    """Count the mails of the company's own day that carry an invitation."""
    today = local_day(tx, company_id).isoformat()
    return (
        tx.session.scalar(
            select(func.count())
            .select_from(InvitationMailRow)
            .where(InvitationMailRow.company_id == company_id, InvitationMailRow.day == today)
        )
        or 0
    )


def daily_cap(tx: Tx, company_id: int) -> int | None:
    """Return max(20, 3 x mean of those of the last 14 days that had traffic); None on a company's first day.

    A brake compares with what is usual. On the first day nothing is, and a company that starts with its yearly
    round of notices must not be cut off after the twentieth applicant (`docs/adr/0010-first-day-without-cap.md`).
    """
    today = local_day(tx, company_id)
    counts = tx.session.scalars(
        select(func.count())
        .select_from(InvitationMailRow)
        .where(
            InvitationMailRow.company_id == company_id,
            InvitationMailRow.day < today.isoformat(),
            InvitationMailRow.day >= (today - timedelta(days=CAP_DAYS)).isoformat(),
        )
        .group_by(InvitationMailRow.day)
    ).all()
    return cap_from(counts)


def cap_from(counts: Sequence[int]) -> int | None:
    """Do the arithmetic of the cap over the earlier days that had traffic."""
    return max(CAP_MIN, CAP_FACTOR * sum(counts) // len(counts)) if counts else None


def under_cap(tx: Tx, company_id: int) -> bool:
    """Whether one more mail may get a link today."""
    cap = daily_cap(tx, company_id)
    return cap is None or injections_today(tx, company_id) < cap


def local_day(tx: Tx, company_id: int) -> date:
    """Return today's date where the company is."""
    zone = tx.session.get_one(CompanyRow, company_id).timezone
    return tx.now.astimezone(ZoneInfo(zone)).date()
