"""All that belongs to one company, written into a directory; and its end: what must go goes, what must stay stays."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from core import audit, bundle
from core.clock import day_in_japan
from core.errors import ConfigError
from core.runtime import Runtime, Tx
from crm.agency import agencies
from crm.registry import companies, programmes
from crm.rights import person_file, withdrawals
from crm.tables import CompanyNetworkRow, CompanyRow, PersonRow, SmtpUserRow
from gateway.store import person_mails
from ledger import book
from web.tables import ConsoleUser

FORMAT = "careerrelay-company/1"
PERSONS_AT_ONCE = 50
#: The way to the next hop stays: requests to delete still have to leave by it.
_STAFF = ("contact_mail", "representative")


def show(tx: Tx, company_id: int) -> dict[str, Any]:
    """Return what is set for a company, its programmes and its numbers, as plain JSON values. No secret is in it.

    Raises:
        NotFound: no such company.
    """
    view = asdict(companies.get(tx, company_id))
    running = [
        {**asdict(one), "agency": agencies.get(tx, one.agency_id).name, "balance": asdict(book.balance(tx, one.id))}
        for one in programmes.of_company(tx, company_id)
    ]
    people = tx.session.scalars(select(PersonRow.erased_at).where(PersonRow.company_id == company_id)).all()
    numbers = {"people": len(people), "erased": sum(one is not None for one in people)}
    whole = {"format": FORMAT, "made_at": tx.now, "company": view, "programmes": running, "numbers": numbers}
    plain: dict[str, Any] = json.loads(json.dumps(whole, default=str))
    return plain


def export(runtime: Runtime, company_id: int, directory: Path) -> int:
    """Write company.json and people.jsonl (`crm.rights.person_file`, a line each), signed; returns how many people.

    Raises:
        NotFound: no such company.
        ConfigError: the directory is not empty, or cannot be written.
    """
    with runtime.read() as tx:
        about = show(tx, company_id)
        ids = _people(tx, company_id)
    facts = {"format": FORMAT, "made_at": about["made_at"], "company_id": company_id, "people": len(ids)}
    files = {
        "company.json": iter([json.dumps(about, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"]),
        "people.jsonl": _files(runtime, ids),
    }
    bundle.write(directory, files, facts, runtime.keys.signer())
    with runtime.begin() as tx:
        audit.record(tx, "cli", "company exported", f"company:{company_id}", people=len(ids))
    return len(ids)


def erase(runtime: Runtime, company_id: int, name: str) -> int:
    """End a company: suspended, every person erased, contracts ended, users and staff gone; returns how many people.

    Books, provision records and suppression stay until their own end. Run again after a crash it goes on.

    Raises:
        NotFound: no such company.
        ConfigError: ``name`` is not the company's name.
    """
    with runtime.begin() as tx:
        company = companies.get(tx, company_id)
        if company.name != name:
            raise ConfigError(f"company {company_id} has another name: give its name to confirm")
        if not company.suspended:
            companies.suspend(tx, company_id, actor="cli")
        yesterday = day_in_japan(tx.now) - timedelta(days=1)
        for one in programmes.of_company(tx, company_id):
            if one.valid_until is None or one.valid_until > yesterday:
                programmes.end(tx, one.id, max(yesterday, one.valid_from), actor="cli")
        ids = _people(tx, company_id, living=True)
    for person_id in ids:
        with runtime.begin() as tx:
            withdrawals.erase_person(tx, person_id, actor="cli")
    with runtime.begin() as tx:
        for table in (SmtpUserRow, CompanyNetworkRow):
            tx.session.execute(delete(table).where(table.company_id == company_id))
        tx.session.execute(update(CompanyRow).where(CompanyRow.id == company_id).values(dict.fromkeys(_STAFF)))
        tx.session.execute(delete(ConsoleUser).where(ConsoleUser.company_id == company_id))
        audit.record(tx, "cli", "company erased", f"company:{company_id}", people=len(ids))
        tx.config_changed()
    return len(ids)


def _people(tx: Tx, company_id: int, *, living: bool = False) -> list[str]:
    query = select(PersonRow.id).where(PersonRow.company_id == company_id).order_by(PersonRow.id)
    return list(tx.session.scalars(query.where(PersonRow.erased_at.is_(None)) if living else query))


def _files(runtime: Runtime, ids: list[str]) -> Iterator[bytes]:
    for start in range(0, len(ids), PERSONS_AT_ONCE):
        with runtime.read() as tx:
            for person_id in ids[start : start + PERSONS_AT_ONCE]:
                file = person_mails.with_mails(tx, person_file.file_of(tx, person_id))
                yield json.dumps(file, ensure_ascii=False, sort_keys=True).encode() + b"\n"
