"""The wish to talk: an agency asks, the candidate agrees or declines by POST, and silence is told to all three."""

from datetime import timedelta

from core import audit, jobs
from core.clock import day_in_japan
from core.errors import NotFound
from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, links, wording
from crm.agency import agencies, agency_events
from crm.agency.agency_events import EventType
from crm.consents import consent, consent_texts
from crm.consents.consent_texts import Box, Purpose
from crm.delivery import answers, hand_overs
from crm.delivery.referral_views import owned, view
from crm.errors import FormRefused, Problem, WrongState
from crm.links import LinkKind
from crm.profile import registration_data
from crm.profile.forms import ContactForm, contact_checked
from crm.referral.referral_states import ANSWER_DAYS, Answer, ReferralView, State, locked
from crm.tables import CompanyRow, ReferralRow, RegistrationRow

TALK_SILENCE_JOB = "talk_silence"


def ask_to_talk(tx: Tx, agency_id: int, referral_id: str) -> ReferralView:
    """Accept the profile and ask the candidate, by mail, for the contact data. Once; again changes nothing.

    Whoever wants to talk accepts the profile. When the candidate agreed to contact beforehand, it is released at once.

    Raises:
        NotFound, WrongState, Refused: as in `answers.answer`; ``talk_impossible`` after a refusal.
    """
    row = owned(tx, agency_id, referral_id)
    if row.talk_declined_at is not None:
        raise WrongState("talk_impossible", "the candidate declined")
    answered = answers.answer(tx, agency_id, referral_id, Answer.ACCEPTED)
    if answered.referral.contact_released_at is None and row.talk_asked_at is None:
        row.talk_asked_at = tx.now
        tx.session.flush()
        agency = agencies.get(tx, agency_id)
        answer_by = row.talk_asked_at + timedelta(days=ANSWER_DAYS)
        lang = lang_of(tx.session.get_one(RegistrationRow, row.registration_id).lang)
        values: dict[str, object] = {
            "agency": agency.name,
            "licence_no": agency.licence_no,
            "answer_by": wording.day(day_in_japan(answer_by), lang),
        }
        _to_candidate(tx, row, name="talk_request", gate_ref=f"talk:{row.id}", values=values)
        jobs.enqueue(tx, TALK_SILENCE_JOB, f"{TALK_SILENCE_JOB}:{row.id}", {"referral_id": row.id}, due_at=answer_by)
        audit.record(tx, f"agency:{agency_id}", "asked to talk", f"referral:{row.id}")
    return view(tx, row)


def talk_box(tx: Tx, manage_token: str, referral_id: str, lang: Lang) -> Box | None:
    """Return the consent text to show beside "agree", or None when there is nothing to agree to. Reads only."""
    link = links.find(tx, LinkKind.MANAGE, manage_token)
    row = tx.session.get(ReferralRow, referral_id)
    if link is None or row is None or row.registration_id != link.subject or not _open_question(row):
        return None
    if _known_contact(tx, tx.session.get_one(RegistrationRow, row.registration_id)) is None:
        return None
    if not consent.agency_may_receive(tx, row.company_id, row.agency_id):
        return None  # suspended, or its licence ended: to agree would lead nowhere
    company = tx.session.get_one(CompanyRow, row.company_id)
    return consent_texts.box(company, agencies.get(tx, row.agency_id), Purpose.CONTACT, lang)


def agree_to_talk(
    tx: Tx, manage_token: str, referral_id: str, contact: ContactForm, text_sha256: str, lang: Lang
) -> bool:
    """Give the contact data to the agency that asked: a consent of its own, then the release. True: a credit came.

    Raises:
        LinkGone: the manage link is not valid.
        FormRefused: the contact form has problems, or the text changed since it was shown (``text_changed``).
        WrongState: nobody asked, or it was answered (``talk_answered``); the data were deleted or are held, or the
            gate lets nothing out to this agency now (``talk_impossible``).
    """
    registration, row = _candidates(tx, manage_token, referral_id)
    if not _open_question(row):
        raise WrongState("talk_answered", "there is no open question from this agency")
    known = _known_contact(tx, registration)
    if known is None:
        raise WrongState("talk_impossible", "the registration has ended or is held, or its data were deleted")
    company = tx.session.get_one(CompanyRow, row.company_id)
    box = consent_texts.box(company, agencies.get(tx, row.agency_id), Purpose.CONTACT, lang)
    problems: list[Problem] = []
    if text_sha256 != box.text_sha256:
        problems.append(Problem("text", "text_changed"))
    clean = contact_checked(contact, problems)
    if problems:
        raise FormRefused(tuple(problems))
    registration_data.put_contact(tx, registration, known["mail"], clean)
    consent.give(tx, registration, box, lang)
    credited = hand_overs.release_contact(tx, row)
    if row.contact_released_at is None:  # not even the consent is kept: it would release later, unasked
        raise WrongState("talk_impossible", "the contact data may not leave to this agency now")
    audit.record(tx, "candidate", "talk agreed", f"referral:{row.id}")
    return credited


