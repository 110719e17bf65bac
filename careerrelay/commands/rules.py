"""`careerrelay rules`: look at decisions before they are made, check rule files, approve a decision sentence."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import Front, emit, json_option, pass_front
from core.errors import ConfigError

if TYPE_CHECKING:
    from careerrelay.judging import Judge

ACTOR = "cli"


@click.group()
def rules() -> None:
    """What is decided about mails, and why."""


@rules.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")
@json_option
def check(file: Path, as_json: bool) -> None:
    """Check a rule file; every error is shown with its line."""
    from careerrelay.judging import load_rules

    ruleset = load_rules(file)
    emit(
        as_json,
        {"ok": True, "ruleset": ruleset.version, "rules": len(ruleset.rules)},
        f"{file}: good ({ruleset.version})",
    )


@rules.command()
@click.argument("files", nargs=-1, metavar="[FILE.eml… | -]")
@click.option("--company", "company_id", type=int, metavar="ID", help="Decide as for this company of the installation.")
@click.option("--signals", "signals_file", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="What the ATS says: file,recipient,in_ats,ats_status,status_age_days.")  # fmt: skip
@json_option
@pass_front
def explain(
    front: Front, files: tuple[str, ...], company_id: int | None, signals_file: Path | None, as_json: bool
) -> None:
    """Say for each mail file what would be decided, and why. Changes nothing; without --company needs no settings.

    With - the paths come on standard input, one a line, and each answer is written before the next path is read.
    """
    from careerrelay.judging import judge_for

    if not files:
        raise click.UsageError("give mail files, or - to read their paths from standard input")
    bad = False
    with judge_for(front, company_id, signals_file) as judge:
        for file in _paths(files):
            try:
                _show(file, judge, as_json)
            except ConfigError as error:
                bad = True
                _show_error(file, error, as_json)
            sys.stdout.flush()
    sys.exit(1 if bad else 0)


@rules.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.eml")
@click.option("--company", "company_id", type=int, required=True, metavar="ID")
@json_option
@pass_front
def approve(front: Front, file: Path, company_id: int, as_json: bool) -> None:
    """Approve the sentence by which FILE decides: from now on it counts as the second signal for its sender."""
    from careerrelay.judging import approve_sentence

    with front.runtime() as runtime:
        approved = approve_sentence(front, runtime, company_id, file, by=ACTOR)
    emit(
        as_json,
        {"sentence": approved.masked, "sender": approved.sender},
        f"approved for {approved.sender}: {approved.masked}",
    )


def _paths(files: tuple[str, ...]) -> Iterator[str]:
    for file in files:
        if file != "-":
            yield file
            continue
        for line in sys.stdin:
            if path := line.rstrip("\r\n"):
                yield path


def _show(file: str, judge: "Judge", as_json: bool) -> None:
    decision = judge.decide(Path(file))
    if not as_json:
        from rules.explain import lines

        click.echo("\n  ".join([f"{file}: {decision.verdict.value} ({decision.score:g})", *lines(decision)]))
        return
    plain: dict[str, Any] = decision.to_json()
    click.echo(json.dumps({"file": file, "decision": plain.pop("verdict"), **plain}, ensure_ascii=False))


def _show_error(file: str, error: ConfigError, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": file, "error": error.message}, ensure_ascii=False))
    else:
        click.echo(f"careerrelay: {file}: {error.message}", err=True)
