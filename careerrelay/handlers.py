"""Job kind -> function. A handler is idempotent: after a crash it runs again."""

from collections.abc import Mapping

from careerrelay import daily
from careerrelay.digest import hold_digest
from careerrelay.purging import purge, repeat
from connectors import agency_webhook
from core.jobs import Claimed
from core.log import get_logger
from core.runner import Handler
from core.runtime import Runtime
from crm.agency import agency_events, licences
from crm.arrival import arrival_answers
from crm.delivery import desk, recalls, referrals
from crm.rights import withdrawals
from crm.slots import slot_care, statement_files
from gateway.store import person_mails
from ledger import heads

log = get_logger(__name__)


def sign_heads(runtime: Runtime, _job: Claimed) -> None:
    """Sign the end of every book that grew since yesterday."""
    signed = repeat(runtime, lambda tx: len(heads.sign_heads(tx)))
    log.info("heads of the book signed", extra={"programmes": signed})


HANDLERS: Mapping[str, Handler] = {
    referrals.HAND_OVER_JOB: referrals.hand_over,
    referrals.SILENCE_JOB: referrals.tell_silence,
    referrals.TALK_SILENCE_JOB: referrals.tell_talk_silence,
    arrival_answers.WAITING_JOB: arrival_answers.tell_waiting,
    agency_events.WEBHOOK_JOB: agency_webhook.send,
    desk.DIGEST_JOB: desk.send_digest,
    "agency_digests": desk.plan_digests,
    daily.REPORT_JOB: daily.send,
    "hold_digest": hold_digest,
    licences.LICENCES_JOB: licences.tell,
    recalls.RECALLS_JOB: recalls.chase,
    withdrawals.FORGET_MAILS_JOB: person_mails.forget,
    slot_care.SLOTS_JOB: slot_care.look_after,
    statement_files.STATEMENTS_JOB: statement_files.send_all,
    "purge": purge,
    "sign_heads": sign_heads,
}
