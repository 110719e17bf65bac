"""Tables about people before they agree to anything: person, notice, invitation, links, ATS signals, suppression.

Mail addresses are sealed (AES-GCM, associated data ``table.column:id``) and found by blind index only.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class PersonRow(Base):
    """One human being as one company knows him."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class PersonMailRow(Base):
    """An address of a person. ``sealed`` is emptied by retention before the index goes."""

    __tablename__ = "person_mail"
    __table_args__ = (UniqueConstraint("company_id", "mail_index"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    company_id: Mapped[int]
    mail_index: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class NoticeRow(Base):
    """One rejection notice: everything within 30 days of its first event (decisions 15)."""

    __tablename__ = "rejection_notice"
    __table_args__ = (Index("ix_rejection_notice_person", "company_id", "person_id", "first_at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(40))
    requisition: Mapped[str | None] = mapped_column(String(200))
    first_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    wrong_at: Mapped[datetime | None]


class InvitationRow(Base):
    """THE invitation of a notice: one, 90 days, never a second (decisions 16)."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_person", "person_id", "issued_at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("rejection_notice.id"), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class InvitationMailRow(Base):
    """Which mail carries which invitation."""

    __tablename__ = "invitation_mail"

    mail_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id"), index=True)
    company_id: Mapped[int]
    at: Mapped[datetime]


class InvitationDayRow(Base):
    """How many mails of a day carried an invitation, for the daily cap (decisions 19); ``day`` is the company's own."""

    __tablename__ = "invitation_day"

    company_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    mails: Mapped[int]


class LinkRow(Base):
    """A token of 128 random bits: found by its SHA-256, printed again from its sealed copy (decisions 18)."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_subject", "kind", "subject"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(40))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AtsSignalRow(Base):
    """What a connector, a webhook or a file says about an application (decisions 17)."""

    __tablename__ = "ats_signal"
    __table_args__ = (UniqueConstraint("company_id", "source", "recipient_index", "application"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    source: Mapped[str] = mapped_column(String(60))
    recipient_index: Mapped[str] = mapped_column(String(80), index=True)
    application: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime]
    received_at: Mapped[datetime]


class SuppressionRow(Base):
    """Nothing more to this address from this company. Index only: it survives erasure (domain 3.3 invariant 22)."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("company_id", "mail_index", "scope"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    mail_index: Mapped[str] = mapped_column(String(80))
    scope: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
