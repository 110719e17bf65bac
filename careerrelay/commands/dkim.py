"""`careerrelay dkim`: the keys with which the gateway signs a company's mail, and their records in the DNS."""

from datetime import timedelta
from typing import Any

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from core.errors import Permanent
from core.resolver import Resolver
from core.runtime import Tx
from core.settings import Settings
from crm.registry import companies
from gateway.signature import dkim_keys, dkim_record
from gateway.signature.dkim import Algorithm
from gateway.signature.dkim_keys import DkimKey
from gateway.signature.dkim_record import Finding
from gateway.tables.dkim import KeyState

#: Receivers read the record at delivery and again in reports; caches keep it for its TTL.
DNS_MARGIN = timedelta(days=2)


@click.group()
def dkim() -> None:
    """Keys that sign a company's mail (DKIM)."""


@dkim.command()
@click.argument("company_id", type=ID, metavar="COMPANY")
@click.option("--domain", required=True, help="Domain of the From addresses, or a parent of it.")
@click.option("--algorithm", type=click.Choice([one.value for one in Algorithm]), default=Algorithm.RSA2048.value,
              show_default=True, help="ed25519 only beside an rsa2048 key: few receivers know it.")  # fmt: skip
@click.option("--selector", help="Name of the key in the DNS; default: cr, year and month, r or e.")
@json_option
@pass_front
def prepare(front: Front, company_id: int, domain: str, algorithm: str, selector: str | None, as_json: bool) -> None:
    """Make a key for COMPANY and print the DNS record to publish; nothing is signed yet."""
    private = dkim_keys.generate(Algorithm(algorithm))
    with front.runtime() as runtime, runtime.begin() as tx:
        key = dkim_keys.prepare(tx, company_id, domain, private, selector, actor=ACTOR)
    pieces = dkim_record.strings(key.dns_value)
    emit(
        as_json,
        _as_json(key),
        f"key {key.id} prepared; publish this TXT record:",
        f"name   {key.dns_name}",
        *(f"value  {piece}" for piece in pieces),
        *(["       (one record, made of these strings in this order)"] if len(pieces) > 1 else []),
        "as a line of a BIND zone file:",
        dkim_record.zone_line(key.dns_name, key.dns_value),
        f"then: careerrelay dkim check {key.id} && careerrelay dkim activate {key.id}",
    )


@dkim.command()
@click.argument("key_id", metavar="KEY")
@click.option("--without-check", is_flag=True, help="Do not ask the DNS first (it cannot be asked from here).")
@json_option
@pass_front
def activate(front: Front, key_id: str, without_check: bool, as_json: bool) -> None:
    """Sign with KEY (id or DNS name) from now on; the active key of its kind is retired. The DNS is asked first."""
    with front.runtime() as runtime:
        if not without_check:
            with runtime.read() as tx:
                key = dkim_keys.get(tx, key_id)
            finding = _asked(front.settings, key)
            if not finding.good:
                raise Permanent(
                    f"{key.dns_name}: {finding.detail}; publish the record (careerrelay dkim list --records), wait for "
                    "the DNS, or use --without-check"
                )
        with runtime.begin() as tx:
            key, before = dkim_keys.activate(tx, key_id, actor=ACTOR)
    emit(
        as_json,
        _as_json(key) | {"retired": [old.id for old in before]},
        f"key {key.id} signs for {key.domain} from now on",
        *(f"key {old.id} is retired; {_leave_published(front.settings, old)}" for old in before),
    )


@dkim.command()
@click.argument("key_id", metavar="KEY")
@json_option
@pass_front
def retire(front: Front, key_id: str, as_json: bool) -> None:
    """Sign no more with KEY (id or DNS name)."""
    with front.runtime() as runtime, runtime.begin() as tx:
        key = dkim_keys.retire(tx, key_id, actor=ACTOR)
        warnings = _broken_promises(tx, key)
    emit(
        as_json,
        _as_json(key) | {"warnings": warnings},
        f"key {key.id} signs no more; {_leave_published(front.settings, key)}",
        *warnings,
    )