def decline_talk(tx: Tx, manage_token: str, referral_id: str) -> None:
    """Say no to the agency that asked; the profile stays there until consent to it is withdrawn.

    Raises:
        LinkGone, WrongState: as in ``agree_to_talk``.
    """
    _, row = _candidates(tx, manage_token, referral_id)
    if not _open_question(row):
        raise WrongState("talk_answered", "there is no open question from this agency")
    row.talk_declined_at = tx.now
    tx.session.flush()
    agency_events.put(tx, row.agency_id, EventType.DECLINED, row.id)
    audit.record(tx, "candidate", "talk declined", f"referral:{row.id}")


def tell_silence(tx: Tx, referral_id: str) -> bool:
    """Tell agency, candidate and company that the agency has not answered; once, and only while it is so."""
    row = locked(tx, referral_id)
    if row.state != State.SHARED or row.silence_told_at is not None or row.shared_at is None:
        return False
    row.silence_told_at = tx.now
    tx.session.flush()
    agency = agencies.get(tx, row.agency_id)
    to_agency: dict[str, object] = {
        "pseudonym": row.pseudonym,
        "shared_on": wording.moment(row.shared_at, agency.locale),
        "days": ANSWER_DAYS,
        "answer_url": hand_overs.answer_url(tx, row.id),
    }
    hand_overs.to_agency(tx, row, name="silence_agency", gate_ref=f"silence:{row.id}:agency", values=to_agency)
    lang = lang_of(tx.session.get_one(RegistrationRow, row.registration_id).lang)
    values: dict[str, object] = {"agency": agency.name, "days": ANSWER_DAYS}
    shared_on = {"shared_on": wording.moment(row.shared_at, lang)}
    gate_ref = f"silence:{row.id}:candidate"
    _to_candidate(tx, row, name="silence_candidate", gate_ref=gate_ref, values=values | shared_on)
    _to_company(tx, row, name="silence_company", values=values)
    return True


def tell_talk_silence(tx: Tx, referral_id: str) -> bool:
    """Tell candidate, agency and company that the candidate has not answered; once, and only while it is so.

    The question stays open: nothing is given without an answer, and an answer may still come.
    """
    row = locked(tx, referral_id)
    if not _open_question(row) or not consent.agency_may_receive(tx, row.company_id, row.agency_id):
        return False  # answered, or there is nothing to agree to now
    agency = agencies.get(tx, row.agency_id)
    values: dict[str, object] = {"agency": agency.name, "days": ANSWER_DAYS}
    _to_candidate(tx, row, name="talk_reminder", gate_ref=f"talk:{row.id}", values=values)
    if agencies.mails_each(tx, row.agency_id, row.company_id):
        to_agency = {"pseudonym": row.pseudonym, "days": ANSWER_DAYS, "answer_url": hand_overs.answer_url(tx, row.id)}
        hand_overs.to_agency(tx, row, name="talk_unanswered", gate_ref=f"talk:{row.id}:agency", values=to_agency)
    _to_company(tx, row, name="talk_waiting", values=values)
    return True


def _open_question(row: ReferralRow) -> bool:
    return (
        row.state == State.ACKNOWLEDGED
        and row.talk_asked_at is not None
        and row.talk_declined_at is None
        and row.contact_released_at is None
        and row.withdrawn_at is None
    )


def _known_contact(tx: Tx, registration: RegistrationRow) -> dict[str, str] | None:
    """What the candidate left to be reached by; None once the registration has ended or was emptied, or while it is
    held: then there is nothing to agree to."""
    if registration.state != consent.SUBMITTED or registration.held_at is not None:
        return None
    return registration_data.contact(tx, registration)


def _candidates(tx: Tx, manage_token: str, referral_id: str) -> tuple[RegistrationRow, ReferralRow]:
    registration = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    row = locked(tx, referral_id)
    if row.registration_id != registration.id:
        raise NotFound("there is no such referral")
    return registration, row


def _to_candidate(tx: Tx, row: ReferralRow, *, name: str, gate_ref: str, values: dict[str, object]) -> None:
    registration = tx.session.get_one(RegistrationRow, row.registration_id)
    contact, link = registration_data.contact(tx, registration), links.of(tx, LinkKind.MANAGE, registration.id)
    if contact is None or link is None:
        return  # deleted meanwhile: nobody to write to
    letters.send(
        tx,
        name=name,
        key=f"{name}:{row.id}",
        company=tx.session.get_one(CompanyRow, row.company_id),
        kind=Kind.CANDIDATE,
        recipient=contact["mail"],
        lang=lang_of(registration.lang),
        gate_ref=gate_ref,
        values=values | {"manage_url": links.url(tx.settings, LinkKind.MANAGE, links.reveal(tx, link))},
    )


def _to_company(tx: Tx, row: ReferralRow, *, name: str, values: dict[str, object]) -> None:
    """Tell the company's contact, if it named one; the mail says nothing of who it is about."""
    company = tx.session.get_one(CompanyRow, row.company_id)
    if company.contact_mail:
        letters.send(
            tx,
            name=name,
            key=f"{name}:{row.id}",
            company=company,
            kind=Kind.OWN_COMPANY,
            recipient=company.contact_mail,
            lang=lang_of(company.locale),
            gate_ref=f"company:{company.id}:silence",
            values=values,
        )
