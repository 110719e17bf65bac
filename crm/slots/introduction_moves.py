"""One step of an introduction: the row, its slot, the event, the audit line and the mail to the other side, all in the
caller's transaction (`crm/slots/introductions.py` has the steps themselves).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core import audit
from core.errors import NotFound
from core.runtime import Tx
from crm.agency import agency_events
from crm.agency.agency_events import EventType
from crm.slots import introduction_letters, introduction_views
from crm.slots.introduction_states import ENDED, Act, Side, SlotAct, State, step
from crm.slots.introduction_views import IntroductionView, view
from crm.tables import IntroductionRow
from ledger import book

#: What the agency is told by webhook and API when an introduction has come so far, whoever took the step.
_EVENTS: Mapping[State, EventType] = {
    State.REQUESTED: EventType.NEED_STATED,
    State.PROPOSED: EventType.PROPOSED,
    State.ACCEPTED: EventType.ACCEPTED,
    State.SCHEDULED: EventType.SCHEDULED,
    State.HELD: EventType.HELD,
    State.OFFERED: EventType.OFFERED,
    State.HIRED: EventType.HIRED,
    State.RETAINED: EventType.RETAINED,
    State.DECLINED_BY_CANDIDATE: EventType.TURNED_DOWN,
    State.DECLINED_BY_COMPANY: EventType.TURNED_DOWN,
    State.NO_SHOW: EventType.NO_SHOW,
    State.CLOSED: EventType.CLOSED,
}


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a company's people (``side`` company, its id) or an agency, and the actor for book and audit log."""

    side: Side
    owner_id: int
    actor: str


def by_agency(agency_id: int) -> By:
    """Return an agency as the one who acts."""
    return By("agency", agency_id, f"agency:{agency_id}")


def move(
    tx: Tx, row: IntroductionRow, act: Act, by: By, put: Callable[[State], None] | None = None
) -> IntroductionView:
    """Take one step: the row, its slot, the audit line and the mail to the other side, in one transaction."""
    taken = step(State(row.state), act, by.side, over=introduction_views.is_over(tx, row))
    if put is not None:
        put(taken.to)
    row.state, row.moved_at = taken.to.value, tx.now
    if taken.to in ENDED:
        row.ended_at = tx.now
        if row.accepted_at is None:
            forget(tx, row)
    tx.session.flush()
    tell_programs(tx, row)
    if taken.slot is SlotAct.GIVE_BACK:
        book.release(tx, row.id, by.actor)
    elif taken.slot is SlotAct.USE:
        use(tx, row, by.actor)
    noted(tx, row, by, f"introduction {act.value}")
    return view(tx, row, by.side)


def use(tx: Tx, row: IntroductionRow, actor: str) -> bool:
    """Use the slot up; False while its credits can still be disputed."""
    try:
        book.redeem(tx, row.id, actor)
    except book.TooYoung:
        return False
    return True


def forget(tx: Tx, row: IntroductionRow) -> int:
    """Delete what the agency wrote of the person; 1, or 0 when nothing was there."""
    if row.identity_sealed is None and row.summary_sealed is None:
        return 0
    row.identity_sealed = row.summary_sealed = row.mail_index = None
    tx.session.flush()
    return 1


def locked(tx: Tx, by: By, introduction_id: str) -> IntroductionRow:
    """Lock the row for its company or agency.

    Raises:
        NotFound: there is none, or it is another's.
    """
    row = tx.session.get(IntroductionRow, introduction_id, with_for_update=True, populate_existing=True)
    if row is None or not is_of(row, by):
        raise NotFound("there is no such introduction")
    return row


def is_of(row: IntroductionRow, by: By) -> bool:
    """Whether it is this company's or this agency's."""
    return by.owner_id == (row.company_id if by.side == "company" else row.agency_id)


def tell_programs(tx: Tx, row: IntroductionRow) -> None:
    """Write the event of the step that was taken; before the book, whose account is locked last."""
    agency_events.put(tx, row.agency_id, _EVENTS[State(row.state)], None, introduction_id=row.id)


def noted(tx: Tx, row: IntroductionRow, by: By, what: str) -> None:
    """Write the audit line, and tell the other side."""
    audit.record(tx, by.actor, what, f"introduction:{row.id}", state=row.state)
    (introduction_letters.to_agency if by.side == "company" else introduction_letters.to_company)(tx, row)
