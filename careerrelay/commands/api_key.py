"""`careerrelay api-key`: keys for programs of an agency, or of a company's applicant tracking system."""

from dataclasses import asdict

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from crm.agency import api_keys
from crm.agency.api_keys import KeyView, Scope

_OWNERS = (
    click.option("--agency", "agency_id", type=ID, metavar="ID"),
    click.option("--company", "company_id", type=ID, metavar="ID"),
)


@click.group("api-key")
def api_key() -> None:
    """Keys of the API at /api/v1. A key is printed once and kept as a hash."""


@api_key.command()
@_OWNERS[0]
@_OWNERS[1]
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([one.value for one in Scope]), help="Default: all of them."
)
@json_option
@pass_front
def add(front: Front, agency_id: int | None, company_id: int | None, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key beside those there are."""
    _one_owner(agency_id, company_id)
    with front.runtime() as runtime, runtime.begin() as tx:
        wanted = [Scope(scope) for scope in scopes] or None
        key = api_keys.make(tx, agency_id=agency_id, company_id=company_id, scopes=wanted, actor=ACTOR)
    emit(as_json, {"api_key": key}, f"API key (shown once): {key}")


@api_key.command("list")
@_OWNERS[0]
@_OWNERS[1]
@json_option
@pass_front
def list_(front: Front, agency_id: int | None, company_id: int | None, as_json: bool) -> None:
    """List the keys of an agency or a company by their public beginning."""
    _one_owner(agency_id, company_id)
    with front.runtime() as runtime, runtime.read() as tx:
        found = api_keys.listed(tx, agency_id=agency_id, company_id=company_id)
    rows = [
        (one.prefix, one.created_at.date(), "revoked" if one.revoked else "live", _opens(one), " ".join(one.scopes))
        for one in found
    ]
    emit(as_json, [asdict(one) for one in found], *table(("key", "made", "state", "opens", "scopes"), rows))


@api_key.command()
@click.argument("prefix")
@_OWNERS[0]
@_OWNERS[1]
@json_option
@pass_front
def revoke(front: Front, prefix: str, agency_id: int | None, company_id: int | None, as_json: bool) -> None:
    """End a key at once; PREFIX is what stands before its dot."""
    _one_owner(agency_id, company_id)
    with front.runtime() as runtime, runtime.begin() as tx:
        api_keys.revoke(tx, prefix, agency_id=agency_id, company_id=company_id, actor=ACTOR)
    emit(as_json, {"key": prefix, "revoked": True}, f"key {prefix} revoked")


def _opens(key: KeyView) -> str:
    """Of an agency's key that an admin of one company made: this company's referrals and needs only."""
    return "all" if key.reach is None else f"company {key.reach}"


def _one_owner(agency_id: int | None, company_id: int | None) -> None:
    if (agency_id is None) == (company_id is None):
        raise click.UsageError("name either --agency or --company")
