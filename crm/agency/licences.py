"""Agency licences that end: told 60, 30 and 7 days before, and on the day after. Without one no link goes out."""

from collections.abc import Iterator
from datetime import date

from core.clock import day_in_japan
from core.jobs import Claimed
from core.lang import Lang, lang_of
from core.log import get_logger
from core.outbox import Kind
from core.runtime import Runtime, Tx
from crm import letters, wording
from crm.agency import agencies
from crm.agency.agencies import AgencyView
from crm.registry import companies
from crm.registry.companies import CompanyView
from crm.tables import CompanyRow

LICENCES_JOB = "licences"
NOTICE_DAYS = (7, 30, 60)
EXPIRED = -1
PATH = "/console/agencies/"
_log = get_logger("crm.agency.licences")


def step(expires_on: date, today: date) -> int | None:
    """Which notice is due: 60, 30 or 7 (at most so many days are left), `EXPIRED`, or None. The last day counts."""
    days = (expires_on - today).days
    if days < 0:
        return EXPIRED
    return next((notice for notice in NOTICE_DAYS if days <= notice), None)


def tell(runtime: Runtime, _job: Claimed) -> None:
    """Job ``licences``, daily: each notice once a recipient and licence date, however often it runs."""
    with runtime.read() as tx:
        today = day_in_japan(tx.now)
        due = [
            (agency, reached)
            for agency in agencies.all_agencies(tx)
            if not agency.suspended and (reached := step(agency.licence_expires_on, today)) is not None
        ]
    for agency, reached in due:
        with runtime.begin() as tx:
            written = _tell(tx, agency, reached, today)
        days = (agency.licence_expires_on - today).days
        _log.warning("licence ends soon", extra={"agency_id": agency.id, "days": days, "mails": written})


def _tell(tx: Tx, agency: AgencyView, reached: int, today: date) -> int:
    key = f"licence:{agency.id}:{agency.licence_expires_on}:{reached}"
    written = 0
    for company in _partners(tx, agency.id):
        if company.contact_mail and not company.suspended:
            lang = lang_of(company.locale)
            written += letters.send(
                tx,
                name="licence",
                key=f"{key}:company:{company.id}",
                company=tx.session.get_one(CompanyRow, company.id),
                kind=Kind.OWN_COMPANY,
                recipient=company.contact_mail,
                lang=lang,
                gate_ref=f"company:{company.id}:licence",
                values=_values(tx, agency, reached, today, lang),
            )
    if tx.settings.mail.from_:
        for recipient in tx.settings.admin.mail:
            written += _to_admin(tx, f"{key}:{recipient.lower()}", recipient, agency, reached, today)
    return written


def _to_admin(tx: Tx, key: str, recipient: str, agency: AgencyView, reached: int, today: date) -> bool:
    lang = tx.settings.admin.locale
    letter = letters.render("licence", lang, _values(tx, agency, reached, today, lang))
    return letters.send_to_operator(tx, key=key, recipient=recipient, letter=letter)


def _values(tx: Tx, agency: AgencyView, reached: int, today: date, lang: Lang) -> dict[str, object]:
    return {
        "agency": agency.name,
        "licence_no": agency.licence_no,
        "expires_on": wording.day(agency.licence_expires_on, lang),
        "expired": reached == EXPIRED,
        "days": (agency.licence_expires_on - today).days,
        "url": tx.settings.web.base_url + PATH,
    }


def _partners(tx: Tx, agency_id: int) -> Iterator[CompanyView]:
    for company in companies.all_companies(tx):
        if any(one.id == agency_id for one in agencies.all_agencies(tx, company.id)):
            yield company
