"""`careerrelay rules versions|activate|rollback`: which rules of a company are in force, and since when."""

import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.commands.rules_replay import lines, run_with_progress
from careerrelay.front import ACTOR, ID, Front, emit, json_option, lang_option, pass_front, table
from core.errors import ConfigError
from core.lang import Lang

if TYPE_CHECKING:
    from core.runtime import Tx
    from gateway.judgement.replay import Replay
    from gateway.ruling.ruleset import VersionLine

#: How far back an activation looks before it does anything.
REPLAY_DAYS = 14

_company = click.option("--company", "company_id", type=ID, required=True, metavar="ID")


@click.command()
@_company
@json_option
@pass_front
def versions(front: Front, company_id: int, as_json: bool) -> None:
    """List the versions of a company's rules, newest first, and which of them is in force."""
    from gateway.ruling import ruleset

    with front.runtime() as runtime, runtime.read() as tx:
        found = ruleset.versions(tx, company_id)
    headings = ("", "version", "rules", "file", "saved", "by", "in force since", "by")
    emit(as_json, [asdict(line) for line in found], *table(headings, [_row(line) for line in found]))


@click.command()
@click.argument("version", metavar="FILE.toml | VERSION | shipped")
@_company
@click.option("--yes", is_flag=True, help="Do not ask back.")
@lang_option
@json_option
@pass_front
def activate(front: Front, version: str, company_id: int, yes: bool, lang: Lang | None, as_json: bool) -> None:
    """Put rules in force for a company: a file, a version saved before, or the shipped ones alone.

    First the mails of the last 14 days are decided with them (`rules replay`) and the difference is shown. Refused when
    a mail that a person has called no rejection would get a link. In force at its end; `rules rollback` undoes it.
    """
    from gateway.judgement.replay import Plan
    from gateway.ruling import ruleset
    from rules.load import load

    with front.runtime() as runtime:
        with runtime.begin() as tx:
            name = _saved(tx, company_id, version)
            text = "" if name == ruleset.SHIPPED else ruleset.text_of(tx, company_id, name)
        new = ruleset.shipped() if name == ruleset.SHIPPED else load(text, version)
        since = runtime.clock.now() - timedelta(days=REPLAY_DAYS)
        found = run_with_progress(runtime, Plan(since, company_id, new, samples=0), quiet=as_json)
        if not as_json:
            for line in lines(found, front.lang(lang)):
                click.echo(line)
        _refuse_wrong_links(found)
        if sys.stdin.isatty() and not yes:
            click.confirm("put these rules in force?", abort=True, err=True)
        with runtime.begin() as tx:
            ruleset.activate(tx, company_id, name, by=ACTOR)
    emit(as_json, {"company": company_id, "version": name, "changed": found.comparison.changed},
         f"company {company_id}: {name} is in force")  # fmt: skip


@click.command()
@_company
@json_option
@pass_front
def rollback(front: Front, company_id: int, as_json: bool) -> None:
    """Go back to the rules that were in force before the last activation, at once."""
    from gateway.ruling import ruleset

    with front.runtime() as runtime, runtime.begin() as tx:
        line = ruleset.roll_back(tx, company_id, by=ACTOR)
    name = ruleset.SHIPPED if line is None else line.version
    emit(as_json, {"company": company_id, "version": name}, f"company {company_id}: {name} is in force again")


def _saved(tx: "Tx", company_id: int, version: str) -> str:
    """Save a file as a version; the name of a version stays as it is."""
    from careerrelay.judging import rules_text
    from gateway.letter.limits import Limits
    from gateway.ruling import ruleset

    path = Path(version)
    if not (version.endswith(".toml") or path.is_file()):
        return version
    text = rules_text(path)
    saved = ruleset.save_version(tx, company_id, text, file=str(path), by=ACTOR, limits=Limits(), folder=path.parent)
    return saved.version


def _refuse_wrong_links(found: "Replay") -> None:
    wrong = found.comparison.new_wrong_links
    if wrong:
        named = ", ".join(map(str, wrong))
        raise ConfigError(
            f"not put in force: people have called these mails no rejection, and they would get a link: {named}"
        )


def _row(line: "VersionLine") -> tuple[Any, ...]:
    since = line.activated_at and f"{line.activated_at:%Y-%m-%d %H:%MZ}"
    return ("*" if line.active else "", line.version, line.rules, line.file, f"{line.saved_at:%Y-%m-%d %H:%MZ}",
            line.saved_by, since if line.active else "", line.activated_by if line.active else "")  # fmt: skip
