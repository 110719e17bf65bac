"""Recalls: who was asked to delete what it got, who said so, and who has to be asked again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from core import audit
from core.errors import NotFound
from core.jobs import Claimed
from core.lang import lang_of
from core.log import get_logger
from core.outbox import Kind
from core.runtime import Runtime, Tx
from crm import letters, wording
from crm.agency import agencies
from crm.delivery import hand_overs
from crm.tables import CompanyRow, RecallRow, ReferralRow

RECALLS_JOB = "recalls"
OVERDUE_DAYS = 7
#: Asked again after one, two, three and four weeks; the company is told with the second.
REMINDERS_MAX = 4
COMPANY_TOLD_WITH = 2
ROWS_MAX = 200
_log = get_logger("crm.delivery.recalls")


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall as the company sees it: no pseudonym, so that nobody is picked out."""

    referral_id: str
    company_id: int
    agency_id: int
    agency: str
    asked_at: datetime
    acknowledged_at: datetime | None
    overdue: bool
    reminders: int


def reminders_due(asked_at: datetime, now: datetime) -> int:
    """How many times the agency should have been asked again by now: one a week, at most four. Pure."""
    return max(0, min((now - asked_at) // timedelta(days=OVERDUE_DAYS), REMINDERS_MAX))


def open_recalls(tx: Tx, company_id: int | None = None, limit: int = ROWS_MAX) -> list[Recall]:
    """Return the recalls that no agency has answered, oldest first."""
    query = (
        select(RecallRow, ReferralRow)
        .join(ReferralRow, ReferralRow.id == RecallRow.referral_id)
        .where(RecallRow.acknowledged_at.is_(None))
        .order_by(RecallRow.asked_at, RecallRow.referral_id)
        .limit(limit)
    )
    if company_id is not None:
        query = query.where(ReferralRow.company_id == company_id)
    return [_view(tx, recall, referral) for recall, referral in tx.session.execute(query)]


def acknowledged_on_paper(tx: Tx, referral_id: str, *, actor: str) -> Recall:
    """Write down that the agency said by letter or telephone that it deleted what it had.

    Raises:
        NotFound: nothing was recalled there.
    """
    row = tx.session.get(RecallRow, referral_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("nothing was recalled under this number")
    if row.acknowledged_at is None:
        row.acknowledged_at = tx.now
        tx.session.flush()
        audit.record(tx, actor, "recall acknowledged on paper", f"referral:{referral_id}")
    return _view(tx, row, tx.session.get_one(ReferralRow, referral_id))


def chase(runtime: Runtime, _job: Claimed) -> None:
    """Job ``recalls``, daily: ask again those who did not answer; each reminder once, however often it runs."""
    with runtime.read() as tx:
        due = [one.referral_id for one in open_recalls(tx, limit=10 * ROWS_MAX) if one.overdue]
    for referral_id in due:
        with runtime.begin() as tx:
            _remind(tx, referral_id)
    _log.info("recalls chased", extra={"overdue": len(due)})


def _remind(tx: Tx, referral_id: str) -> None:
    recall, row = tx.session.get_one(RecallRow, referral_id), tx.session.get_one(ReferralRow, referral_id)
    number = reminders_due(recall.asked_at, tx.now)
    if recall.acknowledged_at is not None or not number:
        return
    agency, company = agencies.get(tx, row.agency_id), tx.session.get_one(CompanyRow, row.company_id)
    values: dict[str, object] = {
        "agency": agency.name,
        "pseudonym": row.pseudonym,
        "asked_on": wording.moment(recall.asked_at, agency.locale),
        "answer_url": hand_overs.answer_url(tx, row.id),
    }
    letters.send(
        tx,
        name="recall_reminder",
        key=f"recall_reminder:{row.id}:{number}",
        company=company,
        kind=Kind.AGENCY,
        recipient=agency.mail,
        lang=agency.locale,
        gate_ref=f"referral:{row.id}:recall_reminder",
        values=values,
    )
    if number >= COMPANY_TOLD_WITH and company.contact_mail:
        letters.send(
            tx,
            name="recall_overdue",
            key=f"recall_overdue:{row.id}",
            company=company,
            kind=Kind.OWN_COMPANY,
            recipient=company.contact_mail,
            lang=lang_of(company.locale),
            gate_ref=f"company:{company.id}:recall",
            values={"agency": agency.name, "days": (tx.now - recall.asked_at).days},
        )


def _view(tx: Tx, recall: RecallRow, row: ReferralRow) -> Recall:
    number = reminders_due(recall.asked_at, tx.now)
    return Recall(
        referral_id=row.id,
        company_id=row.company_id,
        agency_id=row.agency_id,
        agency=agencies.get(tx, row.agency_id).name,
        asked_at=recall.asked_at,
        acknowledged_at=recall.acknowledged_at,
        overdue=recall.acknowledged_at is None and number > 0,
        reminders=number,
    )
