"""`careerrelay company show | export | erase`: what belongs to a company as a whole."""

import json
from pathlib import Path

import click

from careerrelay.front import ID, Front, emit, json_option, pass_front

_ID = click.argument("company_id", type=ID, metavar="ID")


@click.command()
@_ID
@json_option
@pass_front
def show(front: Front, company_id: int, as_json: bool) -> None:
    """Show what is set for a company, its programmes and its numbers. Names nobody, holds no secret."""
    from careerrelay import company_file

    with front.runtime() as runtime, runtime.read() as tx:
        value = company_file.show(tx, company_id)
    emit(as_json, value, json.dumps(value, ensure_ascii=False, indent=1))


@click.command()
@_ID
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@json_option
@pass_front
def export(front: Front, company_id: int, directory: Path, as_json: bool) -> None:
    """Write everything of a company into a new directory, signed: settings, people, mails that are kept.

    The books have an export of their own: `careerrelay ledger export`.
    """
    from careerrelay import company_file

    with front.runtime() as runtime:
        people = company_file.export(runtime, company_id, directory)
    emit(as_json, {"directory": str(directory), "people": people}, f"{people} people in {directory}")


@click.command()
@_ID
@click.option("--confirm", "name", required=True, metavar="NAME", help="The company's name, to say that you mean it.")
@json_option
@pass_front
def erase(front: Front, company_id: int, name: str, as_json: bool) -> None:
    """End a company: nothing is relayed for it any more, all its people are erased, its users and staff forgotten.

    Books, provision records and opt-outs stay until their own end.
    """
    from careerrelay import company_file

    with front.runtime() as runtime:
        people = company_file.erase(runtime, company_id, name)
    emit(as_json, {"id": company_id, "people": people}, f"company {company_id} erased, {people} people")
