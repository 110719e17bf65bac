"""`careerrelay rules`: check rule files, look at decisions before they are made; its other commands stand beside it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.commands.rules_replay import replay
from careerrelay.commands.rules_sentences import approvals, approve, forget
from careerrelay.commands.rules_versions import activate, rollback, versions
from careerrelay.front import ID, Front, emit, json_option, lang_option, pass_front
from core.errors import ConfigError
from core.lang import Lang

if TYPE_CHECKING:
    from careerrelay.judging import Judge


@click.group()
def rules() -> None:
    """What is decided about mails, and why."""


for command in (activate, approvals, approve, forget, replay, rollback, versions):
    rules.add_command(command)


@rules.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")
@click.option("--company", "company_id", type=ID, metavar="ID", help="Also with this company's blocks and addresses.")
@json_option
@pass_front
def check(front: Front, file: Path, company_id: int | None, as_json: bool) -> None:
    """Check a rule file and run its golden cases; every error is shown with its line. Without --company needs no
    settings."""
    from careerrelay.judging import load_rules

    if company_id is None:
        ruleset = load_rules(file)
    else:
        with front.runtime() as runtime, runtime.read() as tx:
            ruleset = load_rules(file, tx, company_id)
    emit(
        as_json,
        {"ok": True, "ruleset": ruleset.version, "rules": len(ruleset.rules)},
        f"{file}: good, rules: {len(ruleset.rules)}, version {ruleset.version}",
    )


@rules.command()
@click.argument("files", nargs=-1, metavar="[FILE.eml… | -]")
@click.option("--company", "company_id", type=ID, metavar="ID", help="Decide as for this company of the installation.")
@click.option("--signals", "signals_file", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="What the ATS says: file,recipient,in_ats,ats_status,status_age_days.")  # fmt: skip
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), metavar="FILE.toml",
              help="Decide with this rule file instead of the rules in force.")  # fmt: skip
@lang_option
@json_option
@pass_front
def explain(
    front: Front,
    files: tuple[str, ...],
    company_id: int | None,
    signals_file: Path | None,
    rules_file: Path | None,
    lang: Lang | None,
    as_json: bool,
) -> None:
    """Say for each mail file what would be decided, and why. Changes nothing; without --company needs no settings.

    With - the paths come on standard input, one a line, and each answer is written before the next path is read. A
    file that cannot be read is told in its place, does not stop the others, and makes the exit status 1.
    """
    from careerrelay.judging import judge_for

    if not files:
        raise click.UsageError("give mail files, or - to read their paths from standard input")
    _take_any_path()
    told, bad = 0, False
    with judge_for(front, company_id, signals_file, rules_file) as judge:
        for file in _paths(files):
            try:
                _show(file, judge, as_json, front.lang(lang))
            except ConfigError as error:
                bad = True
                _show_error(file, error, as_json)
            told += 1
            sys.stdout.flush()
    if not told:
        raise ConfigError("no paths came on standard input")
    sys.exit(1 if bad else 0)


def _take_any_path() -> None:
    """A path is bytes (POSIX): one that is no text is carried through as it came, in and out."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")


def _paths(files: tuple[str, ...]) -> Iterator[str]:
    for file in files:
        if file != "-":
            yield file
            continue
        for line in sys.stdin:
            if path := line.rstrip("\r\n"):
                yield path


def _show(file: str, judge: "Judge", as_json: bool, lang: Lang) -> None:
    decision = judge.decide(Path(file))
    if not as_json:
        from rules.explain import lines

        click.echo("\n  ".join([f"{file}: {decision.verdict.value} ({decision.score:g})", *lines(decision, lang)]))
        return
    plain: dict[str, Any] = decision.to_json()
    click.echo(json.dumps({"file": file, "decision": plain.pop("verdict"), **plain}, ensure_ascii=False))


def _show_error(file: str, error: ConfigError, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": file, "error": error.message}, ensure_ascii=False))
    else:
        click.echo(f"careerrelay: {file}: {error.message}", err=True)
