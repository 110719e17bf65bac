"""When an agency was last heard of, from what it did: answers, deletions it confirmed, events that its server took.

That its program only asked for the feed is not known: a GET writes nothing, and who only reads has not been heard of.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.runtime import Tx
from crm.agency.agency_events import Delivery
from crm.tables import AgencyEventRow, RecallRow, ReferralRow


@dataclass(frozen=True, slots=True)
class Heard:
    """The last moment of each; None: never."""

    answered_at: datetime | None
    deletion_confirmed_at: datetime | None
    event_taken_at: datetime | None


def last_heard(tx: Tx, agency_id: int) -> Heard:
    """Return when an agency last did each of these. Reads only."""
    mine = ReferralRow.agency_id == agency_id
    confirmed = select(func.max(RecallRow.acknowledged_at)).join(ReferralRow, ReferralRow.id == RecallRow.referral_id)
    taken = select(func.max(AgencyEventRow.tried_at)).where(
        AgencyEventRow.agency_id == agency_id, AgencyEventRow.delivery == Delivery.DELIVERED.value
    )
    return Heard(
        tx.session.scalar(select(func.max(ReferralRow.answered_at)).where(mine)),
        tx.session.scalar(confirmed.where(mine)),
        tx.session.scalar(taken),
    )
