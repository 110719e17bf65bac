"""Who may hand in a company's mail by SMTP AUTH: a name and an argon2id hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlalchemy import select

from core import audit
from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm.registry.parties import company_row
from crm.tables import CompanyRow, SmtpUserRow

PASSWORD_CHARS_MIN = 8
CREDENTIAL_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class SmtpUser:
    user: str
    created_at: datetime


def add(tx: Tx, company_id: int, user: str, password: str, *, replace: bool = False, actor: str = "cli") -> None:
    """Let ``user`` hand in this company's mail; ``replace``: a user who is there already gets this password.

    Raises:
        NotFound: no such company.
        ConfigError: an impossible name, a password that is too short, a user of another company or, without
            ``replace``, one who has a password.
    """
    company_row(tx, company_id)
    if not 0 < len(user) <= CREDENTIAL_CHARS_MAX or not user.isprintable() or " " in user:
        raise ConfigError("SMTP user: 1 to 200 printable characters without blanks")
    if not PASSWORD_CHARS_MIN <= len(password) <= CREDENTIAL_CHARS_MAX or "\x00" in password:
        raise ConfigError(f"SMTP password: {PASSWORD_CHARS_MIN} to {CREDENTIAL_CHARS_MAX} characters")
    row = tx.session.get(SmtpUserRow, user, with_for_update=True)
    if row is None:
        row = SmtpUserRow(user=user, company_id=company_id, created_at=tx.now)
        tx.session.add(row)
    elif row.company_id != company_id:
        raise ConfigError(f"SMTP user {user!r} belongs to company {row.company_id}")
    elif not replace:
        raise ConfigError(
            f"SMTP user {user!r} has a password since {row.created_at:%Y-%m-%d}; --replace gives a new one"
        )
    row.password_hash = _hasher().hash(password)
    tx.session.flush()
    audit.record(tx, actor, "smtp user set", f"company:{company_id}")
    tx.config_changed()


def remove(tx: Tx, company_id: int, user: str, *, actor: str = "cli") -> None:
    """Whoever signs in as ``user`` is refused from then on; raises NotFound."""
    row = tx.session.get(SmtpUserRow, user, with_for_update=True)
    if row is None or row.company_id != company_id:
        raise NotFound(f"company {company_id} has no SMTP user {user!r}; see `careerrelay company smtp-users`")
    tx.session.delete(row)
    tx.session.flush()
    audit.record(tx, actor, "smtp user removed", f"company:{company_id}")
    tx.config_changed()


def of_company(tx: Tx, company_id: int) -> Sequence[SmtpUser]:
    """The users of a company by name; raises NotFound."""
    company_row(tx, company_id)
    query = select(SmtpUserRow.user, SmtpUserRow.created_at).where(SmtpUserRow.company_id == company_id)
    return [SmtpUser(*row) for row in tx.session.execute(query.order_by(SmtpUserRow.user))]


def check_password(tx: Tx, user: str, password: str) -> int | None:
    """Return the company of that user, or None; an unknown user costs the same time as a wrong password."""
    row = tx.session.get(SmtpUserRow, user) if 0 < len(user) <= CREDENTIAL_CHARS_MAX else None
    try:
        _hasher().verify(row.password_hash if row else _nobody(), password[:CREDENTIAL_CHARS_MAX])
    except (Argon2Error, UnicodeEncodeError):
        return None
    if row is None or tx.session.get_one(CompanyRow, row.company_id).suspended_at is not None:
        return None
    return row.company_id


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
