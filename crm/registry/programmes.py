"""A programme: the contract between one company and one agency, and the key of its book of credits (decisions 24)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from core import audit
from core.clock import day_in_japan
from core.errors import ConfigError, Mistake, NotFound
from core.runtime import Tx
from crm.registry.parties import agency_row, company_row
from crm.tables import ProgrammeRow
from ledger import book

THRESHOLD = 10
THRESHOLD_MAX = 1000


@dataclass(frozen=True, slots=True)
class Programme:
    """A contract as it was opened; the terms in force, with their versions, are in the book (`ledger/terms.py`)."""

    id: int
    company_id: int
    agency_id: int
    threshold: int
    valid_from: date
    valid_until: date | None


def open_programme(
    tx: Tx,
    company_id: int,
    agency_id: int,
    *,
    threshold: int = THRESHOLD,
    actor: str = "cli",
) -> Programme:
    """Write down the contract from today on, and open its book.

    Raises:
        NotFound: no such company or agency.
        ConfigError: the two have a programme already, or terms out of range.
    """
    company_row(tx, company_id, lock=True)
    agency_row(tx, agency_id)
    if not 1 <= threshold <= THRESHOLD_MAX:
        raise ConfigError(Mistake(f"programme: threshold 1 to {THRESHOLD_MAX}", "threshold", {"n": THRESHOLD_MAX}))
    if _find(tx, company_id, agency_id) is not None:
        text = f"company {company_id} and agency {agency_id} have a programme already"
        raise ConfigError(Mistake(text, "programme_known"))
    row = ProgrammeRow(
        company_id=company_id,
        agency_id=agency_id,
        threshold=threshold,
        valid_from=day_in_japan(tx.now),
        valid_until=None,
        created_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    book.open_programme(tx, row.id, threshold=threshold, actor=actor)
    audit.record(tx, actor, "programme opened", f"programme:{row.id}", company=company_id, agency=agency_id)
    tx.config_changed()
    return _view(row)


def programme_of(tx: Tx, company_id: int, agency_id: int) -> Programme:
    """Return the contract of the two.

    Raises:
        NotFound: they have none.
    """
    row = _find(tx, company_id, agency_id)
    if row is None:
        raise NotFound(f"company {company_id} and agency {agency_id} have no programme")
    return _view(row)


def of_company(tx: Tx, company_id: int) -> list[Programme]:
    """Return a company's contracts, oldest first."""
    rows = tx.session.scalars(
        select(ProgrammeRow).where(ProgrammeRow.company_id == company_id).order_by(ProgrammeRow.id)
    )
    return [_view(row) for row in rows]


def of_agency(tx: Tx, agency_id: int) -> list[Programme]:
    """Return an agency's contracts, oldest first."""
    rows = tx.session.scalars(select(ProgrammeRow).where(ProgrammeRow.agency_id == agency_id).order_by(ProgrammeRow.id))
    return [_view(row) for row in rows]


def all_ids(tx: Tx) -> list[int]:
    """Every programme there is or was, oldest first."""
    return list(tx.session.scalars(select(ProgrammeRow.id).order_by(ProgrammeRow.id)))


def _find(tx: Tx, company_id: int, agency_id: int) -> ProgrammeRow | None:
    return tx.session.scalar(
        select(ProgrammeRow).where(ProgrammeRow.company_id == company_id, ProgrammeRow.agency_id == agency_id)
    )


def _view(row: ProgrammeRow) -> Programme:
    return Programme(
        id=row.id,
        company_id=row.company_id,
        agency_id=row.agency_id,
        threshold=row.threshold,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def end(tx: Tx, programme_id: int, last_day: date, *, actor: str = "cli") -> Programme:
    """Let a contract run out after ``last_day``; its book stays.

    Raises:
        NotFound: no such programme.
    """
    row = tx.session.get(ProgrammeRow, programme_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no programme {programme_id}")
    row.valid_until = last_day
    tx.session.flush()
    audit.record(tx, actor, "programme ends", f"programme:{programme_id}", last_day=last_day.isoformat())
    tx.config_changed()
    return _view(row)
