"""What leaves to an agency: the de-identified profile after its hour, the contact data after consent, the recall."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from anonymizer.model import Identity
from core import jobs
from core.clock import day_in_japan
from core.errors import Temporary
from core.outbox import Attachment, Kind
from core.runtime import Tx
from crm import letters, links, persons, wording
from crm.agency import agencies, agency_events
from crm.agency.agency_events import EventType
from crm.consents import consent, provisions
from crm.consents.consent_texts import ITEMS_OF, Purpose
from crm.links import LinkKind
from crm.profile import profile_files, profiles, registration_data
from crm.profile.profile_sheet import ProfileSheet
from crm.referral.referral_states import ANSWER_DAYS, DISPUTE_DAYS, Answer, Reason, State, disqualify, locked
from crm.tables import CompanyRow, ConsentRow, ProvisionRow, RecallRow, ReferralRow, RegistrationRow
from ledger import book

AGENCY_LINK_DAYS = 365
SILENCE_JOB = "referral_silence"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who the candidate is, as the agency gets it in the second step."""

    name: str
    phone: str
    mail: str


def share(tx: Tx, referral_id: str) -> bool:
    """Hand the profile over, once: provision record, mail with the answer link, state. False: nothing left (now).

    Raises:
        Temporary: the candidate can still undo it.
    """
    row = locked(tx, referral_id)
    if row.state != State.PENDING:
        return False
    registration = tx.session.get_one(RegistrationRow, row.registration_id)
    if registration.hand_over_at is None or registration.hand_over_at > tx.now:
        raise Temporary("the time to undo is not over")
    if registration.held_at is not None:
        return False  # the person plans it anew (`crm/candidate/holds.py`)
    given = _live(tx, row, Purpose.PROFILE)
    if given is None or not consent.may_leave(tx, f"referral:{row.id}:profile"):
        allowed = consent.agency_may_receive(tx, row.company_id, row.agency_id)
        disqualify(row, Reason.WITHDRAWN if allowed else Reason.NO_LICENCE)
        tx.session.flush()
        return False
    row.state, row.shared_at = State.SHARED.value, tx.now
    tx.session.flush()
    made = sheet(tx, row)
    if made is None:
        raise ValueError("what the gate let out a moment ago may still leave")
    agency_events.put(tx, row.agency_id, EventType.SHARED, row.id)
    _mail_profile(tx, row, made)
    subject, payload = _subject(tx, row), made.profile
    provisions.record(
        tx, referral=row, step="profile", consent=given, subject=subject, payload=payload, items=made.values.keys()
    )
    silent_at = tx.now + timedelta(days=ANSWER_DAYS)
    jobs.enqueue(tx, SILENCE_JOB, f"{SILENCE_JOB}:{row.id}", {"referral_id": row.id}, due_at=silent_at)
    return True


def release_contact(tx: Tx, row: ReferralRow) -> bool:
    """Give the contact data to an agency that accepted, when the candidate agreed; earn the credit, exactly once.

    The caller holds the referral's lock. Returns whether a credit was added by this call.
    """
    if row.answer != Answer.ACCEPTED or row.contact_released_at is not None:
        return False
    given = _live(tx, row, Purpose.CONTACT)
    if given is None:
        return False
    row.contact_released_at = tx.now
    tx.session.flush()
    contact = contact_of(tx, row)
    if contact is None or not consent.may_leave(tx, f"referral:{row.id}:contact"):
        row.contact_released_at = None
        tx.session.flush()
        return False
    agency_events.put(tx, row.agency_id, EventType.CONTACT, row.id)
    _mail_contact(tx, row, given, contact)
    payload = {"pseudonym": row.pseudonym, "name": contact.name, "phone": contact.phone, "mail": contact.mail}
    given_items = [name for name, value in payload.items() if value]
    subject = _subject(tx, row)
    provisions.record(
        tx, referral=row, step="contact", consent=given, subject=subject, payload=payload, items=given_items
    )
    return _credit(tx, row)


def recall(tx: Tx, row: ReferralRow) -> bool:
    """Ask an agency that received something to delete it; False when it received nothing, or was asked before."""
    steps = tx.session.scalars(select(ProvisionRow.step).where(ProvisionRow.referral_id == row.id)).all()
    if not steps or tx.session.get(RecallRow, row.id) is not None:
        return False
    tx.session.add(RecallRow(referral_id=row.id, asked_at=tx.now))
    tx.session.flush()
    agency_events.put(tx, row.agency_id, EventType.RECALLED, row.id)
    values: dict[str, object] = {
        "pseudonym": row.pseudonym,
        "with_contact": "contact" in steps,
        "answer_url": answer_url(tx, row.id),
    }
    return to_agency(tx, row, name="recall", gate_ref=f"referral:{row.id}:recall", values=values)


