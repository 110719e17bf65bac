"""The purge: every package's own steps, in small transactions, hourly; and what the next one would delete."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from core import jobs, outbox
from core.jobs import Claimed
from core.log import get_logger
from core.runtime import Runtime, Tx
from core.settings import Settings
from crm.rights import retention as crm_retention
from gateway.store import retention as gateway_retention
from ledger import retention as ledger_retention
from web import retention as web_retention

log = get_logger(__name__)

Step = Callable[[Tx], int]
#: What is left after so many rounds waits for the next hour.
ROUNDS_MAX = 500
#: A mail of ours stays listed so long, without its content: its key is what keeps it from being written twice.
OUTGOING_DAYS = 400


def steps(settings: Settings) -> Mapping[str, Step]:
    """Every step by what it deletes: at most 200 rows a call, 0 when nothing is left (decisions 10)."""
    ended = timedelta(days=settings.retention.job_days)
    settled = timedelta(days=OUTGOING_DAYS)
    return {
        **crm_retention.STEPS,
        "counted people whose window ended": ledger_retention.purge,
        "answers to agencies' programs, sign-in links": web_retention.purge,
        "copies of mails": gateway_retention.purge,
        "mails of our own that were settled": lambda tx: outbox.purge_settled(tx, tx.now - settled),
        "finished jobs": lambda tx: jobs.purge_finished(tx, tx.now - ended),
    }


def purge(runtime: Runtime, _job: Claimed) -> None:
    """Job ``purge``: forget what is older than its time."""
    run(runtime)


def run(runtime: Runtime) -> dict[str, int]:
    """Forget what is older than its time; returns how many rows each step touched."""
    gone = {name: repeat(runtime, step) for name, step in steps(runtime.settings).items()}
    log.info("purged", extra={"rows": sum(gone.values())})
    return gone


def try_out(runtime: Runtime) -> dict[str, int]:
    """Run the first round of every step and take it back: how many rows the next purge touches, of each at most 200."""
    found = {}
    for name, step in steps(runtime.settings).items():
        with runtime.db.transaction(write=True) as transaction:
            nested = transaction.session.begin_nested()
            found[name] = step(runtime.transaction(transaction))  # its hooks are never run: files stay
            nested.rollback()
    return found


def repeat(runtime: Runtime, step: Step) -> int:
    """Call ``step`` in a transaction of its own until it returns 0."""
    total = 0
    for _ in range(ROUNDS_MAX):
        with runtime.begin() as tx:
            count = step(tx)
        total += count
        if not count:
            break
    return total
