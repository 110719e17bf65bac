"""Where an agency's server takes events, and the secrets that sign them (Standard Webhooks, standardwebhooks.com)."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from core import audit
from core.errors import ConfigError, Mistake, NotFound
from core.runtime import Tx
from crm.agency import agency_events, agency_letters
from crm.agency.agency_events import Delivery, Event, EventType
from crm.registry.parties import agency_row
from crm.tables import AgencyEventRow, AgencyRow, AgencyWebhookRow

SECRET_BYTES = 32  # the specification asks for 24 to 64
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, none itself
OVERLAP_DAYS = 7
URL_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An agency's webhook. ``stopped``: its server answered 410 Gone; ``old_secret_until``: both secrets sign;
    ``reach``: the one company whose events go there, when one of its admins set the address (only
    administrators of the whole installation still can)."""

    agency_id: int
    url: str
    old_secret_until: datetime | None
    stopped: bool
    reach: int | None


@dataclass(frozen=True, slots=True)
class Destination:
    """What sending needs: the address, the secrets that sign (the newest first), and until when to wait."""

    url: str
    secrets: tuple[bytes, ...]
    quiet_until: datetime | None


def put(tx: Tx, agency_id: int, url: str, *, actor: str) -> str | None:
    """Set or change the address, and tell the agency. Returns the secret of a new webhook, shown once; None when it has
    one already. What comes from every company goes there from now on.

    Raises:
        NotFound: no such agency.
        ConfigError: not an address a webhook may have, or the agency cannot be told of it.
    """
    agency_row(tx, agency_id, lock=True)
    row, address = tx.session.get(AgencyWebhookRow, agency_id), checked(url)
    if row is not None:
        row.url, row.stopped_at, row.quiet_until, row.reach_company_id = address, None, None, None
        tx.session.flush()
        audit.record(tx, actor, "webhook changed", f"agency:{agency_id}")
        agency_letters.access_made(tx, agency_id, "address", which=address, actor=actor)
        return None
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = tx.keys.seal(_aad("secret_sealed", agency_id), secret)
    tx.session.add(AgencyWebhookRow(agency_id=agency_id, url=address, secret_sealed=sealed, created_at=tx.now))
    tx.session.flush()
    audit.record(tx, actor, "webhook set", f"agency:{agency_id}")
    agency_letters.access_made(tx, agency_id, "webhook", which=address, actor=actor)
    return _printed(secret)


def rotate(tx: Tx, agency_id: int, *, actor: str) -> str:
    """Make a new secret, shown once, and tell the agency; for 7 days the old one signs beside it, so that no event
    fails meanwhile.

    Raises:
        NotFound: this agency has no webhook.
        ConfigError: it cannot be told of it.
    """
    row = _row(tx, agency_id)
    old = tx.keys.open(_aad("secret_sealed", agency_id), row.secret_sealed)
    secret = secrets.token_bytes(SECRET_BYTES)
    row.old_secret_sealed = tx.keys.seal(_aad("old_secret_sealed", agency_id), old)
    row.old_secret_until = tx.now + timedelta(days=OVERLAP_DAYS)
    row.secret_sealed = tx.keys.seal(_aad("secret_sealed", agency_id), secret)
    tx.session.flush()
    audit.record(tx, actor, "webhook secret rotated", f"agency:{agency_id}")
    agency_letters.access_made(tx, agency_id, "secret", which=row.url, actor=actor)
    return _printed(secret)


def remove(tx: Tx, agency_id: int, *, actor: str) -> None:
    """Take the webhook away, and tell the agency; what waits is not sent, and stays in the event feed.

    Raises:
        NotFound: this agency has no webhook.
    """
    row = _row(tx, agency_id)
    agency = tx.session.get_one(AgencyRow, agency_id)
    if agency.mails == "none":
        agency.mails = "each"  # or nobody would hear of a profile
    tx.session.delete(row)
    tx.session.flush()
    audit.record(tx, actor, "webhook removed", f"agency:{agency_id}")
    agency_letters.access_ended(tx, agency_id, "webhook", which=[row.url], actor=actor)


def get(tx: Tx, agency_id: int) -> WebhookView | None:
    """Return the webhook of an agency; None when it has none. Reads only."""
    row = tx.session.get(AgencyWebhookRow, agency_id)
    if row is None:
        return None
    until = row.old_secret_until if row.old_secret_until and row.old_secret_until > tx.now else None
    return WebhookView(agency_id, row.url, until, row.stopped_at is not None, row.reach_company_id)