@dkim.command("list")
@click.option("--company", "company_id", type=ID, metavar="ID", help="Of this company only.")
@click.option("--records", is_flag=True, help="Print the DNS records as lines of a zone file.")
@json_option
@pass_front
def list_(front: Front, company_id: int | None, records: bool, as_json: bool) -> None:
    """List the keys, the retired ones too."""
    with front.runtime() as runtime, runtime.read() as tx:
        keys = dkim_keys.all_keys(tx, company_id)
    rows = [
        (key.id, key.company_id, key.domain, key.selector, key.algorithm, key.state, f"{_since(key):%Y-%m-%d}")
        for key in keys
    ]
    headings = ("id", "company", "domain", "selector", "algorithm", "state", "since")
    lines = [dkim_record.zone_line(key.dns_name, key.dns_value) for key in keys] if records else table(headings, rows)
    emit(as_json, [_as_json(key) for key in keys], *lines)


@dkim.command()
@click.argument("key_ids", nargs=-1, metavar="[KEY]...")
@json_option
@pass_front
def check(front: Front, key_ids: tuple[str, ...], as_json: bool) -> None:
    """Ask the DNS for the record of each KEY (default: all prepared and active); status 1 when one is not right."""
    with front.runtime() as runtime, runtime.read() as tx:
        if key_ids:
            keys = [dkim_keys.get(tx, key_id) for key_id in key_ids]
        else:
            keys = [key for key in dkim_keys.all_keys(tx) if key.state is not KeyState.RETIRED]
    found = [(key, _asked(front.settings, key)) for key in keys]
    emit(
        as_json,
        [
            {"id": key.id, "dns_name": key.dns_name, "published": finding.published.value, "detail": finding.detail}
            for key, finding in found
        ],
        *(f"{key.dns_name}: {finding.detail or 'published as it should be'}" for key, finding in found),
    )
    if not all(finding.good for _, finding in found):
        click.get_current_context().exit(1)


def _asked(settings: Settings, key: DkimKey) -> Finding:
    """Raises Temporary when the DNS gives no answer: that is not the same as no record."""
    return dkim_record.compare(key.algorithm, key.public_key, Resolver(settings).txt(key.dns_name))


def _broken_promises(tx: Tx, key: DkimKey) -> list[str]:
    """What the company's settings want and its keys no longer give; mail goes on, unedited or unsigned."""
    company = companies.get(tx, key.company_id)
    if dkim_keys.signs_still(tx, key.company_id, key.domain):
        return []
    warnings = []
    if company.signed_mail == "resign":
        warnings.append(f"mail that arrives signed by {key.domain} is no longer edited (company {company.id}: resign)")
    if company.dkim_sign == "all":
        warnings.append(f"mail of {key.domain} leaves without our signature (company {company.id}: sign all)")
    return warnings


def _leave_published(settings: Settings, key: DkimKey) -> str:
    """A mail signed a moment ago may be retried until it is given up, and its record is read at delivery."""
    if key.activated_at is None or key.retired_at is None:
        return "it never signed, its DNS record may go"
    until = key.retired_at + timedelta(seconds=settings.relay.give_up_s) + DNS_MARGIN
    return f"leave {key.dns_name} in the DNS until {until:%Y-%m-%d}: mail signed with it is still on its way"


def _since(key: DkimKey) -> Any:
    return key.retired_at or key.activated_at or key.created_at


def _as_json(key: DkimKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "company_id": key.company_id,
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm.value,
        "state": key.state.value,
        "created_at": key.created_at,
        "activated_at": key.activated_at,
        "retired_at": key.retired_at,
        "dns_name": key.dns_name,
        "dns_value": key.dns_value,
        "dns_strings": dkim_record.strings(key.dns_value),
        "zone_line": dkim_record.zone_line(key.dns_name, key.dns_value),
    }
