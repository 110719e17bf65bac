"""The table of what people asked about their own data (個人情報保護法 33-35条)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
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
