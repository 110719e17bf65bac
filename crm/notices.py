"""Rejection notices (decisions 15), and the cap on injections a day (decisions 19)."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from core.bulk import Bulk, Query
from core.db import new_id
from core.runtime import Tx
from crm.tables import CompanyRow, InvitationDayRow, NoticeRow

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


def room(tx: Tx, company_id: int, day: str) -> int | None:
    """How many more mails may get a link on ``day`` (ISO 8601, the company's own); None: no limit yet."""
    counts = _counts(tx, company_id, date.fromisoformat(day))
    today = counts.pop(day, 0)
    cap = cap_from(list(counts.values()))
    return None if cap is None else cap - today


def count_injections(tx: Tx, company_id: int, day: str, mails: int) -> None:
    """Add to the count of the day; it is a number of its own because counting rows costs more with every mail."""
    _COUNT.run(tx, [{"company_id": company_id, "day": day, "mails": mails}])


def _count(dialect: str) -> Insert:
    upsert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(InvitationDayRow)
    more = InvitationDayRow.mails + upsert.excluded.mails
    return upsert.on_conflict_do_update(index_elements=["company_id", "day"], set_={"mails": more})


_COUNT = Bulk(_count)


def _counts(tx: Tx, company_id: int, today: date) -> dict[str, int]:
    """Mails with an invitation by day: today and the days that the cap looks back on, those with traffic."""
    first = (today - timedelta(days=CAP_DAYS)).isoformat()
    return dict(_MAILS_BY_DAY.rows(tx, company=company_id, first=first, last=today.isoformat()))


_MAILS_BY_DAY = Query(
    select(InvitationDayRow.day, InvitationDayRow.mails).where(
        InvitationDayRow.company_id == bindparam("company"),
        InvitationDayRow.day.between(bindparam("first"), bindparam("last")),
    )
)


def cap_from(counts: Sequence[int]) -> int | None:
    """Return max(20, 3 x mean) of the mails on the earlier days that had traffic; None when there was none.

    A brake compares with what is usual. On the first day nothing is, and a company that starts with its yearly
    round of notices must not be cut off after the twentieth applicant (`docs/adr/0010-first-day-without-cap.md`).
    """
    return max(CAP_MIN, CAP_FACTOR * sum(counts) // len(counts)) if counts else None


def under_cap(tx: Tx, company_id: int) -> bool:
    """Whether one more mail may get a link today."""
    left = room(tx, company_id, local_day(tx, company_id).isoformat())
    return left is None or left > 0


def local_day(tx: Tx, company_id: int) -> date:
    """Return today's date where the company is."""
    zone = tx.session.get_one(CompanyRow, company_id).timezone
    return tx.now.astimezone(ZoneInfo(zone)).date()
