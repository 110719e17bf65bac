"""What HR may see: counts, hidden below five, and the way to the next slot; never a person (decisions 25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import distinct, func, select

from core.clock import JST
from core.runtime import Tx
from crm import agencies, consent, programmes, registration_data
from crm.consent_texts import TOLD_ITEMS, Purpose
from crm.invitations import DECLINED
from crm.referral_states import ANSWER_DAYS, State
from crm.tables import InvitationRow, ReferralRow, RegistrationRow
from ledger import book
from ledger.entries import Entry
from ledger.slots import Bucket, Kind, slots_earned

SMALL_CELL = 5
MONTHS_MAX = 24


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
    midnight = datetime.combine(tx.now.astimezone(JST).date(), time.min, JST)
    found = []
    for programme in programmes.of_company(tx, company_id):
        threshold = book.balance(tx, programme.id).price
        available = available_at(_all_entries(tx, programme.id), midnight)
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
    """Return the candidates who ticked "tell the company", while that consent lives: the only names HR ever sees."""
    rows = tx.session.scalars(
        select(RegistrationRow)
        .where(RegistrationRow.company_id == company_id, RegistrationRow.state == "submitted")
        .order_by(RegistrationRow.submitted_at)
    )
    found = []
    for row in rows:
        if consent.live(tx, row.id, Purpose.TELL_COMPANY, f"company:{company_id}", TOLD_ITEMS) is None:
            continue
        contact = registration_data.contact(tx, row)
        if contact is not None and row.submitted_at is not None:
            on = row.submitted_at.astimezone(JST).date()
            found.append(Told(row.id, contact.get("name", ""), contact["mail"], on))
    return found


def available_at(entries: Sequence[Entry], midnight: datetime) -> int:
    """Fold entries to the credits that HR may know of: pure. Credits earned or reversed since midnight do not show;
    what HR did with slots itself shows at once."""
    available = 0
    for entry in entries:
        if entry.kind in (Kind.EARN, Kind.REVERSE) and entry.at >= midnight:
            continue
        available += entry.credits if entry.moved_to is Bucket.AVAILABLE else 0
        available -= entry.credits if entry.moved_from is Bucket.AVAILABLE else 0
    return available


def hidden(count: int) -> int | None:
    """Hide a count that could point at a person; 0 too, or the step from 0 to hidden would tell of one."""
    return None if count < SMALL_CELL else count


def _all_entries(tx: Tx, programme_id: int) -> list[Entry]:
    found: list[Entry] = []
    while page := book.entries(tx, programme_id, after_seq=found[-1].seq if found else 0):
        found += page
    return found
