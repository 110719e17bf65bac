"""Job kind -> function. A handler is idempotent: after a crash it runs again."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from careerrelay import daily
from careerrelay.digest import hold_digest
from core import jobs
from core.clock import JST
from core.jobs import Claimed
from core.log import get_logger
from core.runner import Handler
from core.runtime import Runtime, Tx
from crm import agencies, referrals
from crm import retention as crm_retention
from ledger import heads
from ledger import retention as ledger_retention
from web import retention as web_retention

log = get_logger(__name__)

LICENCE_NOTICE_DAYS = 60
#: A purge deletes in small transactions; what is left after so many waits for the next hour.
PURGE_ROUNDS_MAX = 500


def purge(runtime: Runtime, _job: Claimed) -> None:
    """Forget what is older than its time, in small transactions; the mail floor sees to its own."""
    ended = timedelta(days=runtime.settings.retention.job_days)
    gone = _repeat(runtime, crm_retention.purge) + _repeat(runtime, ledger_retention.purge)
    gone += _repeat(runtime, web_retention.purge)
    gone += _repeat(runtime, lambda tx: jobs.purge_finished(tx, tx.now - ended), rounds_max=1)
    log.info("purged", extra={"rows": gone})


def sign_heads(runtime: Runtime, _job: Claimed) -> None:
    """Sign the end of every book that grew since yesterday."""
    signed = _repeat(runtime, lambda tx: len(heads.sign_heads(tx)))
    log.info("heads of the book signed", extra={"programmes": signed})


def licences(runtime: Runtime, _job: Claimed) -> None:
    """Say in the log which agencies' licences end soon; without a licence no link goes out."""
    with runtime.read() as tx:
        today = tx.now.astimezone(JST).date()
        for agency in agencies.all_agencies(tx):
            days = (agency.licence_expires_on - today).days
            if days <= LICENCE_NOTICE_DAYS and not agency.suspended:
                log.warning("licence ends soon", extra={"agency_id": agency.id, "days": days})


def _repeat(runtime: Runtime, purge_some: Callable[[Tx], int], rounds_max: int = PURGE_ROUNDS_MAX) -> int:
    total = 0
    for _ in range(rounds_max):
        with runtime.begin() as tx:
            count = purge_some(tx)
        total += count
        if not count:
            break
    return total


HANDLERS: Mapping[str, Handler] = {
    referrals.HAND_OVER_JOB: referrals.hand_over,
    referrals.SILENCE_JOB: referrals.tell_silence,
    daily.KIND: daily.send,
    "hold_digest": hold_digest,
    "licences": licences,
    "purge": purge,
    "sign_heads": sign_heads,
}
