"""Where a referral stands, and how it is shown: to the agency it went to, and to the candidate it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.errors import NotFound
from core.runtime import Tx
from crm.profile.profile_sheet import ProfileSheet
from crm.referral.outcomes import Outcome
from crm.tables import ReferralRow

ANSWER_DAYS = 7
DISPUTE_DAYS = 7


class State(StrEnum):
    """pending -> shared -> acknowledged -> counted -> reversed; disqualified from any state before counted."""

    PENDING = "pending"
    SHARED = "shared"
    ACKNOWLEDGED = "acknowledged"
    COUNTED = "counted"
    REVERSED = "reversed"
    DISQUALIFIED = "disqualified"


class Answer(StrEnum):
    """What an agency says about a profile."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    INELIGIBLE = "ineligible"


class Reason(StrEnum):
    """Why a referral ended, or (``window``) was accepted without a credit: this person had counted before."""

    DUPLICATE = "duplicate"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"
    NO_LICENCE = "no_licence"
    WRONG_NOTICE = "wrong_notice"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral; ``sheet`` is the agency's copy, None when it may not be read (any more)."""

    id: str
    company_id: int
    company: str
    agency_id: int
    pseudonym: str
    state: State
    reason: Reason | None
    shared_at: datetime | None
    answer: Answer | None
    answered_at: datetime | None
    talk_asked_at: datetime | None
    talk_declined_at: datetime | None
    contact_released_at: datetime | None
    counted_at: datetime | None
    withdrawn_at: datetime | None
    recall_asked_at: datetime | None
    recall_acknowledged_at: datetime | None
    outcomes: tuple[Outcome, ...]
    sheet: ProfileSheet | None

    @property
    def profile(self) -> Mapping[str, Any] | None:
        """The JSON of the agency's copy."""
        return self.sheet.profile if self.sheet else None


def locked(tx: Tx, referral_id: str) -> ReferralRow:
    """Return the row as it is now, and let nobody else change it until the commit.

    Raises:
        NotFound: there is no such referral.
    """
    row = tx.session.get(ReferralRow, referral_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("there is no such referral")
    return row


def disqualify(row: ReferralRow, reason: Reason) -> None:
    """End a referral that was not counted; a counted one keeps its credit."""
    row.state, row.reason = State.DISQUALIFIED.value, reason.value
