"""The six-digit code that proves an address which no link of ours was sent to (decisions 21)."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from core.lang import lang_of
from core.outbox import Kind
from core.runtime import Tx
from core.tokens import new_token
from crm import letters, links, suppression
from crm.errors import Refused, WrongCode
from crm.links import LinkKind
from crm.tables import AddressProofRow, ArrivalRow, CompanyRow, RegistrationRow

CODE_MINUTES = 10
CODE_TRIES_MAX = 5
CODE_MAILS_A_DAY_MAX = 3
#: As long as what was typed is kept: a code that came too late can be had again.
LINK_HOURS = 24


CodeRow = RegistrationRow | ArrivalRow | AddressProofRow


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The address is not the one the link was sent to: a six-digit code went there. Page: ``/r/code/TOKEN``."""

    confirm_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CodePage:
    """What the page beside a code may say. ``mail``: its first letter and its domain, to see a slip of the finger.

    ``until`` is None once no code holds; ``again``: how many more may be asked for here today.
    """

    mail: str
    until: datetime | None
    again: int


def send(tx: Tx, company: CompanyRow, row: RegistrationRow, mail: str) -> CodeNeeded:
    """Mail a code to the address; three a day and link, so that nobody's mailbox is filled through us.

    The caller has asked ``check_link``. An address that wants no mails from this company gets none; the page is the
    same, and no code opens it.
    """
    expires_at = make_and_mail(tx, company, row, mail, gate_ref=f"code:{row.id}")
    # One page for all codes of a row, so that a button pressed twice leads to no dead end. It ends a day after the
    # first code: a row older than that is no longer counted above.
    page = links.of(tx, LinkKind.CONFIRM, row.id)
    if page is not None:
        return CodeNeeded(links.reveal(tx, page), expires_at)
    ends_at = row.created_at + timedelta(hours=LINK_HOURS)
    return CodeNeeded(links.issue(tx, LinkKind.CONFIRM, row.id, ends_at), expires_at)


def make_and_mail(
    tx: Tx, company: CompanyRow, row: RegistrationRow | ArrivalRow, mail: str, *, gate_ref: str
) -> datetime:
    """Make a code and mail it, unless the address wants no mails; returns until when it holds."""
    if suppression.is_suppressed(tx, company.id, mail):
        return make_none(tx, row)
    code, expires_at = make(tx, row)
    values: dict[str, object] = {"code": code, "minutes": CODE_MINUTES}
    mail_to(tx, company, row, mail, name="confirm_code", values=values, gate_ref=gate_ref)
    return expires_at


def check_link(tx: Tx, invitation_id: str) -> None:
    """Let nobody go on by a link that had its codes of today, whatever address he types: an answer that depends on it
    would tell a stranger with the link whether he guessed the right one.

    Raises:
        Refused: too many codes today (``too_many_codes``).
    """
    if asked_by_link(tx, invitation_id) >= CODE_MAILS_A_DAY_MAX:
        raise Refused("too_many_codes", "too many codes were sent for this link today")


def asked_by_link(tx: Tx, invitation_id: str) -> int:
    """How many codes were asked for by this invitation in the last day."""
    return _asked(tx, RegistrationRow, RegistrationRow.invitation_id == invitation_id)


def mailbox_index(tx: Tx, company_id: int, mail: str) -> str:
    """The blind index of the mailbox behind an address: what follows a '+' is a name that its owner made up (RFC 5233),
    so that taro+1@ and taro+2@ fill one mailbox. For counting only: people are told apart by the whole address."""
    local, _, domain = mail.strip().rpartition("@")
    return tx.keys.index(company_id, f"{local.partition('+')[0].casefold() or local}@{domain}")


def asked_for_address(tx: Tx, row: ArrivalRow | AddressProofRow) -> int:
    """How many codes were asked for to this mailbox in the last day, by whomever; who asks at this moment waits.

    One lock for the company: an address that nobody knows has no row to stand in line at. Mails go on (NO KEY UPDATE).
    """
    tx.session.get_one(CompanyRow, row.company_id, with_for_update={"key_share": True})
    table = type(row)
    return _asked(tx, table, table.company_id == row.company_id, table.mailbox_index == row.mailbox_index)


def make(tx: Tx, row: CodeRow, lives: timedelta = timedelta(minutes=CODE_MINUTES)) -> tuple[str, datetime]:
    """Make a code for the row, which keeps its MAC only; returns the digits and until when they hold."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    return code, _keep(tx, row, code, lives)


def make_none(tx: Tx, row: CodeRow) -> datetime:
    """Make a row that takes tries as any other, and that no six digits open: none were sent."""
    return _keep(tx, row, new_token(), timedelta(minutes=CODE_MINUTES))


def mail_to(
    tx: Tx, company: CompanyRow, row: CodeRow, mail: str, *, name: str, values: dict[str, object], gate_ref: str
) -> None:
    """Put the mail with the code into the outbox."""
    letters.send(
        tx,
        name=name,
        key=f"code:{row.id}:{row.code_mails}",
        company=company,
        kind=Kind.CANDIDATE,
        recipient=mail,
        lang=lang_of(row.lang),
        gate_ref=gate_ref,
        values=values,
    )


def page_of(tx: Tx, row: CodeRow, mail: str, asked: int) -> CodePage:
    """Describe the page where a code of this row is typed. Reads only."""
    local, _, domain = mail.rpartition("@")
    live = row.code_expires_at is not None and row.code_expires_at > tx.now and row.code_tries < CODE_TRIES_MAX
    return CodePage(
        f"{local[:1]}…@{domain}", row.code_expires_at if live else None, max(CODE_MAILS_A_DAY_MAX - asked, 0)
    )


def check(tx: Tx, row: CodeRow, code: str) -> WrongCode | None:
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


def _keep(tx: Tx, row: CodeRow, code: str, lives: timedelta) -> datetime:
    row.code_mac, row.code_expires_at = tx.keys.mac("token", _code_data(row, code)), tx.now + lives
    row.code_tries, row.code_mails = 0, row.code_mails + 1
    tx.session.flush()
    return tx.now + lives


def _asked(tx: Tx, table: type[CodeRow], *mine: ColumnElement[bool]) -> int:
    query = select(func.sum(table.code_mails)).where(*mine, table.created_at > tx.now - timedelta(days=1))
    return int(tx.session.scalar(query) or 0)


def _code_data(row: CodeRow, code: str) -> bytes:
    return f"{row.id}:{code}".encode("utf-8", "surrogateescape")
