"""Companies: whose mail comes through, who in them sends selection results, and how far the gateway may go."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from core import audit
from core.bulk import Query
from core.endpoints import NextHop
from core.errors import ConfigError, Mistake
from core.installation import ONLY_ROW, Installation
from core.lang import Lang
from core.log import get_logger
from core.runtime import Tx
from crm.registry.company_input import DkimSign, NewCompany, SignedMail, checked, links_problem
from crm.registry.parties import company_row
from crm.tables import CompanyDomainRow, CompanyNetworkRow, CompanyRow, RecruitingSenderRow
from rules.model import Mode

__all__ = ["CompanyView", "NewCompany"]

_LISTS = ("sender_domains", "recruiting_senders", "networks")
_ListRow = CompanyDomainRow | RecruitingSenderRow | CompanyNetworkRow
_log = get_logger("crm.registry.companies")


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company as every other floor reads it. ``recruiting_senders`` are addresses or ``@domain``."""

    id: int
    name: str
    mode: Mode
    hold_minutes: int
    sender_domains: tuple[str, ...]
    recruiting_senders: tuple[str, ...]
    networks: tuple[str, ...]
    next_hop: str | None
    bypass: bool
    suspended: bool
    locale: Lang
    tone: str
    mail_from: str | None
    keep_passed_days: int
    stamp: str | None
    timezone: str
    contact_mail: str | None = None
    postal_address: str | None = None
    representative: str | None = None
    privacy_url: str | None = None
    signed_mail: SignedMail = "leave"
    dkim_sign: DkimSign = "edited"
    client_cert_sha256: str | None = None
    client_cert_expires_at: datetime | None = None
    next_hop_password_set_at: datetime | None = None
    mode_since: datetime | None = None


def add(tx: Tx, new: NewCompany, *, actor: str = "cli") -> CompanyView:
    """Add a company.

    Raises:
        ConfigError: wrong values, a sender domain that another company has, or a mode that needs https (decisions 32).
    """
    clean = _allowed(tx, new, company_id=None)
    row = CompanyRow(bypass=False, suspended_at=None, created_at=tx.now, **_columns(clean))
    tx.session.add(row)
    tx.session.flush()
    _write_lists(tx, row.id, clean)
    audit.record(tx, actor, "company added", f"company:{row.id}", mode=clean.mode.value)
    _note_auto(row.id, clean.mode)
    tx.config_changed()
    return get(tx, row.id)


