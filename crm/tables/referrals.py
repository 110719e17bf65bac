"""Tables from agreement to credit: registration, consent, referral, provision record, recall."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class RegistrationRow(Base):
    """What a candidate typed, and where it stands. It belongs to the candidate, not to HR."""

    __tablename__ = "registration"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    lang: Mapped[str] = mapped_column(String(2))
    mail_index: Mapped[str] = mapped_column(String(80))
    mail_proof: Mapped[str | None] = mapped_column(String(5))
    profile_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    evidence_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    boxes: Mapped[list[Any]]
    code_mac: Mapped[str | None] = mapped_column(String(100))
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    code_mails: Mapped[int] = mapped_column(default=0, server_default="0")
    # The age gate: when the box was ticked, and the hash of the words beside it.
    adult_at: Mapped[datetime | None]
    adult_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    hand_over_at: Mapped[datetime | None]
    # Somebody else had the address: nothing leaves to an agency before the person has looked at it all.
    held_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ConsentTextRow(Base):
    """A consent text as it was shown, readable in full by its hash for as long as a consent names it."""

    __tablename__ = "consent_text"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime]


class ConsentRow(Base):
    """One purpose, one recipient, the items named. Only ``withdrawn_at`` is ever written later, and only once."""

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(40))
    items: Mapped[list[Any]]
    text_sha256: Mapped[str] = mapped_column(ForeignKey("consent_text.sha256"))
    lang: Mapped[str] = mapped_column(String(2))
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class PseudonymRow(Base):
    """Random, one per person and agency: two agencies cannot match their lists (domain 3.3 invariant 19)."""

    __tablename__ = "pseudonym"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(20), unique=True)


class ReferralRow(Base):
    """A registration on its way to one agency: the thing that is counted."""

    __tablename__ = "referral"
    __table_args__ = (UniqueConstraint("registration_id", "agency_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"))
    pseudonym: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime]
    shared_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime | None]
    talk_asked_at: Mapped[datetime | None]
    talk_declined_at: Mapped[datetime | None]
    contact_released_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    reversed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    silence_told_at: Mapped[datetime | None]


class ProvisionRow(Base):
    """Third-party provision record (個人情報保護法 29条): append-only, kept three years, survives erasure."""

    __tablename__ = "provision"
    __table_args__ = (UniqueConstraint("referral_id", "step"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    referral_id: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    step: Mapped[str] = mapped_column(String(10))
    subject_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    recipient_name: Mapped[str] = mapped_column(String(200))
    recipient_address: Mapped[str | None] = mapped_column(String(300))
    recipient_representative: Mapped[str | None] = mapped_column(String(200))
    licence_no: Mapped[str] = mapped_column(String(40))
    items: Mapped[list[Any]]
    consent_id: Mapped[str] = mapped_column(String(16))
    text_sha256: Mapped[str] = mapped_column(String(64))
    payload_sha256: Mapped[str] = mapped_column(String(64))
    provided_at: Mapped[datetime]
    keep_until: Mapped[date]


class RecallRow(Base):
    """The request to an agency to delete what it got, and its word that it did."""

    __tablename__ = "recall"

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    asked_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]


# A provision record is never rewritten; retention deletes it after ``keep_until``.
DDL: dict[str, list[str]] = {
    "sqlite": [
        """CREATE TRIGGER provision_is_append_only BEFORE UPDATE ON provision
        BEGIN SELECT RAISE(ABORT, 'a provision record is never changed'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION provision_refuse_update() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a provision record is never changed'; END $$""",
        """CREATE TRIGGER provision_is_append_only BEFORE UPDATE ON provision
        FOR EACH ROW EXECUTE FUNCTION provision_refuse_update()""",
    ],
}
