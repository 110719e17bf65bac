"""The terms of one programme, as the contract between company and agency has them. Pure.

Terms are versioned with the moment from which they hold; every entry names the version that was in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ledger.slots import THRESHOLD


class Reason(StrEnum):
    """Why a counted referral is taken back."""

    DUPLICATE = "duplicate"  # the agency knew this person already
    INELIGIBLE = "ineligible"  # the agency may not or cannot act for this person
    WITHDRAWN = "withdrawn"  # the candidate withdrew consent
    WRONG_PERSON = "wrong_person"
    BOUNCED = "bounced"  # the address never existed
    FRAUD = "fraud"
    MERGED = "merged"  # two counted persons turned out to be one


#: Answers of the agency: it has the dispute window to give them.
DISPUTED = frozenset({Reason.DUPLICATE, Reason.INELIGIBLE})


class Stays(StrEnum):
    """Why a credit is not taken back."""

    NOT_COUNTED = "not_counted"
    WITHDRAWN_AFTER_ACKNOWLEDGEMENT = "withdrawn_after_acknowledgement"
    DISPUTE_WINDOW_OVER = "dispute_window_over"


@dataclass(frozen=True, slots=True)
class Policy:
    """``threshold`` credits make a slot; the other two are days.

    ``dispute_days``: a younger credit can be reserved but not redeemed, and the agency may still dispute it.
    ``window_days``: a person counts once per company in it.
    """

    version: int = 1
    threshold: int = THRESHOLD
    dispute_days: int = 7
    window_days: int = 365

    def __post_init__(self) -> None:
        if self.version < 1 or self.threshold < 1 or self.dispute_days < 0 or self.window_days < 1:
            raise ValueError(f"terms that cannot hold: {self}")

    def settled_before(self, now: datetime) -> datetime:
        """Credits earned at or before this moment are beyond dispute."""
        return now - timedelta(days=self.dispute_days)

    def counts_again_from(self, counted_at: datetime) -> datetime:
        """When a person counted at ``counted_at`` may count again."""
        return counted_at + timedelta(days=self.window_days)

    def why_it_stays(self, reason: Reason, earned_at: datetime, now: datetime) -> Stays | None:
        """Whether a credit is taken back (None) or stays.

        A credit exists only after the agency's acknowledgement, and from then on it belongs to the company as
        a bare number: a later withdrawal deletes the person's data, not the number.
        """
        if reason is Reason.WITHDRAWN:
            return Stays.WITHDRAWN_AFTER_ACKNOWLEDGEMENT
        if reason in DISPUTED and earned_at < self.settled_before(now):
            return Stays.DISPUTE_WINDOW_OVER
        return None
