"""`careerrelay signals`: what the ATS knows about applicants, from a file."""

import sys
from pathlib import Path

import click

from careerrelay.front import ID, Front, emit, json_option, pass_front
from core.errors import ConfigError


@click.group()
def signals() -> None:
    """What the ATS knows about applicants."""


@signals.command("import")
@click.option("--company", "company_id", type=ID, required=True, metavar="ID")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@json_option
@pass_front
def import_(front: Front, company_id: int, file: Path, as_json: bool) -> None:
    """Store signals from a CSV file with the columns recipient,ats_status,changed_at[,application].

    Good rows are stored; bad ones are listed with their row (the headings are row 1) and make the exit status 1.
    """
    from connectors import files

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    with front.runtime() as runtime:
        report = files.import_in_batches(runtime, company_id, data)
    rejected = [f"row {bad.row}, {bad.column}: {bad.reason('en')}" for bad in report.rejected]
    notes = [f"row {note.row}, {note.column}: {note.reason('en')}" for note in report.notes]
    summary = f"{report.imported} signals stored, {len(rejected)} rows rejected"
    emit(as_json, report.to_json("en"), summary, *rejected, *notes)
    sys.exit(1 if rejected else 0)
