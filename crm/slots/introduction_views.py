"""How an introduction is shown: to the company it is for, and to the agency that makes it. Reads only."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select

from core.errors import NotFound
from core.runtime import Tx
from crm.slots.introduction_forms import Need
from crm.slots.introduction_states import ENDED, NAMED, Act, Side, State, possible, slot_states
from crm.tables import AgencyRow, CompanyRow, IntroductionRow
from ledger import book

PAGE_MAX = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was introduced."""

    name: str
    mail: str
    phone: str


@dataclass(frozen=True, slots=True)
class IntroductionView:
    """One introduction as one side may see it.

    ``summary``: the agency's words about the person, None before a proposal and after the data were deleted.
    ``identity``: the agency's own entry; for the company only from its acceptance on. ``acts``: what this side can do
    now. ``fee_waived_yen``: what the hire would have cost.
    """

    id: str
    company_id: int
    company: str
    agency_id: int
    agency: str
    programme_id: int
    state: State
    need: Need
    opened_at: datetime
    moved_at: datetime
    summary: str | None
    identity: Identity | None
    agreed_on: date | None
    proposed_at: datetime | None
    accepted_at: datetime | None
    interview_at: datetime | None
    held_at: datetime | None
    offered_at: datetime | None
    hired_at: datetime | None
    retained_at: datetime | None
    ended_at: datetime | None
    fee_basis_yen: int | None
    fee_rate_bp: int | None
    fee_waived_yen: int | None
    acts: tuple[Act, ...]

    @property
    def open(self) -> bool:
        return self.state not in ENDED and self.state is not State.HIRED


def for_company(tx: Tx, company_id: int, *, limit: int = PAGE_MAX) -> list[IntroductionView]:
    """What one company asked for, what moved last first."""
    return _listed(tx, IntroductionRow.company_id == company_id, "company", limit)


def for_agency(tx: Tx, agency_id: int, *, limit: int = PAGE_MAX, reach: int | None = None) -> list[IntroductionView]:
    """What companies ask of one agency, or (``reach``) one of them, what moved last first."""
    mine = IntroductionRow.agency_id == agency_id
    return _listed(tx, mine if reach is None else mine & (IntroductionRow.company_id == reach), "agency", limit)


def get(tx: Tx, side: Side, owner_id: int, introduction_id: str) -> IntroductionView:
    """One introduction of a company or an agency.

    Raises:
        NotFound: there is none, or it is another's.
    """
    row = tx.session.get(IntroductionRow, introduction_id, populate_existing=True)
    if row is None or owner_id != (row.company_id if side == "company" else row.agency_id):
        raise NotFound("there is no such introduction")
    return view(tx, row, side)


def unsettled(tx: Tx) -> list[str]:
    """Introductions whose interview was held and whose slot is not used yet."""
    held_ids = select(IntroductionRow.id).where(IntroductionRow.held_at.is_not(None))
    return list(tx.session.scalars(held_ids.where(IntroductionRow.id.in_(book.reserved_ids(tx)))))


def count_proposed(tx: Tx, company_id: int | None) -> int:
    """How many introductions wait for a company's word; None: all companies'."""
    waiting = select(func.count()).select_from(IntroductionRow).where(IntroductionRow.state == State.PROPOSED.value)
    if company_id is not None:
        waiting = waiting.where(IntroductionRow.company_id == company_id)
    return tx.session.scalar(waiting) or 0


def apart(tx: Tx) -> list[str]:
    """Introductions that say something else than their slots, one line each: empty while flow and book agree."""
    found = []
    for row in tx.session.scalars(select(IntroductionRow).order_by(IntroductionRow.id)):
        slot = book.slot(tx, row.id)
        if slot.state not in slot_states(State(row.state), held=row.held_at is not None):
            found.append(f"introduction {row.id} is {row.state}, its slot {slot.state}")
    return found


def view(tx: Tx, row: IntroductionRow, side: Side) -> IntroductionView:
    """Show a row to one side."""
    state = State(row.state)
    named = side == "agency" or row.accepted_at is not None or state in NAMED
    return IntroductionView(
        id=row.id,
        company_id=row.company_id,
        company=tx.session.get_one(CompanyRow, row.company_id).name,
        agency_id=row.agency_id,
        agency=tx.session.get_one(AgencyRow, row.agency_id).name,
        programme_id=row.programme_id,
        state=state,
        need=Need(row.job, row.place, row.pay_from_yen, row.pay_to_yen, row.wishes),
        opened_at=row.opened_at,
        moved_at=row.moved_at,
        summary=_opened(tx, row, "summary_sealed"),
        identity=identity(tx, row) if named else None,
        agreed_on=row.agreed_on,
        proposed_at=row.proposed_at,
        accepted_at=row.accepted_at,
        interview_at=row.interview_at,
        held_at=row.held_at,
        offered_at=row.offered_at,
        hired_at=row.hired_at,
        retained_at=row.retained_at,
        ended_at=row.ended_at,
        fee_basis_yen=row.fee_basis_yen,
        fee_rate_bp=row.fee_rate_bp,
        fee_waived_yen=row.fee_waived_yen,
        acts=possible(state, side, over=is_over(tx, row)),
    )


def is_over(tx: Tx, row: IntroductionRow) -> bool:
    """Whether there is an interview and its time has come."""
    return row.interview_at is not None and row.interview_at <= tx.now


def identity(tx: Tx, row: IntroductionRow) -> Identity | None:
    """Open who was introduced; None before a proposal and after the data were deleted."""
    stored = _opened(tx, row, "identity_sealed")
    return None if stored is None else Identity(**json.loads(stored))


def seal(tx: Tx, row: IntroductionRow, summary: str, who: Identity) -> None:
    """Put the agency's words into the row."""
    plain = json.dumps({"name": who.name, "mail": who.mail, "phone": who.phone}, ensure_ascii=False)
    row.summary_sealed = tx.keys.seal_text(_aad(row, "summary_sealed"), summary)
    row.identity_sealed = tx.keys.seal_text(_aad(row, "identity_sealed"), plain)
    row.mail_index = tx.keys.index(row.company_id, who.mail)


def _listed(tx: Tx, mine: ColumnElement[bool], side: Side, limit: int) -> list[IntroductionView]:
    query = select(IntroductionRow).where(mine).order_by(IntroductionRow.moved_at.desc(), IntroductionRow.id)
    return [view(tx, row, side) for row in tx.session.scalars(query.limit(max(1, min(limit, PAGE_MAX))))]


def _opened(tx: Tx, row: IntroductionRow, column: str) -> str | None:
    sealed: bytes | None = getattr(row, column)
    return None if sealed is None else tx.keys.open_text(_aad(row, column), sealed)


def _aad(row: IntroductionRow, column: str) -> str:
    return f"introduction.{column}:{row.id}"
