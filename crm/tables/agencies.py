"""Tables of the traffic with agencies: keys of programs, what happened for an agency and how it was told, outcomes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class ApiKeyRow(Base):
    """A key for a program of one agency or one company; ``scopes`` are the only things it opens."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint("(agency_id IS NULL) <> (company_id IS NULL)", name="one_owner"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(12), unique=True)
    key_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    scopes: Mapped[list[Any]]
    # Of an agency's key that one company's admin made: it opens what came from this company. Empty: everything.
    reach_company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AgencyEventRow(Base):
    """Something an agency is told: by webhook, by its own asking, or both. No content: that is made when it leaves.

    ``seq`` counts per agency in the order of the commits, so a reader that goes on behind it misses nothing.
    """

    __tablename__ = "agency_event"
    __table_args__ = (
        UniqueConstraint("agency_id", "seq"),
        Index("ix_agency_event_referral", "referral_id", "type"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    seq: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    referral_id: Mapped[str | None] = mapped_column(ForeignKey("referral.id"))
    introduction_id: Mapped[str | None] = mapped_column(ForeignKey("introduction.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    # Its way by webhook; ``none``: the agency had no webhook then.
    delivery: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int]
    tried_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(String(60))


class AgencyWebhookRow(Base):
    """Where an agency's server takes events. Two secrets sign while one replaces the other."""

    __tablename__ = "agency_webhook"

    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    reach_company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))  # as of a key
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None]
    # After a server that does not answer, nobody waits for it again before this moment.
    quiet_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class OutcomeRow(Base):
    """What an agency reports of a referral later on: one row a step, the newest word holds."""

    __tablename__ = "outcome"
    __table_args__ = (UniqueConstraint("referral_id", "kind"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"))
    kind: Mapped[str] = mapped_column(String(20))
    happened_on: Mapped[date]
    reported_at: Mapped[datetime]
