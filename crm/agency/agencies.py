"""Placement agencies: only a licensed one may stand in a mail or receive anything (職業安定法 30条)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import Date, bindparam, func, or_, select

from core import audit
from core.bulk import Query
from core.clock import day_in_japan
from core.errors import ConfigError, Mistake
from core.lang import Lang, lang_of
from core.runtime import Tx
from crm.agency import api_keys, webhooks
from crm.registry.company_input import NAME_CHARS_MAX, address
from crm.registry.parties import agency_row
from crm.registry.programmes import THRESHOLD, Programme, open_programme, programme_of
from crm.tables import AgencyRow, ApiKeyRow, ProgrammeRow

__all__ = ["AddedAgency", "AgencyView", "NewAgency", "programme_of"]

# Prefecture code 01-47, ユ for paid or ム for free placement, six digits: 13-ユ-300001.
_LICENCE = re.compile(r"(?:0[1-9]|[1-3]\d|4[0-7])-[ユム]-\d{6}\Z")
LICENCE_CHARS_MAX = 40
# each: a mail for every profile and answer; digest: one mail a day; none: webhook or API only. Requests to delete and
# reminders always come by mail.
Mails = Literal["each", "digest", "none"]


@dataclass(frozen=True, slots=True)
class NewAgency:
    """What an operator gives to add an agency; ``odd_licence_ok`` confirms a number of an unusual form."""

    name: str
    licence_no: str
    licence_expires_on: date
    mail: str
    postal_address: str | None = None
    representative: str | None = None
    locale: Lang = "ja"
    threshold: int = THRESHOLD
    with_api_key: bool = False
    odd_licence_ok: bool = False


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency as others read it; ``licence_valid`` is true up to and on the expiry date (Japanese time)."""

    id: int
    name: str
    licence_no: str
    licence_expires_on: date
    licence_valid: bool
    mail: str
    postal_address: str | None
    representative: str | None
    locale: Lang
    suspended: bool
    has_api_key: bool
    mails: Mails


@dataclass(frozen=True, slots=True)
class AddedAgency:
    """The new agency, its contract, and its API key, which is never shown again."""

    agency: AgencyView
    programme: Programme
    api_key: str | None


def add(tx: Tx, company_id: int, new: NewAgency, *, actor: str = "cli") -> AddedAgency:
    """Add an agency with its contract. A licence number that is known already only gets the new contract, and no key:
    that would open what other companies' candidates gave this agency.

    Raises:
        NotFound: no such company.
        ConfigError: wrong values, an expired licence, an unusual licence number that was not confirmed, a number
            known under another name or address, or a second contract of the same two.
    """
    licence = _checked(tx, new)
    known = row = tx.session.scalar(select(AgencyRow).where(AgencyRow.licence_no == licence).with_for_update())
    if row is None:
        row = AgencyRow(
            name=new.name.strip(),
            licence_no=licence,
            licence_expires_on=new.licence_expires_on,
            mail=address(new.mail),
            postal_address=new.postal_address,
            representative=new.representative,
            locale=new.locale,
            created_at=tx.now,
        )
        tx.session.add(row)
        tx.session.flush()
        audit.record(tx, actor, "agency added", f"agency:{row.id}", company=company_id)
    elif (row.name, row.mail) != (new.name.strip(), address(new.mail)):
        text = f"licence {licence} belongs to agency {row.id}, which has another name or mail address"
        raise ConfigError(Mistake(text, "licence_other_name", {"number": licence}))
    programme = open_programme(tx, company_id, row.id, threshold=new.threshold, actor=actor)
    with_key = new.with_api_key and known is None
    api_key = api_keys.make(tx, agency_id=row.id, actor=actor) if with_key else None
    return AddedAgency(_view(tx, row), programme, api_key)


