"""Who changed what, and when: ids and counts, never personal data. Rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.runtime import Tx


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]


def record(tx: Tx, actor: str, action: str, subject: str, **details: float | str | bool | None) -> None:
    """Write one line in the caller's transaction.

    ``actor`` is "cli", "user:ID", "agency:ID", "candidate" or "system".
    """
    tx.session.add(AuditEntry(at=tx.now, actor=actor, action=action, subject=subject, details=dict(details)))
