"""A number that nothing can have: one clear line and exit status 1 or 2 from every command, never a traceback."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from careerrelay.cli import main
from tests.careerrelay.command_line import Installation, add_company

HUGE = "99999999999999999999"
#: What BIGINT and SQLite still take, beyond INTEGER of PostgreSQL.
LARGE = str(2**63 - 1)
OTHERS = (str(2**31), str(2**63), "0", "-1")
NOT_STARTED = {"serve", "gateway", "worker", "web", "scheduler", "demo"}

Path_ = tuple[str, ...]


def _commands(group: click.Group, path: Path_ = ()) -> Iterator[tuple[Path_, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from _commands(found, (*path, name))
        elif not path and name in NOT_STARTED:
            continue
        else:
            yield (*path, name), found


def _is_number(one: click.Parameter) -> bool:
    return isinstance(one.type, click.IntRange | click.types.IntParamType)


def _filled(one: click.Parameter, number: str, file: Path) -> list[str]:
    """The parameter as typed: numbers absurd, anything else as plausible as can be."""
    match one.type:
        case click.Choice():
            value = str(one.type.choices[0])
        case click.Path() | click.File():
            value = str(file)
        case _:
            value = number if _is_number(one) else "2027-04-01" if "YYYY" in str(one.type.name) else "x"
    return [value] if isinstance(one, click.Argument) else [one.opts[0], value]


def cases() -> list[tuple[Path_, str]]:
    """Every command with every number that it takes, by the parameter's name."""
    return [(path, str(one.name)) for path, command in _commands(main) for one in command.params if _is_number(one)]


def arguments(command: click.Command, name: str, number: str, file: Path) -> list[str]:
    wanted = [one for one in command.params if one.name == name or one.required]
    options = [word for one in wanted if isinstance(one, click.Option) for word in _filled(one, number, file)]
    given = [word for one in wanted if isinstance(one, click.Argument) for word in _filled(one, number, file)]
    return [*options, "--", *given] if given else options


def _problem(installation: Installation, path: Path_, words: list[str]) -> str:
    """What is wrong with the answer of a command; empty when it is one clear line."""
    done = installation.run(*path, *words)
    told = [line for line in done.stderr.splitlines() if line.startswith(("Error: ", "careerrelay: "))]
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"{' '.join([*path, *words])}: {done.exception!r}"
    if HUGE in words and (done.exit_code not in (1, 2) or len(told) != 1):
        return f"{' '.join([*path, *words])}: exit {done.exit_code}, {done.output!r}"
    return ""


def _problems(tmp_path: Path, number: str, named: tuple[str, ...] = ()) -> list[str]:
    installation, file = Installation(tmp_path / "home"), tmp_path / "file.txt"
    file.write_text("x", encoding="utf-8")
    add_company(installation)
    commands = dict(_commands(main))
    tried = [(path, name) for path, name in cases() if not named or name in named]
    found = [_problem(installation, path, arguments(commands[path], name, number, file)) for path, name in tried]
    return [problem for problem in found if problem]


@pytest.mark.parametrize("number", [HUGE, *(pytest.param(one, marks=pytest.mark.torture) for one in OTHERS)])
def test_every_command_says_that_a_number_cannot_be(tmp_path: Path, number: str) -> None:
    assert _problems(tmp_path, number) == []


def test_the_largest_number_of_a_mail_that_nobody_sent_is_unknown(tmp_path: Path) -> None:
    assert _problems(tmp_path, LARGE, ("mail_id", "mail_ids", "sentence_id")) == []


def test_the_table_knows_the_commands() -> None:
    named = {(" ".join(path), name) for path, name in cases()}
    assert {("company set", "company_id"), ("queue show", "mail_id"), ("agency add", "threshold")} <= named
    assert len(named) >= 70
