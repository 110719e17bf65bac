"""What an agency is told, in one order: its webhook gets every event pushed, its own programs ask for them.

An event holds no content. What stands in it is made when it leaves, behind the consent gate, so that nothing kept
here can outlive a withdrawal.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, exists, or_, select, update

from core import jobs
from core.db import new_id
from core.errors import NotFound
from core.runtime import Tx
from crm.tables import AgencyEventRow, AgencyRow, AgencyWebhookRow, IntroductionRow, ReferralRow

WEBHOOK_JOB = "agency_webhook"
PAGE_MAX = 200
#: Longer than a consent lasts, so that no referral leaves the feed while its profile may still be read.
KEEP_DAYS = 400
ROWS_MAX = 200


class EventType(StrEnum):
    """Stable words of the webhook and the event feed."""

    SHARED = "referral.shared"
    CORRECTED = "profile.corrected"
    CONTACT = "contact.released"
    DECLINED = "talk.declined"
    RECALLED = "referral.recalled"
    NEED_STATED = "introduction.requested"
    PROPOSED = "introduction.proposed"
    ACCEPTED = "introduction.accepted"
    SCHEDULED = "introduction.interview_scheduled"
    HELD = "introduction.interview_held"
    NO_SHOW = "introduction.no_show"
    TURNED_DOWN = "introduction.declined"
    OFFERED = "introduction.offered"
    HIRED = "introduction.hired"
    RETAINED = "introduction.retained"
    CLOSED = "introduction.closed"
    TEST = "webhook.test"


class Delivery(StrEnum):
    """How far an event is on its way to the agency's server."""

    NONE = "none"
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


# What must be true when the event leaves (`crm.consents.consent.may_leave`). A test event is about nobody; those of
# introductions all have the same gate.
_GATES: Mapping[EventType, str] = {
    EventType.SHARED: "referral:{}:profile",
    EventType.CORRECTED: "referral:{}:profile",
    EventType.CONTACT: "referral:{}:contact",
    EventType.DECLINED: "referral:{}:profile",
    EventType.RECALLED: "referral:{}:recall",
}


@dataclass(frozen=True, slots=True)
class Event:
    """``seq`` counts from 1 for each agency, without gaps, in the order of the commits. At most one of
    ``referral_id`` and ``introduction_id`` is set."""

    id: str
    agency_id: int
    seq: int
    type: EventType
    referral_id: str | None
    introduction_id: str | None
    created_at: datetime
    delivery: Delivery
    tries: int
    tried_at: datetime | None
    result: str

    @property
    def gate_ref(self) -> str:
        """What the gate is asked before the event leaves; "" for a test, which is about nobody."""
        if self.introduction_id is not None:
            return f"introduction:{self.introduction_id}:agency"
        return _GATES[self.type].format(self.referral_id) if self.type in _GATES else ""


def take_turn(tx: Tx, agency_ids: Collection[int]) -> None:
    """Lock these agencies for `put`, in the order of their numbers: who tells several agencies in one transaction
    calls this before the first, or two of them wait for each other. Persons, referrals and introductions are locked
    before it, accounts of the book after it.
    """
    query = select(AgencyRow.id).where(AgencyRow.id.in_(agency_ids)).order_by(AgencyRow.id)
    tx.session.execute(query.with_for_update(key_share=True))


def put(
    tx: Tx, agency_id: int, type_: EventType, referral_id: str | None, *, introduction_id: str | None = None
) -> Event:
    """Write down what happened, in the transaction in which it happens; the webhook is called after the commit.

    The agency's row stays locked until then: who reads up to a number has seen everything below it.
    """
    seq = tx.session.scalars(
        update(AgencyRow)
        .where(AgencyRow.id == agency_id)
        .values(event_seq=AgencyRow.event_seq + 1)
        .returning(AgencyRow.event_seq)
        .execution_options(synchronize_session=False)
    ).one()
    hook = tx.session.get(AgencyWebhookRow, agency_id)
    pushed = hook is not None and hook.stopped_at is None
    row = AgencyEventRow(
        id=new_id(),
        agency_id=agency_id,
        seq=seq,
        type=type_.value,
        referral_id=referral_id,
        introduction_id=introduction_id,
        created_at=tx.now,
        delivery=(Delivery.WAITING if pushed else Delivery.NONE).value,
        tries=0,
        result="",
    )
    tx.session.add(row)
    tx.session.flush()
    if pushed:
        plan(tx, row.id, 1, tx.now)
    return view(row)


