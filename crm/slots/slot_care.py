"""The daily look at slots: use those whose interview was held while their credits were too young, and remind of those
that nobody uses."""

from core.jobs import Claimed
from core.lang import lang_of
from core.log import get_logger
from core.outbox import Kind
from core.runtime import Runtime, Tx
from crm import letters
from crm.consents.consent import agency_may_receive
from crm.registry import programmes
from crm.slots import introductions
from crm.tables import AgencyRow, CompanyRow, ProgrammeRow
from ledger import book, months, rows

log = get_logger(__name__)

SLOTS_JOB = "slots"
#: A free slot that nobody used for so long is mentioned (domain 3.6: warn 180 d).
REMIND_DAYS = 180


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
            reminded += remind(tx, programme_id)
    log.info("slots looked after", extra={"used": used, "reminded": reminded})


def remind(tx: Tx, programme_id: int) -> bool:
    """Tell the company of slots that nobody used for half a year, and again after each further half year; a slot does
    not expire. True when the mail is new."""
    free_since = months.free_since(
        rows.read(tx, programme_id), {one.policy.version: one.policy.threshold for one in book.terms(tx, programme_id)}
    )
    balance = book.balance(tx, programme_id)
    row = tx.session.get_one(ProgrammeRow, programme_id)
    company = tx.session.get_one(CompanyRow, row.company_id)
    if free_since is None or not balance.slots_free or not company.contact_mail:
        return False
    if not agency_may_receive(tx, row.company_id, row.agency_id):
        return False  # nothing can be asked of this agency now
    times = (tx.now - free_since).days // REMIND_DAYS
    if not times:
        return False
    return letters.send(
        tx,
        name="slot_reminder",
        key=f"slot_reminder:{programme_id}:{free_since.isoformat()}:{times}",
        company=company,
        kind=Kind.OWN_COMPANY,
        recipient=company.contact_mail,
        lang=lang_of(company.locale),
        gate_ref=f"statement:{programme_id}:company",
        values={
            "agency": tx.session.get_one(AgencyRow, row.agency_id).name,
            "slots_free": balance.slots_free,
            "days": times * REMIND_DAYS,
            "console_url": f"{tx.settings.web.base_url}/console/introductions/new?programme={programme_id}",
        },
    )
