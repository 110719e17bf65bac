"""Beside the six digits: where they went, until when they hold, send them again, correct the address."""

from core.runtime import Tx
from crm import links, persons
from crm.arrival import codes
from crm.arrival.codes import CodeNeeded, CodePage
from crm.candidate import registrations
from crm.candidate.registrations import Registered
from crm.errors import FormRefused, LinkGone
from crm.links import LinkKind
from crm.profile import forms, registration_data
from crm.profile.forms import ContactForm
from crm.tables import CompanyRow, RegistrationRow


def page(tx: Tx, confirm_token: str) -> CodePage | None:
    """Return what stands beside the code, or None for the neutral page. Reads only."""
    row = _row(tx, confirm_token)
    known = registration_data.contact(tx, row) if row is not None else None
    if row is None or known is None:
        return None
    return codes.page_of(tx, row, known["mail"], codes.asked_by_link(tx, row.invitation_id))


def send_again(tx: Tx, confirm_token: str, mail: str = "", *, sure: bool = False) -> CodeNeeded | Registered:
    """Send a new code, to the same address or to a corrected one; the one before it ends.

    The address that the link was sent to needs no code: typed now, it ends the registration.

    Raises:
        LinkGone: the link is not valid.
        FormRefused: the corrected address (`forms.mail_problems`).
        Refused: too many codes today (``too_many_codes``).
    """
    row = _row(tx, confirm_token)
    if row is None:
        raise LinkGone
    persons.lock(tx, row.person_id)
    tx.session.refresh(row)
    known = registration_data.contact(tx, row)
    if row.state != registrations.STARTED or known is None:
        raise LinkGone
    codes.check_link(tx, row.invitation_id)
    address = mail.strip() or known["mail"]
    if mail.strip():
        problems = forms.mail_problems(address, sure=sure)
        if problems:
            raise FormRefused(tuple(problems))
        contact = ContactForm(known["name"], known.get("phone", "")) if "name" in known else None
        registration_data.put_contact(tx, row, address, contact)
        row.mail_index = tx.keys.index(row.company_id, address)
        tx.session.flush()
    if persons.has_address(tx, row.person_id, address):
        row.mail_proof = "token"
        return registrations.finish(tx, row)
    return codes.send(tx, tx.session.get_one(CompanyRow, row.company_id), row, address)


def _row(tx: Tx, confirm_token: str) -> RegistrationRow | None:
    link = links.find(tx, LinkKind.CONFIRM, confirm_token)
    row = tx.session.get(RegistrationRow, link.subject) if link else None
    return row if row is not None and row.state == registrations.STARTED else None
