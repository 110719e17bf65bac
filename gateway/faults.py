"""Fail open: a fault of ours on a mail's way is counted and logged, and the mail goes on as it came."""

from collections.abc import Awaitable
from typing import TypeVar

from core.log import get_logger
from core.metrics import FAIL_OPEN
from gateway.work import Work

log = get_logger(__name__)

T = TypeVar("T")

#: The note of a mail that left unchanged because of a fault of ours.
FAULT = "fault"


async def tried(doing: Awaitable[T]) -> T | Exception:
    """Await what is done for one mail or one group; its result, or its fault: no other mail is to suffer from that."""
    try:
        return await doing
    except Exception as fault:  # noqa: BLE001 - whoever asked counts it, and lets the original out
        return fault


def count_fault(work: Work, kind: str, error: Exception) -> None:
    """Count and log a fault in the step ``kind``."""
    FAIL_OPEN.labels(kind).inc()
    log.error("fault on a mail's way", exc_info=error, extra={"queue_id": work.queue_id, "kind": kind})
