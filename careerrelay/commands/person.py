"""`careerrelay person`: everything about one person, as a file, or deleted."""

from pathlib import Path

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front
from core import audit
from core.errors import ConfigError, NotFound
from core.lang import lang_of
from core.runtime import Tx
from crm.rights import person_file

_COMPANY = click.option("--company", "company_id", type=ID, required=True, metavar="ID")
_ADDRESS = click.argument("address", metavar="ADDRESS")


@click.group()
def person() -> None:
    """Everything that is known about one person. Each look is written to the audit log."""


@person.command()
@_COMPANY
@_ADDRESS
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@json_option
@pass_front
def export(front: Front, company_id: int, address: str, directory: Path, lang: str, as_json: bool) -> None:
    """Write person.json (every row) and person.txt (to read) into a new directory."""
    from gateway.store import person_mails

    with front.runtime() as runtime:
        with runtime.begin() as tx:
            person_id = who(tx, company_id, address)
        with runtime.read() as tx:
            file = person_mails.with_mails(tx, person_file.file_of(tx, person_id))
            text = person_file.as_text(file, lang_of(lang))
        with runtime.begin() as tx:
            audit.record(tx, ACTOR, "person's file opened", f"person:{person_id}")
    write_texts(directory, {"person.json": person_file.as_json(file), "person.txt": text})
    rows = {name: len(found) for name, found in file["tables"].items()}
    emit(as_json, {"directory": str(directory), "rows": rows}, f"{sum(rows.values())} rows in {directory}")


@person.command()
@_COMPANY
@_ADDRESS
@click.option("--yes", is_flag=True, help="Without it nothing is deleted.")
@json_option
@pass_front
def erase(front: Front, company_id: int, address: str, yes: bool, as_json: bool) -> None:
    """Delete everything about a person; agencies that received something are asked to delete it too.

    What stays: ledger numbers, provision records until their date, a hash that keeps further mail away.
    """
    from crm.rights import withdrawals

    with front.runtime() as runtime, runtime.begin() as tx:
        person_id = who(tx, company_id, address)
        if not yes:
            raise ConfigError("this cannot be undone: say --yes")
        withdrawals.erase_person(tx, person_id, actor=ACTOR)
    emit(as_json, {"person_id": person_id, "erased": True}, f"person {person_id} erased")


def who(tx: Tx, company_id: int, address: str) -> str:
    """Return the person known by an address, also one who is only introduced for a slot so far.

    Raises:
        NotFound: there is none.
    """
    from crm.rights import person_rows

    person_id = person_rows.known_by(tx, company_id, address)
    if person_id is None:
        raise NotFound("nobody is known by that address in this company")
    return person_id


def write_texts(directory: Path, texts: dict[str, str]) -> None:
    """Write files that only their owner reads, never over others."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            with (directory / name).open("x", encoding="utf-8") as file:
                (directory / name).chmod(0o600)
                file.write(text)
    except OSError as error:
        raise ConfigError(f"{directory}: {error.strerror}") from None
