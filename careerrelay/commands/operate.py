"""Commands for whoever runs the installation: check settings, migrate, try the next hop, ask whether it answers."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from careerrelay import __version__
from careerrelay.front import ID, Front, emit, json_option, pass_front
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.endpoints import NextHop
    from core.settings import Admin
    from crm.registry.hop_identity import HopIdentity


@click.command("check-config")
@json_option
@pass_front
def check_config(front: Front, as_json: bool) -> None:
    """Read the settings and list every error in them at once; changes nothing."""
    from careerrelay.checks import problems

    wrong = problems(front.reading)
    if wrong:
        raise ConfigError(*wrong)
    settings = front.settings
    database = "PostgreSQL" if settings.database_url.startswith("postgresql") else "SQLite"
    facts = {
        "smtp": ", ".join(str(listen) for listen in settings.smtp.listen),
        "hostname": settings.smtp.hostname,
        "next_hop": str(settings.relay.next_hop),
        "web": f"{settings.web.listen}, links begin with {settings.web.base_url}",
        "database": database,
        "workers": "RQ" if settings.redis_url else "embedded",
        "home": str(settings.home.absolute()),
        "daily_line": _daily_line(settings.admin),
    }
    emit(as_json, {"ok": True} | facts, "settings are good", *(f"  {name}: {value}" for name, value in facts.items()))


def _daily_line(admin: "Admin") -> str:
    if not admin.mail:
        return "off (ADMIN__MAIL is empty)"
    return f"{admin.report_at} {admin.timezone}, in {admin.locale}, to {', '.join(admin.mail)}"


@click.command()
@json_option
@pass_front
def migrate(front: Front, as_json: bool) -> None:
    """Create the database (and, for a new one, the key ring) or bring it to this version."""
    from careerrelay import opening

    steps = opening.migrated(front.settings)
    emit(as_json, {"steps": steps}, f"steps run: {', '.join(steps)}" if steps else "the database is up to date")


@click.command()
@click.option("--mail", "what", flag_value="mail", help="Ask only the mail listener.")
@click.option("--web", "what", flag_value="web", help="Ask only the web listener.")
@json_option
@pass_front
def health(front: Front, what: str | None, as_json: bool) -> None:
    """Ask the running installation whether it answers (for container health checks)."""
    from careerrelay.readiness import mail_answers, web_answers

    settings = front.settings
    answers = {}
    if what != "web":
        answers["mail"] = all(mail_answers(listen) for listen in settings.smtp.listen)
    if what != "mail":
        answers["web"] = web_answers(settings.web.listen)
    emit(as_json, answers, *(f"{name}: {'answers' if good else 'does not answer'}" for name, good in answers.items()))
    if not all(answers.values()):
        click.get_current_context().exit(1)


@click.command("test-next-hop")
@click.option("--company", "company_id", type=ID, metavar="ID", help="As this company: its next hop and certificate.")
@click.option("--send", nargs=2, metavar="FROM TO", help="Also send a small test mail.")
@json_option
@pass_front
def test_next_hop(front: Front, company_id: int | None, send: tuple[str, str] | None, as_json: bool) -> None:
    """Connect to the next hop, use TLS and sign in as set; show each step and what is missing. Exit 1: one failed."""
    from careerrelay.next_hop_probe import TestMail, examine

    hop, identity = _next_hop_of(front, company_id)
    mail = None
    if send is not None:
        from crm.registry.company_input import address

        mail = TestMail(*(address(one) for one in send))
    steps = examine(front.settings, hop, identity, mail)
    lines = []
    for step in steps:
        lines.append(f"{'ok  ' if step.ok else 'FAIL'} {step.step}: {step.detail}")
        lines += [f"     {note}" for note in step.notes]
    emit(as_json, [asdict(step) for step in steps], *lines)
    if not all(step.ok for step in steps):
        click.get_current_context().exit(1)


def _next_hop_of(front: Front, company_id: int | None) -> "tuple[NextHop, HopIdentity]":
    from core.endpoints import NextHop
    from crm.registry.hop_identity import HopIdentity, identity

    default = front.settings.relay.next_hop
    if company_id is not None:
        from crm.registry import companies

        with front.runtime() as runtime, runtime.read() as tx:
            own, shown = companies.get(tx, company_id).next_hop, identity(tx, company_id)
        if own:
            return NextHop.parse(own), shown
        if default is not None:
            return default, HopIdentity(shown.chain, shown.key)
    if default is None:
        raise ConfigError("CAREERRELAY_RELAY__NEXT_HOP: not set")
    return default, HopIdentity()


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the version."""
    emit(as_json, {"version": __version__}, f"careerrelay {__version__}")
