"""What the ATS says about an applicant (decisions 17): stored at once, read when the next mail is judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from core.db import new_id
from core.runtime import Tx
from crm import notices, persons, suppression
from crm.tables import AtsSignalRow
from rules.model import LIVE_STATUSES, AtsAnswer, AtsStatus

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One status of one application as a source reports it; ``changed_at`` is aware."""

    source: str
    recipient: str
    status: AtsStatus
    changed_at: datetime
    application: str = ""


def store(tx: Tx, company_id: int, row: SignalRow, *, expect_notice: bool = False) -> bool:
    """Keep the newest status of (source, person, application); False when it is older than the one known.

    ``expect_notice``: a new rejection makes a notice *expected*. Connectors ask for it, but not for their first run
    and not for files: those are signals with their own date and nothing else (decisions 16). Nobody who opted out or
    was erased is brought back by it.
    """
    known = tx.session.scalar(
        select(AtsSignalRow)
        .where(
            AtsSignalRow.company_id == company_id,
            AtsSignalRow.source == row.source,
            AtsSignalRow.application == row.application,
            AtsSignalRow.recipient_index.in_(tx.keys.indexes(company_id, row.recipient)),
        )
        .with_for_update()
    )
    if known is not None and row.changed_at <= known.changed_at:
        return False
    if known is None:
        known = AtsSignalRow(
            id=new_id(),
            company_id=company_id,
            source=row.source,
            recipient_index=tx.keys.index(company_id, row.recipient),
            application=row.application,
        )
        tx.session.add(known)
    known.status, known.changed_at, known.received_at = row.status.value, row.changed_at, tx.now
    tx.session.flush()
    wanted = expect_notice and row.status is AtsStatus.REJECTED
    if wanted and not suppression.is_suppressed(tx, company_id, row.recipient):
        person_id = persons.find_or_add(tx, company_id, row.recipient)
        notices.note(tx, company_id, person_id, source=row.source, sent=False)
    return True


def answer_for(tx: Tx, company_id: int, recipient: str) -> AtsAnswer | None:
    """Return what is known about the recipient, for the next decision; None when nothing is."""
    rows = tx.session.scalars(
        select(AtsSignalRow).where(
            AtsSignalRow.company_id == company_id,
            AtsSignalRow.recipient_index.in_(tx.keys.indexes(company_id, recipient)),
        )
    )
    seen = [SignalRow(row.source, "", AtsStatus(row.status), row.changed_at, row.application) for row in rows]
    return summarise(seen, tx.now)


def forget(tx: Tx, company_id: int, indexes: Sequence[str]) -> int:
    """Delete what is known about a person who asked for erasure; returns how many rows."""
    gone = tx.session.scalars(
        delete(AtsSignalRow)
        .where(AtsSignalRow.company_id == company_id, AtsSignalRow.recipient_index.in_(list(indexes)))
        .returning(AtsSignalRow.id)
    )
    return len(gone.all())


def summarise(rows: Iterable[SignalRow], now: datetime) -> AtsAnswer | None:
    """Sum up one person's signals: pure.

    Of each application the newest word holds, whoever said it. The answer is about the newest rejection, or, without
    one, about the newest application; any *other* application that is still open makes it contrary.
    """
    newest: dict[str, SignalRow] = {}
    for row in sorted(rows, key=lambda row: row.changed_at):
        newest[row.application] = row
    if not newest:
        return None
    rejected = [row for row in newest.values() if row.status is AtsStatus.REJECTED]
    chosen = max(rejected or newest.values(), key=lambda row: row.changed_at)
    others = [row for row in newest.values() if row is not chosen]
    return AtsAnswer(
        status=chosen.status,
        age_days=(now - chosen.changed_at).total_seconds() / SECONDS_A_DAY,
        contrary=any(row.status in LIVE_STATUSES for row in others),
        application=chosen.application,
    )
