"""The way back: undo within the hour, withdraw from one agency or all, stop all use, delete everything.

Order of locks, as everywhere: person, registration, referral, introduction, agency, account of the book; of one kind
the lower id first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from core import audit, jobs
from core.lang import lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, links, persons, signals, suppression
from crm.agency import agencies, agency_events
from crm.arrival import arrivals
from crm.consents import consent
from crm.consents.consent_texts import Purpose
from crm.delivery import hand_overs, referrals
from crm.invitation import invitations
from crm.links import LinkKind
from crm.profile import registration_data
from crm.referral import outcomes
from crm.referral.referral_states import Reason, State, disqualify, locked
from crm.rights import person_rows
from crm.slots import introduced
from crm.tables import CompanyRow, ConsentRow, IntroductionRow, InvitationRow, ReferralRow, RegistrationRow

SUBMITTED, UNDONE, WITHDRAWN, ERASED = "submitted", "undone", "withdrawn", "erased"
FORGET_MAILS_JOB = "forget_mails"
#: A mail that is in the queue now has left it by then, delivered or bounced (RFC 5321 4.5.4.1: 4-5 days).
MAIL_IN_QUEUE_MAX = timedelta(days=6)


def undo(tx: Tx, token: str) -> bool:
    """Take the whole registration back while nothing was handed over; the link can be used again. For a POST.

    ``token``: of the undo link in the receipt, or of the manage page. False: something left already (withdraw
    instead), or there is nothing to undo.

    Raises:
        LinkGone: the link is not valid.
    """
    row = registration_data.locked(tx, token, LinkKind.UNDO, LinkKind.MANAGE)
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

    When none is left, what was typed is emptied. Before the agency's acceptance there will be no credit; after it the
    credit stays as a bare number.

    Raises:
        LinkGone: the link is not valid.
    """
    row = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    if row.state != SUBMITTED:
        return 0
    ended = _end_consents(tx, row, agency_id)
    if ended:
        _send_ended(tx, row, agency_id)
    if agency_id is None or ended:
        _close_if_unused(tx, row)
    if ended:
        audit.record(tx, "candidate", "consent withdrawn", f"registration:{row.id}", agency=agency_id, consents=ended)
    return ended


def withdraw_from_company(tx: Tx, manage_token: str, purpose: Purpose) -> int:
    """End one consent that the company itself holds (pool, job mails, ...); the referrals go on. Returns how many.
    As in ``withdraw``, the last one takes with it what was typed.

    Raises:
        LinkGone: the link is not valid.
    """
    row = registration_data.locked(tx, manage_token, LinkKind.MANAGE)
    ended = consent.withdraw(tx, row.id, f"company:{row.company_id}", purpose)
    if ended:
        _close_if_unused(tx, row)
        audit.record(tx, "candidate", "consent withdrawn", f"registration:{row.id}", purpose=purpose.value)
    return ended


def end_agreed_since(tx: Tx, row: RegistrationRow, moment: datetime) -> int:
    """End what was agreed to after ``moment`` by somebody who was not the person: the agency gets nothing more, and is
    asked to delete what it has. The caller holds the registration. Returns how many agencies."""
    held = _referrals(tx, row.id)
    agreed = set(
        tx.session.scalars(
            select(ConsentRow.recipient).where(
                ConsentRow.registration_id == row.id, ConsentRow.given_at > moment, ConsentRow.withdrawn_at.is_(None)
            )
        )
    )
    agency_ids = [one.agency_id for one in held if f"agency:{one.agency_id}" in agreed and one.withdrawn_at is None]
    for agency_id in agency_ids:
        _end_consents(tx, row, agency_id)
    if agency_ids:
        _close_if_unused(tx, row)
    return len(agency_ids)


def erase(tx: Tx, manage_token: str) -> None:
    """Delete everything the candidate gave, here and (by recall) at the agencies; nothing is ever sent again.

    What stays: ledger numbers, provision records until their date, a suppression index (domain 3.3 invariant 23).

    Raises:
        LinkGone: the link is not valid.
    """
    erase_person(tx, registration_data.locked(tx, manage_token, LinkKind.MANAGE).person_id, actor="candidate")


