"""Checks of what waits: the age of the queue, held mails, failures, jobs that gave up."""

from collections.abc import Iterator
from datetime import timedelta

from careerrelay.doctor.finding import Finding, fail, ok, warn
from core import jobs
from core.runtime import Tx
from gateway import figures
from gateway.tables import MailState

#: The first retries are over after an hour; after four the senders are told of the delay (`relay.delay_notice_s`).
OLD_WARN, OLD_FAIL = timedelta(hours=1), timedelta(hours=4)
LOOK_BACK = timedelta(days=1)
JOB_OVERDUE = timedelta(minutes=15)


def queue(tx: Tx) -> Iterator[Finding]:
    """How long the oldest mail waits, how many are held, how many failed in a day."""
    backlog = figures.backlog(tx)
    held = backlog.mails[MailState.HELD.value]
    moving = backlog.total - held
    age = timedelta() if backlog.oldest is None else tx.now - backlog.oldest
    level = fail if age >= OLD_FAIL else warn if age >= OLD_WARN else ok
    text = "old" if level is not ok else "moving" if moving else "empty"
    yield level("queue", text, count=moving, retried=backlog.retried, minutes=int(age.total_seconds() // 60))
    if held:
        yield ok("queue", "held", count=held)
    failed = sum(tally.failed for tally in figures.tallies(tx, tx.now - LOOK_BACK).values())
    if failed:
        yield warn("queue", "failed", count=failed)


def background(tx: Tx) -> Iterator[Finding]:
    """Jobs: hand-overs, reminders, clean-up. Dead ones need a person; overdue ones say that no worker runs."""
    _, oldest, dead = jobs.backlog(tx)
    if oldest is not None and tx.now - oldest >= JOB_OVERDUE:
        yield warn("jobs", "overdue", minutes=int((tx.now - oldest).total_seconds() // 60))
    if dead:
        yield warn("jobs", "dead", count=dead)
    else:
        yield ok("jobs", "good")
