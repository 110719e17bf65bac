"""Slots in two phases: reserved, then used once or given back (TigerBeetle: pending, then post or void)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from core.db import new_id
from core.errors import NotFound, Permanent
from core.runtime import Tx
from ledger import account
from ledger.account import LockedAccount
from ledger.entries import written
from ledger.slots import MOVES, Kind, NotEnoughCredits
from ledger.tables import EntryRow, SlotRow

REQUISITION_CHARS_MAX = 200


class SlotState(StrEnum):
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Slot:
    """``credits`` is what it cost when it was reserved; ``requisition`` is the company's own word for the need."""

    id: str
    programme_id: int
    credits: int
    state: SlotState
    requisition: str
    reserved_at: datetime
    settled_at: datetime | None


class TooYoung(Permanent):
    """Some of the credits that would pay for the slot can still be disputed: reserve now, redeem later."""


class SlotSettled(Permanent):
    """The slot was used or given back before; a settled slot is never opened again."""


def reserve(tx: Tx, programme_id: int, requisition: str, actor: str, *, slot_id: str = "") -> Slot:
    """Hold the credits of one slot for ``requisition``. ``slot_id``, when given, makes it repeatable.

    Raises:
        NotEnoughCredits: no slot is free.
        Permanent: the slot of that id was reserved for something else.
    """
    if not 0 < len(requisition) <= REQUISITION_CHARS_MAX:
        raise Permanent(f"a requisition has 1 to {REQUISITION_CHARS_MAX} characters")
    book = account.lock(tx, programme_id)
    slot_id = slot_id or new_id()
    if row := tx.session.get(SlotRow, slot_id, populate_existing=True):
        if (row.programme_id, row.requisition) != (programme_id, requisition):
            raise Permanent(f"slot {slot_id} was reserved for something else")
        return _slot(row)
    now_free = book.balance
    if not now_free.slots_free:
        raise NotEnoughCredits(
            f"programme {programme_id} has no free slot; {now_free.to_next_slot} more credits are needed"
        )
    price = book.policy.threshold
    book.append(Kind.RESERVE, MOVES[Kind.RESERVE][0], price, slot_id, actor)
    row = SlotRow(
        id=slot_id,
        programme_id=programme_id,
        credits=price,
        state=SlotState.RESERVED.value,
        requisition=requisition,
        reserved_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return _slot(row)


def redeem(tx: Tx, slot_id: str, actor: str) -> Slot:
    """Use the slot up: the interview was held. A used slot is never taken back.

    Raises:
        NotFound: no such slot.
        TooYoung: the oldest credits not yet used are still inside the dispute window.
        SlotSettled: it was given back before.
    """
    book, row = _lock_slot(tx, slot_id)
    if row.state == SlotState.RESERVED and book.row.consumed + row.credits > _beyond_dispute(book):
        raise TooYoung(f"slot {slot_id}: its credits are younger than {book.policy.dispute_days} days")
    return _settle(book, row, Kind.REDEEM, SlotState.REDEEMED, actor)


def release(tx: Tx, slot_id: str, actor: str) -> Slot:
    """Give the slot's credits back: nobody was introduced.

    Raises:
        NotFound: no such slot.
        SlotSettled: it was used before.
    """
    book, row = _lock_slot(tx, slot_id)
    return _settle(book, row, Kind.RELEASE, SlotState.RELEASED, actor)


def slot(tx: Tx, slot_id: str) -> Slot:
    """Raises NotFound."""
    row = tx.session.get(SlotRow, slot_id, populate_existing=True)
    if row is None:
        raise NotFound(f"there is no slot {slot_id}")
    return _slot(row)


def slots(tx: Tx, programme_id: int) -> list[Slot]:
    """Every slot that was ever reserved, newest first."""
    statement = select(SlotRow).where(SlotRow.programme_id == programme_id)
    return [_slot(row) for row in tx.session.scalars(statement.order_by(SlotRow.reserved_at.desc(), SlotRow.id))]


def reserved_ids(tx: Tx) -> list[str]:
    """Ids of the slots of all programmes that are reserved now."""
    return list(tx.session.scalars(select(SlotRow.id).where(SlotRow.state == SlotState.RESERVED.value)))


def _lock_slot(tx: Tx, slot_id: str) -> tuple[LockedAccount, SlotRow]:
    programme_id = tx.session.scalar(select(SlotRow.programme_id).where(SlotRow.id == slot_id))
    if programme_id is None:
        raise NotFound(f"there is no slot {slot_id}")
    book = account.lock(tx, programme_id)
    # Only now can nobody else settle it; what this session saw before does not count.
    return book, tx.session.get_one(SlotRow, slot_id, populate_existing=True)


def _settle(book: LockedAccount, row: SlotRow, kind: Kind, state: SlotState, actor: str) -> Slot:
    if row.state == state:
        return _slot(row)
    if row.state != SlotState.RESERVED:
        raise SlotSettled(f"slot {row.id} is {row.state}")
    reserved = book.find(Kind.RESERVE, row.id)
    if reserved is None:
        raise LookupError(f"slot {row.id} has no entry")
    book.append(kind, MOVES[kind][0], row.credits, row.id, actor, settles=reserved.seq)
    row.state, row.settled_at = state.value, book.tx.now
    book.tx.session.flush()
    return _slot(row)


def _beyond_dispute(book: LockedAccount) -> int:
    """Credits that nobody can take back any more: slots are paid with the oldest ones first."""
    earned, reversal = aliased(EntryRow), aliased(EntryRow)
    old = (
        earned.programme_id == book.row.programme_id,
        earned.kind == Kind.EARN.value,
        earned.at <= written(book.policy.settled_before(book.tx.now)),
    )
    count = book.tx.session.scalar(select(func.count()).select_from(earned).where(*old)) or 0
    same = (reversal.programme_id == earned.programme_id, reversal.settles == earned.seq)
    gone = book.tx.session.scalar(
        select(func.count())
        .select_from(earned)
        .join(reversal, same[0] & same[1])
        .where(*old, reversal.kind == Kind.REVERSE.value)
    )
    return count - (gone or 0) + book.balance.adjusted


def _slot(row: SlotRow) -> Slot:
    return Slot(
        row.id,
        row.programme_id,
        row.credits,
        SlotState(row.state),
        row.requisition,
        row.reserved_at,
        row.settled_at,
    )
