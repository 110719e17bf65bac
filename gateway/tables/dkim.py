"""The table of the companies' DKIM keys; `dkim_keys.py` works on it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class KeyState(StrEnum):
    PREPARED = "prepared"
    ACTIVE = "active"
    RETIRED = "retired"


class DkimKeyRow(Base):
    """One key pair. ``public_key``: what stands in ``p=`` before base64 (RFC 6376 3.6.1, RFC 8463 4.2)."""

    __tablename__ = "dkim_key"
    __table_args__ = (UniqueConstraint("domain", "selector"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(index=True)
    domain: Mapped[str] = mapped_column(String(254))
    selector: Mapped[str] = mapped_column(String(63))
    algorithm: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(8))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
