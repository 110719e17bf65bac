"""`careerrelay signals`: what the ATS knows about applicants, from a file."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from careerrelay.front import Front, emit, json_option, pass_front


@click.group()
def signals() -> None:
    """What the ATS knows about applicants."""


@signals.command("import")
@click.option("--company", "company_id", type=int, required=True, metavar="ID")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@json_option
@pass_front
def import_(front: Front, company_id: int, file: Path, as_json: bool) -> None:
    """Store signals from a CSV file with the columns recipient,ats_status,changed_at[,application].

    Good rows are stored; bad ones are listed with their row (the headings are row 1) and make the exit status 1.
    """
    from careerrelay.signals_file import import_signals

    with front.runtime() as runtime:
        result = import_signals(runtime, company_id, file)
    lines = [f"row {bad.row}, {bad.column}: {bad.reason}" for bad in result.rejected]
    emit(as_json, asdict(result), f"{result.imported} signals stored, {len(lines)} rows rejected", *lines)
    sys.exit(1 if result.rejected else 0)
