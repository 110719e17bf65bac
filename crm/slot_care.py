"""The daily look at slots: use those whose interview was held while their credits were too young, and remind of those
that nobody uses."""

from core.jobs import Claimed
from core.log import get_logger
from core.runtime import Runtime
from crm import introductions, programmes, statement_files

log = get_logger(__name__)

KIND = "slots"


def look_after(runtime: Runtime, _job: Claimed) -> None:
    """The job. Each slot and each programme has a transaction of its own; run again it changes nothing more."""
    with runtime.read() as tx:
        waiting, programme_ids = introductions.unsettled(tx), programmes.all_ids(tx)
    used = reminded = 0
    for introduction_id in waiting:
        with runtime.begin() as tx:
            used += introductions.settle(tx, introduction_id)
    for programme_id in programme_ids:
        with runtime.begin() as tx:
            reminded += statement_files.remind(tx, programme_id)
    log.info("slots looked after", extra={"used": used, "reminded": reminded})
