"""Mails to an agency that are about no single referral: the daily digest, a way in, a webhook that gave up."""

from sqlalchemy import select

from core import outbox
from core.errors import ConfigError
from core.outbox import Kind
from core.runtime import Tx
from crm import letters
from crm.agency import agencies
from crm.tables import CompanyRow, ProgrammeRow


def send(tx: Tx, agency_id: int, *, name: str, key: str, values: dict[str, object]) -> bool:
    """Put such a mail into the outbox, through the mail server of the company that has worked with it the longest.

    False when the mail with this key was written before, or there is nobody to send it for.
    """
    agency = agencies.get(tx, agency_id)
    company = tx.session.scalar(
        select(CompanyRow)
        .join(ProgrammeRow, ProgrammeRow.company_id == CompanyRow.id)
        .where(ProgrammeRow.agency_id == agency_id, CompanyRow.suspended_at.is_(None))
        .order_by(ProgrammeRow.id)
        .limit(1)
    )
    if company is None:
        return False
    sender = letters.sender_of(tx, company)
    letter = letters.render(name, agency.locale, {"agency": agency.name, **values})
    raw = outbox.compose(
        sender=sender,
        sender_name=letters.SENDER_NAME,
        recipient=letters.quoted(agency.mail),
        subject=letter.subject,
        text=letter.text,
        now=tx.now,
        headers=(("Auto-Submitted", "auto-generated"),),
    )
    return outbox.put(
        tx,
        key=key,
        company_id=company.id,
        kind=Kind.AGENCY,
        sender=sender,
        recipient=agency.mail,
        raw=raw,
        gate_ref=f"agency:{agency_id}:notice",
    )


def webhook_failed(tx: Tx, agency_id: int, *, stopped: bool) -> bool:
    """Say that events did not arrive, once a day; they wait in the inbox and in the event feed."""
    key = f"webhook_failed:{agency_id}:{tx.now.date().isoformat()}"
    values: dict[str, object] = {"stopped": stopped, "inbox_url": f"{tx.settings.web.base_url}/agency/"}
    try:
        return send(tx, agency_id, name="webhook_failed", key=key, values=values)
    except ConfigError:
        return False  # no sender is set: what became of the event must still be written down
