"""The six-digit code that proves an address which no link of ours was sent to (decisions 21)."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from core.lang import lang_of
from core.outbox import Kind
from core.runtime import Tx
from core.tokens import new_token
from crm import letters, links
from crm.errors import Refused, WrongCode
from crm.links import LinkKind
from crm.tables import ArrivalRow, CompanyRow, RegistrationRow

CODE_MINUTES = 10
CODE_TRIES_MAX = 5
CODE_MAILS_A_DAY_MAX = 3


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The address is not the one the link was sent to: a six-digit code went there. Page: ``/r/code/TOKEN``."""

    confirm_token: str
    expires_at: datetime


def send(tx: Tx, company: CompanyRow, row: RegistrationRow, mail: str) -> CodeNeeded:
    """Mail a code to the address; three a day and link, so that nobody's mailbox is filled through us.

    Raises:
        Refused: too many codes today (``too_many_codes``).
    """
    asked = tx.session.scalar(
        select(func.count())
        .select_from(RegistrationRow)
        .where(
            RegistrationRow.invitation_id == row.invitation_id,
            RegistrationRow.code_expires_at.is_not(None),
            RegistrationRow.created_at > tx.now - timedelta(days=1),
        )
    )
    if (asked or 0) >= CODE_MAILS_A_DAY_MAX:
        raise Refused("too_many_codes", "too many codes were sent for this link today")
    code, expires_at = make(tx, row)
    mail_to(tx, company, row, mail, code, gate_ref=f"code:{row.id}")
    return CodeNeeded(
        links.issue(tx, LinkKind.CONFIRM, row.id, expires_at + timedelta(minutes=CODE_MINUTES)), expires_at
    )


def make(tx: Tx, row: RegistrationRow | ArrivalRow) -> tuple[str, datetime]:
    """Make a code for the row, which keeps its MAC only; returns the digits and until when they hold."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    expires_at = tx.now + timedelta(minutes=CODE_MINUTES)
    row.code_mac, row.code_expires_at = tx.keys.mac("token", _code_data(row, code)), expires_at
    tx.session.flush()
    return code, expires_at


def make_none(tx: Tx, row: RegistrationRow | ArrivalRow) -> None:
    """Make a row that takes tries as any other, and that no six digits open: none were sent."""
    row.code_mac = tx.keys.mac("token", _code_data(row, new_token()))
    row.code_expires_at = tx.now + timedelta(minutes=CODE_MINUTES)
    tx.session.flush()


def mail_to(
    tx: Tx, company: CompanyRow, row: RegistrationRow | ArrivalRow, mail: str, code: str, *, gate_ref: str
) -> None:
    """Put the mail with the code into the outbox."""
    letters.send(
        tx,
        name="confirm_code",
        key=f"code:{row.id}",
        company=company,
        kind=Kind.CANDIDATE,
        recipient=mail,
        lang=lang_of(row.lang),
        gate_ref=gate_ref,
        values={"code": code, "minutes": CODE_MINUTES},
    )


def check(tx: Tx, row: RegistrationRow | ArrivalRow, code: str) -> WrongCode | None:
    """Return None for the right code; every other try is counted on the row (full-width digits are fine)."""
    if row.code_mac is None or row.code_expires_at is None or row.code_expires_at <= tx.now:
        return WrongCode("code_expired", 0)
    if row.code_tries >= CODE_TRIES_MAX:
        return WrongCode("code_tries", 0)
    row.code_tries += 1
    tx.session.flush()
    typed = unicodedata.normalize("NFKC", code).replace(" ", "")
    if tx.keys.verify_mac("token", _code_data(row, typed), row.code_mac):
        return None
    left = CODE_TRIES_MAX - row.code_tries
    return WrongCode("code_wrong" if left else "code_tries", left)


def _code_data(row: RegistrationRow | ArrivalRow, code: str) -> bytes:
    return f"{row.id}:{code}".encode("utf-8", "surrogateescape")
