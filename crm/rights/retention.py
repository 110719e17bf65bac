"""What is forgotten and when (domain 3.6): at most 200 rows a step, called again until nothing is left to do.

Every stored person has an end (domain 3.3 invariant 25). First what was typed goes, then the address, and last, when
neither the bar of 365 days nor a proof of three years needs it any more, the person as such.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update

from core.clock import day_in_japan
from core.runtime import Tx
from crm.agency import agency_events
from crm.arrival import arrival_answers
from crm.consents import provisions
from crm.consents.consent_texts import CONSENT_DAYS
from crm.invitation.invitations import BAR_DAYS
from crm.profile import registration_data
from crm.rights import person_rows, withdrawals
from crm.rights.subject_requests import OPEN
from crm.slots import introductions
from crm.tables import (
    AddressChangeRow,
    AddressProofRow,
    AtsSignalRow,
    CandidateRow,
    ConsentRow,
    IntroductionRow,
    InvitationDayRow,
    InvitationMailRow,
    InvitationRow,
    LinkRow,
    NoticeRow,
    PersonMailRow,
    PersonRow,
    ProvisionRow,
    RegistrationRow,
    SubjectRequestRow,
)

ROWS_MAX = 200
#: A person has a dozen rows or two.
PERSONS_MAX = 10
STARTED_HOURS = 24
REJECTED_DAYS = 180
LINK_DAYS = 30
MAIL_DAYS = 60
SIGNAL_DAYS = 365
PROOF_LIVES = timedelta(days=2)
#: The word to the old address leaves only while the proof stands (`crm/consents/consent.py`): as long as it may wait.
PROVED_LIVES = withdrawals.MAIL_IN_QUEUE_MAX
#: As the link (`crm/candidate/address_restores.py`).
CHANGE_LIVES = timedelta(days=7)
PROOF_DAYS = provisions.KEEP_DAYS


def purge(tx: Tx) -> int:
    """Delete what has ended; returns the number of rows touched, 0 when all is done."""
    return sum(step(tx) for step in STEPS.values())


def _unconfirmed(tx: Tx) -> int:
    """Registrations whose address was never confirmed: what was typed goes after a day."""
    ids = _page(
        tx,
        select(RegistrationRow.id).where(
            RegistrationRow.state == "started",
            RegistrationRow.created_at < tx.now - timedelta(hours=STARTED_HOURS),
        ),
    )
    tx.session.execute(delete(LinkRow).where(LinkRow.kind == "confirm", LinkRow.subject.in_(ids)))
    # Asked again: a code typed meanwhile makes it a registration.
    tx.session.execute(delete(RegistrationRow).where(RegistrationRow.id.in_(ids), RegistrationRow.state == "started"))
    return len(ids)


def _expired(tx: Tx) -> int:
    """Registrations older than the consents given in them: nothing may leave any more, so nothing is kept."""
    live = exists().where(
        ConsentRow.registration_id == RegistrationRow.id,
        ConsentRow.withdrawn_at.is_(None),
        ConsentRow.expires_at > tx.now,
    )
    rows = tx.session.scalars(
        select(RegistrationRow)
        .where(
            RegistrationRow.state == "submitted",
            RegistrationRow.submitted_at < tx.now - timedelta(days=CONSENT_DAYS),
            ~live,
        )
        .order_by(RegistrationRow.id)
        .limit(ROWS_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state, row.ended_at = "expired", tx.now
        registration_data.forget(row)
    tx.session.flush()
    return len(rows)


def _addresses(tx: Tx) -> int:
    """Addresses of people who did not register go after 180 days; the index stays, for the bar of 365 days."""
    cutoff = tx.now - timedelta(days=REJECTED_DAYS)
    busy = or_(
        exists().where(RegistrationRow.person_id == PersonMailRow.person_id, RegistrationRow.state == "submitted"),
        exists().where(InvitationRow.person_id == PersonMailRow.person_id, InvitationRow.issued_at >= cutoff),
    )
    ids = _page(
        tx,
        select(PersonMailRow.id).where(PersonMailRow.sealed.is_not(None), PersonMailRow.created_at < cutoff, ~busy),
    )
    tx.session.execute(update(PersonMailRow).where(PersonMailRow.id.in_(ids)).values(sealed=None))
    return len(ids)


def _persons(tx: Tx) -> int:
    """People of whom nothing readable is left and whom no bar and no proof needs: the whole skeleton goes."""
    query = select(PersonRow.id).where(*_of_no_use(tx.now)).order_by(PersonRow.id).limit(PERSONS_MAX)
    ids = tx.session.scalars(query.with_for_update(skip_locked=True)).all()
    return sum(person_rows.delete_all(tx, person_id) for person_id in ids)


def _of_no_use(now: datetime) -> list[ColumnElement[bool]]:
    barred, proved = now - timedelta(days=BAR_DAYS), now - timedelta(days=PROOF_DAYS)
    mine = PersonRow.id
    barring = or_(
        PersonRow.created_at >= barred,
        exists().where(InvitationRow.person_id == mine, InvitationRow.issued_at >= barred),
        exists().where(NoticeRow.person_id == mine, NoticeRow.first_at >= barred),
    )
    needed = (
        exists().where(PersonMailRow.person_id == mine, PersonMailRow.sealed.is_not(None)),
        exists().where(RegistrationRow.person_id == mine, RegistrationRow.state.in_(("started", "submitted"))),
        # The proof that somebody agreed is kept as long as the record of what was given on it (domain LAW17).
        exists().where(
            ConsentRow.person_id == mine, func.coalesce(ConsentRow.withdrawn_at, ConsentRow.expires_at) >= proved
        ),
        exists().where(ProvisionRow.person_id == mine),
        exists().where(CandidateRow.person_id == mine, CandidateRow.entered_at >= barred),
        exists().where(IntroductionRow.person_id == mine, IntroductionRow.identity_sealed.is_not(None)),
        exists().where(SubjectRequestRow.person_id == mine, SubjectRequestRow.state.in_([one.value for one in OPEN])),
    )
    # Who was erased is barred by the suppression, for good.
    return [or_(PersonRow.erased_at.is_not(None), ~barring), and_(*(~one for one in needed))]


def _signals(tx: Tx) -> int:
    """What an ATS said a year ago; an ATS that still has it says it again."""
    ids = _page(tx, select(AtsSignalRow.id).where(AtsSignalRow.received_at < tx.now - timedelta(days=SIGNAL_DAYS)))
    tx.session.execute(delete(AtsSignalRow).where(AtsSignalRow.id.in_(ids)))
    return len(ids)


def _requests(tx: Tx) -> int:
    """Requests that ended three years ago, with what was said in them."""
    cutoff = tx.now - timedelta(days=PROOF_DAYS)
    ids = _page(tx, select(SubjectRequestRow.id).where(SubjectRequestRow.ended_at < cutoff))
    tx.session.execute(delete(SubjectRequestRow).where(SubjectRequestRow.id.in_(ids)))
    return len(ids)


def _proofs(tx: Tx) -> int:
    """Codes that were never typed go after two days; those that proved an address have forgotten it, and go later."""
    unused = AddressProofRow.ended_at.is_(None) & (AddressProofRow.created_at < tx.now - PROOF_LIVES)
    used = AddressProofRow.ended_at < tx.now - PROVED_LIVES
    ids = _page(tx, select(AddressProofRow.id).where(unused | used))
    tx.session.execute(delete(LinkRow).where(LinkRow.kind == "proof", LinkRow.subject.in_(ids)))
    tx.session.execute(delete(AddressProofRow).where(AddressProofRow.id.in_(ids)))
    return len(ids)


def _changes(tx: Tx) -> int:
    """How an address was before: as long as it can be put back, and the word of that may wait in a queue."""
    unused = AddressChangeRow.ended_at.is_(None) & (AddressChangeRow.created_at < tx.now - CHANGE_LIVES)
    used = AddressChangeRow.ended_at < tx.now - withdrawals.MAIL_IN_QUEUE_MAX
    ids = _page(tx, select(AddressChangeRow.id).where(unused | used))
    tx.session.execute(delete(LinkRow).where(LinkRow.kind == "restore", LinkRow.subject.in_(ids)))
    tx.session.execute(delete(AddressChangeRow).where(AddressChangeRow.id.in_(ids)))
    return len(ids)


def _dead_links(tx: Tx) -> int:
    cutoff = tx.now - timedelta(days=LINK_DAYS)
    ids = _page(tx, select(LinkRow.id).where(LinkRow.expires_at < cutoff))
    tx.session.execute(delete(LinkRow).where(LinkRow.id.in_(ids)))
    return len(ids)


def _old_counts(tx: Tx) -> int:
    cutoff = tx.now - timedelta(days=MAIL_DAYS)
    ids = tx.session.scalars(
        select(InvitationMailRow.mail_id).where(InvitationMailRow.at < cutoff).limit(ROWS_MAX)
    ).all()
    tx.session.execute(delete(InvitationMailRow).where(InvitationMailRow.mail_id.in_(ids)))
    tx.session.execute(delete(InvitationDayRow).where(InvitationDayRow.day < cutoff.date().isoformat()))
    return len(ids)


def _old_provisions(tx: Tx) -> int:
    """Three years after the hand-over the record may go (施行規則 21条)."""
    ids = _page(tx, select(ProvisionRow.id).where(ProvisionRow.keep_until < day_in_japan(tx.now)))
    tx.session.execute(delete(ProvisionRow).where(ProvisionRow.id.in_(ids)))
    return len(ids)


def _page(tx: Tx, query: Select[str]) -> list[str]:
    return list(tx.session.scalars(query.limit(ROWS_MAX)))


#: What is forgotten, by name: `careerrelay purge --dry-run` shows each.
STEPS: Mapping[str, Callable[[Tx], int]] = {
    "arrivals": arrival_answers.purge,
    "registrations never confirmed": _unconfirmed,
    "registrations whose consents ended": _expired,
    "addresses of people who did not register": _addresses,
    "introductions that ended": introductions.purge,
    "what agencies were told": agency_events.purge,
    "provision records": _old_provisions,
    "people": _persons,
    "signals of an ATS": _signals,
    "requests of people": _requests,
    "codes that prove an address": _proofs,
    "addresses before a change": _changes,
    "links": _dead_links,
    "counts of invitations": _old_counts,
}
