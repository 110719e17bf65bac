"""Tables of the parties: companies with their senders and networks, agencies, and the programme between the two."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class CompanyRow(Base):
    """A hiring company: whose rejection mails are looked at, and how."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    mode: Mapped[str] = mapped_column(String(10))
    mode_since: Mapped[datetime | None]  # of its last change; none before the first
    hold_minutes: Mapped[int]
    next_hop: Mapped[str | None] = mapped_column(String(300))
    bypass: Mapped[bool] = mapped_column(default=False)
    suspended_at: Mapped[datetime | None]
    locale: Mapped[str] = mapped_column(String(2))
    tone: Mapped[str] = mapped_column(String(20))
    mail_from: Mapped[str | None] = mapped_column(String(320))
    contact_mail: Mapped[str | None] = mapped_column(String(320))
    postal_address: Mapped[str | None] = mapped_column(String(300))
    representative: Mapped[str | None] = mapped_column(String(200))
    privacy_url: Mapped[str | None] = mapped_column(String(500))
    keep_passed_days: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[str | None] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(60))
    signed_mail: Mapped[str] = mapped_column(String(6), server_default="leave")  # leave | resign
    dkim_sign: Mapped[str] = mapped_column(String(6), server_default="edited")  # edited | all
    client_cert: Mapped[str | None] = mapped_column(Text)  # PEM chain that we show to the next hop
    client_cert_sha256: Mapped[str | None] = mapped_column(String(64))
    client_cert_expires_at: Mapped[datetime | None]
    client_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_hop_password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_hop_password_set_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CompanyDomainRow(Base):
    """A sender domain: exact, or ``.example.jp`` for every sub-domain. One domain has one company."""

    __tablename__ = "company_domain"

    domain: Mapped[str] = mapped_column(String(254), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class RecruitingSenderRow(Base):
    """Who sends selection results: an address, or ``@domain`` (decisions 2)."""

    __tablename__ = "recruiting_sender"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    pattern: Mapped[str] = mapped_column(String(320), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class CompanyNetworkRow(Base):
    """A network whose hosts may hand in the company's mail; several companies may share one (a hosted mail server)."""

    __tablename__ = "company_network"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    cidr: Mapped[str] = mapped_column(String(50), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class SmtpUserRow(Base):
    """SMTP AUTH user of a company; argon2id hash."""

    __tablename__ = "smtp_user"

    user: Mapped[str] = mapped_column("user_name", String(200), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


class AgencyRow(Base):
    """A licensed placement agency (有料職業紹介事業者)."""

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    licence_no: Mapped[str] = mapped_column(String(40), unique=True)
    licence_expires_on: Mapped[date]
    mail: Mapped[str] = mapped_column(String(320))
    postal_address: Mapped[str | None] = mapped_column(String(300))
    representative: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(2))
    mails: Mapped[str] = mapped_column(String(6), server_default="each")  # each | digest | none
    event_seq: Mapped[int] = mapped_column(server_default="0")  # the last number in agency_event
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ProgrammeRow(Base):
    """The contract company x agency: the book of credits is kept for each one (decisions 24)."""

    __tablename__ = "programme"
    __table_args__ = (UniqueConstraint("company_id", "agency_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    threshold: Mapped[int]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
