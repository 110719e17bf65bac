"""The candidate corrects what he gave: here at once, and at every agency that has it, each with a record of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from core import audit, outbox
from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters
from crm.agency import agencies, agency_events
from crm.agency.agency_events import EventType
from crm.consents import consent, provisions
from crm.consents.consent_texts import ITEMS_OF, Purpose
from crm.delivery import hand_overs
from crm.delivery.hand_overs import Contact
from crm.errors import FormRefused, Problem, Refused, WrongState
from crm.links import LinkKind
from crm.profile import forms, registration_data
from crm.profile.forms import ContactForm, ProfileForm
from crm.referral.referral_states import locked
from crm.tables import CompanyRow, ProvisionRow, ReferralRow, RegistrationRow

CORRECTIONS_A_DAY_MAX = 5
#: By which events an agency hears of each.
_TOLD = {Purpose.PROFILE: (EventType.SHARED, EventType.CORRECTED), Purpose.CONTACT: (EventType.CONTACT,)}


@dataclass(frozen=True, slots=True)
class Correction:
    """What shall stand there from now on. ``contact`` is None when it stays; its address cannot be corrected here.

    ``summary_sha256``: as in `forms.RegistrationForm`, the de-identified free text that was confirmed.
    """

    profile: ProfileForm
    contact: ContactForm | None = None
    summary_sha256: str = ""


def correct(tx: Tx, manage_token: str, new: Correction) -> int:
    """Replace profile and contact data; returns how many agencies got the correction.

    Each of them gets it under the consent it already has; a consent that ended, or a licence, gets it nothing.

    Raises:
        LinkGone: the manage link is not valid.
        FormRefused: something in it has problems.
        WrongState: the registration has ended (``ended``).
        Refused: too many corrections today (``too_many_corrections``).
    """
    row = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    before, known = registration_data.profile(tx, row), registration_data.contact(tx, row)
    if row.state != consent.SUBMITTED or before is None or known is None:
        raise WrongState("ended", "the registration has ended")
    profile, contact = _checked(new, lang_of(row.lang), known)
    new_contact = contact is not None and (contact.name, contact.phone) != (known.get("name"), known.get("phone", ""))
    new_profile = profile != before
    registration_data.put_profile(tx, row, profile)
    if contact is not None:
        registration_data.put_contact(tx, row, known["mail"], contact)
    tx.session.flush()
    told = 0
    for referral in handed_over(tx, row.id):
        gave_profile = new_profile and _give_profile(tx, referral)
        gave_contact = new_contact and contact is not None and give_contact(tx, referral)
        told += gave_profile or gave_contact
    audit.record(tx, "candidate", "data corrected", f"registration:{row.id}", agencies=told)
    return told


def _checked(new: Correction, lang: Lang, known: dict[str, str]) -> tuple[ProfileForm, ContactForm | None]:
    problems: list[Problem] = [*forms.profile_problems(new.profile)]
    contact = forms.contact_checked(new.contact, problems) if new.contact is not None and "name" in known else None
    if problems:
        raise FormRefused(tuple(problems))
    mail = known["mail"]
    wanted = forms.with_confirmed_summary(new.profile, new.summary_sha256, lang, mail)
    name = contact or ContactForm(known.get("name", ""), known.get("phone", ""))
    return forms.cleaned(wanted, lang, name, mail), contact


def handed_over(tx: Tx, registration_id: str) -> list[ReferralRow]:
    """Lock and return what went to agencies of a registration."""
    ids = tx.session.scalars(
        select(ReferralRow.id)
        .where(ReferralRow.registration_id == registration_id, ReferralRow.shared_at.is_not(None))
        .order_by(ReferralRow.id)
    ).all()
    rows = [locked(tx, referral_id) for referral_id in ids]
    agency_events.take_turn(tx, {row.agency_id for row in rows})
    return rows


def give_again(tx: Tx, row: ReferralRow, held_at: datetime) -> None:
    """Give an agency what it should have and has not, after the gate was shut for it since ``held_at``: other data than
    it was given last, and what was on its way to it then. The day's limit does not count here."""
    made = hand_overs.sheet(tx, row)
    if made is not None and _lacks(tx, row, Purpose.PROFILE, dict(made.profile), held_at):
        _give_profile(tx, row, limited=False)
    found = hand_overs.contact_of(tx, row)
    if row.contact_released_at is None or found is None:
        return
    if _lacks(tx, row, Purpose.CONTACT, _contact_payload(row, found), held_at):
        give_contact(tx, row, limited=False)