def erase_person(tx: Tx, person_id: str, *, actor: str) -> None:
    """Do the same for whoever answers a request on paper; the mail floor deletes its copies by a job of its own.

    Raises:
        NotFound: no such person.
    """
    company_id = persons.lock(tx, person_id).company_id
    indexes, rows = persons.indexes(tx, person_id), _registrations(tx, person_id)
    offered = _take_turns(tx, person_id, rows, indexes)
    unwanted = [*indexes, *_proved_indexes(rows)]
    for row in rows:
        _end_consents(tx, row, None)
        row.state, row.ended_at = ERASED, row.ended_at or tx.now
        registration_data.forget(row)
        outcomes.forget(tx, row.id)
        row.mail_index = ""
    tx.session.flush()
    person_rows.empty(tx, person_id)
    introduced.leave(tx, offered)  # after that: an introduction that ends is no longer found by the address
    suppression.suppress_indexes(tx, company_id, unwanted, source="erased")
    signals.forget(tx, company_id, indexes)
    arrivals.forget(tx, company_id, indexes)
    persons.erase(tx, person_id)
    payload = {"company_id": company_id, "mail_indexes": indexes}
    for again, wait in enumerate((timedelta(0), MAIL_IN_QUEUE_MAX)):
        jobs.enqueue(tx, FORGET_MAILS_JOB, f"{FORGET_MAILS_JOB}:{person_id}:{again}", payload, due_at=tx.now + wait)
    audit.record(tx, actor, "person erased", f"person:{person_id}", registrations=len(rows))


def stop_use(tx: Tx, person_id: str, *, actor: str) -> int:
    """Stop every use of a person's data: all consents end, what left is recalled, no mail goes there any more.

    What was typed is emptied; addresses stay until their date, so that nothing is started anew (個人情報保護法 35条).
    Returns how many consents ended.

    Raises:
        NotFound: no such person.
    """
    company_id = persons.lock(tx, person_id).company_id
    indexes, rows, ended = persons.indexes(tx, person_id), _registrations(tx, person_id), 0
    offered = _take_turns(tx, person_id, rows, indexes)
    for row in rows:
        ended += _end_consents(tx, row, None)
        if row.state == SUBMITTED:
            row.state, row.ended_at = WITHDRAWN, tx.now
        registration_data.forget(row)
        links.revoke(tx, LinkKind.RELAY, row.invitation_id)
    tx.session.flush()
    introduced.leave(tx, offered)
    suppression.suppress_indexes(tx, company_id, [*indexes, *_proved_indexes(rows)], source="stop_use")
    audit.record(tx, actor, "use stopped", f"person:{person_id}", consents=ended)
    return ended


def _close_if_unused(tx: Tx, row: RegistrationRow) -> None:
    """Nobody may receive it any more, so there is no purpose to keep it (個人情報保護法 22条)."""
    if row.state == SUBMITTED and not consent.any_live(tx, row.id):
        row.state, row.ended_at = WITHDRAWN, tx.now
        registration_data.forget(row)
        tx.session.flush()


def _end_consents(tx: Tx, row: RegistrationRow, agency_id: int | None) -> int:
    ended = consent.withdraw(tx, row.id, None if agency_id is None else f"agency:{agency_id}")
    held = _referrals(tx, row.id)
    agency_events.take_turn(tx, {one.agency_id for one in held})
    for one in held:
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


def _registrations(tx: Tx, person_id: str) -> list[RegistrationRow]:
    query = select(RegistrationRow).where(RegistrationRow.person_id == person_id).order_by(RegistrationRow.id)
    return list(tx.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _proved_indexes(rows: Sequence[RegistrationRow]) -> list[str]:
    """Addresses that the person showed to be his own by a code; the company may know one as another applicant's."""
    return [row.mail_index for row in rows if row.mail_proof == "code" and row.mail_index]


def _take_turns(
    tx: Tx, person_id: str, rows: Sequence[RegistrationRow], indexes: Sequence[str]
) -> list[IntroductionRow]:
    """Lock all that hangs on a person and is changed by ending it, before the first agency is told of anything: a
    hand-over that runs meanwhile has its referral, and waits for the agency. Returns the introductions."""
    held = [one for row in rows for one in _referrals(tx, row.id)]
    offered = introduced.hold(tx, person_id, persons.get(tx, person_id).company_id, indexes)
    agency_events.take_turn(tx, {one.agency_id for one in held} | {one.agency_id for one in offered})
    return offered


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
        lang=lang_of(row.lang),
        gate_ref=f"ended:{row.id}",
        values={
            "agencies": names,
            "manage_url": links.url(tx.settings, LinkKind.MANAGE, links.reveal(tx, link)),
        },
    )
