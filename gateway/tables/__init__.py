"""The mail's own queue (decisions 5 and 6): mails, their deliveries, kept copies, reviews, approved sentences.

The hot path writes these with Core statements, so they are plain tables; `queue.py` and `review.py` read them.
States of a mail: received -> ready | held -> done | failed | cancelled. Of a delivery: waiting -> sending -> sent |
failed | waiting again; held and cancelled by people.
"""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Base, UtcDateTime


class Origin(StrEnum):
    SMTP = "smtp"
    OWN = "own"


class MailState(StrEnum):
    RECEIVED = "received"
    READY = "ready"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    CANCELLED = "cancelled"


class Variant(StrEnum):
    ORIGINAL = "original"
    EDITED = "edited"


UNFINISHED_MAIL = (MailState.RECEIVED, MailState.READY, MailState.HELD)
UNFINISHED = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.HELD)

_ID = BigInteger().with_variant(Integer, "sqlite")

# What is open is a small part of the table: partial indexes, so that a finished mail costs nothing.
mail = Table(
    "mail",
    Base.metadata,
    Column("id", _ID, primary_key=True),
    Column("queue_id", String(16), nullable=False),
    Column("origin", String(4), nullable=False),
    Column("company_id", Integer),
    Column("state", String(10), nullable=False),
    Column("judged", Boolean, nullable=False),  # of a recruiting sender: listed, replayed, kept
    Column("may_judge", Boolean, nullable=False),
    Column("envelope_from", Text, nullable=False),
    Column("mail_params", JSON, nullable=False),
    Column("peer", Text, nullable=False),
    Column("helo", Text, nullable=False),
    Column("protocol", String(10), nullable=False),
    Column("tls", String(80), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("verdict", String(10)),
    Column("note", String(60), nullable=False),  # why it left unchanged, or that it left edited; a word, no text
    Column("decision", JSON(none_as_null=True)),  # without quotes: those are sealed in mail_copy
    Column("hold_until", UtcDateTime),
    Column("outgoing_id", String(16), unique=True),
    Column("gate_ref", String(100)),
    Column("body_path", Text),
    # Last, so that SQLite reads the other columns without following the chain of a large row.
    Column("edits", LargeBinary),  # what makes the edited variant out of the original (`splice.pack`)
    Column("raw", LargeBinary),
)
# Unique: a commit whose answer was lost is known again by it, instead of being stored twice.
Index("ix_mail_queue_id", mail.c.queue_id, unique=True)
Index("ix_mail_company_id", mail.c.company_id, mail.c.id)
_OPEN = text("state IN ('received', 'ready', 'held')")
Index("ix_mail_received_at", mail.c.received_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

delivery = Table(
    "delivery",
    Base.metadata,
    Column("mail_id", _ID, ForeignKey("mail.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("recipient", Text, nullable=False),
    Column("rcpt_params", JSON, nullable=False),
    Column("variant", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("uncertain", SmallInteger, nullable=False),  # attempts whose end nobody knows: their process died
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_by", Integer),
    Column("code", SmallInteger),
    Column("status", String(12)),
    Column("reply", Text),
    Column("delay_told", Boolean, nullable=False),
    Column("finished_at", UtcDateTime),
)
_WAITING = text("state = 'waiting'")
Index("ix_delivery_due_at", delivery.c.due_at, sqlite_where=_WAITING, postgresql_where=_WAITING)
_LEASED = text("leased_by IS NOT NULL")
Index("ix_delivery_leased_by", delivery.c.leased_by, sqlite_where=_LEASED, postgresql_where=_LEASED)

mail_copy = Table(
    "mail_copy",
    Base.metadata,
    Column("mail_id", _ID, ForeignKey("mail.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),  # letter | original | edits
    Column("sealed", LargeBinary),
    Column("path", Text),
    Column("keep_until", UtcDateTime, nullable=False, index=True),
)

review = Table(
    "review",
    Base.metadata,
    Column("id", _ID, primary_key=True),
    Column("mail_id", _ID, ForeignKey("mail.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("answer", String(20), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

approved_sentence = Table(
    "approved_sentence",
    Base.metadata,
    Column("id", _ID, primary_key=True),
    Column("company_id", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("masked", Text, nullable=False),
    Column("answer", String(10), nullable=False),  # approve | refuse
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime),
    UniqueConstraint("company_id", "sender", "sha256"),
)