def _lacks(tx: Tx, row: ReferralRow, purpose: Purpose, payload: dict[str, object], since: datetime) -> bool:
    given = [one for one in provisions.of_referral(tx, row.id) if one.step.partition(".")[0] == purpose.value]
    other = not given or given[-1].payload_sha256 != provisions.payload_sha256(payload)
    kept = outbox.cancelled_since(tx, f"referral:{row.id}:{purpose.value}", since)
    return other or kept or agency_events.was_kept(tx, row.id, _TOLD[purpose])


def _give_profile(tx: Tx, row: ReferralRow, *, limited: bool = True) -> bool:
    made = hand_overs.sheet(tx, row)
    if made is None:
        return False
    step = _record(tx, row, Purpose.PROFILE, dict(made.profile), made.values, limited=limited)
    agency_events.put(tx, row.agency_id, EventType.CORRECTED, row.id)
    values: dict[str, object] = {"sheet": made, "answer_url": hand_overs.answer_url(tx, row.id)}
    _mail(tx, row, "profile_update", step, f"referral:{row.id}:profile", values)
    return True


def give_contact(tx: Tx, row: ReferralRow, *, limited: bool = True) -> bool:
    """Give the corrected contact data to an agency that has them; False when it may not have them (any more)."""
    found = hand_overs.contact_of(tx, row)
    if row.contact_released_at is None or found is None or not consent.may_leave(tx, f"referral:{row.id}:contact"):
        return False
    payload = _contact_payload(row, found)
    items = [name for name, value in payload.items() if value]
    step = _record(tx, row, Purpose.CONTACT, payload, items, limited=limited)
    agency_events.put(tx, row.agency_id, EventType.CONTACT, row.id)
    _mail(tx, row, "contact_update", step, f"referral:{row.id}:contact", payload)
    return True


def _contact_payload(row: ReferralRow, found: Contact) -> dict[str, object]:
    return {"pseudonym": row.pseudonym, "name": found.name, "phone": found.phone, "mail": found.mail}


def _record(
    tx: Tx, row: ReferralRow, purpose: Purpose, payload: dict[str, object], items: Collection[str], *, limited: bool
) -> str:
    """Write the provision record of a correction; its step is "profile.2" and so on."""
    given = consent.live(tx, row.registration_id, purpose, f"agency:{row.agency_id}", ITEMS_OF[purpose])
    if given is None:
        raise ValueError("what may leave has a consent")
    steps = select(func.count()).select_from(ProvisionRow).where(ProvisionRow.referral_id == row.id)
    today = ProvisionRow.provided_at > tx.now - timedelta(days=1)
    corrected = ProvisionRow.step.like("%.%")
    if limited and (tx.session.scalar(steps.where(today, corrected)) or 0) >= CORRECTIONS_A_DAY_MAX:
        raise Refused("too_many_corrections", "too many corrections today")
    known = tx.session.scalar(steps.where(ProvisionRow.step.like(f"{purpose.value}%"))) or 0
    step = f"{purpose.value}.{known + 1}"
    registration = tx.session.get_one(RegistrationRow, row.registration_id)
    who = registration_data.contact(tx, registration) or {}
    subject = {key: who[key] for key in ("mail", "name") if who.get(key)}
    provisions.record(tx, referral=row, step=step, consent=given, subject=subject, payload=payload, items=items)
    return step


def _mail(tx: Tx, row: ReferralRow, name: str, step: str, gate_ref: str, values: dict[str, object]) -> None:
    agency, company = agencies.get(tx, row.agency_id), tx.session.get_one(CompanyRow, row.company_id)
    if not agencies.mails_each(tx, row.agency_id, row.company_id):
        return  # it finds the correction in its inbox or by its program, as the digest says
    letters.send(
        tx,
        name=name,
        key=f"{name}:{row.id}:{step}",
        company=company,
        kind=Kind.AGENCY,
        recipient=agency.mail,
        lang=agency.locale,
        gate_ref=gate_ref,
        values={"agency": agency.name, **values},
    )
