"""Tables of this floor: who may sign in, their one-time links, failed sign-ins, and answered API calls.

Addresses here belong to people at work who operate the installation; nothing about candidates stands here.
"""

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base


class ConsoleUserRole(Base):
    __tablename__ = "console_user_role"

    user_id: Mapped[str] = mapped_column(ForeignKey("console_user.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("console_role.id"), primary_key=True)


class ConsoleRole(Base, RoleMixin):  # type: ignore[misc]  # no types there
    """One of `web.auth.ROLES`."""

    __tablename__ = "console_role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    permissions = None  # Flask-Security asks for it; our table of views is `console/access.py`


class ConsoleUser(Base, UserMixin):  # type: ignore[misc]  # no types there
    """A person who signs in. ``company_id`` empty: every company of this installation."""

    __tablename__ = "console_user"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    # argon2id; empty for people who only come by one-time link. Flask-Security asks for this name.
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool]
    # Stands in the session cookie instead of the id: changing it signs the person out everywhere.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    company_id: Mapped[int | None]
    created_at: Mapped[datetime]
    roles: Mapped[list[ConsoleRole]] = relationship(
        secondary="console_user_role", lazy="selectin", order_by="ConsoleRole.id"
    )


class SignInLink(Base):
    """A link whose button signs one person in, once (`web.auth.sign_in_link`)."""

    __tablename__ = "sign_in_link"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("console_user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """Failed sign-ins of one name or one place in the running window; a restart forgives nobody."""

    __tablename__ = "sign_in_failure"

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int]
    window_started_at: Mapped[datetime]


class ApiReplay(Base):
    """The answer to a POST that carried an Idempotency-Key: the same key gets the same answer again."""

    __tablename__ = "api_replay"

    agency_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    # What it was about: an answer goes with the person it tells of (`crm/rights/person_rows.py`).
    referral_id: Mapped[str | None] = mapped_column(ForeignKey("referral.id"))
    introduction_id: Mapped[str | None] = mapped_column(ForeignKey("introduction.id"))
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
