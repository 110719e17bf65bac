"""What a slot is for: a company states a need and reserves a slot, the agency introduces a person, they meet.

Each function is one step of the caller's transaction: the flow and the book move together or not at all. Order of
locks: person, introduction, agency, account. ``actor`` is an opaque id ("user:12", "agency:3"), as in the book.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from core.clock import day_in_japan
from core.db import new_id
from core.errors import NotFound
from core.runtime import Tx
from crm import persons
from crm.agency import agency_events
from crm.consents.consent import agency_may_receive
from crm.errors import FormRefused, Problem, Refused, WrongState
from crm.slots import introduction_views
from crm.slots.introduction_forms import Fee, Need, Proposal, fee_checked, need_checked, proposal_checked
from crm.slots.introduction_moves import By, by_agency, forget, is_of, locked, move, noted, tell_programs, use
from crm.slots.introduction_states import Act, State, fee_yen
from crm.slots.introduction_views import (
    Identity,
    IntroductionView,
    apart,
    count_proposed,
    for_agency,
    for_company,
    get,
    unsettled,
    view,
)
from crm.tables import CandidateRow, IntroductionRow, ProgrammeRow
from ledger import book

__all__ = [
    "By",
    "Fee",
    "IntroductionView",
    "Need",
    "Proposal",
    "accept",
    "apart",
    "by_agency",
    "close",
    "count_proposed",
    "decline",
    "for_agency",
    "for_company",
    "get",
    "held",
    "hired",
    "no_show",
    "offered",
    "open_need",
    "propose",
    "retained",
    "schedule",
    "unsettled",
]

SOURCE = "relay_slot"
#: An introduced person's data go so long after the introduction ended (domain 3.6: rejected retention).
KEEP_DAYS = 180
ROWS_MAX = 200
#: Nobody plans an interview so far ahead, or records one so late; moments near year 9999 are none in another zone.
INTERVIEW_DAYS_MAX = 730


def open_need(tx: Tx, programme_id: int, need: Need, by: By, *, introduction_id: str = "") -> IntroductionView:
    """State a need and reserve a slot for it. ``introduction_id``, when given, makes it repeatable.

    Raises:
        NotFound: no such programme of this company.
        FormRefused: the need has problems.
        Refused: the agency has no valid licence or the contract does not run (``no_licence``).
        NotEnoughCredits: no slot is free.
    """
    clean = need_checked(need)
    programme = tx.session.get(ProgrammeRow, programme_id)
    if programme is None or (by.side, by.owner_id) != ("company", programme.company_id):
        raise NotFound("there is no such programme of this company")
    introduction_id = introduction_id or new_id()
    if known := _known(tx, introduction_id, programme_id):
        return view(tx, known, by.side)
    if not agency_may_receive(tx, programme.company_id, programme.agency_id):
        raise Refused("no_licence", "the agency has no valid licence or no running programme")
    agency_events.take_turn(tx, (programme.agency_id,))
    book.reserve(tx, programme_id, clean.job, by.actor, slot_id=introduction_id)
    if known := _known(tx, introduction_id, programme_id):  # a second press that waited for the book's lock
        return view(tx, known, by.side)
    row = IntroductionRow(
        id=introduction_id,
        company_id=programme.company_id,
        agency_id=programme.agency_id,
        programme_id=programme_id,
        state=State.REQUESTED.value,
        job=clean.job,
        place=clean.place,
        pay_from_yen=clean.pay_from_yen,
        pay_to_yen=clean.pay_to_yen,
        wishes=clean.wishes,
        opened_by=by.actor,
        opened_at=tx.now,
        moved_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    tell_programs(tx, row)
    noted(tx, row, by, "need stated")
    return view(tx, row, by.side)


def propose(tx: Tx, agency_id: int, introduction_id: str, proposal: Proposal) -> IntroductionView:
    """Introduce a person for a need. The company reads the summary; who it is only when it accepts.

    Raises:
        NotFound, WrongState: as in every step below.
        FormRefused: the proposal has problems, or the person has not agreed.
        Refused: the agency has no valid licence or the contract does not run (``no_licence``).
    """
    by = by_agency(agency_id)
    row = locked(tx, by, introduction_id)
    clean = proposal_checked(proposal, day_in_japan(tx.now))
    if not agency_may_receive(tx, row.company_id, row.agency_id):
        raise Refused("no_licence", "the agency has no valid licence or no running programme")

    def put(_: State) -> None:
        introduction_views.seal(tx, row, clean.summary, Identity(clean.name, clean.mail, clean.phone))
        row.agreed_on, row.proposed_at = clean.agreed_on, tx.now

    return move(tx, row, Act.PROPOSE, by, put)


def accept(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """The company would like to meet the person, who enters as a candidate with source ``relay_slot``.

    Raises:
        WrongState: the person's data were deleted meanwhile (``introduction_erased``); else as every step.
    """
    person_id = _person(tx, by, introduction_id)
    row = locked(tx, by, introduction_id)

    def enter(_: State) -> None:
        if person_id is None or row.identity_sealed is None:
            raise WrongState("introduction_erased", "the person's data were deleted")
        row.person_id, row.accepted_at = person_id, tx.now
        tx.session.add(
            CandidateRow(
                id=new_id(),
                company_id=row.company_id,
                person_id=person_id,
                source=SOURCE,
                source_ref=row.id,
                entered_at=tx.now,
            )
        )

    return move(tx, row, Act.ACCEPT, by, enter)


def schedule(tx: Tx, introduction_id: str, interview_at: datetime, by: By) -> IntroductionView:
    """Name the time of the interview, or another one.

    Raises:
        FormRefused: a time years away (``out_of_range``).
        WrongState: an agency names a time that is over (``in_the_past``); with *held* next it would use the slot alone.
    """
    row = locked(tx, by, introduction_id)
    if abs(interview_at - tx.now) > timedelta(days=INTERVIEW_DAYS_MAX):
        raise FormRefused((Problem("interview_at", "out_of_range"),))
    if by.side == "agency" and interview_at <= tx.now:
        raise WrongState("in_the_past", "an agency names the time of an interview that is to come")

    def put(_: State) -> None:
        row.interview_at = interview_at

    return move(tx, row, Act.SCHEDULE, by, put)


def held(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """The interview took place: the slot is used. While its credits can still be disputed it stays reserved, and
    `settle` uses it as soon as they cannot.

    Raises:
        WrongState: the time of the interview has not come (``too_early``).
    """
    row = locked(tx, by, introduction_id)

    def put(_: State) -> None:
        row.held_at = tx.now

    return move(tx, row, Act.HELD, by, put)


def no_show(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """The interview did not take place: the slot is given back.

    Raises:
        WrongState: the time of the interview has not come (``too_early``).
    """
    return move(tx, locked(tx, by, introduction_id), Act.NO_SHOW, by)


def decline(tx: Tx, introduction_id: str, by: By, *, by_candidate: bool) -> IntroductionView:
    """The candidate, or else the company, says no before the interview: the slot is given back. The person's data go
    at once unless the company knew them already.

    Raises:
        WrongState: the time of the interview has come (``interview_over``).
    """
    act = Act.DECLINE_BY_CANDIDATE if by_candidate else Act.DECLINE_BY_COMPANY
    return move(tx, locked(tx, by, introduction_id), act, by)


def offered(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """The company made an offer."""
    row = locked(tx, by, introduction_id)

    def put(_: State) -> None:
        row.offered_at = tx.now

    return move(tx, row, Act.OFFER, by, put)


def hired(tx: Tx, introduction_id: str, fee: Fee, by: By) -> IntroductionView:
    """The person was hired, and this is the fee that the slot waives.

    Raises:
        FormRefused: the fee has problems.
    """
    clean = fee_checked(fee)
    row = locked(tx, by, introduction_id)

    def put(_: State) -> None:
        row.hired_at = tx.now
        row.fee_basis_yen, row.fee_rate_bp, row.fee_waived_yen = clean.basis_yen, clean.rate_bp, clean.amount_yen
        if clean.basis_yen is not None and clean.rate_bp is not None:
            row.fee_waived_yen = fee_yen(clean.basis_yen, clean.rate_bp)

    return move(tx, row, Act.HIRE, by, put)


def retained(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """The person is still there when the contract's time is over."""
    row = locked(tx, by, introduction_id)

    def put(_: State) -> None:
        row.retained_at = tx.now

    return move(tx, row, Act.RETAIN, by, put)


