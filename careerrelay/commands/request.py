"""`careerrelay request`: what people ask about their own data, and recalls that agencies have to answer."""

from dataclasses import asdict
from pathlib import Path

import click

from careerrelay.commands.person import write_texts
from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from core.errors import ConfigError
from core.lang import lang_of
from crm.candidate import address_proofs
from crm.delivery import recalls
from crm.errors import WrongCode
from crm.rights import person_file, subject_requests
from crm.rights.subject_requests import Channel, Identity, Kind, Refusal, Request

_ID = click.argument("request_id", metavar="ID")
_COMPANY = click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company's.")


@click.group()
def request() -> None:
    """Requests of people about their own data: due in 14 days, nothing before the identity was checked."""


@request.command("list")
@_COMPANY
@click.option("--all", "ended", is_flag=True, help="Also those that have ended.")
@json_option
@pass_front
def list_(front: Front, company_id: int | None, ended: bool, as_json: bool) -> None:
    """List requests by their due date."""
    with front.runtime() as runtime, runtime.read() as tx:
        found = subject_requests.listed(tx, company_id, ended=ended)
    rows: list[tuple[object, ...]] = [
        (one.id, one.company_id, one.kind.value, one.standing.value, one.due_on, "overdue" if one.overdue else "")
        for one in found
    ]
    emit(as_json, [asdict(one) for one in found], *table(("id", "company", "kind", "state", "due", ""), rows))


@request.command()
@click.option("--company", "company_id", type=ID, required=True, metavar="ID")
@click.option("--kind", type=click.Choice([one.value for one in Kind]), required=True)
@click.option("--channel", type=click.Choice([one.value for one in Channel]), default="mail", show_default=True)
@click.option("--note", default="", help="What was asked, in a few words.")
@click.argument("address", metavar="ADDRESS")
@json_option
@pass_front
def add(front: Front, company_id: int, kind: str, channel: str, note: str, address: str, as_json: bool) -> None:
    """Write down a request; ADDRESS is where the person may be known."""
    with front.runtime() as runtime, runtime.begin() as tx:
        made = subject_requests.receive(tx, company_id, Kind(kind), Channel(channel), address, note=note, actor=ACTOR)
    emit(as_json, asdict(made), f"request {made.id}, due on {made.due_on}")


@request.command()
@_ID
@click.option("--how", type=click.Choice([one.value for one in Identity if one is not Identity.CODE]), required=True)
@json_option
@pass_front
def identity(front: Front, request_id: str, how: str, as_json: bool) -> None:
    """Say how it was made sure that the person asks."""
    with front.runtime() as runtime, runtime.begin() as tx:
        done = subject_requests.check_identity(tx, request_id, Identity(how), actor=ACTOR)
    _show(done, as_json)


@request.command("send-code")
@_ID
@click.option("--new-address", default="", metavar="ADDRESS", help="Of a checked correction: the one from now on.")
@json_option
@pass_front
def send_code(front: Front, request_id: str, new_address: str, as_json: bool) -> None:
    """Mail six digits to the address of the request, to know who asks, or to the new one of a correction."""
    with front.runtime() as runtime, runtime.begin() as tx:
        if new_address:
            address_proofs.ask_change_at_desk(tx, request_id, new_address, actor=ACTOR)
        else:
            address_proofs.ask_identity(tx, request_id, actor=ACTOR)
    emit(as_json, {"id": request_id}, f"request {request_id}: six digits are on their way, for 24 hours")


@request.command("check-code")
@_ID
@click.argument("digits", metavar="DIGITS")
@json_option
@pass_front
def check_code(front: Front, request_id: str, digits: str, as_json: bool) -> None:
    """Type the digits that the person told you: they check who asks, or correct the address."""
    with front.runtime() as runtime, runtime.begin() as tx:
        done = address_proofs.check_at_desk(tx, request_id, digits, actor=ACTOR)
        found = subject_requests.get(tx, request_id)
    if isinstance(done, WrongCode):
        raise ConfigError(f"these are not the digits ({done.code}), {done.tries_left} tries left")
    _show(found, as_json)


@request.command("file")
@_ID
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@json_option
@pass_front
def file_(front: Front, request_id: str, directory: Path, lang: str, as_json: bool) -> None:
    """Write the person's file into DIR: all of it, or the provision records when those were asked for."""
    from gateway.store import person_mails

    with front.runtime() as runtime, runtime.begin() as tx:
        file = person_mails.with_mails(tx, subject_requests.file_for(tx, request_id, actor=ACTOR))
        text = person_file.as_text(file, lang_of(lang))
    write_texts(directory, {"person.json": person_file.as_json(file), "person.txt": text})
    emit(as_json, {"id": request_id, "directory": str(directory)}, f"file of request {request_id} in {directory}")


@request.command()
@_ID
@click.option("--answer", default="", help="What the person was told.")
@json_option
@pass_front
def done(front: Front, request_id: str, answer: str, as_json: bool) -> None:
    """Meet a request: an erasure or a stop of use is carried out by this."""
    with front.runtime() as runtime, runtime.begin() as tx:
        met = subject_requests.finish(tx, request_id, answer=answer, actor=ACTOR)
    _show(met, as_json)


@request.command()
@_ID
@click.option("--reason", type=click.Choice([one.value for one in Refusal]), required=True)
@click.option("--answer", default="", help="What the person was told.")
@json_option
@pass_front
def refuse(front: Front, request_id: str, reason: str, answer: str, as_json: bool) -> None:
    """Refuse a request, with the reason that the person was told."""
    with front.runtime() as runtime, runtime.begin() as tx:
        refused = subject_requests.refuse(tx, request_id, Refusal(reason), answer=answer, actor=ACTOR)
    _show(refused, as_json)


@request.command("recalls")
@_COMPANY
@click.option("--acknowledge", "referral_id", metavar="ID", help="The agency said by letter or phone that it deleted.")
@json_option
@pass_front
def recalls_(front: Front, company_id: int | None, referral_id: str | None, as_json: bool) -> None:
    """List agencies that have not yet said that they deleted what was recalled."""
    with front.runtime() as runtime:
        if referral_id is not None:
            with runtime.begin() as tx:
                recalls.acknowledged_on_paper(tx, referral_id, actor=ACTOR)
        with runtime.read() as tx:
            found = recalls.open_recalls(tx, company_id)
    rows: list[tuple[object, ...]] = [
        (one.referral_id, one.company_id, one.agency, f"{one.asked_at:%Y-%m-%d}", one.reminders,
         "overdue" if one.overdue else "")
        for one in found
    ]  # fmt: skip
    headings = ("referral", "company", "agency", "asked", "reminders", "")
    emit(as_json, [asdict(one) for one in found], *table(headings, rows))


def _show(one: Request, as_json: bool) -> None:
    emit(as_json, asdict(one), f"request {one.id}: {one.kind.value}, {one.standing.value}")