def renew(
    tx: Tx,
    agency_id: int,
    licence_expires_on: date,
    *,
    licence_no: str | None = None,
    odd_licence_ok: bool = False,
    actor: str = "cli",
) -> AgencyView:
    """Write down a renewed licence; links are issued again from now on.

    Raises:
        NotFound, ConfigError: as in ``add``.
    """
    row = agency_row(tx, agency_id, lock=True)
    _check_expiry(tx, licence_expires_on)
    if licence_no is not None:
        number = _licence(licence_no, odd_ok=odd_licence_ok)
        other = tx.session.scalar(select(AgencyRow.id).where(AgencyRow.licence_no == number, AgencyRow.id != agency_id))
        if other is not None:
            taken = Mistake(f"licence {number} belongs to agency {other}", "licence_taken", {"number": number})
            raise ConfigError(taken)
        row.licence_no = number
    row.licence_expires_on = licence_expires_on
    tx.session.flush()
    audit.record(tx, actor, "licence renewed", f"agency:{agency_id}", until=licence_expires_on.isoformat())
    tx.config_changed()
    return _view(tx, row)


def suspend(tx: Tx, agency_id: int, *, on: bool = True, actor: str = "cli") -> AgencyView:
    """Stop (or take up again) everything with an agency: no link, no hand-over, no answers by its key."""
    row = agency_row(tx, agency_id, lock=True)
    row.suspended_at = (row.suspended_at or tx.now) if on else None
    tx.session.flush()
    audit.record(tx, actor, "agency suspended" if on else "agency resumed", f"agency:{agency_id}")
    tx.config_changed()
    return _view(tx, row)


def set_mails(tx: Tx, agency_id: int, mails: str, *, actor: str = "cli") -> AgencyView:
    """Choose how an agency hears of profiles and answers.

    Raises:
        NotFound: no such agency.
        ConfigError: no such way, or ``none`` for an agency that no program asks for.
    """
    row = agency_row(tx, agency_id, lock=True)
    if mails not in get_args(Mails):
        raise ConfigError(Mistake(f"agency mails: one of {', '.join(get_args(Mails))}", "mails"))
    if mails == "none" and not api_keys.has_live(tx, agency_id) and not webhooks.is_live(tx, agency_id):
        text = "agency mails: none needs an API key or a webhook, or nobody would hear of a profile"
        raise ConfigError(Mistake(text, "mails_none"))
    row.mails = mails
    tx.session.flush()
    audit.record(tx, actor, "agency mails set", f"agency:{agency_id}", mails=mails)
    return _view(tx, row)


def mails_each(tx: Tx, agency_id: int, company_id: int) -> bool:
    """Whether a profile from this company comes by mail. Who wants no mails gets them where no program hears of it: its
    keys and webhook may be another company's."""
    mails = agency_row(tx, agency_id).mails
    programs = (api_keys.has_live(tx, agency_id, company_id), webhooks.is_live(tx, agency_id, company_id))
    return mails == "each" or (mails == "none" and not any(programs))


def get(tx: Tx, agency_id: int) -> AgencyView:
    """Return one agency.

    Raises:
        NotFound: no such agency.
    """
    return _view(tx, agency_row(tx, agency_id))


def all_agencies(tx: Tx, company_id: int | None = None) -> list[AgencyView]:
    """Return every agency, or those with a contract with one company; the oldest contract first."""
    query = select(AgencyRow).order_by(AgencyRow.id)
    if company_id is not None:
        query = (
            select(AgencyRow)
            .join(ProgrammeRow, ProgrammeRow.agency_id == AgencyRow.id)
            .where(ProgrammeRow.company_id == company_id)
            .order_by(ProgrammeRow.id)
        )
    return _views(tx, tx.session.scalars(query).all())


def only_of(tx: Tx, company_id: int | None) -> frozenset[int]:
    """Return ids of the agencies that never had a contract with any company but this one; None: of all agencies.

    Keys, webhook and licence of an agency are one for all its companies, so only these are one company's to change.
    """
    if company_id is None:
        return frozenset(tx.session.scalars(select(AgencyRow.id)))
    first, last = func.min(ProgrammeRow.company_id), func.max(ProgrammeRow.company_id)
    alone = select(ProgrammeRow.agency_id).group_by(ProgrammeRow.agency_id)
    return frozenset(tx.session.scalars(alone.having(first == company_id, last == company_id)))


