"""Referrals: a registration on its way to one agency. The jobs, the stopping, and the door to the verbs beside it.

``answers`` (the agency says yes or no), ``talks`` (it asks, the candidate agrees), ``hand_overs`` (what leaves).
"""

from sqlalchemy import select

from core import jobs
from core.jobs import Claimed
from core.log import get_logger
from core.runtime import Runtime, Tx
from crm.delivery import hand_overs, talks
from crm.delivery.answers import Answered, acknowledge_recall, answer, contact, may_report, report
from crm.delivery.hand_overs import SILENCE_JOB, Contact
from crm.delivery.referral_views import by_link, for_agency, get, of_registration
from crm.delivery.talks import TALK_SILENCE_JOB, agree_to_talk, ask_to_talk, decline_talk, talk_box
from crm.referral.referral_states import Answer, Reason, ReferralView, State, disqualify, locked
from crm.tables import ReferralRow, RegistrationRow

__all__ = [
    "HAND_OVER_JOB",
    "SILENCE_JOB",
    "TALK_SILENCE_JOB",
    "Answer",
    "Answered",
    "Contact",
    "Reason",
    "ReferralView",
    "State",
    "acknowledge_recall",
    "agree_to_talk",
    "answer",
    "ask_to_talk",
    "by_link",
    "contact",
    "decline_talk",
    "for_agency",
    "get",
    "hand_over",
    "may_report",
    "of_registration",
    "report",
    "talk_box",
    "tell_silence",
    "tell_talk_silence",
]

HAND_OVER_JOB = "hand_over"
_log = get_logger("crm.delivery.referrals")


def hand_over(runtime: Runtime, job: Claimed) -> None:
    """Job ``hand_over`` (payload ``{"referral_id"}``), due 60 minutes after the receipt. Run twice, it shares once."""
    with runtime.begin() as tx:
        shared = hand_overs.share(tx, job.payload["referral_id"])
    _log.info("referral handed over" if shared else "referral not handed over", extra={"job_id": job.id})


def tell_silence(runtime: Runtime, job: Claimed) -> None:
    """Job ``referral_silence`` (payload ``{"referral_id"}``), due 7 days after the hand-over."""
    with runtime.begin() as tx:
        talks.tell_silence(tx, job.payload["referral_id"])


def tell_talk_silence(runtime: Runtime, job: Claimed) -> None:
    """Job ``talk_silence`` (payload ``{"referral_id"}``), due 7 days after an agency asked to talk."""
    with runtime.begin() as tx:
        talks.tell_talk_silence(tx, job.payload["referral_id"])


def enqueue_hand_over(tx: Tx, registration: RegistrationRow, referral_id: str) -> None:
    """Plan the hand-over of one referral for the end of the time to undo."""
    key = f"{HAND_OVER_JOB}:{referral_id}"
    jobs.enqueue(tx, HAND_OVER_JOB, key, {"referral_id": referral_id}, due_at=registration.hand_over_at)


def plan_again(tx: Tx, registration: RegistrationRow, referral_id: str) -> None:
    """Plan a hand-over anew whose job may have come and gone while the registration was held."""
    due_at = max(registration.hand_over_at or tx.now, tx.now)
    if not jobs.reschedule(tx, f"{HAND_OVER_JOB}:{referral_id}", due_at):
        enqueue_hand_over(tx, registration, referral_id)


def stop_pending(tx: Tx, invitation_id: str, *, reason: Reason) -> int:
    """Stop the hand-overs of an invitation that have not been made; returns how many."""
    ids = tx.session.scalars(
        select(ReferralRow.id)
        .join(RegistrationRow, RegistrationRow.id == ReferralRow.registration_id)
        .where(RegistrationRow.invitation_id == invitation_id, ReferralRow.state == State.PENDING.value)
        .order_by(ReferralRow.id)
    ).all()
    return sum(stop(tx, referral_id, reason) for referral_id in ids)


def stop(tx: Tx, referral_id: str, reason: Reason) -> bool:
    """Stop one hand-over that has not been made; False when it was made (or stopped) before."""
    row = locked(tx, referral_id)
    if row.state != State.PENDING:
        return False
    disqualify(row, reason)
    tx.session.flush()
    jobs.cancel(tx, f"{HAND_OVER_JOB}:{referral_id}")
    return True
