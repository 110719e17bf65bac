"""Mails to an agency that are about no single referral: the daily digest, a way in, a webhook that gave up, and every
way into its data that begins or ends: whoever makes or ends it, the agency hears of it at its own address."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import select

from core import outbox
from core.db import new_id
from core.errors import ConfigError, Mistake
from core.lang import lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, wording
from crm.registry.parties import agency_row
from crm.tables import CompanyRow, ProgrammeRow

#: What was made: a key, a webhook where there was none, another address for it, another secret for it.
Access = Literal["key", "webhook", "address", "secret"]


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made or ended, and in which role somebody did it."""

    what: Access
    by: Literal["agency", "console", "server"]


def send(tx: Tx, agency_id: int, *, name: str, key: str, values: dict[str, object]) -> bool:
    """Put such a mail into the outbox, through the mail server of the company that has worked with it the longest.

    False when the mail with this key was written before, or there is nobody to send it for.
    """
    agency = agency_row(tx, agency_id)
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
    letter = letters.render(name, lang_of(agency.locale), {"agency": agency.name, **values})
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


def access_made(tx: Tx, agency_id: int, what: Access, *, which: str, actor: str) -> None:
    """Tell an agency of a new key, webhook address or secret, in the transaction that makes it: without this mail there
    is none of them. ``which``: the public beginning of the key, or the address of the webhook; no secret.

    Raises:
        NotFound: no such agency.
        ConfigError: nobody to send the mail for, or no sender is set.
    """
    values: dict[str, object] = {
        "made": _Made(what, _role(actor)),
        "which": which if what == "key" else urlsplit(which).hostname,  # a path or a query may hold a secret
        "made_at": wording.moment(tx.now, lang_of(agency_row(tx, agency_id).locale)),
        "contact_mail": ", ".join(tx.settings.admin.mail),
        "inbox_url": f"{tx.settings.web.base_url}/agency/",
    }
    if not send(tx, agency_id, name="agency_access", key=f"agency_access:{agency_id}:{new_id()}", values=values):
        text = f"agency {agency_id}: no company that is not suspended works with it, so it cannot be told"
        raise ConfigError(Mistake(text, "untold"))


def access_ended(
    tx: Tx, agency_id: int, what: Literal["key", "webhook"], *, which: Collection[str], actor: str
) -> bool:
    """Tell an agency that keys of it, or its webhook, have ended. ``which`` as in `access_made`.

    False when nobody can write to it: to end something never fails for want of a mail.

    Raises:
        NotFound: no such agency.
    """
    shown = which if what == "key" else [urlsplit(one).hostname or "" for one in which]
    values: dict[str, object] = {
        "ended": _Made(what, _role(actor)),
        "which": shown,
        "ended_at": wording.moment(tx.now, lang_of(agency_row(tx, agency_id).locale)),
        "contact_mail": ", ".join(tx.settings.admin.mail),
        "inbox_url": f"{tx.settings.web.base_url}/agency/",
    }
    try:
        return send(tx, agency_id, name="agency_ended", key=f"agency_ended:{agency_id}:{new_id()}", values=values)
    except ConfigError:
        return False


def _role(actor: str) -> Literal["agency", "console", "server"]:
    """Who a mail may name: roles, no accounts."""
    return "agency" if actor.startswith("agency:") else "console" if actor.startswith("user:") else "server"
