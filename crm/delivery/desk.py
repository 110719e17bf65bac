"""The agency's desk: one inbox for people without developers, reached by a link that works once.

The link comes by mail and is spent by a POST; what it opens is a session of twelve hours, kept as a link of its own,
so that signing out and suspending end it here and not only in the browser.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from core import audit, jobs
from core.clock import day_in_japan
from core.db import new_id
from core.jobs import Claimed
from core.runtime import Runtime, Tx
from crm import links, wording
from crm.agency import agencies, agency_letters
from crm.agency.agencies import AgencyView
from crm.agency.agency_events import EventType
from crm.delivery.referral_views import view
from crm.links import LinkKind
from crm.referral.referral_states import ANSWER_DAYS, ReferralView, State
from crm.tables import AgencyEventRow, AgencyRow, LinkRow, OutcomeRow, RecallRow, ReferralRow

SIGN_IN_MINUTES = 30
DIGEST_LINK_DAYS = 3
SESSION_HOURS = 12
LINKS_AN_HOUR_MAX = 5
PAGE = 20
DIGEST_JOB = "agency_digest"


class Tray(StrEnum):
    """Where a referral lies: it needs an answer, it waits for the candidate, it can be contacted, it is over."""

    NEW = "new"
    TALK = "talk"
    CONTACT = "contact"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lie in each tray; ``overdue``: of the new ones; ``recalls``: to be deleted and not confirmed."""

    new: int
    talk: int
    contact: int
    done: int
    overdue: int
    recalls: int

    def of(self, tray: Tray) -> int:
        """The number beside a tray's name."""
        return {Tray.NEW: self.new, Tray.TALK: self.talk, Tray.CONTACT: self.contact, Tray.DONE: self.done}[tray]


def ask_for_link(tx: Tx, mail: str) -> int:
    """Mail a way in to every agency with this address; how many. The page says the same for none."""
    rows = tx.session.scalars(
        select(AgencyRow)
        .where(func.lower(AgencyRow.mail) == mail.strip().lower(), AgencyRow.suspended_at.is_(None))
        .order_by(AgencyRow.id)
        .with_for_update()
    ).all()
    return sum(_mail_link(tx, row.id) for row in rows)


def agency_of_link(tx: Tx, token: str) -> AgencyView | None:
    """Whose inbox a link opens, or None for the neutral page. Reads only."""
    return _agency(tx, LinkKind.DESK_IN, token)


def sign_in(tx: Tx, token: str) -> str | None:
    """Spend the link and begin a session; returns its token, or None when the link is not valid (any more)."""
    link, agency = links.find(tx, LinkKind.DESK_IN, token), agency_of_link(tx, token)
    if link is None or agency is None or not links.spend(tx, link):
        return None
    audit.record(tx, f"agency:{agency.id}", "agency signed in", f"agency:{agency.id}")
    return links.issue(tx, LinkKind.DESK, str(agency.id), tx.now + timedelta(hours=SESSION_HOURS))


def agency_of_session(tx: Tx, token: str) -> AgencyView | None:
    """Who sits at the desk; None when the session is over. Reads only."""
    return _agency(tx, LinkKind.DESK, token)


def sign_out(tx: Tx, token: str) -> None:
    """End a session."""
    link = links.find(tx, LinkKind.DESK, token)
    if link is not None:
        links.spend(tx, link)


