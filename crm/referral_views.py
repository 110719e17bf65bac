"""How a referral is shown: to the agency it went to (its own only), and to the candidate it belongs to."""

from datetime import datetime

from sqlalchemy import and_, or_, select

from core.errors import NotFound
from core.runtime import Tx
from crm import consent, hand_overs, links
from crm.consent_texts import ITEMS_OF, Purpose
from crm.errors import Refused
from crm.links import LinkKind
from crm.referral_states import Answer, Reason, ReferralView, State, locked
from crm.tables import CompanyRow, RecallRow, ReferralRow

PAGE_MAX = 200


def by_link(tx: Tx, token: str) -> ReferralView | None:
    """Return the referral behind an agency's link, or None for the neutral page. Reads only."""
    link = links.find(tx, LinkKind.AGENCY, token)
    row = tx.session.get(ReferralRow, link.subject) if link else None
    return None if row is None else view(tx, row)


def for_agency(tx: Tx, agency_id: int, *, after: str = "", limit: int = 100) -> list[ReferralView]:
    """Return what was handed to an agency, in the order of hand-over; ``after`` is the last ``cursor`` seen.

    Only its own, and each profile only while it may still leave: this is an outward path like a mail.

    Raises:
        Refused: ``after`` is no cursor (``cursor``).
    """
    query = select(ReferralRow).where(ReferralRow.agency_id == agency_id, ReferralRow.shared_at.is_not(None))
    if after:
        shared_at, last_id = _read_cursor(after)
        later = and_(ReferralRow.shared_at == shared_at, ReferralRow.id > last_id)
        query = query.where(or_(ReferralRow.shared_at > shared_at, later))
    page = max(1, min(limit, PAGE_MAX))
    return [
        view(tx, row) for row in tx.session.scalars(query.order_by(ReferralRow.shared_at, ReferralRow.id).limit(page))
    ]


def cursor(referral: ReferralView) -> str:
    """Return what an agency passes as ``after`` to go on behind this referral."""
    return f"{referral.shared_at.isoformat() if referral.shared_at else ''}|{referral.id}"


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
    given = None
    if row.shared_at is not None and consent.may_leave(tx, f"referral:{row.id}:profile"):
        recipient, items = f"agency:{row.agency_id}", ITEMS_OF[Purpose.PROFILE]
        given = consent.live(tx, row.registration_id, Purpose.PROFILE, recipient, items)
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
        profile=hand_overs.profile_payload(tx, row, given) if given else None,
    )


def _read_cursor(text: str) -> tuple[datetime, str]:
    shared_at, _, last_id = text.partition("|")
    try:
        at = datetime.fromisoformat(shared_at)
    except ValueError:
        raise Refused("cursor", "after: not a cursor of this feed") from None
    if at.tzinfo is None:
        raise Refused("cursor", "after: not a cursor of this feed")
    return at, last_id
