"""Commands for whoever runs the installation: check settings, migrate, try the next hop, ask whether it answers."""

import click

from careerrelay import __version__
from careerrelay.front import Front, emit, json_option, pass_front
from core.errors import ConfigError


@click.command("check-config")
@json_option
@pass_front
def check_config(front: Front, as_json: bool) -> None:
    """Read the settings and list every error in them at once; changes nothing."""
    from careerrelay.checks import check

    settings = front.settings
    check(settings)
    database = "PostgreSQL" if settings.database_url.startswith("postgresql") else "SQLite"
    facts = {
        "smtp": ", ".join(str(listen) for listen in settings.smtp.listen),
        "next_hop": str(settings.relay.next_hop),
        "web": f"{settings.web.listen}, links begin with {settings.web.base_url}",
        "database": database,
        "workers": "RQ" if settings.redis_url else "embedded",
        "home": str(settings.home.absolute()),
    }
    emit(as_json, {"ok": True} | facts, "settings are good", *(f"  {name}: {value}" for name, value in facts.items()))


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
@click.option("--company", "company_id", type=int, metavar="ID", help="This company's own next hop.")
@json_option
@pass_front
def test_next_hop(front: Front, company_id: int | None, as_json: bool) -> None:
    """Connect to the next hop, greet, use TLS and sign in as set, and show each step. Sends no mail."""
    from careerrelay.next_hop_probe import probe

    steps = probe(front.settings, _next_hop_of(front, company_id))
    emit(as_json, [{"step": name, "ok": ok, "detail": detail} for name, ok, detail in steps],
         *(f"{'ok  ' if ok else 'FAIL'} {name}: {detail}" for name, ok, detail in steps))  # fmt: skip
    if not all(ok for _, ok, _ in steps):
        click.get_current_context().exit(1)


def _next_hop_of(front: Front, company_id: int | None) -> str:
    if company_id is not None:
        from crm import companies

        with front.runtime() as runtime, runtime.read() as tx:
            if own := companies.get(tx, company_id).next_hop:
                return own
    if front.settings.relay.next_hop is None:
        raise ConfigError("CAREERRELAY_RELAY__NEXT_HOP: not set")
    return str(front.settings.relay.next_hop)


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the version."""
    emit(as_json, {"version": __version__}, f"careerrelay {__version__}")
