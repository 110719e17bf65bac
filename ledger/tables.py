"""The tables of the book.

Guards, from the outside in: `ledger/book.py` (the only way in) -> the row lock on ``ledger_account`` -> unique keys ->
CHECKs and the guard trigger on the account -> append-only triggers on entries, terms and signed heads
(`ledger/triggers.py`).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from ledger.slots import THRESHOLD
from ledger.triggers import DDL

__all__ = [
    "DDL",
    "Account",
    "AdjustmentRow",
    "CountedPerson",
    "CountingCompany",
    "EntryRow",
    "HeadRow",
    "PolicyRow",
    "SlotRow",
]


class EntryRow(Base):
    """One entry. ``body`` is the truth, stored verbatim; the other columns repeat what keys and look-ups need."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("programme_id", "kind", "reference"),
        UniqueConstraint("programme_id", "settles"),
    )

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str] = mapped_column(String(64))
    settles: Mapped[int | None]
    #: As in the body (``entries.written``): text order is time order, and both compare to the byte.
    at: Mapped[str] = mapped_column(String(27))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Account(Base):
    """The locked projection of one programme's entries: whoever moves credits holds this row. It can be rebuilt."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("outside + available + held + consumed + reversed = 0", name="sum_is_zero"),
        CheckConstraint("held >= 0 AND consumed >= 0 AND reversed >= 0 AND earned >= 0", name="not_negative"),
        CheckConstraint("slots_reserved >= 0 AND slots_used >= 0", name="slots_not_negative"),
    )

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64))
    outside: Mapped[int] = mapped_column(default=0)
    available: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    consumed: Mapped[int] = mapped_column(default=0)
    reversed: Mapped[int] = mapped_column(default=0)
    earned: Mapped[int] = mapped_column(default=0)
    slots_reserved: Mapped[int] = mapped_column(default=0)
    slots_used: Mapped[int] = mapped_column(default=0)


class PolicyRow(Base):
    """The terms of a programme from ``effective_from`` on (`ledger/policy.py`)."""

    __tablename__ = "ledger_policy"

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    threshold: Mapped[int] = mapped_column(default=THRESHOLD)
    dispute_days: Mapped[int]
    window_days: Mapped[int]
    effective_from: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))


class SlotRow(Base):
    """A slot from its reservation on. ``state`` follows from the entries; ``requisition`` is the company's own word."""

    __tablename__ = "ledger_slot"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    programme_id: Mapped[int] = mapped_column(index=True)
    credits: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    requisition: Mapped[str] = mapped_column(String(200))
    reserved_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class AdjustmentRow(Base):
    """An adjustment that one person asked for and a second one decides on (`ledger/adjustments.py`); the book's entry
    has the same id as its reference."""

    __tablename__ = "ledger_adjustment"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    programme_id: Mapped[int] = mapped_column(index=True)
    credits: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_side: Mapped[str] = mapped_column(String(8), server_default="company")
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]


class CountingCompany(Base):
    """A row a company, locked while one of its persons is counted: two programmes cannot count the same person."""

    __tablename__ = "ledger_counting_company"

    company_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class CountedPerson(Base):
    """Who counted for a company, by blind index; a person with several addresses has several rows with one
    ``person_ref``. Outlives purge and erasure until the window ends, then `ledger/retention.py` deletes it."""

    __tablename__ = "ledger_counted_person"
    __table_args__ = (Index("ix_ledger_counted_person_expires_at", "expires_at"),)

    company_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mail_index: Mapped[str] = mapped_column(String(80), primary_key=True)
    person_ref: Mapped[str] = mapped_column(String(16), index=True)
    counted_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class HeadRow(Base):
    """A signed head of a chain (`ledger/heads.py`): what was the last entry at ``at``."""

    __tablename__ = "ledger_head"

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    head: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(27))
    #: The Ed25519 public key itself, 64 hex digits: an old head stays provable after a change of keys.
    public_key: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