def counts(tx: Tx, agency_id: int) -> Counts:
    """Count the trays. Reads only."""

    def number(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(ReferralRow).where(ReferralRow.agency_id == agency_id, *conditions)
        return int(tx.session.scalar(query) or 0)

    late = ReferralRow.shared_at < tx.now - timedelta(days=ANSWER_DAYS)
    return Counts(
        new=number(_in(Tray.NEW)),
        talk=number(_in(Tray.TALK)),
        contact=number(_in(Tray.CONTACT)),
        done=number(_in(Tray.DONE)),
        overdue=number(_in(Tray.NEW), late),
        recalls=number(_open_recall()),
    )


def lay_out(tx: Tx, agency_id: int, tray: Tray, page: int = 1) -> list[ReferralView]:
    """Return a page of a tray: what waits longest first in *new*, the latest first elsewhere; deletions on top.

    An outward path: each profile stands in its view only while it may leave.
    """
    query = select(ReferralRow).where(ReferralRow.agency_id == agency_id, _in(tray))
    first = ReferralRow.shared_at if tray is Tray.NEW else ReferralRow.shared_at.desc()
    order = (_open_recall().desc(), first, ReferralRow.id)
    rows = tx.session.scalars(query.order_by(*order).limit(PAGE).offset((max(page, 1) - 1) * PAGE)).all()
    return [view(tx, row) for row in rows]


def enqueue_digests(tx: Tx) -> int:
    """Write today's digest jobs (Japanese time) of the agencies that want one mail a day; how many were new."""
    day = day_in_japan(tx.now).isoformat()
    ids = tx.session.scalars(
        select(AgencyRow.id).where(AgencyRow.mails == "digest", AgencyRow.suspended_at.is_(None)).order_by(AgencyRow.id)
    ).all()
    return sum(jobs.enqueue(tx, DIGEST_JOB, f"{DIGEST_JOB}:{one}:{day}", {"agency_id": one}) for one in ids)


def plan_digests(runtime: Runtime, _job: Claimed) -> None:
    """Job ``agency_digests``, once a day: plan the mail of each agency."""
    with runtime.begin() as tx:
        enqueue_digests(tx)


def send_digest(runtime: Runtime, job: Claimed) -> None:
    """Job ``agency_digest`` (payload ``{"agency_id"}``). Run twice, it writes one mail: the key is the day."""
    with runtime.begin() as tx:
        digest(tx, int(job.payload["agency_id"]))


def digest(tx: Tx, agency_id: int) -> bool:
    """Write the day's mail when something happened since yesterday or still waits for an answer."""
    today = day_in_japan(tx.now)
    key = f"{DIGEST_JOB}:{agency_id}:{today.isoformat()}"
    found = counts(tx, agency_id)
    moved = exists().where(
        AgencyEventRow.agency_id == agency_id,
        AgencyEventRow.created_at >= tx.now - timedelta(days=1),
        AgencyEventRow.introduction_id.is_(None),  # each of their steps has a mail of its own
    )
    if not (found.new or found.recalls or tx.session.scalar(select(moved))):
        return False
    corrected = select(func.count(AgencyEventRow.referral_id.distinct())).where(
        AgencyEventRow.agency_id == agency_id,
        AgencyEventRow.created_at >= tx.now - timedelta(days=1),
        AgencyEventRow.type == EventType.CORRECTED.value,
    )
    token = links.issue(tx, LinkKind.DESK_IN, str(agency_id), tx.now + timedelta(days=DIGEST_LINK_DAYS))
    values: dict[str, object] = {
        "day": wording.day(today, agencies.get(tx, agency_id).locale),
        "counts": found,
        "corrected": tx.session.scalar(corrected) or 0,
        "days": ANSWER_DAYS,
        "link_days": DIGEST_LINK_DAYS,
        "sign_in_url": links.url(tx.settings, LinkKind.DESK_IN, token),
    }
    return agency_letters.send(tx, agency_id, name=DIGEST_JOB, key=key, values=values)


def _mail_link(tx: Tx, agency_id: int) -> bool:
    recent = select(func.count()).where(
        LinkRow.kind == LinkKind.DESK_IN.value,
        LinkRow.subject == str(agency_id),
        LinkRow.created_at > tx.now - timedelta(hours=1),
    )
    if (tx.session.scalar(recent) or 0) >= LINKS_AN_HOUR_MAX:
        return False  # somebody presses the button again and again: the mails of the last hour are enough
    token = links.issue(tx, LinkKind.DESK_IN, str(agency_id), tx.now + timedelta(minutes=SIGN_IN_MINUTES))
    url = links.url(tx.settings, LinkKind.DESK_IN, token)
    values: dict[str, object] = {"minutes": SIGN_IN_MINUTES, "sign_in_url": url}
    return agency_letters.send(tx, agency_id, name="agency_sign_in", key=f"agency_sign_in:{new_id()}", values=values)


def _agency(tx: Tx, kind: LinkKind, token: str) -> AgencyView | None:
    link = links.find(tx, kind, token)
    agency = agencies.get(tx, int(link.subject)) if link else None
    return None if agency is None or agency.suspended else agency


def _in(tray: Tray) -> ColumnElement[bool]:
    """The condition of a tray; every referral that was handed over lies in exactly one."""
    live = ReferralRow.withdrawn_at.is_(None)
    final = exists().where(
        OutcomeRow.referral_id == ReferralRow.id, OutcomeRow.kind.in_(("hired", "closed", "retained_12"))
    )
    accepted = and_(ReferralRow.state.in_((State.ACKNOWLEDGED.value, State.COUNTED.value)), live)
    new = and_(ReferralRow.state == State.SHARED.value, live)
    talk = and_(accepted, ReferralRow.contact_released_at.is_(None), ReferralRow.talk_declined_at.is_(None))
    contact = and_(accepted, ReferralRow.contact_released_at.is_not(None), ~final)
    if tray is Tray.NEW:
        return new
    if tray is Tray.TALK:
        return talk
    if tray is Tray.CONTACT:
        return contact
    return and_(ReferralRow.shared_at.is_not(None), ~or_(new, talk, contact))


def _open_recall() -> ColumnElement[bool]:
    return exists().where(RecallRow.referral_id == ReferralRow.id, RecallRow.acknowledged_at.is_(None))
