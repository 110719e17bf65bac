"""`careerrelay evidence`: a signed bundle of consents, provision records and decisions, and its check offline."""

from datetime import date
from pathlib import Path

import click

from careerrelay.commands.agency import Day
from careerrelay.commands.person import who
from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front
from core.errors import ConfigError


@click.group()
def evidence() -> None:
    """What happened to one person, or in one period, signed: for an authority, a court, an auditor."""


@evidence.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--company", "company_id", type=ID, required=True, metavar="ID")
@click.option("--person", "address", metavar="ADDRESS", help="Everything about this person; says who they are.")
@click.option("--from", "first", type=Day(), help="First day; names nobody.")
@click.option("--until", "last", type=Day(), help="Last day.")
@json_option
@pass_front
def export(
    front: Front,
    directory: Path,
    company_id: int,
    address: str | None,
    first: date | None,
    last: date | None,
    as_json: bool,
) -> None:
    """Write a bundle into a new directory; `evidence verify DIR` checks it anywhere."""
    from careerrelay import evidence as bundles
    from core import audit

    if (address is None) == (first is None or last is None):
        raise click.UsageError("give --person, or --from and --until")
    with front.runtime() as runtime:
        person_id = None
        if address is not None:
            with runtime.begin() as tx:
                person_id = who(tx, company_id, address)
        with runtime.read() as tx:
            if person_id is not None:
                made = bundles.for_person(tx, person_id, directory)
            elif first is not None and last is not None:
                made = bundles.for_period(tx, company_id, bundles.Period(first, last), directory)
        with runtime.begin() as tx:
            audit.record(tx, ACTOR, "evidence exported", f"company:{company_id}", person=address is not None)
    value = {"directory": str(directory), "lines": made.lines, "fingerprint": made.fingerprint}
    shown = ", ".join(f"{count} {name}" for name, count in made.lines.items())
    emit(as_json, value, f"{shown} in {directory}", f"signed with {made.fingerprint}")


@evidence.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--fingerprint", metavar="HEX", help="Of the key that it must be signed with.")
@json_option
def verify(directory: Path, fingerprint: str | None, as_json: bool) -> None:
    """Check a bundle offline: signature, files, texts, consents, heads of the books. Needs no installation."""
    from careerrelay import evidence as bundles

    try:
        report = bundles.verify(directory, fingerprint)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{directory}: a file cannot be read: {error}") from None
    good = [f"good, made {report.facts.get('made_at', '')}, signed with {report.fingerprint}"]
    if fingerprint is None:
        good.append("compare that fingerprint with the one the operator publishes (--fingerprint)")
    value = {"ok": report.ok, "fingerprint": report.fingerprint, "problems": report.problems}
    emit(as_json, value, *(report.problems or good))
    if not report.ok:
        click.get_current_context().exit(1)
