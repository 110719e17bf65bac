"""How a referral is shown: to the agency it went to (its own only), and to the candidate it belongs to."""

from sqlalchemy import select

from core.errors import NotFound
from core.runtime import Tx
from crm import links
from crm.agency.agency_events import EventType
from crm.delivery import hand_overs
from crm.links import LinkKind
from crm.referral import outcomes
from crm.referral.referral_states import Answer, Reason, ReferralView, State, locked
from crm.tables import AgencyEventRow, CompanyRow, RecallRow, ReferralRow

PAGE_MAX = 200


def by_link(tx: Tx, token: str) -> ReferralView | None:
    """Return the referral behind an agency's link, or None for the neutral page. Reads only."""
    link = links.find(tx, LinkKind.AGENCY, token)
    row = tx.session.get(ReferralRow, link.subject) if link else None
    return None if row is None else view(tx, row)


def for_agency(
    tx: Tx, agency_id: int, *, after: int = 0, limit: int = 100, reach: int | None = None
) -> list[tuple[int, ReferralView]]:
    """Return what was handed to an agency, in the order of the commits, each with its number; go on behind the last.

    The numbers are those of `agency_events`: a clock would not do, since a transaction that began earlier may end
    later. Only its own (with ``reach`` those of one company), and each profile only while it may still leave: this is
    an outward path like a mail.
    """
    handed = AgencyEventRow.type == EventType.SHARED.value
    query = (
        select(AgencyEventRow.seq, ReferralRow)
        .join(ReferralRow, ReferralRow.id == AgencyEventRow.referral_id)
        .where(AgencyEventRow.agency_id == agency_id, AgencyEventRow.seq > after, handed)
    )
    if reach is not None:
        query = query.where(ReferralRow.company_id == reach)
    rows = tx.session.execute(query.order_by(AgencyEventRow.seq).limit(max(1, min(limit, PAGE_MAX))))
    return [(row.seq, view(tx, row.ReferralRow)) for row in rows.all()]


def get(tx: Tx, agency_id: int, referral_id: str) -> ReferralView:
    """Return one referral of an agency.

    Raises:
        NotFound: there is none, or it is another agency's, or nothing was handed over yet.
    """
    row = tx.session.get(ReferralRow, referral_id)
    if row is None or row.agency_id != agency_id or row.shared_at is None:
        raise NotFound("there is no such referral")
    return view(tx, row)


def of_registration(tx: Tx, registration_id: str) -> list[ReferralView]:
    """Return the referrals of one registration, for the candidate's own page."""
    rows = tx.session.scalars(
        select(ReferralRow).where(ReferralRow.registration_id == registration_id).order_by(ReferralRow.agency_id)
    )
    return [view(tx, row) for row in rows]


def owned(tx: Tx, agency_id: int, referral_id: str) -> ReferralRow:
    """Return an agency's referral, locked.

    Raises:
        NotFound: as in ``get``.
    """
    row = locked(tx, referral_id)
    if row.agency_id != agency_id or row.shared_at is None:
        raise NotFound("there is no such referral")
    return row


def view(tx: Tx, row: ReferralRow) -> ReferralView:
    """Show a row; the profile only when the gate lets it out."""
    recalled = tx.session.get(RecallRow, row.id)
    return ReferralView(
        id=row.id,
        company_id=row.company_id,
        company=tx.session.get_one(CompanyRow, row.company_id).name,
        agency_id=row.agency_id,
        pseudonym=row.pseudonym,
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
        shared_at=row.shared_at,
        answer=Answer(row.answer) if row.answer else None,
        answered_at=row.answered_at,
        talk_asked_at=row.talk_asked_at,
        talk_declined_at=row.talk_declined_at,
        contact_released_at=row.contact_released_at,
        counted_at=row.counted_at,
        withdrawn_at=row.withdrawn_at,
        recall_asked_at=recalled.asked_at if recalled else None,
        recall_acknowledged_at=recalled.acknowledged_at if recalled else None,
        sheet=hand_overs.sheet(tx, row),
        outcomes=outcomes.of_referral(tx, row.id),
    )
