"""Keys for programs: an agency's for its own referrals, a company's for its applicant tracking system.

A key is shown once and kept as a hash (it is random: no slow hash needed). Its scopes are the only things it opens.
With an agency's key one answers for it and reads contact data that no company may see, so the agency is told by mail of
each that is made or ends. Older keys may be bound to one company (``reach``), whose admin made them: they open what
came from this company, also when the agency works for others later, for nobody there agreed to it.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select

from core import audit
from core.db import new_id
from core.errors import ConfigError, Mistake, NotFound
from core.runtime import Tx
from core.tokens import new_token, token_sha256
from crm.agency import agency_letters
from crm.tables import AgencyRow, ApiKeyRow, CompanyRow

PREFIX_BYTES = 4
KEYS_MAX = 20


class Scope(StrEnum):
    """What a key may do. ``invitations:write`` is for keys of a company, the others for keys of an agency."""

    REFERRALS_READ = "referrals:read"
    REFERRALS_WRITE = "referrals:write"
    CONTACTS_READ = "contacts:read"
    INTRODUCTIONS_WRITE = "introductions:write"
    INVITATIONS_WRITE = "invitations:write"


OF_COMPANIES = frozenset({Scope.INVITATIONS_WRITE})
OF_AGENCIES = frozenset(Scope) - OF_COMPANIES


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as lists show it; ``prefix`` is its public beginning. ``reach``: the one company that it opens."""

    id: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked: bool
    reach: int | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a key: exactly one of ``agency_id`` and ``company_id`` is set. ``reach``: of an agency's key, the one
    company that it opens; None: all."""

    key_id: str
    agency_id: int | None
    company_id: int | None
    scopes: frozenset[Scope]
    reach: int | None


def make(
    tx: Tx,
    *,
    agency_id: int | None = None,
    company_id: int | None = None,
    scopes: Iterable[Scope] | None = None,
    actor: str,
) -> str:
    """Make a key for an agency or a company; without ``scopes`` it opens everything that such a key can open.

    Raises:
        NotFound: no such agency or company.
        ConfigError: a scope that is not for this kind of owner, none at all, too many keys, or an agency that cannot be
            told of it.
    """
    allowed = OF_AGENCIES if agency_id is not None else OF_COMPANIES
    wanted = sorted(set(allowed if scopes is None else scopes))
    if not wanted or not allowed.issuperset(wanted):
        raise ConfigError(Mistake(f"scopes: at least one of {', '.join(sorted(allowed))}", "scopes"))
    owner = AgencyRow if agency_id is not None else CompanyRow
    if tx.session.get(owner, agency_id if agency_id is not None else company_id, with_for_update=True) is None:
        raise NotFound("there is no such agency or company")
    if len(_live(tx, agency_id, company_id)) >= KEYS_MAX:
        raise ConfigError(Mistake(f"keys: at most {KEYS_MAX}; revoke one first", "keys", {"n": KEYS_MAX}))
    prefix = f"cr{secrets.token_hex(PREFIX_BYTES)}"
    key = f"{prefix}.{new_token()}"
    row = ApiKeyRow(
        id=new_id(),
        agency_id=agency_id,
        company_id=company_id,
        prefix=prefix,
        key_sha256=token_sha256(key),
        scopes=[scope.value for scope in wanted],
        created_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    audit.record(tx, actor, "api key made", f"api_key:{row.id}", agency=agency_id, company=company_id)
    if agency_id is not None:
        agency_letters.access_made(tx, agency_id, "key", which=prefix, actor=actor)
    return key


def check(tx: Tx, key: str) -> Bearer | None:
    """Return who holds ``key``; None for an unknown or revoked key, and when its owner is suspended. Reads only."""
    if not key.isprintable():  # PostgreSQL holds no U+0000 in a text
        return None
    prefix = key.partition(".")[0]
    row = tx.session.scalar(select(ApiKeyRow).where(ApiKeyRow.prefix == prefix, ApiKeyRow.revoked_at.is_(None)))
    if row is None or not hmac.compare_digest(row.key_sha256, token_sha256(key)):
        return None
    owner: AgencyRow | CompanyRow | None = (
        tx.session.get(AgencyRow, row.agency_id) if row.agency_id else tx.session.get(CompanyRow, row.company_id)
    )
    if owner is None or owner.suspended_at is not None:
        return None
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Bearer(row.id, row.agency_id, row.company_id, scopes, row.reach_company_id)


def revoke(tx: Tx, prefix: str, *, agency_id: int | None = None, company_id: int | None = None, actor: str) -> None:
    """End one key of an owner, named by its public beginning; a second time changes nothing.

    Raises:
        NotFound: this owner has no such key.
    """
    row = tx.session.scalar(select(ApiKeyRow).where(ApiKeyRow.prefix == prefix, *_owner(agency_id, company_id)))
    if row is None:
        raise NotFound(f"there is no key {prefix!r}")
    if row.revoked_at is None:
        row.revoked_at = tx.now
        tx.session.flush()
        audit.record(tx, actor, "api key revoked", f"api_key:{row.id}")
        if agency_id is not None:
            agency_letters.access_ended(tx, agency_id, "key", which=[prefix], actor=actor)


def replace_all(tx: Tx, agency_id: int, *, actor: str) -> str:
    """Make a key of every scope in place of all that the agency had; they end in the same moment.

    Raises:
        NotFound: no such agency.
        ConfigError: it cannot be told of it.
    """
    ended = _live(tx, agency_id, None)
    for row in ended:
        row.revoked_at = tx.now
    tx.session.flush()
    key = make(tx, agency_id=agency_id, actor=actor)
    if ended:
        agency_letters.access_ended(tx, agency_id, "key", which=[row.prefix for row in ended], actor=actor)
    return key


def listed(tx: Tx, *, agency_id: int | None = None, company_id: int | None = None) -> list[KeyView]:
    """Return the keys of an owner, the newest first."""
    rows = tx.session.scalars(
        select(ApiKeyRow)
        .where(*_owner(agency_id, company_id))
        .order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id.desc())
    )
    return [
        KeyView(
            row.id,
            row.prefix,
            tuple(map(Scope, row.scopes)),
            row.created_at,
            row.revoked_at is not None,
            row.reach_company_id,
        )
        for row in rows
    ]


def has_live(tx: Tx, agency_id: int, company_id: int | None = None) -> bool:
    """Whether a program of this agency can ask for its referrals, or for those from one company."""
    live = _live(tx, agency_id, None)
    return any(company_id is None or row.reach_company_id in (None, company_id) for row in live)


def _live(tx: Tx, agency_id: int | None, company_id: int | None) -> list[ApiKeyRow]:
    query = select(ApiKeyRow).where(*_owner(agency_id, company_id), ApiKeyRow.revoked_at.is_(None))
    return list(tx.session.scalars(query))


def _owner(agency_id: int | None, company_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return (ApiKeyRow.agency_id == agency_id, ApiKeyRow.company_id == company_id)
