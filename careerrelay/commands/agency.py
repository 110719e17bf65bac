"""`careerrelay agency`: who may be named in a mail and receive a profile, and until when its licence runs."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from careerrelay.commands.agency_webhook import webhook
from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from crm.agency import agencies
from crm.agency.agencies import AgencyView, NewAgency


class Day(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"{value!r} is not a date like 2029-03-31", param, ctx)


_ODD = click.option("--odd-licence-ok", is_flag=True, help="Accept a licence number of unusual form.")


@click.group()
def agency() -> None:
    """Licensed placement agencies that work with a company."""


@agency.command()
@click.option("--company", "company_id", type=ID, required=True, metavar="ID")
@click.option("--name", required=True)
@click.option(
    "--licence", "licence_no", required=True, metavar="NUMBER", help="Licence number (有料職業紹介事業許可番号)."
)
@click.option("--licence-expires", "licence_expires_on", type=Day(), required=True)
@click.option("--email", "mail", required=True, metavar="ADDRESS")
@click.option("--postal-address")
@click.option("--representative")
@click.option("--locale", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@click.option(
    "--threshold", type=click.IntRange(1, 1000), default=10, show_default=True, help="Referrals for one free slot."
)
@click.option("--api-key", "with_api_key", is_flag=True, help="Also make an API key; it is printed once.")
@_ODD
@json_option
@pass_front
def add(front: Front, /, company_id: int, as_json: bool, **options: Any) -> None:
    """Add an agency and its programme with a company. Without a valid licence no link is ever offered."""
    with front.runtime() as runtime, runtime.begin() as tx:
        added = agencies.add(tx, company_id, NewAgency(**options), actor=ACTOR)
    key = {} if added.api_key is None else {"api_key": added.api_key}
    lines = [
        f"agency {added.agency.id} added for company {company_id}",
        *(f"API key (shown once): {k}" for k in key.values()),
    ]
    emit(as_json, {"id": added.agency.id} | key, *lines)


@agency.command("list")
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only those of one company.")
@json_option
@pass_front
def list_(front: Front, company_id: int | None, as_json: bool) -> None:
    """List agencies with their licences."""
    with front.runtime() as runtime, runtime.read() as tx:
        found = agencies.all_agencies(tx, company_id)
    rows = [(view.id, view.name, view.licence_no, view.licence_expires_on, _state(view)) for view in found]
    emit(as_json, [asdict(view) for view in found], *table(("id", "name", "licence", "expires", "state"), rows))


@agency.command()
@click.argument("agency_id", type=ID, metavar="ID")
@click.option("--licence-expires", "licence_expires_on", type=Day(), required=True)
@click.option("--licence", "licence_no", metavar="NUMBER", help="When the number changed too.")
@_ODD
@json_option
@pass_front
def renew(front: Front, /, agency_id: int, licence_expires_on: date, as_json: bool, **options: Any) -> None:
    """Write down a renewed licence."""
    with front.runtime() as runtime, runtime.begin() as tx:
        view = agencies.renew(tx, agency_id, licence_expires_on, actor=ACTOR, **options)
    emit(as_json, asdict(view), f"agency {agency_id}: licence {view.licence_no} until {view.licence_expires_on}")


@agency.command()
@click.argument("agency_id", type=ID, metavar="ID")
@click.option("--off", is_flag=True, help="Take up the work again.")
@json_option
@pass_front
def suspend(front: Front, agency_id: int, off: bool, as_json: bool) -> None:
    """Stop everything with an agency: no link, no hand-over, no inbox, no answers by its keys."""
    with front.runtime() as runtime, runtime.begin() as tx:
        view = agencies.suspend(tx, agency_id, on=not off, actor=ACTOR)
    emit(as_json, asdict(view), f"agency {agency_id}: {_state(view)}")


@agency.command()
@click.argument("agency_id", type=ID, metavar="ID")
@click.argument("way", type=click.Choice(["each", "digest", "none"]))
@json_option
@pass_front
def mails(front: Front, agency_id: int, way: str, as_json: bool) -> None:
    """Choose how it hears of profiles: a mail each, one a day, or none (webhook or API only)."""
    with front.runtime() as runtime, runtime.begin() as tx:
        view = agencies.set_mails(tx, agency_id, way, actor=ACTOR)
    emit(as_json, asdict(view), f"agency {agency_id}: mails {view.mails}")


agency.add_command(webhook)


def _state(view: AgencyView) -> str:
    if view.suspended:
        return "suspended"
    return "licensed" if view.licence_valid else "licence expired"
