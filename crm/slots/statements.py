"""The monthly statement of a programme: what its book says of one month, in numbers and without any person.

It can be made from the book at any time, always with the same numbers; what it ends with, a signed hash, ties the book
to a paper outside of this installation (`ledger/heads.py`).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.clock import day_in_japan
from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm.tables import AgencyRow, CompanyRow, ProgrammeRow
from ledger import book, months, rows
from ledger.heads import SignedHead, sign_at
from ledger.months import Month
from ledger.reservations import Slot, SlotState
from ledger.slots import Balance


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A slot as it stood at the end of the month; ``settled_on`` is the day it was used or given back, if it was."""

    need: str
    state: SlotState
    reserved_on: date
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """``opening`` and ``closing`` are the balances at the two ends of ``month``, in credits and slots."""

    programme_id: int
    company: str
    agency: str
    licence_no: str
    name: str
    first_day: date
    last_day: date
    opening: Balance
    month: Month
    closing: Balance
    slots: tuple[SlotLine, ...]
    head: SignedHead

    @property
    def granted(self) -> int:
        """Slots that the month brought; below 0 when credits were taken back."""
        return self.closing.slots_granted - self.opening.slots_granted

    @property
    def file_name(self) -> str:
        """Without its ending; ASCII, so that no mail program breaks it."""
        return f"careerrelay-statement-{self.programme_id}-{self.name}"


def statement(tx: Tx, programme_id: int, name: str) -> Statement:
    """Make the statement of the month called ``name`` (2026-10).

    Raises:
        NotFound: no such programme, or its book began later.
        ConfigError: not a month, or one that is not over yet in Japan.
    """
    row = tx.session.get(ProgrammeRow, programme_id)
    if row is None:
        raise NotFound(f"there is no programme {programme_id}")
    try:
        starts, ends = months.bounds(name)
    except ValueError:
        raise ConfigError(f"{name!r} is not a month; write it as 2026-10") from None
    if ends > tx.now:
        raise ConfigError(f"{name} is not over yet: a statement is made when the month has ended")
    found = months.pick(months.months(rows.read(tx, programme_id, before=ends)), name)
    if found is None:
        raise NotFound(f"the book of programme {programme_id} has no entry up to {name}")
    agency = tx.session.get_one(AgencyRow, row.agency_id)
    return Statement(
        programme_id=programme_id,
        company=tx.session.get_one(CompanyRow, row.company_id).name,
        agency=agency.name,
        licence_no=agency.licence_no,
        name=name,
        first_day=starts.date(),
        last_day=ends.date() - timedelta(days=1),
        opening=found.opening.balance(_price(tx, programme_id, starts)),
        month=found,
        closing=found.closing.balance(_price(tx, programme_id, ends)),
        slots=tuple(line for slot in book.slots(tx, programme_id) if (line := _line(slot, starts, ends))),
        head=sign_at(tx, programme_id, found.last_seq, found.head, ends),
    )


def available_months(tx: Tx, programme_id: int, count_max: int) -> list[str]:
    """Names of the months that have a statement, newest first: those that are over, from the book's first entry on."""
    first = book.entries(tx, programme_id, limit=1)
    if not first:
        return []
    begun, name = months.month_name(first[0].at), months.before(months.month_name(tx.now))
    found: list[str] = []
    while name >= begun and len(found) < count_max:
        found.append(name)
        name = months.before(name)
    return found


def _price(tx: Tx, programme_id: int, moment: datetime) -> int:
    terms = book.terms(tx, programme_id)
    return [one for one in terms if one.effective_from < moment or one is terms[0]][-1].policy.threshold


def _line(slot: Slot, starts: datetime, ends: datetime) -> SlotLine | None:
    """Slots that were open in the month; those settled before it are none of its business."""
    settled = slot.settled_at if slot.settled_at is not None and slot.settled_at < ends else None
    if slot.reserved_at >= ends or (settled is not None and settled < starts):
        return None
    state = slot.state if settled is not None else SlotState.RESERVED
    return SlotLine(slot.requisition, state, day_in_japan(slot.reserved_at), day_in_japan(settled) if settled else None)