def licensed(tx: Tx, company_id: int) -> list[AgencyView]:
    """Return the agencies that may stand in a mail of this company today; none: no link (domain LAW10)."""
    return _views(tx, _LICENSED.records(tx, company=company_id, today=day_in_japan(tx.now)))


_TODAY = bindparam("today", type_=Date)
_LICENSED = Query(
    select(AgencyRow.__table__)
    .join(ProgrammeRow.__table__, ProgrammeRow.agency_id == AgencyRow.id)
    .where(
        ProgrammeRow.company_id == bindparam("company"),
        ProgrammeRow.valid_from <= _TODAY,
        or_(ProgrammeRow.valid_until.is_(None), ProgrammeRow.valid_until >= _TODAY),
        AgencyRow.licence_expires_on >= _TODAY,
        AgencyRow.suspended_at.is_(None),
    )
    .order_by(ProgrammeRow.id)
)


def _checked(tx: Tx, new: NewAgency) -> str:
    if not 0 < len(new.name.strip()) <= NAME_CHARS_MAX or not new.name.strip().isprintable():
        raise ConfigError(Mistake(f"agency name: 1 to {NAME_CHARS_MAX} characters", "name", {"n": NAME_CHARS_MAX}))
    if new.locale not in ("ja", "en"):
        raise ConfigError(Mistake("agency locale: ja or en", "locale"))
    address(new.mail)
    _check_expiry(tx, new.licence_expires_on)
    return _licence(new.licence_no, odd_ok=new.odd_licence_ok)


def _licence(text: str, *, odd_ok: bool) -> str:
    """Canonical licence number. An unusual form is asked about, not refused: local bodies number differently."""
    clean = re.sub(r"[‐‑‒–—−ー]", "-", unicodedata.normalize("NFKC", text)).replace(" ", "")
    if _LICENCE.match(clean):
        return clean
    if not clean or len(clean) > LICENCE_CHARS_MAX or not clean.isprintable():
        text = f"licence number: 1 to {LICENCE_CHARS_MAX} characters"
        raise ConfigError(Mistake(text, "licence_chars", {"n": LICENCE_CHARS_MAX}))
    if not odd_ok:
        text = f"licence number {clean!r} has not the usual form 13-ユ-300001; if it is right, add --odd-licence-ok"
        raise ConfigError(Mistake(text, "licence_odd", {"number": clean}))
    return clean


def _check_expiry(tx: Tx, expires_on: date) -> None:
    if expires_on < day_in_japan(tx.now):
        text = f"the licence expired on {expires_on.isoformat()}: no agency without a valid licence"
        raise ConfigError(Mistake(text, "licence_expired", {"day": expires_on}))


def _view(tx: Tx, row: AgencyRow) -> AgencyView:
    [view] = _views(tx, [row])
    return view


_OF_AGENCIES: Any = bindparam("ids", expanding=True)
_WITH_KEY = Query(
    select(ApiKeyRow.agency_id).where(ApiKeyRow.agency_id.in_(_OF_AGENCIES), ApiKeyRow.revoked_at.is_(None)),
    many="ids",
)


def _views(tx: Tx, rows: Iterable[Any]) -> list[AgencyView]:
    """``rows``: with the columns of `AgencyRow` as attributes."""
    found, today = list(rows), day_in_japan(tx.now)
    with_key = {agency_id for (agency_id,) in _WITH_KEY.rows(tx, ids=[row.id for row in found])}
    return [
        AgencyView(
            id=row.id,
            name=row.name,
            licence_no=row.licence_no,
            licence_expires_on=row.licence_expires_on,
            licence_valid=row.licence_expires_on >= today,
            mail=row.mail,
            postal_address=row.postal_address,
            representative=row.representative,
            locale=lang_of(row.locale),
            suspended=row.suspended_at is not None,
            has_api_key=row.id in with_key,
            mails=_mails(row.mails),
        )
        for row in found
    ]


def _mails(text: str) -> Mails:
    return "digest" if text == "digest" else "none" if text == "none" else "each"
