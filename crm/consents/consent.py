"""THE gate: whether something about a person may leave. Unknown reference or no live matching consent: it stays here.

References (``gate_ref`` of the outbox; every outward path has one):

    referral:ID:profile | contact    to an agency: live consent to that agency, valid licence, programme running
    referral:ID:recall               to an agency that received something: please delete it
    referral:ID:recall_reminder      the same again, while it has not said that it did
    silence:ID:agency                to an agency that does not answer: names the pseudonym only
    talk:ID:agency                   to an agency that asked to talk, while the candidate has not answered: the same
    receipt:ID  code:ID  ended:ID    to the candidate about his own registration: unless erased
    moved:ID                         to the candidate's new address: the links that follow him there
    proof:ID:code | told             a code to an address that somebody named as his own; the word to his old address
    change:ID:told                   to both addresses of a change that was taken back
    talk:ID  silence:ID:candidate    to the candidate about a referral: not when suppressed
    invitation:ID                    a rejection mail with our link still waits to leave
    arrival:ID:code | answer         to who typed the address at the company's own link: to confirm it, and "not found"
    agency:ID:notice                 the digest and a way in; holds numbers, no person
    company:ID:digest | silence | licence | recall | wrong    to the company's own people; holds no person
    company:ID:dropbox               a mail as it came, to the company's own CRM; no link, nothing of a registration
    introduction:ID:company | agency what happened to an introduction; holds the need, no person
    statement:ID:company | agency    the monthly sums of a programme, and a slot that waits; holds no person
"""

from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy import select

from core.db import new_id
from core.lang import Lang
from core.runtime import Tx
from crm import links, persons, suppression
from crm.agency import agencies
from crm.consents.consent_texts import CONSENT_DAYS, ITEMS_OF, Box, Purpose, keep
from crm.profile import registration_data
from crm.referral.referral_states import State
from crm.tables import (
    AddressChangeRow,
    AddressProofRow,
    AgencyRow,
    ArrivalRow,
    CompanyRow,
    ConsentRow,
    IntroductionRow,
    InvitationRow,
    ProgrammeRow,
    ProvisionRow,
    RecallRow,
    ReferralRow,
    RegistrationRow,
    SubjectRequestRow,
)

_RUNNING = (State.PENDING, State.SHARED, State.ACKNOWLEDGED, State.COUNTED)
SUBMITTED = "submitted"


def may_leave(tx: Tx, gate_ref: str) -> bool:
    """Whether the mail or payload with this reference may leave now. Call it in the transaction that sends."""
    kind, _, rest = gate_ref.partition(":")
    subject, _, step = rest.partition(":")
    check = CHECKS.get((kind, step))
    return check is not None and bool(subject) and check(tx, subject)


def give(tx: Tx, registration: RegistrationRow, box: Box, lang: Lang) -> str:
    """Write one consent: one purpose, one recipient, its items, and the hash of the text; returns its id."""
    keep(tx, box.purpose.value, box.text, lang)
    row = ConsentRow(
        id=new_id(),
        company_id=registration.company_id,
        person_id=registration.person_id,
        registration_id=registration.id,
        purpose=box.purpose.value,
        recipient=box.recipient,
        items=list(box.items),
        text_sha256=box.text_sha256,
        lang=lang,
        given_at=tx.now,
        expires_at=tx.now + timedelta(days=CONSENT_DAYS),
    )
    tx.session.add(row)
    tx.session.flush()
    return row.id