def plan(tx: Tx, event_id: str, attempt: int, due_at: datetime) -> None:
    """Write the job of an attempt, counted from 1; its key lets none be made twice, but an ended one may come again."""
    key = f"{WEBHOOK_JOB}:{event_id}:{attempt}"
    if not jobs.enqueue(tx, WEBHOOK_JOB, key, {"event_id": event_id, "attempt": attempt}, due_at=due_at):
        jobs.reschedule(tx, key, due_at)


def after(tx: Tx, agency_id: int, seq: int, limit: int = PAGE_MAX, *, reach: int | None = None) -> list[Event]:
    """Return the events of an agency behind number ``seq``, in order; with ``reach`` those about one company only.
    Reads only."""
    query = select(AgencyEventRow).where(AgencyEventRow.agency_id == agency_id, AgencyEventRow.seq > seq)
    if reach is not None:
        referral = exists().where(ReferralRow.id == AgencyEventRow.referral_id, ReferralRow.company_id == reach)
        mine = IntroductionRow.company_id == reach
        query = query.where(or_(referral, exists().where(IntroductionRow.id == AgencyEventRow.introduction_id, mine)))
    rows = tx.session.scalars(query.order_by(AgencyEventRow.seq).limit(max(1, min(limit, PAGE_MAX))))
    return [view(row) for row in rows]


def company_of(tx: Tx, referral_id: str | None, introduction_id: str | None) -> int | None:
    """Return the company that a referral or an introduction came from; None for neither. Reads only."""
    referral = tx.session.get(ReferralRow, referral_id) if referral_id is not None else None
    introduction = tx.session.get(IntroductionRow, introduction_id) if introduction_id is not None else None
    found = referral or introduction
    return None if found is None else found.company_id


def latest(tx: Tx, agency_id: int, limit: int) -> list[Event]:
    """Return the last events of an agency, the newest first."""
    rows = tx.session.scalars(
        select(AgencyEventRow)
        .where(AgencyEventRow.agency_id == agency_id)
        .order_by(AgencyEventRow.seq.desc())
        .limit(limit)
    )
    return [view(row) for row in rows]


def was_kept(tx: Tx, referral_id: str, types: Collection[EventType]) -> bool:
    """Whether such an event about a referral was kept from the webhook, as the gate does. Reads only."""
    row = select(AgencyEventRow.id).where(
        AgencyEventRow.referral_id == referral_id,
        AgencyEventRow.type.in_([one.value for one in types]),
        AgencyEventRow.delivery == Delivery.CANCELLED.value,
    )
    return tx.session.scalar(row.limit(1)) is not None


def get(tx: Tx, event_id: str) -> Event:
    """Return one event.

    Raises:
        NotFound: there is none.
    """
    row = tx.session.get(AgencyEventRow, event_id)
    if row is None:
        raise NotFound(f"there is no event {event_id!r}")
    return view(row)


def locked(tx: Tx, event_id: str) -> AgencyEventRow:
    """Return the row as it is now, and let nobody else change it until the commit.

    Raises:
        NotFound: there is none.
    """
    row = tx.session.get(AgencyEventRow, event_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"there is no event {event_id!r}")
    return row


def purge(tx: Tx) -> int:
    """Forget up to 200 events whose time is over; the numbers of the others stay. Returns how many went."""
    old = select(AgencyEventRow.id).where(AgencyEventRow.created_at < tx.now - timedelta(days=KEEP_DAYS))
    ids = tx.session.scalars(old.limit(ROWS_MAX)).all()
    tx.session.execute(delete(AgencyEventRow).where(AgencyEventRow.id.in_(ids)))
    return len(ids)


def view(row: AgencyEventRow) -> Event:
    """Show a row."""
    return Event(
        id=row.id,
        agency_id=row.agency_id,
        seq=row.seq,
        type=EventType(row.type),
        referral_id=row.referral_id,
        introduction_id=row.introduction_id,
        created_at=row.created_at,
        delivery=Delivery(row.delivery),
        tries=row.tries,
        tried_at=row.tried_at,
        result=row.result,
    )
