"""Prometheus metrics in one place, so that their names can be read at once. Labels are words and ids, never people.

Processes share them through files (`render`). A counter is the sum over all processes, the dead ones too. A gauge says
by its mode what several processes make of it: ``mostrecent`` where each measures the same thing, ``livesum`` where
each has a part of it, ``livemax`` where the worst counts. `docs/metrics.md` lists them all; a test compares.
"""

import os
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Sequence

from prometheus_client import REGISTRY as _DEFAULT
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client import Histogram as _Histogram
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0)
_OPS = (1, 2, 5, 10, 20, 50, 100, 200)


class Histogram(_Histogram):
    def observe_all(self, values: Sequence[float]) -> None:
        """Observe many values at the cost of a few."""
        for place, count in Counts(bisect_left(self._upper_bounds, value) for value in values).items():
            self._buckets[place].inc(count)
        self._sum.inc(sum(values))


class Tally:
    """What one event loop counts, to be given to Prometheus together: one increment there takes longer than a whole
    look at the clock, and an edited mail makes thirteen. What a process has not given when it is killed is lost."""

    def __init__(self) -> None:
        self._counts: Counts[tuple[Counter, tuple[str, ...]]] = Counts()
        self._observed: dict[Histogram, list[float]] = {}

    def count(self, counter: Counter, *labels: str, by: int = 1) -> None:
        """Add ``by`` to the counter with these values of its labels."""
        self._counts[counter, labels] += by

    def observe(self, histogram: Histogram, value: float) -> None:
        self._observed.setdefault(histogram, []).append(value)

    def hand_over(self) -> None:
        """Give everything since the last time; once a second is often enough for who reads it."""
        counts, self._counts = self._counts, Counts()
        observed, self._observed = self._observed, {}
        for (counter, labels), by in counts.items():
            (counter.labels(*labels) if labels else counter).inc(by)
        for histogram, values in observed.items():
            histogram.observe_all(values)


#: The gateway's; only its event loop counts here.
MAIL_PATH = Tally()

# --- what came in ---
MAILS_RECEIVED = Counter("careerrelay_mails_received_total", "Mails answered 250", ["company"])
MAILS_REFUSED = Counter("careerrelay_mails_refused_total", "SMTP replies 4xx and 5xx, by reply code", ["code"])

# --- what was decided and done ---
MAILS_DECIDED = Counter(
    "careerrelay_mails_decided_total", "Decisions on mails of recruiting senders", ["company", "verdict"]
)
MAILS_EDITED = Counter("careerrelay_mails_edited_total", "Mails that left with a CareerRelay block", ["company"])
MAILS_UNCHANGED = Counter(
    "careerrelay_mails_unchanged_total",
    "Mails that should have been edited and left unchanged, by reason",
    ["reason"],
)
FAIL_OPEN = Counter("careerrelay_fail_open_total", "Faults that let the original out, by kind", ["kind"])

# --- what left ---
DELIVERIES = Counter("careerrelay_deliveries_total", "Delivery attempts by result", ["result"])
BOUNCES = Counter("careerrelay_reports_total", "Reports to senders (RFC 3464) by action", ["action"])
OWN_MAILS = Counter("careerrelay_own_mails_total", "Mails that we wrote ourselves, by what became of them", ["state"])
NEXT_HOP_RESTS = Gauge(
    "careerrelay_next_hop_rests", "1 while no attempt is made at this next hop", ["hop"], multiprocess_mode="livemax"
)

# --- the queue ---
IN_HAND = Gauge("careerrelay_in_hand", "Mails on their way in memory", multiprocess_mode="livesum")
QUEUE_MAILS = Gauge("careerrelay_queue_mails", "Mails not yet finished", ["state"], multiprocess_mode="mostrecent")
QUEUE_OLDEST_SECONDS = Gauge(
    "careerrelay_queue_oldest_seconds", "Age of the oldest unfinished mail", multiprocess_mode="mostrecent"
)
QUEUE_STATE_OLDEST_SECONDS = Gauge(
    "careerrelay_queue_state_oldest_seconds",
    "Age of the oldest unfinished mail of a state",
    ["state"],
    multiprocess_mode="mostrecent",
)
SPOOL_BYTES = Gauge("careerrelay_spool_bytes", "Bytes of large bodies in the spool", multiprocess_mode="mostrecent")
DISK_FREE_BYTES = Gauge("careerrelay_disk_free_bytes", "Free bytes on the disk of HOME", multiprocess_mode="mostrecent")

# --- how long it took ---
ACCEPT_SECONDS = Histogram("careerrelay_accept_seconds", "From the final dot to 250", buckets=_SECONDS)
JUDGE_SECONDS = Histogram("careerrelay_judge_seconds", "Reading and deciding a recruiting mail", buckets=_SECONDS)
EDIT_SECONDS = Histogram("careerrelay_edit_seconds", "Editing a mail and storing the result", buckets=_SECONDS)
RELAY_SECONDS = Histogram("careerrelay_relay_seconds", "From the final dot to the next hop's 250", buckets=_SECONDS)
COMMITS = Counter("careerrelay_commits_total", "Group commits of the mail path")
COMMIT_OPS = Counter("careerrelay_commit_ops_total", "Operations that shared those commits")
COMMIT_BATCH_OPS = Histogram("careerrelay_commit_batch_ops", "Operations of one group commit", buckets=_OPS)
COMMIT_SECONDS = Histogram("careerrelay_commit_seconds", "Duration of one group commit", buckets=_SECONDS)

# --- everything else ---
JOBS = Counter("careerrelay_jobs_total", "Jobs by kind and result", ["kind", "result"])
WEBHOOKS = Counter("careerrelay_webhook_calls_total", "Calls of agencies' servers by result", ["result"])
JOBS_OPEN = Gauge("careerrelay_jobs_open", "Jobs by state, waiting or dead", ["state"], multiprocess_mode="mostrecent")
JOBS_OLDEST_SECONDS = Gauge(
    "careerrelay_jobs_oldest_seconds", "How long the oldest due job has been due", multiprocess_mode="mostrecent"
)
PAGES_OPENED = Counter(
    "careerrelay_invitation_pages_total",
    "GETs of invitation pages (scanners included; counts for nothing)",
    ["company"],
)
LOGINS = Counter("careerrelay_logins_total", "Console sign-ins by result", ["result"])


def render() -> bytes:
    """The metrics of every process of this installation, in Prometheus text format.

    With PROMETHEUS_MULTIPROC_DIR set (``careerrelay serve`` does) all processes share them, else this one's only.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_DEFAULT)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