def withdraw(tx: Tx, registration_id: str, recipient: str | None = None, purpose: Purpose | None = None) -> int:
    """End the live consents of a registration: all, those to one recipient, or for one purpose; final, a new consent
    is a new row."""
    rows = tx.session.scalars(
        select(ConsentRow)
        .where(ConsentRow.registration_id == registration_id, ConsentRow.withdrawn_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ended = [row for row in rows if recipient in (None, row.recipient) and purpose in (None, row.purpose)]
    for row in ended:
        row.withdrawn_at = tx.now
    tx.session.flush()
    return len(ended)


def live(tx: Tx, registration_id: str, purpose: Purpose, recipient: str, items: Collection[str]) -> ConsentRow | None:
    """Return the consent that covers all of ``items`` for that recipient now, if there is one."""
    rows = tx.session.scalars(
        select(ConsentRow)
        .where(
            ConsentRow.registration_id == registration_id,
            ConsentRow.purpose == purpose.value,
            ConsentRow.recipient == recipient,
            ConsentRow.withdrawn_at.is_(None),
            ConsentRow.given_at <= tx.now,
            ConsentRow.expires_at > tx.now,
        )
        .order_by(ConsentRow.given_at.desc())
        .execution_options(populate_existing=True)
    )
    return next((row for row in rows if set(items) <= set(row.items)), None)


def any_live(tx: Tx, registration_id: str) -> bool:
    """Whether a registration has any consent that still holds."""
    found = tx.session.scalar(
        select(ConsentRow.id)
        .where(
            ConsentRow.registration_id == registration_id,
            ConsentRow.withdrawn_at.is_(None),
            ConsentRow.expires_at > tx.now,
        )
        .limit(1)
    )
    return found is not None


def agency_may_receive(tx: Tx, company_id: int, agency_id: int) -> bool:
    """Whether the agency has a valid licence and a running programme today, and neither side is suspended."""
    return _company_runs(tx, company_id) and any(one.id == agency_id for one in agencies.licensed(tx, company_id))


def _profile(tx: Tx, referral_id: str) -> bool:
    return _to_agency(tx, referral_id, Purpose.PROFILE)


def _contact(tx: Tx, referral_id: str) -> bool:
    row = _referral(tx, referral_id)
    released = row is not None and row.contact_released_at is not None and row.answer == "accepted"
    return released and _to_agency(tx, referral_id, Purpose.CONTACT)


def _to_agency(tx: Tx, referral_id: str, purpose: Purpose) -> bool:
    row = _referral(tx, referral_id)
    if row is None or row.state not in _RUNNING or row.withdrawn_at is not None:
        return False
    if not _registered(tx, row.registration_id) or not agency_may_receive(tx, row.company_id, row.agency_id):
        return False
    if tx.session.get_one(RegistrationRow, row.registration_id).held_at is not None:
        return False
    return live(tx, row.registration_id, purpose, f"agency:{row.agency_id}", ITEMS_OF[purpose]) is not None


def _recall(tx: Tx, referral_id: str) -> bool:
    """The agency holds data and was asked to delete them: the request names the pseudonym only."""
    provided = tx.session.scalar(select(ProvisionRow.id).where(ProvisionRow.referral_id == referral_id).limit(1))
    return provided is not None and tx.session.get(RecallRow, referral_id) is not None


def _recall_reminder(tx: Tx, referral_id: str) -> bool:
    asked = tx.session.get(RecallRow, referral_id, populate_existing=True)
    return asked is not None and asked.acknowledged_at is None and _recall(tx, referral_id)


def _silent_agency(tx: Tx, referral_id: str) -> bool:
    row = _referral(tx, referral_id)
    return row is not None and row.state == State.SHARED and _profile(tx, referral_id)


def _talk_unanswered(tx: Tx, referral_id: str) -> bool:
    row = _referral(tx, referral_id)
    waits = row is not None and row.talk_asked_at is not None and row.talk_declined_at is None
    return waits and row is not None and row.contact_released_at is None and _profile(tx, referral_id)


def _own_act(tx: Tx, registration_id: str) -> bool:
    row = tx.session.get(RegistrationRow, registration_id, populate_existing=True)
    return row is not None and row.state != "erased" and not persons.get(tx, row.person_id).erased


def _about_referral(tx: Tx, referral_id: str) -> bool:
    row = _referral(tx, referral_id)
    if row is None or row.state not in _RUNNING or row.withdrawn_at is not None:
        return False
    if not _registered(tx, row.registration_id):
        return False
    # The mail goes to the registration's address, which may be known as another applicant's of this company.
    typed = registration_data.contact(tx, tx.session.get_one(RegistrationRow, row.registration_id))
    if typed is None or suppression.is_suppressed(tx, row.company_id, typed["mail"]):
        return False
    return not suppression.any_suppressed(tx, row.company_id, persons.indexes(tx, row.person_id))


def _invitation(tx: Tx, invitation_id: str) -> bool:
    row = tx.session.get(InvitationRow, invitation_id, populate_existing=True)
    if row is None or links.of(tx, links.LinkKind.RELAY, invitation_id) is None:
        return False
    if suppression.any_suppressed(tx, row.company_id, persons.indexes(tx, row.person_id)):
        return False
    return _company_runs(tx, row.company_id) and bool(agencies.licensed(tx, row.company_id))


def _arrival(tx: Tx, arrival_id: str) -> bool:
    row = tx.session.get(ArrivalRow, arrival_id, populate_existing=True)
    if row is None or suppression.any_suppressed(tx, row.company_id, [row.mail_index]):
        return False
    return _company_runs(tx, row.company_id)


def _proof(tx: Tx, proof_id: str) -> bool:
    row = tx.session.get(AddressProofRow, proof_id, populate_existing=True)
    if row is None or row.ended_at is not None or row.mail_sealed is None:
        return False
    asked = tx.session.get(SubjectRequestRow, row.request_id, populate_existing=True) if row.request_id else None
    return (asked is None or asked.ended_at is None) and _company_runs(tx, row.company_id)


def _proof_told(tx: Tx, proof_id: str) -> bool:
    row = tx.session.get(AddressProofRow, proof_id, populate_existing=True)
    if row is None or row.person_id is None or not _company_runs(tx, row.company_id):
        return False
    return not persons.get(tx, row.person_id).erased


def _change_told(tx: Tx, change_id: str) -> bool:
    row = tx.session.get(AddressChangeRow, change_id, populate_existing=True)
    return row is not None and _company_runs(tx, row.company_id) and not persons.get(tx, row.person_id).erased


def _company(tx: Tx, company_id: str) -> bool:
    return company_id.isascii() and company_id.isdecimal() and _company_runs(tx, int(company_id))


def _introduction_to_company(tx: Tx, introduction_id: str) -> bool:
    row = tx.session.get(IntroductionRow, introduction_id, populate_existing=True)
    return row is not None and _company_runs(tx, row.company_id)


def _introduction_to_agency(tx: Tx, introduction_id: str) -> bool:
    row = tx.session.get(IntroductionRow, introduction_id, populate_existing=True)
    return row is not None and agency_may_receive(tx, row.company_id, row.agency_id)


def _statement(tx: Tx, programme_id: str) -> bool:
    """Numbers of a book are owed to both sides of it, also after the contract or the licence has ended."""
    known = programme_id.isascii() and programme_id.isdecimal()
    row = tx.session.get(ProgrammeRow, int(programme_id)) if known else None
    return row is not None and _company_runs(tx, row.company_id)


def _agency_notice(tx: Tx, agency_id: str) -> bool:
    known = agency_id.isascii() and agency_id.isdecimal()
    row = tx.session.get(AgencyRow, int(agency_id), populate_existing=True) if known else None
    return row is not None and row.suspended_at is None


def _company_runs(tx: Tx, company_id: int) -> bool:
    row = tx.session.get(CompanyRow, company_id, populate_existing=True)
    return row is not None and row.suspended_at is None


def _referral(tx: Tx, referral_id: str) -> ReferralRow | None:
    return tx.session.get(ReferralRow, referral_id, populate_existing=True)


def _registered(tx: Tx, registration_id: str) -> bool:
    row = tx.session.get(RegistrationRow, registration_id, populate_existing=True)
    return row is not None and row.state == SUBMITTED and not persons.get(tx, row.person_id).erased


#: The registry of what may be asked: kind and step of a reference -> its check. What is not in it never leaves.
CHECKS: dict[tuple[str, str], Callable[[Tx, str], bool]] = {
    ("referral", "profile"): _profile,
    ("referral", "contact"): _contact,
    ("referral", "recall"): _recall,
    ("referral", "recall_reminder"): _recall_reminder,
    ("silence", "agency"): _silent_agency,
    ("receipt", ""): _own_act,
    ("code", ""): _own_act,
    ("ended", ""): _own_act,
    ("moved", ""): _own_act,
    ("proof", "code"): _proof,
    ("proof", "told"): _proof_told,
    ("change", "told"): _change_told,
    ("talk", ""): _about_referral,
    ("talk", "agency"): _talk_unanswered,
    ("silence", "candidate"): _about_referral,
    ("invitation", ""): _invitation,
    ("arrival", "code"): _arrival,
    ("arrival", "answer"): _arrival,
    ("agency", "notice"): _agency_notice,
    ("company", "digest"): _company,
    ("company", "silence"): _company,
    ("company", "dropbox"): _company,
    ("company", "licence"): _company,
    ("company", "recall"): _company,
    ("company", "wrong"): _company,
    ("introduction", "company"): _introduction_to_company,
    ("introduction", "agency"): _introduction_to_agency,
    ("statement", "company"): _statement,
    ("statement", "agency"): _statement,
}
