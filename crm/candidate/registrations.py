"""The candidate registers: form, proof of the address, consents, receipt, and an hour to undo it (decisions 21).

The door to the candidate's other verbs: ``page``, ``preview`` (before), ``manage``, ``withdraw``, ``erase`` (after).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core import audit
from core.db import new_id
from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, links, persons, wording
from crm.agency import agencies
from crm.arrival import arrivals, codes
from crm.arrival.codes import CodeNeeded
from crm.candidate.corrections import Correction, correct
from crm.candidate.invitation_page import InvitationPage, page, preview, submitted
from crm.candidate.manage import ManageView, manage
from crm.consents import consent, consent_texts
from crm.consents.consent_texts import Box, Purpose
from crm.delivery import referrals
from crm.errors import FormRefused, LinkGone, Problem, WrongCode, WrongState
from crm.invitation import invitations
from crm.links import LinkKind
from crm.profile import forms, pseudonyms, registration_data
from crm.profile.forms import RegistrationForm
from crm.referral.referral_states import State
from crm.registry import programmes
from crm.rights.withdrawals import erase, undo, withdraw, withdraw_from_company
from crm.tables import CompanyRow, InvitationRow, ReferralRow, RegistrationRow

__all__ = [
    "AlreadyRegistered",
    "CodeNeeded",
    "Correction",
    "InvitationPage",
    "ManageView",
    "Registered",
    "confirm",
    "correct",
    "erase",
    "manage",
    "page",
    "preview",
    "submit",
    "undo",
    "withdraw",
    "withdraw_from_company",
]

MANAGE_DAYS = 3 * 365
STARTED, SUBMITTED = "started", "submitted"


@dataclass(frozen=True, slots=True)
class Registered:
    """Done: the receipt is on its way; nothing leaves before ``hand_over_at``."""

    registration_id: str
    manage_token: str
    undo_token: str
    hand_over_at: datetime


@dataclass(frozen=True, slots=True)
class AlreadyRegistered:
    """This invitation was used; nothing was changed."""

    at: datetime


def submit(tx: Tx, token: str, form: RegistrationForm) -> Registered | CodeNeeded | AlreadyRegistered:
    """Take the candidate's POST.

    Raises:
        LinkGone: the link is not valid.
        FormRefused: the form has problems, a box is unknown, or its text changed since it was shown.
        Refused: too many codes were sent for this link today (``too_many_codes``), whatever the address is.
    """
    link = links.find(tx, LinkKind.RELAY, token)
    if link is None:
        raise LinkGone
    invitation = tx.session.get_one(InvitationRow, link.subject)
    person = persons.lock(tx, invitation.person_id)
    company = tx.session.get_one(CompanyRow, invitation.company_id)
    if person.erased or company.suspended_at is not None:
        raise LinkGone
    done = submitted(tx, invitation.id)
    if done is not None:
        return AlreadyRegistered(done.submitted_at or done.created_at)
    if not form.mail:
        form = replace(form, mail=arrivals.address_for(tx, invitation.id) or "")
    clean = forms.checked(form)
    _ticked(tx, company, clean.boxes, clean.lang)
    codes.check_link(tx, invitation.id)
    row = _start(tx, invitation, clean)
    if persons.has_address(tx, person.id, clean.mail):
        row.mail_proof = "token"  # the token reached that address
        return finish(tx, row)
    return codes.send(tx, company, row, clean.mail)


def confirm(tx: Tx, confirm_token: str, code: str) -> Registered | WrongCode:
    """Take the six-digit code; five tries in ten minutes.

    Raises:
        LinkGone: the link is not valid.
        WrongState: the invitation was used meanwhile (``registered``).
    """
    link = links.find(tx, LinkKind.CONFIRM, confirm_token)
    if link is None:
        raise LinkGone
    row = tx.session.get_one(RegistrationRow, link.subject)
    person = persons.lock(tx, row.person_id)
    tx.session.refresh(row)
    if person.erased or links.of(tx, LinkKind.RELAY, row.invitation_id) is None:
        raise LinkGone
    if submitted(tx, row.invitation_id) is not None:  # by this very button, pressed twice, or from another page
        raise WrongState("registered", "this invitation was used meanwhile")
    if row.state != STARTED:
        raise LinkGone
    refused = codes.check(tx, row, code)
    if refused is not None:
        return refused
    row.mail_proof = "code"
    return finish(tx, row)


def _start(tx: Tx, invitation: InvitationRow, form: RegistrationForm) -> RegistrationRow:
    age = consent_texts.age_words(form.lang)
    consent_texts.keep(tx, consent_texts.ADULT, age.text, form.lang)
    row = RegistrationRow(
        id=new_id(),
        company_id=invitation.company_id,
        invitation_id=invitation.id,
        person_id=invitation.person_id,
        state=STARTED,
        lang=form.lang,
        mail_index=tx.keys.index(invitation.company_id, form.mail),
        boxes=[[name, text_sha256] for name, text_sha256 in form.boxes.items()],
        code_tries=0,
        code_mails=0,
        adult_at=tx.now,
        adult_sha256=age.text_sha256,
        created_at=tx.now,
    )
    registration_data.put_profile(tx, row, form.profile)
    registration_data.put_contact(tx, row, form.mail, form.contact)
    registration_data.put_evidence(tx, row, form.evidence)
    tx.session.add(row)
    tx.session.flush()
    return row


def finish(tx: Tx, row: RegistrationRow) -> Registered:
    """Write the consents, plan the hand-overs, send the receipt: the registration counts from here on."""
    company = tx.session.get_one(CompanyRow, row.company_id)
    lang = lang_of(row.lang)
    chosen = _ticked(tx, company, dict(row.boxes), lang)
    contact = registration_data.contact(tx, row) or {}
    if row.mail_proof == "code":
        persons.add_address(tx, row.person_id, contact["mail"])
    row.state, row.submitted_at = SUBMITTED, tx.now
    hand_over_at = tx.now + timedelta(minutes=tx.settings.consent.undo_minutes)
    row.hand_over_at = hand_over_at
    tx.session.get_one(InvitationRow, row.invitation_id).state = invitations.REGISTERED
    tx.session.flush()
    for box in chosen:
        consent.give(tx, row, box, lang)
        if box.purpose is Purpose.PROFILE and box.agency_id is not None:
            referrals.enqueue_hand_over(tx, row, _refer(tx, row, box.agency_id))
    manage_token = links.issue(tx, LinkKind.MANAGE, row.id, tx.now + timedelta(days=MANAGE_DAYS))
    undo_token = links.issue(tx, LinkKind.UNDO, row.id, tx.now + timedelta(days=1))
    registered = Registered(row.id, manage_token, undo_token, hand_over_at)
    _send_receipt(tx, company, row, chosen, registered, contact["mail"])
    audit.record(tx, "candidate", "registered", f"registration:{row.id}", consents=len(chosen))
    return registered


def _ticked(tx: Tx, company: CompanyRow, ticked: Mapping[str, str], lang: Lang) -> list[Box]:
    """Return the boxes behind the ticks.

    Raises:
        FormRefused: a box that is not on the page (``unknown``: the agency may have lost its licence), a text that
            changed since it was shown (``text_changed``), or contact without profile (``contact_needs_profile``).
    """
    offered = {box.name: box for box in consent_texts.boxes(company, agencies.licensed(tx, company.id), lang)}
    problems: list[Problem] = []
    for name, text_sha256 in ticked.items():
        if name not in offered:
            problems.append(Problem("boxes", "unknown"))
        elif offered[name].text_sha256 != text_sha256:
            problems.append(Problem("boxes", "text_changed"))
        elif name.startswith("contact:") and name.replace("contact", "profile", 1) not in ticked:
            problems.append(Problem("boxes", "contact_needs_profile"))
    if problems:
        raise FormRefused(tuple(problems))
    return [box for name, box in offered.items() if name in ticked]


def _refer(tx: Tx, row: RegistrationRow, agency_id: int) -> str:
    referral = ReferralRow(
        id=new_id(),
        company_id=row.company_id,
        agency_id=agency_id,
        programme_id=programmes.programme_of(tx, row.company_id, agency_id).id,
        person_id=row.person_id,
        registration_id=row.id,
        pseudonym=pseudonyms.of(tx, row.person_id, agency_id),
        state=State.PENDING.value,
        created_at=tx.now,
    )
    tx.session.add(referral)
    tx.session.flush()
    return referral.id


def _send_receipt(
    tx: Tx, company: CompanyRow, row: RegistrationRow, chosen: list[Box], registered: Registered, mail: str
) -> None:
    lang = lang_of(row.lang)
    names = {box.name for box in chosen}
    shown = [agencies.get(tx, box.agency_id) for box in chosen if box.purpose is Purpose.PROFILE and box.agency_id]
    letters.send(
        tx,
        name="receipt",
        key=f"receipt:{row.id}",
        company=company,
        kind=Kind.CANDIDATE,
        recipient=mail,
        lang=lang,
        gate_ref=f"receipt:{row.id}",
        values={
            "agencies": [
                {"name": one.name, "licence_no": one.licence_no, "contact": f"contact:{one.id}" in names}
                for one in shown
            ],
            "hand_over_at": wording.moment(registered.hand_over_at, lang),
            "undo_url": links.url(tx.settings, LinkKind.UNDO, registered.undo_token),
            "manage_url": links.url(tx.settings, LinkKind.MANAGE, registered.manage_token),
        },
    )
