"""What HR may see: counts, hidden below five, the way to the next slot, and of persons only those who asked us to tell
(decisions 25)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import distinct, func, select

from core.clock import day_in_japan, midnight_in_japan
from core.runtime import Tx
from crm.agency import agencies
from crm.consents import consent
from crm.consents.consent_texts import TOLD_ITEMS, Purpose
from crm.invitation.invitations import DECLINED
from crm.profile import registration_data
from crm.referral.referral_states import ANSWER_DAYS, State
from crm.registry import programmes
from crm.tables import ConsentRow, InvitationRow, ReferralRow, RegistrationRow
from ledger import book, rows
from ledger.slots import Kind, slots_earned

SMALL_CELL = 5
TOLD_MAX = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """The way to the next slot with one agency, as of last midnight in Japan: once a day, so that nobody can tell
    who it was. ``counted`` is 0..threshold-1 (below 0: owed), ``slots`` whole slots earned and not yet used."""

    programme_id: int
    agency_id: int
    agency: str
    counted: int
    threshold: int
    slots: int


@dataclass(frozen=True, slots=True)
class CompanyFigures:
    """Counts of a company since the beginning. None: fewer than five, hidden."""

    invited: int
    registered: int | None
    opted_out: int | None
    unanswered: int | None
    progress: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A candidate who asked us to tell the company."""

    registration_id: str
    name: str
    mail: str
    registered_on: date


def of_company(tx: Tx, company_id: int) -> CompanyFigures:
    """Return the figures of one company, safe for HR's page."""
    invited = select(func.count()).select_from(InvitationRow).where(InvitationRow.company_id == company_id)
    persons_registered = select(func.count(distinct(RegistrationRow.person_id))).where(
        RegistrationRow.company_id == company_id, RegistrationRow.submitted_at.is_not(None)
    )
    silent = (
        select(func.count())
        .select_from(ReferralRow)
        .where(
            ReferralRow.company_id == company_id,
            ReferralRow.state == State.SHARED.value,
            ReferralRow.shared_at < tx.now - timedelta(days=ANSWER_DAYS),
        )
    )
    return CompanyFigures(
        invited=tx.session.scalar(invited) or 0,
        registered=hidden(tx.session.scalar(persons_registered) or 0),
        opted_out=hidden(tx.session.scalar(invited.where(InvitationRow.state == DECLINED)) or 0),
        unanswered=hidden(tx.session.scalar(silent) or 0),
        progress=progress(tx, company_id),
    )


def progress(tx: Tx, company_id: int) -> tuple[Progress, ...]:
    """Return k/10 and free slots of each programme, as of last midnight."""
    midnight = midnight_in_japan(tx.now)
    found = []
    for programme in programmes.of_company(tx, company_id):
        balance = book.balance(tx, programme.id)
        available, threshold = available_at(tx, programme.id, balance.available, midnight), balance.price
        slots = slots_earned(available, threshold)
        found.append(
            Progress(
                programme_id=programme.id,
                agency_id=programme.agency_id,
                agency=agencies.get(tx, programme.agency_id).name,
                counted=available - slots * threshold,
                threshold=threshold,
                slots=slots,
            )
        )
    return tuple(found)


def told(tx: Tx, company_id: int) -> list[Told]:
    """Return the candidates who ticked "tell the company", while that consent lives: the only names HR ever sees.

    The last ``TOLD_MAX``, the newest first.
    """
    recipient = f"company:{company_id}"
    asked = select(ConsentRow.registration_id).where(
        ConsentRow.company_id == company_id,
        ConsentRow.purpose == Purpose.TELL_COMPANY.value,
        ConsentRow.recipient == recipient,
        ConsentRow.withdrawn_at.is_(None),
        ConsentRow.expires_at > tx.now,
    )
    rows = tx.session.scalars(
        select(RegistrationRow)
        .where(RegistrationRow.id.in_(asked), RegistrationRow.state == "submitted")
        .order_by(RegistrationRow.submitted_at.desc())
        .limit(TOLD_MAX)
    )
    found = []
    for row in rows:
        if consent.live(tx, row.id, Purpose.TELL_COMPANY, recipient, TOLD_ITEMS) is None:
            continue
        contact = registration_data.contact(tx, row)
        if contact is not None and row.submitted_at is not None:
            on = day_in_japan(row.submitted_at)
            found.append(Told(row.id, contact.get("name", ""), contact["mail"], on))
    return found


def available_at(tx: Tx, programme_id: int, available: int, midnight: datetime) -> int:
    """The credits that HR may know of: those earned or taken back since midnight do not show; what people did with
    slots or by hand shows at once."""
    earned, taken_back = (rows.count_since(tx, programme_id, kind, midnight) for kind in (Kind.EARN, Kind.REVERSE))
    return available - earned + taken_back


def hidden(count: int) -> int | None:
    """Hide a count that could point at a person; 0 too, or the step from 0 to hidden would tell of one."""
    return None if count < SMALL_CELL else count
