"""An adjustment in two steps by two persons: one asks for it, another one approves it, and only then it is booked.

The book itself refuses an adjustment without a second person (`ledger/book.py`); here is where the first one's wish
waits for the second (domain 3.3 invariant 9). A book concerns two parties: credits are free introductions that the
agency owes the company. So one of the two persons is the company's, and the other is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from core.db import new_id
from core.errors import NotFound, Permanent
from core.runtime import Tx
from ledger import account, book
from ledger.entries import CREDITS_MAX, is_actor
from ledger.tables import AdjustmentRow


class Why(StrEnum):
    """Reasons that may stand in the book: a sentence could name a person."""

    CORRECTION = "correction"  # a referral was counted wrongly, or not at all
    CONTRACT = "contract"  # the two sides agreed so
    GOODWILL = "goodwill"
    MIGRATION = "migration"  # credits brought along from a list kept by hand


class Side(StrEnum):
    """For whom somebody acts on a book."""

    COMPANY = "company"
    AGENCY = "agency"
    OPERATOR = "operator"  # of the whole installation


class AdjustmentState(StrEnum):
    ASKED = "asked"
    BOOKED = "booked"
    REFUSED = "refused"


_OTHER = {
    Side.COMPANY: "the agency or an administrator of the whole installation",
    Side.AGENCY: "an administrator of the company",
    Side.OPERATOR: "an administrator of the company",
}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """``credits`` is below 0 when credits are to be taken away."""

    id: str
    programme_id: int
    credits: int
    reason: Why
    state: AdjustmentState
    asked_by: str
    asked_side: Side
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class SecondPersonNeeded(Permanent):
    """Who asked for an adjustment cannot approve it."""


class OtherSideNeeded(Permanent):
    """Both persons act for the company, or neither does."""


class Decided(Permanent):
    """The adjustment was approved or refused before."""


def ask(tx: Tx, programme_id: int, credits_delta: int, reason: Why, actor: str, side: Side) -> Adjustment:
    """Write down what ``actor`` would like, who acts for ``side``; nothing is booked yet.

    Raises:
        NotFound: the programme has no book.
        Permanent: nothing to adjust, or too much at once.
    """
    account.read(tx, programme_id)
    if credits_delta == 0 or abs(credits_delta) > CREDITS_MAX or not is_actor(actor):
        raise Permanent(f"an adjustment is of 1 to {CREDITS_MAX} credits, by somebody known")
    row = AdjustmentRow(
        id=new_id(),
        programme_id=programme_id,
        credits=credits_delta,
        reason=reason.value,
        state=AdjustmentState.ASKED.value,
        asked_by=actor,
        asked_side=side.value,
        asked_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return _view(row)


def may_approve(adjustment: Adjustment, approver: str, side: Side) -> bool:
    """Whether ``approver``, who acts for ``side``, is the second person: another one, and exactly one of the two is the
    company's. Pure."""
    return adjustment.asked_by != approver and _both_parties(adjustment.asked_side, side)


def approve(tx: Tx, adjustment_id: str, approver: str, side: Side) -> Adjustment:
    """Book it. A second approval by the same person changes nothing.

    Raises:
        NotFound: no such adjustment.
        SecondPersonNeeded: ``approver`` asked for it.
        OtherSideNeeded: another person, but both act for the company, or neither.
        Decided: it was refused before.
        NotEnoughCredits: fewer credits are available than are to be taken away; it stays open.
    """
    row = _locked(tx, adjustment_id)
    if row.asked_by == approver:
        raise SecondPersonNeeded("an adjustment is approved by another person than the one who asked for it")
    if not _both_parties(Side(row.asked_side), side):
        raise OtherSideNeeded(f"asked for by the {row.asked_side}'s side: approved by {_OTHER[Side(row.asked_side)]}")
    if row.state == AdjustmentState.BOOKED and row.decided_by == approver:
        return _view(row)
    _decide(tx, row, AdjustmentState.BOOKED, approver)
    book.adjust(
        tx,
        row.programme_id,
        row.credits,
        reason=row.reason,
        actor=row.asked_by,
        approver=approver,
        adjustment_id=row.id,
    )
    return _view(row)


def refuse(tx: Tx, adjustment_id: str, actor: str) -> Adjustment:
    """Say no, or (who asked for it) take it back.

    Raises:
        NotFound, Decided: as in ``approve``.
    """
    row = _locked(tx, adjustment_id)
    _decide(tx, row, AdjustmentState.REFUSED, actor)
    return _view(row)


def get(tx: Tx, adjustment_id: str) -> Adjustment:
    """Raises NotFound."""
    row = tx.session.get(AdjustmentRow, adjustment_id)
    if row is None:
        raise NotFound(f"there is no adjustment {adjustment_id}")
    return _view(row)


def waiting(tx: Tx, programme_id: int) -> list[Adjustment]:
    """What waits for a second person, oldest first."""
    rows = tx.session.scalars(
        select(AdjustmentRow)
        .where(AdjustmentRow.programme_id == programme_id, AdjustmentRow.state == AdjustmentState.ASKED.value)
        .order_by(AdjustmentRow.asked_at, AdjustmentRow.id)
    )
    return [_view(row) for row in rows]


def _both_parties(asked: Side, approves: Side) -> bool:
    return (asked is Side.COMPANY) != (approves is Side.COMPANY)


def _locked(tx: Tx, adjustment_id: str) -> AdjustmentRow:
    row = tx.session.get(AdjustmentRow, adjustment_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"there is no adjustment {adjustment_id}")
    return row


def _decide(tx: Tx, row: AdjustmentRow, state: AdjustmentState, actor: str) -> None:
    if row.state != AdjustmentState.ASKED:
        raise Decided(f"adjustment {row.id} is {row.state}")
    row.state, row.decided_by, row.decided_at = state.value, actor, tx.now
    tx.session.flush()


def _view(row: AdjustmentRow) -> Adjustment:
    return Adjustment(
        row.id,
        row.programme_id,
        row.credits,
        Why(row.reason),
        AdjustmentState(row.state),
        row.asked_by,
        Side(row.asked_side),
        row.asked_at,
        row.decided_by,
        row.decided_at,
    )