def change(tx: Tx, company_id: int, *, actor: str = "cli", **given: object) -> CompanyView:
    """Change some fields, named as in ``NewCompany``; lists are replaced as a whole.

    ``auto`` asked for by an admin is obeyed at once and logged (decisions 19).

    Raises:
        NotFound: no such company.
        ConfigError: as in ``add``, or a field that does not exist.
    """
    row = company_row(tx, company_id, lock=True)
    known = {one.name for one in fields(NewCompany)}
    if unknown := sorted(given.keys() - known):
        raise ConfigError(f"a company has no field {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    before = _as_input(get(tx, company_id))
    clean = _allowed(tx, replace(before, **given), company_id)  # type: ignore[arg-type]  # checked field by field
    for name, value in _columns(clean).items():
        setattr(row, name, value)
    if clean.mode is not before.mode:
        row.mode_since = tx.now
    if clean.next_hop != before.next_hop:  # a password is for the server it was given for
        row.next_hop_password_sealed, row.next_hop_password_set_at = None, None
    tx.session.flush()
    _write_lists(tx, company_id, clean)
    changed = [one.name for one in fields(NewCompany) if getattr(before, one.name) != getattr(clean, one.name)]
    audit.record(tx, actor, "company changed", f"company:{company_id}", fields=" ".join(changed), mode=clean.mode.value)
    if clean.mode is not before.mode:
        _note_auto(company_id, clean.mode)
    tx.config_changed()
    return get(tx, company_id)


def suspend(tx: Tx, company_id: int, *, on: bool = True, actor: str = "cli") -> CompanyView:
    """Stop (or take up again) everything we do for a company: no link, no hand-over, no sign-in by SMTP AUTH.

    Mail from its networks is relayed as it came: stopping the product must not stop a company's mail.
    """
    row = company_row(tx, company_id, lock=True)
    row.suspended_at = (row.suspended_at or tx.now) if on else None
    tx.session.flush()
    audit.record(tx, actor, "company suspended" if on else "company resumed", f"company:{company_id}")
    tx.config_changed()
    return get(tx, company_id)


def get(tx: Tx, company_id: int) -> CompanyView:
    """Return one company.

    Raises:
        NotFound: no such company.
    """
    return _views(tx, [company_row(tx, company_id)])[0]


def all_companies(tx: Tx) -> list[CompanyView]:
    """Return every company, the suspended ones too, oldest first."""
    return _views(tx, _ALL.records(tx))


def set_bypass(tx: Tx, company_id: int | None, on: bool, *, actor: str = "cli") -> None:
    """Relay bytes with no look inside, for one company or (None) for all (decisions 11)."""
    if company_id is None:
        tx.session.execute(update(Installation).where(Installation.id == ONLY_ROW).values(bypass=on))
    else:
        company_row(tx, company_id, lock=True).bypass = on
        tx.session.flush()
    subject = "installation" if company_id is None else f"company:{company_id}"
    audit.record(tx, actor, "bypass on" if on else "bypass off", subject)
    tx.config_changed()


def bypass_all(tx: Tx) -> bool:
    """Whether the whole installation relays with no look inside."""
    return any(bypass for (bypass,) in _BYPASS.rows(tx))


def _allowed(tx: Tx, new: NewCompany, company_id: int | None) -> NewCompany:
    clean = checked(new)
    hop = NextHop.parse(clean.next_hop) if clean.next_hop else tx.settings.relay.next_hop
    if problem := links_problem(clean.mode, tx.settings.web.base_url, hop):
        raise ConfigError(Mistake(problem, "mode_needs_https"))
    taken = tx.session.scalars(select(CompanyDomainRow).where(CompanyDomainRow.domain.in_(clean.sender_domains)))
    others = [
        Mistake(
            f"sender domain {one.domain} belongs to company {one.company_id}", "domain_taken", {"value": one.domain}
        )
        for one in taken
        if one.company_id != company_id
    ]
    if others:
        raise ConfigError(*others)
    return clean


def _columns(new: NewCompany) -> dict[str, object]:
    return {name: value for name, value in asdict(new).items() if name not in _LISTS} | {"mode": new.mode.value}


def _as_input(view: CompanyView) -> NewCompany:
    return NewCompany(**{one.name: getattr(view, one.name) for one in fields(NewCompany)})


def _write_lists(tx: Tx, company_id: int, new: NewCompany) -> None:
    for row in (CompanyDomainRow, RecruitingSenderRow, CompanyNetworkRow):
        tx.session.execute(delete(row).where(row.company_id == company_id))
    rows: list[_ListRow] = []
    for position, domain in enumerate(new.sender_domains):
        rows.append(CompanyDomainRow(company_id=company_id, domain=domain, position=position))
    for position, pattern in enumerate(new.recruiting_senders):
        rows.append(RecruitingSenderRow(company_id=company_id, pattern=pattern, position=position))
    for position, cidr in enumerate(new.networks):
        rows.append(CompanyNetworkRow(company_id=company_id, cidr=cidr, position=position))
    tx.session.add_all(rows)
    tx.session.flush()


def _views(tx: Tx, rows: Sequence[Any]) -> list[CompanyView]:
    """``rows``: with the columns of `CompanyRow` as attributes."""
    ids = [row.id for row in rows]
    domains, senders, networks = (_grouped(tx, ids, query) for query in (_DOMAINS, _SENDERS, _NETWORKS))
    plain = [one.name for one in fields(CompanyView) if one.name not in (*_LISTS, "mode", "mode_since", "suspended")]
    return [
        CompanyView(
            **{name: getattr(row, name) for name in plain},
            mode=Mode(row.mode),
            mode_since=row.mode_since or row.created_at,
            suspended=row.suspended_at is not None,
            sender_domains=domains.get(row.id, ()),
            recruiting_senders=senders.get(row.id, ()),
            networks=networks.get(row.id, ()),
        )
        for row in rows
    ]


def _grouped(tx: Tx, ids: list[int], query: Query) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for company_id, text in query.rows(tx, ids=ids):
        found[company_id] = (*found.get(company_id, ()), text)
    return found


def _list_of(row: type[_ListRow], value: InstrumentedAttribute[str]) -> Query:
    of_companies: Any = bindparam("ids", expanding=True)
    query = select(row.company_id, value).where(row.company_id.in_(of_companies)).order_by(row.position)
    return Query(query, many="ids")


_ALL = Query(select(CompanyRow.__table__).order_by(CompanyRow.id))
_BYPASS = Query(select(Installation.bypass).where(Installation.id == ONLY_ROW))
_DOMAINS = _list_of(CompanyDomainRow, CompanyDomainRow.domain)
_SENDERS = _list_of(RecruitingSenderRow, RecruitingSenderRow.pattern)
_NETWORKS = _list_of(CompanyNetworkRow, CompanyNetworkRow.cidr)


def _note_auto(company_id: int, mode: Mode) -> None:
    if mode is Mode.AUTO:
        _log.warning("company set to auto", extra={"company_id": company_id})
