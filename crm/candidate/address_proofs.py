"""Six digits that go to an address: to know who asks at the desk, or that a new address is the person's own.

The person types them on the page behind the mail's link, or tells them to whoever answers the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select

from core import audit
from core.db import new_id
from core.lang import lang_of
from core.runtime import Tx
from crm import links, persons, suppression, wording
from crm.arrival import codes
from crm.arrival.codes import CodePage
from crm.candidate import address_changes
from crm.consents import consent
from crm.errors import FormRefused, LinkGone, Problem, Refused, WrongCode, WrongState
from crm.links import LinkKind
from crm.profile import forms, registration_data
from crm.registry import companies, company_input
from crm.rights import subject_requests
from crm.rights.subject_requests import Identity, Kind, Request, Standing
from crm.tables import AddressProofRow, CompanyRow

#: At the desk a mail is read when it is read; on a page that stands open it is read at once.
DESK_LIVES = timedelta(hours=24)
PAGE_LIVES = timedelta(minutes=codes.CODE_MINUTES)


class Purpose(StrEnum):
    """What the digits are to prove."""

    IDENTITY = "identity"
    CHANGE = "change"


#: Where a request must stand for what the digits prove in its name.
_STANDS: Mapping[Purpose, tuple[Standing, ...]] = {
    Purpose.IDENTITY: (Standing.RECEIVED,),
    Purpose.CHANGE: (Standing.IDENTITY_CHECKED, Standing.IN_WORK),
}


@dataclass(frozen=True, slots=True)
class ProofPage:
    """What the page says where the digits are typed."""

    purpose: Purpose
    company: str
    code: CodePage


@dataclass(frozen=True, slots=True)
class Proved:
    """The digits were right, and what they were for is done. ``manage_token``: of the page to go on with, or empty."""

    purpose: Purpose
    manage_token: str


def ask_change(tx: Tx, manage_token: str, mail: str, *, sure: bool) -> str:
    """The candidate wants another address: send the digits there; returns the token of the page to type them.

    An address that wants no mails from this company gets none, and the page is the same.

    Raises:
        LinkGone: the manage link is not valid.
        WrongState: the registration has ended (``ended``).
        FormRefused: the address (`forms.mail_problems`), or it is the one we have (``mail_same``).
        Refused: three codes were asked for today (``too_many_codes``).
    """
    registration = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    known = registration_data.contact(tx, registration)
    if registration.state != consent.SUBMITTED or known is None:
        raise WrongState("ended", "the registration has ended")
    problems, company_id = forms.mail_problems(mail.strip(), sure=sure), registration.company_id
    # By the index, which knows that an address is the same in capitals or with its domain in Punycode.
    if not problems and tx.keys.index(company_id, mail.strip()) == tx.keys.index(company_id, known["mail"]):
        problems = [Problem("mail", "mail_same")]
    if problems:
        raise FormRefused(tuple(problems))
    company = tx.session.get_one(CompanyRow, registration.company_id)
    row = _row(tx, company, Purpose.CHANGE, mail.strip(), registration.person_id, lang=registration.lang)
    row.registration_id = registration.id
    if _asked(tx, AddressProofRow.registration_id == registration.id) >= codes.CODE_MAILS_A_DAY_MAX:
        raise Refused("too_many_codes", "too many codes were sent for this registration today")
    if suppression.is_suppressed(tx, company.id, mail) or not _may_send(tx, row):
        codes.make_none(tx, row)
    else:
        _send(tx, company, row, mail.strip(), PAGE_LIVES, page_url="")
    return links.issue(tx, LinkKind.PROOF, row.id, tx.now + DESK_LIVES)


def ask_identity(tx: Tx, request_id: str, *, actor: str) -> None:
    """Send the digits to the address that a request names: who has them is who asks.

    Raises:
        NotFound: no such request.
        WrongState: it is checked or has ended (``request_state``).
        Refused: three codes went to the address today (``too_many_codes``).
    """
    found = subject_requests.hold(tx, request_id, *_STANDS[Purpose.IDENTITY])
    _from_desk(tx, found, Purpose.IDENTITY, found.mail, actor)


def ask_change_at_desk(tx: Tx, request_id: str, mail: str, *, actor: str) -> None:
    """Send the digits to the address that a checked request for correction wants from now on.

    Raises:
        NotFound, WrongState, Refused: as in ``ask_identity``; ``nothing_held``: nobody is known by the old address;
            ``own_address``: the new one is the company's own.
        ConfigError: the address cannot be one.
    """
    found = subject_requests.hold(tx, request_id, *_STANDS[Purpose.CHANGE])
    if found.kind is not Kind.CORRECTION or found.person_id is None:
        raise WrongState("nothing_held", "there is no address to correct")
    address = company_input.address(mail)
    if company_input.covers(companies.get(tx, found.company_id).sender_domains, address.rpartition("@")[2]):
        raise Refused("own_address", "who gets the links may agree and withdraw: that is nobody of the company")
    _from_desk(tx, found, Purpose.CHANGE, address, actor)


def page(tx: Tx, token: str) -> ProofPage | None:
    """Return what the page says, or None for the neutral one. Reads only."""
    row = _found(tx, token)
    if row is None or row.mail_sealed is None:
        return None
    company = tx.session.get_one(CompanyRow, row.company_id).name
    return ProofPage(Purpose(row.purpose), company, codes.page_of(tx, row, _address(tx, row), row.code_mails))


def check(tx: Tx, token: str, code: str) -> Proved | WrongCode:
    """Take the digits from the person, and do what they were for.

    Raises:
        LinkGone: the link is not valid (any more).
        WrongState: the request or the registration has ended meanwhile.
        Refused: too many corrections today (``too_many_corrections``).
    """
    row = _found(tx, token)
    if row is None or row.mail_sealed is None:
        raise LinkGone
    return _take(tx, row, code, actor="candidate")


def check_at_desk(tx: Tx, request_id: str, code: str, *, actor: str) -> Proved | WrongCode:
    """Take the digits from who answers the request, whom the person told them.

    Raises:
        WrongState: no code is open for this request (``request_state``); else as in ``check``.
    """
    row = _open(tx, request_id)
    if row is None:
        raise WrongState("request_state", "no code was sent for this request")
    return _take(tx, row, code, actor=actor)


def sent(tx: Tx, request_id: str) -> ProofPage | None:
    """What is known of the code that went out for a request and was not typed yet. Reads only."""
    row = _open(tx, request_id)
    if row is None:
        return None
    company = tx.session.get_one(CompanyRow, row.company_id).name
    return ProofPage(Purpose(row.purpose), company, codes.page_of(tx, row, _address(tx, row), row.code_mails))


def _take(tx: Tx, row: AddressProofRow, code: str, *, actor: str) -> Proved | WrongCode:
    if row.person_id is not None:
        persons.lock(tx, row.person_id)  # first, as an erasure does, which empties this row too
    if row.request_id is not None:  # refused or done meanwhile: what is typed late must not change anything
        subject_requests.hold(tx, row.request_id, *_STANDS[Purpose(row.purpose)])
    tx.session.refresh(row, with_for_update=True)
    if row.mail_sealed is None:
        raise LinkGone
    wrong = codes.check(tx, row, code)
    if wrong is not None:
        return wrong
    mail, purpose = _address(tx, row), Purpose(row.purpose)
    row.mail_sealed, row.code_mac, row.ended_at = None, None, tx.now
    links.revoke(tx, LinkKind.PROOF, row.id)
    tx.session.flush()
    if purpose is Purpose.IDENTITY and row.request_id is not None:
        subject_requests.check_identity(tx, row.request_id, Identity.CODE, actor=actor)
        return Proved(purpose, "")
    return Proved(purpose, address_changes.move(tx, row, mail, actor=actor))


def _from_desk(tx: Tx, found: Request, purpose: Purpose, mail: str, actor: str) -> None:
    company = tx.session.get_one(CompanyRow, found.company_id)
    earlier = _open(tx, found.id)
    if earlier is not None:
        earlier.mail_sealed, earlier.code_mac, earlier.ended_at = None, None, tx.now
        links.revoke(tx, LinkKind.PROOF, earlier.id)
    row = _row(tx, company, purpose, mail, found.person_id, lang=company.locale)
    row.request_id = found.id
    if not _may_send(tx, row):
        raise Refused("too_many_codes", "three codes went to this address today")
    token = links.issue(tx, LinkKind.PROOF, row.id, tx.now + DESK_LIVES)
    # Also to an address that wants no mails: who asks at the desk is answered.
    _send(tx, company, row, mail, DESK_LIVES, page_url=links.url(tx.settings, LinkKind.PROOF, token))
    audit.record(tx, actor, f"{purpose.value} code sent", f"request:{found.id}")


def _row(
    tx: Tx, company: CompanyRow, purpose: Purpose, mail: str, person_id: str | None, *, lang: str
) -> AddressProofRow:
    row = AddressProofRow(
        id=new_id(),
        company_id=company.id,
        person_id=person_id,
        purpose=purpose.value,
        lang=lang,
        mail_index=tx.keys.index(company.id, mail),
        mailbox_index=codes.mailbox_index(tx, company.id, mail),
        code_tries=0,
        code_mails=0,
        created_at=tx.now,
    )
    row.mail_sealed = tx.keys.seal_text(f"address_proof.mail_sealed:{row.id}", mail)
    tx.session.add(row)
    tx.session.flush()
    return row


def _send(tx: Tx, company: CompanyRow, row: AddressProofRow, mail: str, lives: timedelta, *, page_url: str) -> None:
    code, until = codes.make(tx, row, lives)
    values: dict[str, object] = {
        "code": code,
        "until": wording.moment(until, lang_of(row.lang)),
        "page_url": page_url,
    }
    codes.mail_to(tx, company, row, mail, name=f"{row.purpose}_code", values=values, gate_ref=f"proof:{row.id}:code")


def _may_send(tx: Tx, row: AddressProofRow) -> bool:
    return codes.asked_for_address(tx, row) < codes.CODE_MAILS_A_DAY_MAX


def _asked(tx: Tx, mine: object) -> int:
    day = AddressProofRow.created_at > tx.now - timedelta(days=1)
    return int(tx.session.scalar(select(func.sum(AddressProofRow.code_mails)).where(mine, day)) or 0)  # type: ignore[arg-type]


def _open(tx: Tx, request_id: str) -> AddressProofRow | None:
    """The newest code of a request that was not typed."""
    return tx.session.scalar(
        select(AddressProofRow)
        .where(
            AddressProofRow.request_id == request_id,
            AddressProofRow.ended_at.is_(None),
            AddressProofRow.mail_sealed.is_not(None),
        )
        .order_by(AddressProofRow.created_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _found(tx: Tx, token: str) -> AddressProofRow | None:
    link = links.find(tx, LinkKind.PROOF, token)
    return None if link is None else tx.session.get(AddressProofRow, link.subject)


def _address(tx: Tx, row: AddressProofRow) -> str:
    if row.mail_sealed is None:
        raise LinkGone
    return tx.keys.open_text(f"address_proof.mail_sealed:{row.id}", row.mail_sealed)
