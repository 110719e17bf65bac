"""A link that should never have been (decisions 20): the admin is told at once, with an apology to send himself.

Nothing goes to the candidate from us: a second mail by a machine about the mistake of a machine helps nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import ConfigError
from core.lang import Lang, lang_of
from core.log import get_logger
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, wording
from crm.letters import Letter
from crm.tables import CompanyRow

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WrongMail:
    """A mail that was reported. ``lang``: in which it was written; ``left``: it may have reached somebody."""

    mail_id: int
    company_id: int
    received_at: datetime
    lang: Lang
    left: bool


def tell(tx: Tx, wrong: WrongMail, mail_url: str) -> int:
    """Write to the company's contact and to who runs the installation; no name is in it. How many mails were new.

    Without a sender or a recipient nobody can be told by mail, and the report still counts: the console shows the same.
    """
    company = tx.session.get_one(CompanyRow, wrong.company_id)
    lang = lang_of(company.locale)
    draft = apology(tx, wrong)
    values: dict[str, object] = {
        "mail_id": wrong.mail_id,
        "mail_url": mail_url,
        "left": wrong.left,
        "sent_on": _sent_on(company, wrong, lang),
        "draft_subject": draft.subject,
        "draft_text": draft.text.rstrip(),
    }
    known = (company.contact_mail, *tx.settings.admin.mail)
    recipients = {address.lower(): address for address in known if address}
    try:
        return sum(_write(tx, company, wrong, lang, recipient, values) for recipient in recipients.values())
    except ConfigError as error:
        log.warning("nobody told of a wrong link", extra={"mail_id": wrong.mail_id, "error": error.message})
        return 0


def apology(tx: Tx, wrong: WrongMail) -> Letter:
    """Return the draft, in the language of the mail: for a person to complete and to send."""
    company = tx.session.get_one(CompanyRow, wrong.company_id)
    values: dict[str, object] = {"company": company.name, "sent_on": _sent_on(company, wrong, wrong.lang)}
    return letters.render("apology", wrong.lang, values)


def _write(
    tx: Tx, company: CompanyRow, wrong: WrongMail, lang: Lang, recipient: str, values: dict[str, object]
) -> bool:
    return letters.send(
        tx,
        name="reported_wrong",
        key=f"reported_wrong:{wrong.mail_id}:{recipient.lower()}",
        company=company,
        kind=Kind.OWN_COMPANY,
        recipient=recipient,
        lang=lang,
        gate_ref=f"company:{company.id}:wrong",
        values=values,
    )


def _sent_on(company: CompanyRow, wrong: WrongMail, lang: Lang) -> str:
    return wording.day(wrong.received_at.astimezone(ZoneInfo(company.timezone)).date(), lang)
