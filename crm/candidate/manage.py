"""The candidate's own page: what was given, to whom and when, what happens next and by when. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from core.lang import Lang, lang_of
from core.runtime import Tx
from crm import links
from crm.agency import agencies
from crm.consents import consent_texts, provisions
from crm.consents.provisions import Provision
from crm.delivery import referral_views
from crm.links import LinkKind
from crm.profile import registration_data
from crm.profile.forms import ProfileForm
from crm.referral.referral_states import ANSWER_DAYS, ReferralView, State
from crm.tables import CompanyRow, ConsentRow, RegistrationRow


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One consent with the words that were agreed to. ``recipient``: "agency:ID" or "company:ID"."""

    purpose: str
    recipient: str
    text: str
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgencyStep:
    """Where the referral to one agency stands; ``next_step`` is a word that the page explains:

    ``hand_over | agency_answers | you_answer | contact_given | declined | ended``, to come until ``next_by``.
    """

    agency_id: int
    agency: str
    licence_no: str
    licence_expires_on: date
    referral: ReferralView
    next_step: str
    next_by: datetime | None


@dataclass(frozen=True, slots=True)
class ManageView:
    """Everything of one registration. ``profile`` and ``contact`` are None once deleted; ``held``: nothing leaves
    before the person says go on (`crm/candidate/holds.py`)."""

    registration_id: str
    company: str
    state: str
    lang: Lang
    submitted_at: datetime | None
    hand_over_at: datetime | None
    held: bool
    can_undo: bool
    profile: ProfileForm | None
    contact: dict[str, str] | None
    consents: tuple[ConsentView, ...]
    adult_at: datetime | None
    adult_text: str
    steps: tuple[AgencyStep, ...]
    provisions: tuple[Provision, ...]


def manage(tx: Tx, manage_token: str) -> ManageView | None:
    """Return the page behind a manage link, or None for the neutral one."""
    link = links.find(tx, LinkKind.MANAGE, manage_token)
    row = tx.session.get(RegistrationRow, link.subject) if link else None
    if row is None:
        return None
    held = referral_views.of_registration(tx, row.id)
    return ManageView(
        registration_id=row.id,
        company=tx.session.get_one(CompanyRow, row.company_id).name,
        state=row.state,
        lang=lang_of(row.lang),
        submitted_at=row.submitted_at,
        hand_over_at=row.hand_over_at,
        held=row.state == "submitted" and row.held_at is not None,
        can_undo=row.state == "submitted" and all(one.shared_at is None for one in held),
        profile=registration_data.profile(tx, row),
        contact=registration_data.contact(tx, row),
        consents=_consents(tx, row.id),
        adult_at=row.adult_at,
        adult_text=(consent_texts.by_hash(tx, row.adult_sha256) or "") if row.adult_sha256 else "",
        steps=tuple(_step(tx, one, row.hand_over_at) for one in held),
        provisions=tuple(one for referral in held for one in provisions.of_referral(tx, referral.id)),
    )


def undo_page(tx: Tx, undo_token: str) -> bool | None:
    """Whether the undo link can still undo; None for the neutral page. Reads only."""
    link = links.find(tx, LinkKind.UNDO, undo_token)
    row = tx.session.get(RegistrationRow, link.subject) if link else None
    if row is None:
        return None
    held = referral_views.of_registration(tx, row.id)
    return row.state == "submitted" and all(one.shared_at is None for one in held)


def next_step(referral: ReferralView, hand_over_at: datetime | None) -> tuple[str, datetime | None]:
    """Say what comes next and by when: pure."""
    match referral.state:
        case State.PENDING:
            return "hand_over", hand_over_at
        case State.SHARED:
            return "agency_answers", (referral.shared_at + timedelta(days=ANSWER_DAYS)) if referral.shared_at else None
        case State.DISQUALIFIED | State.REVERSED:
            return "ended", None
    if referral.withdrawn_at is not None:
        return "ended", None
    if referral.contact_released_at is not None:
        return "contact_given", None
    if referral.talk_declined_at is not None:
        return "declined", None
    if referral.talk_asked_at is not None:
        return "you_answer", referral.talk_asked_at + timedelta(days=ANSWER_DAYS)
    return "agency_answers", None


def _step(tx: Tx, referral: ReferralView, hand_over_at: datetime | None) -> AgencyStep:
    agency = agencies.get(tx, referral.agency_id)
    step, by = next_step(referral, hand_over_at)
    return AgencyStep(agency.id, agency.name, agency.licence_no, agency.licence_expires_on, referral, step, by)


def _consents(tx: Tx, registration_id: str) -> tuple[ConsentView, ...]:
    rows = tx.session.scalars(
        select(ConsentRow)
        .where(ConsentRow.registration_id == registration_id)
        .order_by(ConsentRow.given_at, ConsentRow.id)
    )
    return tuple(
        ConsentView(
            purpose=row.purpose,
            recipient=row.recipient,
            text=consent_texts.by_hash(tx, row.text_sha256) or "",
            given_at=row.given_at,
            expires_at=row.expires_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    )
