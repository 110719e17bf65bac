"""Links with a random token: the only key that a candidate or an agency without a login ever holds (decisions 18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update

from core.crypto import KeyRing
from core.db import new_id
from core.runtime import Tx
from core.settings import Settings
from core.tokens import new_token, token_sha256
from crm.tables import LinkRow

TOKEN_CHARS_MAX = 64


class LinkKind(StrEnum):
    """What a token opens: invitation (relay, optout), registration (manage, undo, confirm), referral (agency),

    company (company: its own link, for mails that never passed us), arrival (who came by that one), proof (a code that
    proves an address) or restore (an address that was changed).
    """

    RELAY = "relay"
    OPTOUT = "optout"
    MANAGE = "manage"
    AGENCY = "agency"
    CONFIRM = "confirm"
    UNDO = "undo"
    DESK_IN = "desk_in"
    DESK = "desk"
    COMPANY = "company"
    ARRIVAL = "arrival"
    PROOF = "proof"
    RESTORE = "restore"


PATHS: Mapping[LinkKind, str] = {
    LinkKind.RELAY: "/r/",
    LinkKind.OPTOUT: "/u/",
    LinkKind.MANAGE: "/m/",
    LinkKind.UNDO: "/m/undo/",
    LinkKind.CONFIRM: "/r/code/",
    LinkKind.AGENCY: "/agency/l/",
    LinkKind.DESK_IN: "/agency/in/",
    LinkKind.COMPANY: "/r/c/",
    LinkKind.ARRIVAL: "/r/c/code/",
    LinkKind.PROOF: "/m/address/",
    LinkKind.RESTORE: "/m/restore/",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is neither expired nor revoked."""

    id: str
    kind: LinkKind
    subject: str
    expires_at: datetime


def issue(tx: Tx, kind: LinkKind, subject: str, expires_at: datetime) -> str:
    """Make a token and return it; it can be printed again by ``reveal`` until it ends."""
    token, row_id = new_token(), new_id()
    tx.session.add(
        LinkRow(
            id=row_id,
            kind=kind.value,
            subject=subject,
            token_sha256=token_sha256(token),
            token_sealed=seal_token(tx.keys, row_id, token),
            created_at=tx.now,
            expires_at=expires_at,
        )
    )
    tx.session.flush()
    return token


def find(tx: Tx, kind: LinkKind, token: str) -> Link | None:
    """Look a token up. ``None`` for unknown, expired and revoked alike: a page must not tell them apart."""
    if not 0 < len(token) <= TOKEN_CHARS_MAX:
        return None
    row = tx.session.scalar(
        select(LinkRow).where(LinkRow.token_sha256 == token_sha256(token), LinkRow.kind == kind.value)
    )
    return _live(tx, row)


def of(tx: Tx, kind: LinkKind, subject: str) -> Link | None:
    """Return the newest live link of ``subject``."""
    row = tx.session.scalar(
        select(LinkRow)
        .where(LinkRow.kind == kind.value, LinkRow.subject == subject, LinkRow.revoked_at.is_(None))
        .order_by(LinkRow.expires_at.desc())
        .limit(1)
    )
    return _live(tx, row)


def reveal(tx: Tx, link: Link) -> str:
    """Open the sealed token, to print the same link again."""
    row = tx.session.get_one(LinkRow, link.id)
    return open_token(tx.keys, row.id, row.token_sealed)


def revoke(tx: Tx, kind: LinkKind, subject: str) -> int:
    """End every live link of that kind and subject at once; returns how many."""
    rows = tx.session.scalars(
        select(LinkRow).where(LinkRow.kind == kind.value, LinkRow.subject == subject, LinkRow.revoked_at.is_(None))
    ).all()
    for row in rows:
        row.revoked_at = tx.now
    tx.session.flush()
    return len(rows)


def spend(tx: Tx, link: Link) -> bool:
    """End this one link; False when somebody else did so first. What may be done once is done by who gets True."""
    ended = update(LinkRow).where(LinkRow.id == link.id, LinkRow.revoked_at.is_(None)).values(revoked_at=tx.now)
    return bool(tx.session.execute(ended).rowcount)  # type: ignore[attr-defined]


def seal_token(keys: KeyRing, row_id: str, token: str) -> bytes:
    """The sealed column of the link ``row_id``."""
    return keys.seal_text(_aad(row_id), token)


def open_token(keys: KeyRing, row_id: str, sealed: bytes) -> str:
    """The token of the link ``row_id``; raises SealBroken."""
    return keys.open_text(_aad(row_id), sealed)


def url(settings: Settings, kind: LinkKind, token: str) -> str:
    """Build the address that stands in a mail: ``WEB__BASE_URL`` + path of the kind + token."""
    return f"{settings.web.base_url}{PATHS[kind]}{token}"


def _live(tx: Tx, row: LinkRow | None) -> Link | None:
    if row is None or row.revoked_at is not None or row.expires_at <= tx.now:
        return None
    return Link(row.id, LinkKind(row.kind), row.subject, row.expires_at)


def _aad(row_id: str) -> str:
    return f"link.token_sealed:{row_id}"
