"""A statement as CSV, as PDF and as the mail that carries both to the two sides."""

from datetime import timedelta

from core import jobs
from core.errors import NotFound
from core.jobs import Claimed
from core.lang import Lang, lang_of
from core.log import get_logger
from core.outbox import Attachment, Kind
from core.runtime import Runtime, Tx
from crm import letters
from crm.registry import programmes
from crm.slots import statement_words, statements
from crm.slots.statements import Statement
from crm.tables import AgencyRow, CompanyRow, ProgrammeRow
from ledger import months
from ledger.csvfile import BOM, line

log = get_logger(__name__)

STATEMENTS_JOB = "statements"
#: Hour of the first day of a month, in Japan, from which the last month's statements go out.
HOUR = 9


def csv(one: Statement, lang: Lang) -> bytes:
    """One line a number (RFC 4180, UTF-8 with BOM); the first column is for programs."""
    groups = (statement_words.parties, statement_words.credits, statement_words.slots, statement_words.proof)
    lines = [line(("item", "label", "value"))]
    lines += [line(item) for group in groups for item in group(one, lang)]
    for slot in one.slots:
        settled = slot.settled_on.isoformat() if slot.settled_on else ""
        words = f"{statement_words.state_word(slot.state, lang)} {slot.reserved_on.isoformat()} {settled}".rstrip()
        lines.append(line((f"slot_{slot.state.value}", slot.need, words)))
    return BOM + b"".join(lines)


def attachments(one: Statement, lang: Lang) -> tuple[Attachment, Attachment]:
    """The two files of a statement."""
    from crm.slots import statement_pdf

    return (
        Attachment(f"{one.file_name}.pdf", "application/pdf", statement_pdf.render(one, lang)),
        Attachment(f"{one.file_name}.csv", "text/csv", csv(one, lang)),
    )


def enqueue_due(tx: Tx) -> bool:
    """Write the job for the last month once this month's first morning has come; True when it was new."""
    name = months.before(months.month_name(tx.now))
    if tx.now < months.bounds(name)[1] + timedelta(hours=HOUR) or not programmes.all_ids(tx):
        return False
    return jobs.enqueue(tx, STATEMENTS_JOB, f"{STATEMENTS_JOB}:{name}", {"month": name})


def send_all(runtime: Runtime, job: Claimed) -> None:
    """The job: a statement to both sides of every programme. Run again after a crash it writes none twice."""
    with runtime.read() as tx:
        programme_ids = programmes.all_ids(tx)
    written = 0
    for programme_id in programme_ids:
        with runtime.begin() as tx:
            written += send(tx, programme_id, str(job.payload["month"]))
    log.info("statements", extra={"month": job.payload["month"], "written": written})


def send(tx: Tx, programme_id: int, name: str) -> int:
    """Write the mails to company and agency, once each; how many were new. A book without entries has no statement,
    and neither has a programme that ended before the month and did not move in it."""
    row = tx.session.get_one(ProgrammeRow, programme_id)
    try:
        one = statements.statement(tx, programme_id, name)
    except NotFound:
        return 0
    if row.valid_until is not None and row.valid_until < one.first_day and one.month.opening == one.month.closing:
        return 0
    company, agency = tx.session.get_one(CompanyRow, row.company_id), tx.session.get_one(AgencyRow, row.agency_id)
    recipients = [(Kind.AGENCY, "agency", agency.mail, agency.locale)]
    if company.contact_mail:
        recipients.append((Kind.OWN_COMPANY, "company", company.contact_mail, company.locale))
    return sum(
        _send(tx, one, company, kind, side, address, lang_of(locale)) for kind, side, address, locale in recipients
    )


def _send(tx: Tx, one: Statement, company: CompanyRow, kind: Kind, side: str, address: str, lang: Lang) -> bool:
    values: dict[str, object] = {
        item.key: item.value
        for group in (statement_words.credits, statement_words.slots, statement_words.proof)
        for item in group(one, lang)
    }
    return letters.send(
        tx,
        name="statement",
        key=f"statement:{one.programme_id}:{one.name}:{side}",
        company=company,
        kind=kind,
        recipient=address,
        lang=lang,
        gate_ref=f"statement:{one.programme_id}:{side}",
        values=values | {"agency": one.agency, "month": statement_words.month_words(one, lang)},
        attachments=attachments(one, lang),
    )
