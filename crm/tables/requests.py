"""Tables of what people asked about their own data (個人情報保護法 33-35条), of codes that prove an address, and of the
address before."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class SubjectRequestRow(Base):
    """One request. Who asked, the note and the answer are sealed together, and emptied when the person is erased."""

    __tablename__ = "subject_request"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(String(16), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), index=True)
    said_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity: Mapped[str | None] = mapped_column(String(20))
    refusal: Mapped[str | None] = mapped_column(String(20))
    received_at: Mapped[datetime]
    due_on: Mapped[date]
    identity_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AddressProofRow(Base):
    """A code that went to an address, and what it is to prove there: who asks (identity), or a new address (change).

    Ids without foreign keys: the row lives some days (`crm/rights/retention.py`), and is emptied with its person.
    """

    __tablename__ = "address_proof"
    __table_args__ = (Index("ix_address_proof_mail", "company_id", "mail_index"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[str | None] = mapped_column(String(16), index=True)
    purpose: Mapped[str] = mapped_column(String(10))
    registration_id: Mapped[str | None] = mapped_column(String(16))
    request_id: Mapped[str | None] = mapped_column(String(16), index=True)
    lang: Mapped[str] = mapped_column(String(2))
    mail_index: Mapped[str] = mapped_column(String(80))
    mailbox_index: Mapped[str | None] = mapped_column(String(80), index=True)
    mail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_mac: Mapped[str | None] = mapped_column(String(100))
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    code_mails: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AddressChangeRow(Base):
    """How it was before an address was changed, for who has the former address and says that it was not him.

    Lives as long as his link does; ``former_sealed`` is emptied when the link is used or the person is erased.
    """

    __tablename__ = "address_change"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    lang: Mapped[str] = mapped_column(String(2))
    # The new address, when the person was not known by it before: its index among the person's addresses.
    mail_index: Mapped[str | None] = mapped_column(String(80))
    former_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
