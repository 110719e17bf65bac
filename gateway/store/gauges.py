"""Measures for the gauges of `core.metrics`: how much waits and since when, and what the spool takes on the disk."""

import shutil

from core import metrics
from core.runtime import Runtime
from core.settings import Settings
from gateway import figures
from gateway.store.spool import directory_of


def measure(runtime: Runtime) -> None:
    """Set the gauges of queue and disk; every gateway process does so, the most recent value counts."""
    with runtime.read() as tx:
        backlog, now = figures.backlog(tx), tx.now
    ages_s = {state: (now - at).total_seconds() for state, at in backlog.oldest_at.items()}
    for state, count in backlog.mails.items():
        metrics.QUEUE_MAILS.labels(state).set(count)
        metrics.QUEUE_STATE_OLDEST_SECONDS.labels(state).set(max(ages_s.get(state, 0.0), 0.0))
    metrics.QUEUE_OLDEST_SECONDS.set(max([0.0, *ages_s.values()]))
    metrics.SPOOL_BYTES.set(spool_bytes(runtime.settings))
    metrics.DISK_FREE_BYTES.set(shutil.disk_usage(runtime.settings.home).free)


def spool_bytes(settings: Settings) -> int:
    """Bytes of the body files; one that goes away while we look counts nothing."""
    total = 0
    for path in directory_of(settings).glob("*.eml"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
