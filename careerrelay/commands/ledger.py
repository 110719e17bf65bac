"""`careerrelay ledger`: credits and slots, and the proof that the book is right."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.commands.ledger_acts import adjust, reverse, statement, terms
from careerrelay.front import ID, Front, emit, json_option, pass_front, table
from core.errors import NotFound

if TYPE_CHECKING:
    from core.runtime import Tx
    from crm.registry.programmes import Programme
    from ledger.check import BookReport

_WHICH = (
    click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company's books."),
    click.option("--agency", "agency_id", type=ID, metavar="ID", help="Only the books with this agency."),
)


def _which(command: Any) -> Any:
    for option in reversed(_WHICH):
        command = option(command)
    return command


@click.group()
def ledger() -> None:
    """The book of credits and slots, one a programme (company and agency)."""


for command in (adjust, reverse, statement, terms):
    ledger.add_command(command)


@ledger.command()
@_which
@json_option
@pass_front
def show(front: Front, company_id: int | None, agency_id: int | None, as_json: bool) -> None:
    """Show where each programme stands."""
    from ledger import book

    with front.runtime() as runtime, runtime.read() as tx:
        found = [(programme, book.balance(tx, programme.id)) for programme in _programmes(tx, company_id, agency_id)]
    rows = [
        (one.id, one.company_id, one.agency_id, f"{balance.progress}/{balance.price}", balance.slots_free,
         balance.slots_reserved, balance.slots_used, balance.earned, balance.reversed)
        for one, balance in found
    ]  # fmt: skip
    headings = ("programme", "company", "agency", "progress", "free", "reserved", "used", "earned", "reversed")
    value = [
        {"programme_id": one.id, "company_id": one.company_id, "agency_id": one.agency_id, **asdict(balance),
         "slots_free": balance.slots_free, "progress": balance.progress, "to_next_slot": balance.to_next_slot}
        for one, balance in found
    ]  # fmt: skip
    emit(as_json, value, *table(headings, rows))


@ledger.command()
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False, metavar="[DIR]"
)
@click.option("--fingerprint", metavar="HEX", help="Of the key that an export or a statement must be signed with.")
@click.option(
    "--statement",
    "paper",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.csv",
    help="A monthly statement: prove that no entry up to its end was changed since.",
)
@_which
@json_option
@pass_front
def verify(
    front: Front,
    directory: Path | None,
    fingerprint: str | None,
    paper: Path | None,
    company_id: int | None,
    agency_id: int | None,
    as_json: bool,
) -> None:
    """Prove the books of this installation, or with DIR an export: offline, on any machine."""
    if paper is not None:
        _verify_statement(front, paper, directory, fingerprint, as_json)
        return
    if directory is not None:
        _verify_export(directory, fingerprint, as_json)
        return
    from ledger import check

    with front.runtime() as runtime, runtime.read() as tx:
        if company_id is None and agency_id is None:
            reports = check.check_all(tx)
        else:
            reports = [check.check_book(tx, one.id) for one in _programmes(tx, company_id, agency_id)]
    lines = [
        f"programme {report.programme_id}: "
        + ("; ".join(_words(problem.seq, problem.what) for problem in report.problems) or _good(report))
        for report in reports
    ]
    emit(as_json, [asdict(report) | {"ok": report.ok} for report in reports], *(lines or ["no books yet"]))
    if not all(report.ok for report in reports):
        click.get_current_context().exit(1)


@ledger.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@_which
@json_option
@pass_front
def export(front: Front, directory: Path, company_id: int | None, agency_id: int | None, as_json: bool) -> None:
    """Write whole books into a new directory, signed; `ledger verify DIR` proves them anywhere."""
    from ledger.export import export as write

    with front.runtime() as runtime, runtime.read() as tx:
        manifest = write(tx, [one.id for one in _programmes(tx, company_id, agency_id)], directory)
    entries = sum(part.last_seq for part in manifest.programmes)
    value = {"directory": str(directory), "entries": entries, "fingerprint": manifest.fingerprint}
    emit(as_json, value, f"{entries} entries in {directory}", f"signed with {manifest.fingerprint}")


def _verify_export(directory: Path, fingerprint: str | None, as_json: bool) -> None:
    from ledger.verify import verify_dir

    report = verify_dir(directory, fingerprint)
    good = [f"{report.entries} entries, good, exported {report.exported_at}, signed with {report.fingerprint}"]
    if not report.fingerprint_given:
        good.append("compare that fingerprint with the one the operator publishes (--fingerprint)")
    emit(as_json, asdict(report) | {"ok": report.ok}, *(report.problems or good))
    if not report.ok:
        click.get_current_context().exit(1)


def _verify_statement(
    front: Front, paper: Path, directory: Path | None, fingerprint: str | None, as_json: bool
) -> None:
    from ledger import paper as papers

    if directory is not None:
        report = papers.check_in_export(directory, paper, fingerprint)
    else:
        with front.runtime() as runtime, runtime.read() as tx:
            report = papers.check_in_book(tx, paper, fingerprint)
    good = [f"programme {report.programme_id}: entry {report.seq} is the one signed as of {report.at}"]
    if not report.fingerprint_given:
        good.append(f"signed with {report.fingerprint}; compare it with the one the operator publishes (--fingerprint)")
    emit(as_json, asdict(report) | {"ok": report.ok}, *(report.problems or good))
    if not report.ok:
        click.get_current_context().exit(1)


def _programmes(tx: Tx, company_id: int | None, agency_id: int | None) -> list[Programme]:
    from crm.registry import companies, programmes

    ids = (
        [view.id for view in companies.all_companies(tx)] if company_id is None else [companies.get(tx, company_id).id]
    )
    found = [one for each in ids for one in programmes.of_company(tx, each) if agency_id in (None, one.agency_id)]
    if not found and agency_id is not None:
        raise NotFound(f"no programme with agency {agency_id}")
    return found


def _good(report: BookReport) -> str:
    return f"{report.entries} entries, good, head {report.head[:16]}"


def _words(seq: int, what: str) -> str:
    return f"entry {seq}: {what}" if seq else what
