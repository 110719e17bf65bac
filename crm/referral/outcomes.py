"""What became of a referral at the agency: coarse steps and months, and only while the candidate agrees to that."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete, select

from core.clock import day_in_japan
from core.db import new_id
from core.runtime import Tx
from crm.tables import OutcomeRow, ReferralRow


class OutcomeKind(StrEnum):
    """Steps behind the introduction (domain 3.1, OutcomeFeedback)."""

    INTERVIEWED = "interviewed"
    OFFERED = "offered"
    HIRED = "hired"
    RETAINED_3 = "retained_3"
    RETAINED_6 = "retained_6"
    RETAINED_12 = "retained_12"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step. ``month`` is its first day: the consent speaks of months, so no more is kept."""

    kind: OutcomeKind
    month: date
    reported_at: datetime


def put(tx: Tx, referral_id: str, kind: OutcomeKind, happened_on: date) -> bool:
    """Write a step down; the newest word holds. False when it stood there already. Ask the consent first."""
    month = happened_on.replace(day=1)
    row = tx.session.scalar(
        select(OutcomeRow).where(OutcomeRow.referral_id == referral_id, OutcomeRow.kind == kind.value).with_for_update()
    )
    if row is not None and row.happened_on == month:
        return False
    if row is None:
        row = OutcomeRow(id=new_id(), referral_id=referral_id, kind=kind.value)
        tx.session.add(row)
    row.happened_on, row.reported_at = month, tx.now
    tx.session.flush()
    return True


def of_referral(tx: Tx, referral_id: str) -> tuple[Outcome, ...]:
    """Return the steps of a referral in their natural order. Reads only."""
    rows = tx.session.scalars(select(OutcomeRow).where(OutcomeRow.referral_id == referral_id)).all()
    order = list(OutcomeKind)
    found = [Outcome(OutcomeKind(row.kind), row.happened_on, row.reported_at) for row in rows]
    return tuple(sorted(found, key=lambda outcome: order.index(outcome.kind)))


def forget(tx: Tx, registration_id: str) -> int:
    """Delete what was reported of a registration's referrals: for erasure. Returns how many steps."""
    mine = select(ReferralRow.id).where(ReferralRow.registration_id == registration_id)
    gone = tx.session.execute(delete(OutcomeRow).where(OutcomeRow.referral_id.in_(mine)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def in_future(tx: Tx, happened_on: date) -> bool:
    """Whether a day is still to come in Japan."""
    return happened_on > day_in_japan(tx.now)