def is_live(tx: Tx, agency_id: int, company_id: int | None = None) -> bool:
    """Whether events are pushed to this agency, or those about one company."""
    row = tx.session.get(AgencyWebhookRow, agency_id)
    return row is not None and row.stopped_at is None and _reaches(row, company_id)


def destination(tx: Tx, agency_id: int, company_id: int | None = None) -> Destination | None:
    """Return where to send and how to sign what is about a company, or about nobody; None when there is no webhook for
    it, or it was stopped."""
    row = tx.session.get(AgencyWebhookRow, agency_id, populate_existing=True)
    if row is None or row.stopped_at is not None or not _reaches(row, company_id):
        return None
    signing = [tx.keys.open(_aad("secret_sealed", agency_id), row.secret_sealed)]
    if row.old_secret_sealed is not None and row.old_secret_until is not None and row.old_secret_until > tx.now:
        signing.append(tx.keys.open(_aad("old_secret_sealed", agency_id), row.old_secret_sealed))
    return Destination(row.url, tuple(signing), row.quiet_until)


def hush(tx: Tx, agency_id: int, until: datetime | None) -> None:
    """After a server that did not answer, let nobody wait for it before ``until``; None: it answers again."""
    row = tx.session.get(AgencyWebhookRow, agency_id, with_for_update=True)
    if row is not None:
        row.quiet_until = until
        tx.session.flush()


def stop(tx: Tx, agency_id: int) -> None:
    """The server said 410 Gone: send nothing more until somebody sets the address again."""
    row = tx.session.get(AgencyWebhookRow, agency_id, with_for_update=True)
    if row is not None and row.stopped_at is None:
        row.stopped_at = tx.now
        tx.session.flush()
        audit.record(tx, "system", "webhook stopped", f"agency:{agency_id}")


def send_test(tx: Tx, agency_id: int, *, actor: str) -> Event:
    """Send an event that is about nobody.

    Raises:
        NotFound: this agency has no webhook, or it was stopped.
    """
    if not is_live(tx, agency_id):
        raise NotFound(f"agency {agency_id} has no webhook")
    audit.record(tx, actor, "webhook tested", f"agency:{agency_id}")
    return agency_events.put(tx, agency_id, EventType.TEST, None)


def resend(tx: Tx, agency_id: int, event_id: str, *, actor: str) -> Event:
    """Send one event again from the first attempt on, whatever became of it; the gate is asked as ever.

    Raises:
        NotFound: no such event of this agency, or it has no webhook.
    """
    row = agency_events.locked(tx, event_id)
    if row.agency_id != agency_id or not is_live(tx, agency_id):
        raise NotFound(f"agency {agency_id} has no such event, or no webhook")
    row.delivery, row.tries = Delivery.WAITING.value, 0
    agency_events.plan(tx, row.id, 1, tx.now)
    tx.session.flush()
    audit.record(tx, actor, "webhook event resent", f"agency_event:{row.id}")
    return agency_events.view(row)


def waiting(tx: Tx, agency_id: int) -> int:
    """How many events of an agency are on their way."""
    query = select(AgencyEventRow.id).where(
        AgencyEventRow.agency_id == agency_id, AgencyEventRow.delivery == Delivery.WAITING.value
    )
    return len(tx.session.scalars(query).all())


def checked(url: str) -> str:
    """Return an address of the right shape without blanks around it; where it leads is looked at when something is
    sent there (`connectors/outbound.py`).

    Raises:
        ConfigError: no address that a webhook may have.
    """
    clean = url.strip()
    text = f"webhook: an address like https://agency.example.jp/careerrelay, at most {URL_CHARS_MAX} long"
    wrong = ConfigError(Mistake(text, "webhook"))
    if not 0 < len(clean) <= URL_CHARS_MAX or not clean.isascii() or not clean.isprintable() or " " in clean:
        raise wrong
    try:
        parts = urlsplit(clean)
        port_ok = parts.port is None or 0 < parts.port < 65_536
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_ok or parts.fragment:
        raise wrong
    if parts.username is not None or parts.password is not None:
        text = "webhook: no user or password in the address; the signature says who sends"
        raise ConfigError(Mistake(text, "webhook_user"))
    return clean


def _reaches(row: AgencyWebhookRow, company_id: int | None) -> bool:
    return company_id is None or row.reach_company_id in (None, company_id)


def _row(tx: Tx, agency_id: int) -> AgencyWebhookRow:
    row = tx.session.get(AgencyWebhookRow, agency_id, with_for_update=True)
    if row is None:
        raise NotFound(f"agency {agency_id} has no webhook")
    return row


def _printed(secret: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def _aad(column: str, agency_id: int) -> str:
    return f"agency_webhook.{column}:{agency_id}"
