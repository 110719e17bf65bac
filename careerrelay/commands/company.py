"""`careerrelay company`: whose mail comes through, and how far the gateway may go with it."""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from careerrelay.commands import company_data
from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, read_secret, table
from crm.arrival import company_links
from crm.registry import companies, hop_identity, smtp_users
from crm.registry.companies import CompanyView, NewCompany
from gateway.ruling import block_texts
from gateway.signature import dkim_keys
from rules.model import Mode

GENERATED_PASSWORD_BYTES = 18

_PEM = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_MODE = click.Choice([mode.value for mode in Mode])


@click.group()
def company() -> None:
    """Companies whose mail comes through this gateway."""


for command in (company_data.show, company_data.export, company_data.erase):
    company.add_command(command)


def _fields(command: Any) -> Any:
    """The options that `add` and `set` share."""
    options = (
        click.option("--recruiting-sender", "recruiting_senders", multiple=True, metavar="ADDRESS|@DOMAIN",
                     help="Who sends selection results; only this mail is looked at."),
        click.option("--network", "networks", multiple=True, metavar="CIDR", help="Who relays without a password."),
        click.option("--mode", type=_MODE, help="observe changes nothing, confirm asks a person, auto edits."),
        click.option("--next-hop", metavar="URL", help="This company's own next hop."),
        click.option("--hold-minutes", type=click.IntRange(1, 1440), help="How long a held mail waits (confirm)."),
        click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of our mails to this company."),
        click.option("--tone", help="Wording of the block: polite, plain, or one of your own."),
        click.option("--mail-from", metavar="ADDRESS", help="Sender of our own mails in this company's name."),
        click.option("--contact-mail", metavar="ADDRESS", help="Who at the company gets our questions and summaries."),
        click.option("--privacy-url", metavar="URL", help="Privacy policy shown on the candidate's page."),
        click.option("--keep-passed-days", type=click.IntRange(0, 365), help="Days to keep mails that passed."),
        click.option("--stamp", metavar="NAME: VALUE",
                     help="Header field X-… on every relayed mail, the exception of the mail server's routing rule."),
        click.option("--client-cert", type=_PEM, help="PEM certificate chain that we show to the next hop."),
        click.option("--client-key", type=_PEM, help="PEM key of it, without passphrase; kept sealed, never shown."),
        click.option("--timezone", help="Where this company's days begin."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """What the operator wrote, without the options that were left out."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "mode" in given:
        given["mode"] = Mode(given["mode"])
    return given


@company.command()
@click.option("--name", required=True)
@click.option("--sender-domain", "sender_domains", multiple=True, required=True, metavar="DOMAIN",
              help="Envelope domains of this company; .example.jp takes sub-domains.")  # fmt: skip
@_fields
@json_option
@pass_front
def add(front: Front, /, as_json: bool, **options: Any) -> None:
    """Add a company. Without --mode it is observed only."""
    pem = _taken_pem(options)
    with front.runtime(sets_up=True) as runtime, runtime.begin() as tx:
        added = companies.add(tx, NewCompany(**_given(options)), actor=ACTOR)
        block_texts.require_tone(tx, added.id, added.tone)
        if pem is not None:
            hop_identity.set_certificate(tx, added.id, hop_identity.read_certificate(*pem, tx.now), actor=ACTOR)
    emit(as_json, {"id": added.id}, f"company {added.id} added, mode {added.mode}")


@company.command("set")
@click.argument("company_id", type=ID, metavar="ID")
@click.option("--name")
@click.option("--sender-domain", "sender_domains", multiple=True, metavar="DOMAIN", help="Replaces all of them.")
@click.option(
    "--signed-mail",
    type=click.Choice(["leave", "resign"]),
    help="Mail that arrives with your DKIM signature: left as it is, or edited and signed again by us.",
)
@click.option("--dkim-sign", type=click.Choice(["edited", "all"]),
              help="What we sign with your active DKIM key: edited mail, or all mail of your domains.")  # fmt: skip
@click.option("--no-client-cert", is_flag=True, help="Show no certificate to the next hop any more.")
@_fields
@json_option
@pass_front
def set_(front: Front, /, company_id: int, as_json: bool, **options: Any) -> None:
    """Change what is given; lists are replaced as a whole. In force at its end."""
    pem, no_pem = _taken_pem(options), options.pop("no_client_cert")
    given = _given(options)
    if not given and pem is None and not no_pem:
        raise click.UsageError("nothing to change: give at least one option")
    with front.runtime() as runtime, runtime.begin() as tx:
        changed = companies.change(tx, company_id, actor=ACTOR, **given)
        if "tone" in given:
            block_texts.require_tone(tx, company_id, changed.tone)
        if pem is not None or no_pem:
            read = hop_identity.read_certificate(*pem, tx.now) if pem else None
            hop_identity.set_certificate(tx, company_id, read, actor=ACTOR)
            changed = companies.get(tx, company_id)
        if given.get("signed_mail") == "resign" or given.get("dkim_sign") == "all":
            dkim_keys.require_active(tx, changed)
    names = [*sorted(given), *(["client certificate"] if pem or no_pem else [])]
    until = changed.client_cert_expires_at if pem else None
    lines = [f"client certificate valid until {until:%Y-%m-%d}"] if until else []
    emit(as_json, asdict(changed), f"company {company_id} changed: {', '.join(names)}", *lines)


@company.command("next-hop-password")
@click.argument("company_id", type=ID, metavar="ID")
@json_option
@pass_front
def next_hop_password(front: Front, company_id: int, as_json: bool) -> None:
    """The password of the user in this company's own next hop, from standard input; empty: forget it."""
    password = read_secret("password of the next hop's user", confirm=True)
    with front.runtime() as runtime, runtime.begin() as tx:
        hop_identity.set_password(tx, company_id, password, actor=ACTOR)
    done = "set" if password else "forgotten"
    emit(as_json, {"id": company_id, "next_hop_password": done}, f"company {company_id}: password {done}")


@company.command("list")
@json_option
@pass_front
def list_(front: Front, as_json: bool) -> None:
    """List every company."""
    with front.runtime() as runtime, runtime.read() as tx:
        found = companies.all_companies(tx)
    rows = [
        (view.id, view.name, _state(view), ", ".join(view.sender_domains), ", ".join(view.recruiting_senders))
        for view in found
    ]
    emit(
        as_json, [asdict(view) for view in found], *table(("id", "name", "mode", "domains", "recruiting senders"), rows)
    )


@company.command()
@click.argument("company_id", type=ID, metavar="ID")
@click.option("--off", is_flag=True, help="End the suspension.")
@json_option
@pass_front
def suspend(front: Front, company_id: int, off: bool, as_json: bool) -> None:
    """Stop relaying for a company (or start again with --off)."""
    with front.runtime() as runtime, runtime.begin() as tx:
        view = companies.suspend(tx, company_id, on=not off, actor=ACTOR)
    emit(as_json, asdict(view), f"company {company_id} {'is suspended' if view.suspended else 'is active'}")


@company.command("smtp-user")
@click.argument("company_id", type=ID, metavar="ID")
@click.argument("user")
@click.option(
    "--generate", is_flag=True, help="Make a password and print it once, instead of reading one from standard input."
)
@click.option("--replace", is_flag=True, help="USER is there already: the password from now on is this one.")
@click.option("--remove", is_flag=True, help="USER may not sign in any more.")
@json_option
@pass_front
def smtp_user(
    front: Front, company_id: int, user: str, generate: bool, replace: bool, remove: bool, as_json: bool
) -> None:
    """Let USER sign in by SMTP AUTH for a company; the password is read from standard input, or generated."""
    if remove:
        if generate or replace:
            raise click.UsageError("--remove stands alone")
        with front.runtime() as runtime, runtime.begin() as tx:
            smtp_users.remove(tx, company_id, user, actor=ACTOR)
        emit(as_json, {"user": user, "removed": True}, f"user {user} may not send any more")
        return
    typed = "" if generate else read_secret("password", confirm=True)
    if not typed and not generate:
        raise click.UsageError("no password: give one on standard input, or --generate one")
    password = typed or secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)
    with front.runtime() as runtime, runtime.begin() as tx:
        smtp_users.add(tx, company_id, user, password, replace=replace, actor=ACTOR)
    shown = {} if typed else {"password": password}
    emit(
        as_json,
        {"user": user} | shown,
        f"user {user} may send for company {company_id}",
        *(f"password (shown once): {p}" for p in shown.values()),
    )


@company.command("smtp-users")
@click.argument("company_id", type=ID, metavar="ID")
@json_option
@pass_front
def list_smtp_users(front: Front, company_id: int, as_json: bool) -> None:
    """List who may hand in a company's mail by SMTP AUTH."""
    with front.runtime() as runtime, runtime.read() as tx:
        found = smtp_users.of_company(tx, company_id)
    rows = [(one.user, f"{one.created_at:%Y-%m-%d}") for one in found]
    emit(as_json, [asdict(one) for one in found], *table(("user", "since"), rows))


@company.command()
@click.argument("company_id", type=ID, metavar="ID")
@click.option("--new", "renew", is_flag=True, help="Make a new one; the one printed before ends at once.")
@click.option("--svg", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write the QR code there.")
@json_option
@pass_front
def link(front: Front, company_id: int, renew: bool, svg: Path | None, as_json: bool) -> None:
    """The company's own link, for notices that never pass the gateway: address, text to paste, QR code."""
    with front.runtime() as runtime, runtime.begin() as tx:
        companies.get(tx, company_id)
        found = None if renew else company_links.of(tx, company_id)
        found = found or company_links.make(tx, company_id, actor=ACTOR)
    if svg is not None:
        svg.write_text(company_links.qr_svg(found.url, inline=False), encoding="utf-8")
    texts = [line for text in found.texts.values() for line in ("", text)]
    emit(as_json, asdict(found), found.url, *texts)


def _taken_pem(options: dict[str, Any]) -> tuple[bytes, bytes] | None:
    """Certificate and key as bytes, taken out of the options."""
    paths = options.pop("client_cert"), options.pop("client_key")
    if None in paths:
        if paths != (None, None):
            raise click.UsageError("--client-cert and --client-key: give both")
        return None
    return paths[0].read_bytes(), paths[1].read_bytes()


def _state(view: CompanyView) -> str:
    marks = [mark for mark, on in (("suspended", view.suspended), ("bypass", view.bypass)) if on]
    return " ".join([view.mode.value, *marks])
