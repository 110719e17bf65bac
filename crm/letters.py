"""Mails that we write ourselves: rendered from ``crm/mails/``, put into the outbox where they are caused."""

import re
from dataclasses import dataclass

from core import outbox
from core.errors import ConfigError, Mistake
from core.lang import Lang, lang_of
from core.outbox import Attachment, Kind
from core.runtime import Tx
from crm import wording
from crm.tables import CompanyRow

_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")

#: Who a mail of the installation itself is from; other mails bear the name of their company.
SENDER_NAME = "CareerRelay"


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered mail: one line of subject, plain text."""

    subject: str
    text: str


def render(name: str, lang: Lang, values: dict[str, object]) -> Letter:
    """Render ``crm/mails/NAME.LANG.subject`` and ``.txt``; a missing value raises jinja2.UndefinedError."""
    subject = wording.render("mails", f"{name}.{lang}.subject", values)
    return Letter(" ".join(subject.split()), wording.render("mails", f"{name}.{lang}.txt", values).rstrip() + "\n")


def send(
    tx: Tx,
    *,
    name: str,
    key: str,
    company: CompanyRow,
    kind: Kind,
    recipient: str,
    lang: Lang,
    gate_ref: str,
    values: dict[str, object],
    attachments: tuple[Attachment, ...] = (),
) -> bool:
    """Render and put into the outbox; False when the mail with this key was written before.

    Raises:
        ConfigError: neither the company nor the installation has a sender address.
    """
    letter = render(name, lang, {"company": company.name, **values})
    sender = sender_of(tx, company)
    raw = outbox.compose(
        sender=sender,
        sender_name=company.name,
        recipient=quoted(recipient),
        subject=letter.subject,
        text=letter.text,
        now=tx.now,
        headers=(("Auto-Submitted", "auto-generated"),),
        attachments=attachments,
    )
    return outbox.put(
        tx,
        key=key,
        company_id=company.id,
        kind=kind,
        sender=sender,
        recipient=recipient,
        raw=raw,
        gate_ref=gate_ref,
    )


def send_to_operator(tx: Tx, *, key: str, recipient: str, letter: Letter) -> bool:
    """Write a mail from the installation itself to one of its operators (``admin.mail``); False: ``key`` is known.

    ``mail.from`` is set: who may not rely on that asks before.
    """
    sender = tx.settings.mail.from_
    raw = outbox.compose(
        sender=sender,
        sender_name=SENDER_NAME,
        recipient=quoted(recipient),
        subject=letter.subject,
        text=letter.text,
        now=tx.now,
        headers=(("Auto-Submitted", "auto-generated"),),
    )
    return outbox.put(tx, key=key, company_id=None, kind=Kind.ADMIN, sender=sender, recipient=recipient, raw=raw)


def send_hold_digest(tx: Tx, *, company: CompanyRow, key: str, recipient: str, values: dict[str, object]) -> bool:
    """Tell those on duty how many mails wait: numbers only. ``values``: held, release_at, console_url."""
    return send(
        tx,
        name="hold_digest",
        key=key,
        company=company,
        kind=Kind.OWN_COMPANY,
        recipient=recipient,
        lang=lang_of(company.locale),
        gate_ref=f"company:{company.id}:digest",
        values=values,
    )


def sender_of(tx: Tx, company: CompanyRow) -> str:
    """Return the address our mails for this company come from.

    Raises:
        ConfigError: neither the company nor the installation has one.
    """
    sender = company.mail_from or tx.settings.mail.from_
    if not sender:
        text = f"company {company.id} has no sender for our mails: set CAREERRELAY_MAIL__FROM or its own"
        raise ConfigError(Mistake(text, "no_sender"))
    return sender


def quoted(address: str) -> str:
    """Write an address so that the mail library takes it: a..b@… of old carriers is no dot-atom (RFC 5322 3.2.3)."""
    local, _, domain = address.rpartition("@")
    if _DOT_ATOM.match(local) or not local.isascii():
        return address
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"@{domain}'
