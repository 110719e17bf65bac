"""Fail open: a fault of ours on a mail's way is counted and logged, and the mail goes on as it came."""

from core.log import get_logger
from core.metrics import FAIL_OPEN
from gateway.work import Work

log = get_logger(__name__)

#: The note of a mail that left unchanged because of a fault of ours.
FAULT = "fault"


def count_fault(work: Work, kind: str, error: Exception) -> None:
    """Count and log a fault in the step ``kind``."""
    FAIL_OPEN.labels(kind).inc()
    log.error("fault on a mail's way", exc_info=error, extra={"queue_id": work.queue_id, "kind": kind})
