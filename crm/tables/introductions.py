"""Tables of what a slot is used for: the need of a company, the person an agency introduces for it, and where they go.

What names a person is sealed (AES-GCM, associated data ``table.column:id``); the fee is integer yen.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class IntroductionRow(Base):
    """A need, and the one introduction made for it. ``id`` is also the id of its slot (`ledger/reservations.py`): the
    primary key is what lets no slot have two introductions (domain 3.3 invariant 10)."""

    __tablename__ = "introduction"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    state: Mapped[str] = mapped_column(String(30))
    job: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    pay_from_yen: Mapped[int | None]
    pay_to_yen: Mapped[int | None]
    wishes: Mapped[str] = mapped_column(Text)
    opened_by: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    summary_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of the address in ``identity_sealed``, and gone with it: how the person is found who is only proposed yet.
    mail_index: Mapped[str | None] = mapped_column(String(80), index=True)
    agreed_on: Mapped[date | None]
    proposed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    interview_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]
    hired_at: Mapped[datetime | None]
    retained_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fee_basis_yen: Mapped[int | None]
    fee_rate_bp: Mapped[int | None]
    fee_waived_yen: Mapped[int | None]


class CandidateRow(Base):
    """A person who entered a company's selection by a way of ours, and which."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("company_id", "source", "source_ref"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    source_ref: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime]
