"""Mails that we write ourselves, stored in the transaction that causes them; ``gateway/`` takes them into its queue.

``gate_ref`` names what must still be true when the mail leaves (`crm.consents.consent.may_leave`); empty means that no
personal data of a candidate goes to anybody but the candidate.
"""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import SealBroken
from core.db import Base, new_id
from core.log import get_logger
from core.metrics import OWN_MAILS
from core.runtime import Tx
from core.tokens import new_token

log = get_logger(__name__)

QUEUE = "outbox"


class Kind(StrEnum):
    """Who the recipient is to us; decides what may stand in the mail."""

    CANDIDATE = "candidate"
    AGENCY = "agency"
    OWN_COMPANY = "own_company"
    PARTNER = "partner"
    DSN = "dsn"
    ADMIN = "admin"  # who runs the installation: counts only


#: What goes to these may tell of a candidate: without a reference for the gate it is not even written down.
GATED = frozenset({Kind.AGENCY, Kind.OWN_COMPANY, Kind.PARTNER})


class State(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    SENT = "sent"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Outgoing(Base):
    __tablename__ = "outgoing"

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    company_id: Mapped[int | None]
    kind: Mapped[str]
    sender: Mapped[str]
    recipient_sealed: Mapped[bytes | None]
    raw_sealed: Mapped[bytes | None]
    gate_ref: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=State.WAITING, index=True)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that we made ourselves, such as a PDF; ``media_type`` is its MIME type without parameters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    id: str
    company_id: int | None
    kind: Kind
    sender: str
    recipient: str
    raw: bytes
    gate_ref: str | None


def put(
    tx: Tx,
    *,
    key: str,
    company_id: int | None,
    kind: Kind,
    sender: str,
    recipient: str,
    raw: bytes,
    gate_ref: str | None = None,
) -> bool:
    """Write the mail; False when one with this key was written before. ``sender`` is the envelope's, "" for `<>`.

    Raises:
        ValueError: a mail to one of `GATED` without ``gate_ref``.
    """
    if kind in GATED and not gate_ref:
        raise ValueError(f"a mail to {kind} needs a reference for the gate")
    if tx.session.scalar(select(Outgoing.id).where(Outgoing.key == key)) is not None:
        return False
    row_id = new_id()
    tx.session.add(
        Outgoing(
            id=row_id,
            key=key,
            company_id=company_id,
            kind=kind,
            sender=sender,
            recipient_sealed=tx.keys.seal_text(f"outgoing.recipient:{row_id}", recipient),
            raw_sealed=tx.keys.seal(f"outgoing.raw:{row_id}", raw),
            gate_ref=gate_ref,
            state=State.WAITING,
            created_at=tx.now,
        )
    )
    tx.session.flush()
    tx.wake(QUEUE)
    return True


def waiting(tx: Tx, limit: int) -> list[OutgoingMail]:
    """Mails to take into the queue now, oldest first; locked until the caller's commit."""
    rows = tx.session.scalars(
        select(Outgoing)
        .where(Outgoing.state == State.WAITING)
        .order_by(Outgoing.created_at, Outgoing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = []
    for row in rows.all():
        try:
            found.append(_opened(tx, row))
        except SealBroken as error:
            # One that cannot be read can never leave, and must not stand before the others.
            log.error("own mail cannot be opened", extra={"outgoing_id": row.id, "error": error.message})
            settle(tx, row.id, State.FAILED)
    return found


def _opened(tx: Tx, row: Outgoing) -> OutgoingMail:
    return OutgoingMail(
        id=row.id,
        company_id=row.company_id,
        kind=Kind(row.kind),
        sender=row.sender,
        recipient=tx.keys.open_text(f"outgoing.recipient:{row.id}", row.recipient_sealed or b""),
        raw=tx.keys.open(f"outgoing.raw:{row.id}", row.raw_sealed or b""),
        gate_ref=row.gate_ref,
    )


def settle(tx: Tx, outgoing_id: str, state: State) -> None:
    """Write down what became of a mail and forget its content."""
    values = {"state": state, "settled_at": tx.now, "raw_sealed": None, "recipient_sealed": None}
    tx.session.execute(update(Outgoing).where(Outgoing.id == outgoing_id).values(values))
    tx.after_commit(OWN_MAILS.labels(state.value).inc)


def cancelled_since(tx: Tx, gate_ref: str, since: datetime) -> bool:
    """Whether the gate kept a mail with this reference from leaving since then. Reads only."""
    stopped = (Outgoing.state == State.CANCELLED, Outgoing.settled_at >= since)
    return tx.session.scalar(select(Outgoing.id).where(Outgoing.gate_ref == gate_ref, *stopped).limit(1)) is not None


def purge_settled(tx: Tx, before: datetime, limit: int = 200) -> int:
    """Delete mails without content that were settled before ``before``; returns how many. Call again until 0."""
    ids = tx.session.scalars(select(Outgoing.id).where(Outgoing.settled_at < before).limit(limit)).all()
    tx.session.execute(delete(Outgoing).where(Outgoing.id.in_(ids)))
    return len(ids)


def compose(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None = None,
    now: datetime,
    headers: tuple[tuple[str, str], ...] = (),
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """A mail as bytes (RFC 5322, UTF-8); CR, LF and NUL in a field are refused by the policy.

    Raises:
        ValueError: an address or a field that cannot stand in a header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender_name, addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{new_token()}@{sender.rpartition('@')[2]}>"
    for name, value in headers:
        message[name] = value
    message.set_content(text, charset="utf-8", cte="base64")
    if html is not None:
        message.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    for file in attachments:
        maintype, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    return message.as_bytes()
