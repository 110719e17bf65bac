"""The candidate's way back: undo within the hour, withdraw from one agency or all, delete everything."""

from sqlalchemy import select

from core import audit
from core.outbox import Kind
from core.runtime import Tx
from crm import (
    agencies,
    consent,
    hand_overs,
    invitations,
    letters,
    links,
    persons,
    referrals,
    registration_data,
    signals,
    suppression,
)
from crm.errors import LinkGone
from crm.links import LinkKind
from crm.referral_states import Reason, State, disqualify, locked
from crm.tables import CompanyRow, InvitationRow, ReferralRow, RegistrationRow

SUBMITTED, UNDONE, WITHDRAWN, ERASED = "submitted", "undone", "withdrawn", "erased"


def undo(tx: Tx, token: str) -> bool:
    """Take the whole registration back while nothing was handed over; the link can be used again. For a POST.

    ``token``: of the undo link in the receipt, or of the manage page. False: something left already (withdraw
    instead), or there is nothing to undo.

    Raises:
        LinkGone: the link is not valid.
    """
    row = _registration(tx, token, LinkKind.UNDO, LinkKind.MANAGE)
    held = _referrals(tx, row.id)
    if row.state != SUBMITTED or any(one.shared_at is not None for one in held):
        return False
    for one in held:
        referrals.stop(tx, one.id, Reason.UNDONE)
    consent.withdraw(tx, row.id)
    row.state, row.ended_at = UNDONE, tx.now
    registration_data.forget(row)
    tx.session.get_one(InvitationRow, row.invitation_id).state = invitations.ISSUED
    links.revoke(tx, LinkKind.UNDO, row.id)
    audit.record(tx, "candidate", "registration undone", f"registration:{row.id}")
    return True


def withdraw(tx: Tx, manage_token: str, agency_id: int | None = None) -> int:
    """End the consents for one agency, or all: nothing more leaves, what left is recalled. Returns consents ended.

    Before the agency's acceptance there will be no credit; after it the credit stays as a bare number.

    Raises:
        LinkGone: the link is not valid.
    """
    row = _registration(tx, manage_token, LinkKind.MANAGE)
    if row.state != SUBMITTED:
        return 0
    ended = _end_consents(tx, row, agency_id)
    if ended:
        _send_ended(tx, row, agency_id)
    if agency_id is None:
        row.state, row.ended_at = WITHDRAWN, tx.now
        registration_data.forget(row)  # nobody may receive it any more, so there is no purpose to keep it
        tx.session.flush()
    if ended:
        audit.record(tx, "candidate", "consent withdrawn", f"registration:{row.id}", agency=agency_id, consents=ended)
    return ended


def erase(tx: Tx, manage_token: str) -> None:
    """Delete everything the candidate gave, here and (by recall) at the agencies; nothing is ever sent again.

    What stays: ledger numbers, provision records until their date, a suppression index (domain 3.3 invariant 23).

    Raises:
        LinkGone: the link is not valid.
    """
    person_id = _registration(tx, manage_token, LinkKind.MANAGE).person_id
    ids = tx.session.scalars(
        select(RegistrationRow.id).where(RegistrationRow.person_id == person_id).order_by(RegistrationRow.id)
    ).all()
    for registration_id in ids:
        row = tx.session.get_one(RegistrationRow, registration_id)
        _end_consents(tx, row, None)
        row.state, row.ended_at = ERASED, row.ended_at or tx.now
        registration_data.forget(row)
        row.mail_index = ""
        for kind in (LinkKind.MANAGE, LinkKind.UNDO, LinkKind.CONFIRM):
            links.revoke(tx, kind, registration_id)
        links.revoke(tx, LinkKind.RELAY, row.invitation_id)
    company_id, indexes = persons.get(tx, person_id).company_id, persons.indexes(tx, person_id)
    suppression.suppress_indexes(tx, company_id, indexes, source="erased")
    signals.forget(tx, company_id, indexes)
    persons.erase(tx, person_id)
    audit.record(tx, "candidate", "person erased", f"person:{person_id}", registrations=len(ids))


def _end_consents(tx: Tx, row: RegistrationRow, agency_id: int | None) -> int:
    ended = consent.withdraw(tx, row.id, None if agency_id is None else f"agency:{agency_id}")
    for one in _referrals(tx, row.id):
        if agency_id in (None, one.agency_id) and one.withdrawn_at is None:
            _end_referral(tx, one)
    return ended


def _end_referral(tx: Tx, row: ReferralRow) -> None:
    referrals.stop(tx, row.id, Reason.WITHDRAWN)
    row.withdrawn_at = tx.now
    if row.state in (State.SHARED, State.ACKNOWLEDGED):
        disqualify(row, Reason.WITHDRAWN)
    tx.session.flush()
    hand_overs.recall(tx, row)


def _registration(tx: Tx, token: str, *kinds: LinkKind) -> RegistrationRow:
    link = next((found for kind in kinds if (found := links.find(tx, kind, token)) is not None), None)
    row = tx.session.get(RegistrationRow, link.subject) if link else None
    if row is None:
        raise LinkGone
    persons.lock(tx, row.person_id)
    tx.session.refresh(row, with_for_update=True)
    return row


def _referrals(tx: Tx, registration_id: str) -> list[ReferralRow]:
    """Lock them in one order, so that two who end them never wait for each other."""
    ids = tx.session.scalars(
        select(ReferralRow.id).where(ReferralRow.registration_id == registration_id).order_by(ReferralRow.id)
    ).all()
    return [locked(tx, referral_id) for referral_id in ids]


def _send_ended(tx: Tx, row: RegistrationRow, agency_id: int | None) -> None:
    contact, link = registration_data.contact(tx, row), links.of(tx, LinkKind.MANAGE, row.id)
    if contact is None or link is None:
        return
    told = [one for one in _referrals(tx, row.id) if agency_id in (None, one.agency_id)]
    names = [{"name": agencies.get(tx, one.agency_id).name, "recalled": one.shared_at is not None} for one in told]
    letters.send(
        tx,
        name="ended",
        key=f"ended:{row.id}:{agency_id or 'all'}",
        company=tx.session.get_one(CompanyRow, row.company_id),
        kind=Kind.CANDIDATE,
        recipient=contact["mail"],
        lang=hand_overs.registration_lang(row),
        gate_ref=f"ended:{row.id}",
        values={
            "agencies": names,
            "manage_url": links.url(tx.settings, LinkKind.MANAGE, links.reveal(tx, link)),
        },
    )
