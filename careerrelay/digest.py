"""Mode *confirm*: one mail to those on duty for all mails that wait for them, with numbers and no names."""

from sqlalchemy import func, select

from core.errors import ConfigError
from core.jobs import Claimed
from core.lang import lang_of
from core.log import get_logger
from core.runtime import Runtime, Tx
from crm import letters, wording
from crm.registry import companies
from crm.tables import CompanyRow
from gateway.tables import MailState, mail

log = get_logger(__name__)

CONSOLE_PATH = "/console/"


def hold_digest(runtime: Runtime, _job: Claimed) -> None:
    """Write to each company with held mails; once for the newest of them, so that nobody is told the same twice."""
    with runtime.read() as tx:
        found = [view for view in companies.all_companies(tx) if view.contact_mail]
    for view in found:
        try:
            with runtime.begin() as tx:
                written = _tell(tx, view.id, view.contact_mail or "")
        except ConfigError as error:  # of this company: the others' people are told all the same
            log.warning("hold digest cannot be written", extra={"company_id": view.id, "error": error.message})
            continue
        if written:
            log.info("hold digest written", extra={"company_id": view.id})


def _tell(tx: Tx, company_id: int, recipient: str) -> bool:
    held = (mail.c.company_id == company_id, mail.c.state == MailState.HELD.value)
    row = tx.session.execute(select(func.count(), func.min(mail.c.hold_until), func.max(mail.c.id)).where(*held)).one()
    count, release_at, newest = row
    if not count:
        return False
    company = tx.session.get_one(CompanyRow, company_id)
    values: dict[str, object] = {
        "held": count,
        "release_at": wording.moment(release_at, lang_of(company.locale)),
        "console_url": tx.settings.web.base_url + CONSOLE_PATH,
    }
    key = f"hold_digest:{company_id}:{newest}"
    return letters.send_hold_digest(tx, company=company, key=key, recipient=recipient, values=values)