def close(tx: Tx, introduction_id: str, by: By) -> IntroductionView:
    """End it: nobody will be proposed (the slot is given back), or the interview led to no hire (it stays used)."""
    return move(tx, locked(tx, by, introduction_id), Act.CLOSE, by)


def settle(tx: Tx, introduction_id: str) -> bool:
    """Use the slot of an interview that was held while its credits were too young; True when it was used now."""
    row = tx.session.get(IntroductionRow, introduction_id, with_for_update=True, populate_existing=True)
    if row is None or row.held_at is None or book.slot(tx, row.id).state is not book.SlotState.RESERVED:
        return False
    return use(tx, row, "system")


def purge(tx: Tx) -> int:
    """Delete who was introduced, some time after it ended or led to a hire; at most 200 rows."""
    cutoff = tx.now - timedelta(days=KEEP_DAYS)
    rows = tx.session.scalars(
        select(IntroductionRow)
        .where(
            IntroductionRow.identity_sealed.is_not(None),
            or_(IntroductionRow.ended_at < cutoff, IntroductionRow.hired_at < cutoff),
        )
        .limit(ROWS_MAX)
        .with_for_update(skip_locked=True)
    )
    return sum(forget(tx, row) for row in rows.all())


def _person(tx: Tx, by: By, introduction_id: str) -> str | None:
    """Who is introduced, locked before the introduction is, as an erasure does; new if need be. None when the data are
    gone, or go at this moment."""
    row = tx.session.get(IntroductionRow, introduction_id, populate_existing=True)
    who = introduction_views.identity(tx, row) if row is not None and is_of(row, by) else None
    if row is None or who is None:
        return None
    found = persons.lock(tx, persons.find_or_add(tx, row.company_id, who.mail))
    return None if found.erased else found.id


def _known(tx: Tx, introduction_id: str, programme_id: int) -> IntroductionRow | None:
    row = tx.session.get(IntroductionRow, introduction_id, populate_existing=True)
    if row is not None and row.programme_id != programme_id:
        raise NotFound("there is no such introduction of this programme")
    return row
