"""Who came by a company's own link, until a notice is found for the address, or a person of the company looked."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class ArrivalRow(Base):
    """One try to come in with an address.

    ``mail_sealed`` is emptied when the arrival ends (`crm/arrival/arrivals.py`).
    """

    __tablename__ = "arrival"
    __table_args__ = (Index("ix_arrival_company", "company_id", "state"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    state: Mapped[str] = mapped_column(String(10))
    lang: Mapped[str] = mapped_column(String(2))
    mail_index: Mapped[str] = mapped_column(String(80), index=True)
    mailbox_index: Mapped[str | None] = mapped_column(String(80), index=True)
    mail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    place_mac: Mapped[str] = mapped_column(String(100), index=True)
    # The age gate: the hash of the words beside the box; ticked when the row was made.
    adult_sha256: Mapped[str | None] = mapped_column(String(64))
    code_mac: Mapped[str | None] = mapped_column(String(100))
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    code_mails: Mapped[int] = mapped_column(default=0, server_default="0")
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitation.id"), index=True)
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
