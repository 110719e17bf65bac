"""Prometheus metrics in one place, so that their names can be read at once. Labels are words and ids, never people."""

import os

from prometheus_client import REGISTRY as _DEFAULT
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0)

MAILS_RECEIVED = Counter("careerrelay_mails_received_total", "Mails answered 250", ["company"])
MAILS_REFUSED = Counter("careerrelay_mails_refused_total", "SMTP refusals by reply code", ["code"])
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
DELIVERIES = Counter("careerrelay_deliveries_total", "Delivery attempts by result", ["result"])
COMMITS = Counter("careerrelay_commits_total", "Group commits of the mail path")
COMMIT_OPS = Counter("careerrelay_commit_ops_total", "Operations that shared those commits")
ACCEPT_SECONDS = Histogram("careerrelay_accept_seconds", "From the final dot to 250", buckets=_SECONDS)
RELAY_SECONDS = Histogram("careerrelay_relay_seconds", "From the final dot to the next hop's 250", buckets=_SECONDS)
QUEUE_MAILS = Gauge("careerrelay_queue_mails", "Mails not yet finished", ["state"], multiprocess_mode="mostrecent")
QUEUE_OLDEST_SECONDS = Gauge(
    "careerrelay_queue_oldest_seconds", "Age of the oldest unfinished mail", multiprocess_mode="mostrecent"
)
JOBS = Counter("careerrelay_jobs_total", "Jobs by kind and result", ["kind", "result"])
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