def sheet(tx: Tx, row: ReferralRow) -> ProfileSheet | None:
    """Build the agency's copy, in its language: the same every time. None when the gate does not let it out now.

    An outward path: call it in the transaction that shows or sends.
    """
    if row.shared_at is None or not consent.may_leave(tx, f"referral:{row.id}:profile"):
        return None
    given = _live(tx, row, Purpose.PROFILE)
    registration = tx.session.get_one(RegistrationRow, row.registration_id)
    form = registration_data.profile(tx, registration)
    if given is None or form is None:
        raise ValueError("a referral that may leave has a consent and a profile")
    typed = registration_data.contact(tx, registration) or {}
    known = Identity(name=typed.get("name", ""), phone=typed.get("phone", ""), email=typed.get("mail", ""))
    expires_on = day_in_japan(given.expires_at)
    agency, company = agencies.get(tx, row.agency_id), tx.session.get_one(CompanyRow, row.company_id)
    payload = profiles.payload(form, agency.locale, row.pseudonym, given.id, expires_on, (known,))
    return ProfileSheet(
        referral_id=row.id,
        pseudonym=row.pseudonym,
        lang=agency.locale,
        shared_at=row.shared_at,
        agency=agency.name,
        company=company.name,
        company_address=company.postal_address or "",
        company_representative=company.representative or "",
        consent_id=given.id,
        text_sha256=given.text_sha256,
        items=tuple(given.items),
        expires_on=expires_on,
        profile=payload,
        values=dict(profiles.items(payload, agency.locale)),
    )


def contact_of(tx: Tx, row: ReferralRow) -> Contact | None:
    """Open the contact data; None when the candidate gave none. Ask the gate before showing them to anybody."""
    stored = registration_data.contact(tx, tx.session.get_one(RegistrationRow, row.registration_id))
    if stored is None or not stored.get("name"):
        return None
    return Contact(stored["name"], stored.get("phone", ""), stored["mail"])


def to_agency(
    tx: Tx,
    row: ReferralRow,
    *,
    name: str,
    gate_ref: str,
    values: dict[str, object],
    attachments: tuple[Attachment, ...] = (),
) -> bool:
    """Put a mail to the referral's agency into the outbox."""
    agency = agencies.get(tx, row.agency_id)
    return letters.send(
        tx,
        name=name,
        key=f"{name}:{row.id}",
        company=tx.session.get_one(CompanyRow, row.company_id),
        kind=Kind.AGENCY,
        recipient=agency.mail,
        lang=agency.locale,
        gate_ref=gate_ref,
        values={"agency": agency.name, **values},
        attachments=attachments,
    )


def answer_url(tx: Tx, referral_id: str) -> str:
    """Print the agency's link of a referral again; a new one when the old has ended."""
    link = links.of(tx, LinkKind.AGENCY, referral_id)
    if link is None:
        token = links.issue(tx, LinkKind.AGENCY, referral_id, tx.now + timedelta(days=AGENCY_LINK_DAYS))
    else:
        token = links.reveal(tx, link)
    return links.url(tx.settings, LinkKind.AGENCY, token)


def _credit(tx: Tx, row: ReferralRow) -> bool:
    earned = book.earn(
        tx,
        programme_id=row.programme_id,
        referral_id=row.id,
        company_id=row.company_id,
        subject_indexes=_all_indexes(tx, row),
    )
    if isinstance(earned, book.AlreadyCounted):
        row.reason = Reason.WINDOW.value  # accepted and in contact, but this person counted before
        tx.session.flush()
        return False
    row.state, row.counted_at = State.COUNTED.value, tx.now
    tx.session.flush()
    return not earned.repeated


def _all_indexes(tx: Tx, row: ReferralRow) -> list[str]:
    """Every address of the person, and the one typed: it may be known as somebody else's, who counts as the same."""
    typed = registration_data.contact(tx, tx.session.get_one(RegistrationRow, row.registration_id)) or {}
    indexes = dict.fromkeys(persons.indexes(tx, row.person_id))
    if "mail" in typed:
        indexes |= dict.fromkeys(tx.keys.indexes(row.company_id, typed["mail"]))
    return list(indexes)


def _live(tx: Tx, row: ReferralRow, purpose: Purpose) -> ConsentRow | None:
    return consent.live(tx, row.registration_id, purpose, f"agency:{row.agency_id}", ITEMS_OF[purpose])


def _mail_profile(tx: Tx, row: ReferralRow, made: ProfileSheet) -> None:
    url = answer_url(tx, row.id)
    if not agencies.mails_each(tx, row.agency_id, row.company_id):
        return
    values: dict[str, object] = {"sheet": made, "answer_url": url}
    gate_ref = f"referral:{row.id}:profile"
    to_agency(tx, row, name="profile", gate_ref=gate_ref, values=values, attachments=profile_files.files(made))


def _mail_contact(tx: Tx, row: ReferralRow, given: ConsentRow, contact: Contact) -> None:
    agency = agencies.get(tx, row.agency_id)
    if not agencies.mails_each(tx, row.agency_id, row.company_id):
        return
    values: dict[str, object] = {
        "pseudonym": row.pseudonym,
        "name": contact.name,
        "phone": contact.phone,
        "mail": contact.mail,
        "consent_id": given.id,
        "text_sha256": given.text_sha256,
        "dispute_until": wording.day(day_in_japan(tx.now + timedelta(days=DISPUTE_DAYS)), agency.locale),
        "answer_url": answer_url(tx, row.id),
    }
    to_agency(tx, row, name="contact", gate_ref=f"referral:{row.id}:contact", values=values)


def _subject(tx: Tx, row: ReferralRow) -> dict[str, str]:
    stored = registration_data.contact(tx, tx.session.get_one(RegistrationRow, row.registration_id)) or {}
    return {key: stored[key] for key in ("mail", "name") if stored.get(key)}
