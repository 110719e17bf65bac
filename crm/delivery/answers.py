"""What an agency says about a referral: accepted, duplicate, ineligible; and what follows from it (decisions 23)."""

from dataclasses import dataclass
from datetime import date, timedelta

from core import audit
from core.clock import day_in_japan
from core.errors import NotFound
from core.runtime import Tx
from crm.agency import agencies
from crm.consents import consent
from crm.consents.consent_texts import ITEMS_OF, Purpose
from crm.delivery import hand_overs
from crm.delivery.hand_overs import Contact
from crm.delivery.referral_views import owned, view
from crm.errors import Refused, WrongState
from crm.referral import outcomes
from crm.referral.outcomes import OutcomeKind
from crm.referral.referral_states import DISPUTE_DAYS, Answer, Reason, ReferralView, State, disqualify
from crm.tables import RecallRow, ReferralRow
from ledger import book


@dataclass(frozen=True, slots=True)
class Answered:
    """The referral after an answer; ``credited``: this call added the credit."""

    referral: ReferralView
    credited: bool


def answer(tx: Tx, agency_id: int, referral_id: str, given: Answer) -> Answered:
    """Take the agency's answer; the same answer again changes nothing.

    ``accepted`` releases the contact and earns the credit when the candidate agreed to that. ``duplicate`` and
    ``ineligible`` end the referral; within 7 days of the release they reverse the credit.

    Raises:
        NotFound: no such referral of this agency.
        WrongState: withdrawn by the candidate (``withdrawn``), answered otherwise before (``answered``), or the
            dispute window is over (``dispute_over``).
        Refused: the agency has no valid licence, is suspended, or the contract does not run (``no_licence``).
    """
    row = owned(tx, agency_id, referral_id)
    _check_not_suspended(tx, row)
    if row.answer == given and (given is not Answer.ACCEPTED or row.contact_released_at is not None):
        return Answered(view(tx, row), credited=False)
    _check_answerable(tx, row, given)
    credited = False
    if given is Answer.ACCEPTED:
        if row.answer is None:
            row.state, row.answer, row.answered_at = State.ACKNOWLEDGED.value, given.value, tx.now
            tx.session.flush()
        credited = hand_overs.release_contact(tx, row)
    else:
        _turn_down(tx, row, given)
    audit.record(tx, f"agency:{agency_id}", "referral answered", f"referral:{row.id}", answer=given.value)
    return Answered(view(tx, row), credited)


def contact(tx: Tx, agency_id: int, referral_id: str) -> Contact:
    """Show the contact data to the agency that may have them; each look is audited, so this writes.

    Raises:
        NotFound: no such referral of this agency.
        WrongState: not released, or withdrawn meanwhile (``no_contact``).
    """
    row = owned(tx, agency_id, referral_id)
    found = hand_overs.contact_of(tx, row) if consent.may_leave(tx, f"referral:{row.id}:contact") else None
    if found is None:
        raise WrongState("no_contact", "the candidate has not released the contact data")
    audit.record(tx, f"agency:{agency_id}", "contact data read", f"referral:{row.id}")
    return found


def acknowledge_recall(tx: Tx, agency_id: int, referral_id: str) -> None:
    """Write down the agency's word that it deleted what it had; a second time changes nothing.

    Raises:
        NotFound: no such referral of this agency, or nothing was recalled.
    """
    row = owned(tx, agency_id, referral_id)
    asked = tx.session.get(RecallRow, row.id, with_for_update=True, populate_existing=True)
    if asked is None:
        raise NotFound("nothing was recalled")
    if asked.acknowledged_at is None:
        asked.acknowledged_at = tx.now
        tx.session.flush()
        audit.record(tx, f"agency:{agency_id}", "recall acknowledged", f"referral:{row.id}")


def report(tx: Tx, agency_id: int, referral_id: str, kind: OutcomeKind, happened_on: date) -> ReferralView:
    """Take the agency's word about what became of a referral; the same again changes nothing.

    Raises:
        NotFound: no such referral of this agency.
        WrongState: the contact data were not released to it, or the candidate withdrew (``no_contact``).
        Refused: the candidate did not agree that the course is told (``no_consent``), the day is still to come
            (``future``) or in a month before the hand-over (``before_hand_over``), or the agency is suspended
            (``no_licence``).
    """
    row = owned(tx, agency_id, referral_id)
    _check_not_suspended(tx, row)
    if row.contact_released_at is None or row.withdrawn_at is not None or row.state == State.DISQUALIFIED:
        raise WrongState("no_contact", "the contact data were not released, or the candidate withdrew")
    if not _outcome_agreed(tx, row):
        raise Refused("no_consent", "the candidate did not agree that outcomes are reported")
    if outcomes.in_future(tx, happened_on):
        raise Refused("future", "an outcome lies in the past")
    if row.shared_at is not None and happened_on < day_in_japan(row.shared_at).replace(day=1):
        raise Refused("before_hand_over", "nothing came of a profile before it was handed over")
    if outcomes.put(tx, row.id, kind, happened_on):
        audit.record(tx, f"agency:{agency_id}", "outcome reported", f"referral:{row.id}", outcome=kind.value)
    return view(tx, row)


def may_report(tx: Tx, referral: ReferralView) -> bool:
    """Whether the candidate agrees that the agency tells how it goes. Reads only."""
    row = tx.session.get_one(ReferralRow, referral.id)
    return referral.contact_released_at is not None and _outcome_agreed(tx, row)


def _outcome_agreed(tx: Tx, row: ReferralRow) -> bool:
    recipient, items = f"company:{row.company_id}", ITEMS_OF[Purpose.OUTCOME]
    return consent.live(tx, row.registration_id, Purpose.OUTCOME, recipient, items) is not None


def _check_not_suspended(tx: Tx, row: ReferralRow) -> None:
    """The links in its old mails still open its page: there it confirms deletions, and does nothing else."""
    if agencies.get(tx, row.agency_id).suspended:
        raise Refused("no_licence", "the agency is suspended")


def _check_answerable(tx: Tx, row: ReferralRow, given: Answer) -> None:
    if row.withdrawn_at is not None:
        raise WrongState("withdrawn", "the candidate withdrew consent")
    if row.answer not in (None, Answer.ACCEPTED):
        raise WrongState("answered", f"this referral was answered {row.answer}")
    if given is Answer.ACCEPTED and not consent.agency_may_receive(tx, row.company_id, row.agency_id):
        raise Refused("no_licence", "the agency has no valid licence or no running programme")


def _turn_down(tx: Tx, row: ReferralRow, given: Answer) -> None:
    too_late = WrongState("dispute_over", f"the {DISPUTE_DAYS} days to dispute are over")
    if row.state == State.COUNTED:
        done = book.reverse(tx, row.programme_id, row.id, given.value, f"agency:{row.agency_id}")
        if isinstance(done, book.NotReversed):
            raise too_late
        row.state, row.reason, row.reversed_at = State.REVERSED.value, given.value, tx.now
    elif row.contact_released_at and row.contact_released_at < tx.now - timedelta(days=DISPUTE_DAYS):
        raise too_late
    else:
        disqualify(row, Reason(given.value))
    row.answer, row.answered_at = given.value, tx.now
    tx.session.flush()
