"""What every command has in hand: settings read once, a runtime when it needs one, and one way to print."""

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from core.errors import ConfigError
from core.lang import Lang

if TYPE_CHECKING:
    from core.runtime import Runtime  # SQLAlchemy: half a second that bare commands need not pay
    from core.setting_sources import Reading
    from core.settings import Settings

#: How the command line stands in the audit log.
ACTOR = "cli"


class Number(click.IntRange):
    name = "number"


#: The number of a company, an agency, a book: as PostgreSQL's INTEGER holds it. A larger one names nothing, and is told
#: as wrong usage before anything is opened.
ID = Number(1, 2**31 - 1)
#: The number of a mail or a sentence (BIGINT).
LONG_ID = Number(1, 2**63 - 1)
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Front:
    """The command line's context object. Nothing is read before a command asks: some run on a bare machine."""

    config_file: Path | None
    environment: Mapping[str, str]

    @cached_property
    def settings(self) -> "Settings":
        """Raises ConfigError with every problem at once."""
        if self.reading.problems:
            raise ConfigError(*self.reading.problems)
        return self.reading.settings

    @cached_property
    def reading(self) -> "Reading":
        """The settings for whoever wants to look further although something is wrong with them."""
        from core import setting_sources  # pydantic: a fifth of a second

        return setting_sources.read(self.config_file, self.environment)

    def lang(self, chosen: Lang | None) -> Lang:
        """The language to speak in a terminal: the one asked for, else the terminal's own, else the admin's."""
        return chosen or terminal_lang() or self.settings.admin.locale

    @contextmanager
    def runtime(self, *, sets_up: bool = False) -> "Iterator[Runtime]":
        """The installation's database and keys. Only a command that ``sets_up`` something makes those of a new one.

        Whoever forgot CAREERRELAY_HOME must not be told that an empty queue is theirs. What the block changes of the
        configuration is in force at its end, in every running gateway process.

        Raises:
            ConfigError: there is no installation, or none of this version; nothing was written.
        """
        from careerrelay import in_force, opening  # SQLAlchemy and Alembic load only for commands that store

        if sets_up and opening.is_new(self.settings):
            opening.migrated(self.settings)
        versions: list[int] = []
        with opening.opened(self.settings) as runtime:
            yield replace(runtime, on_config=versions.append)
            followed = not versions or in_force.wait(runtime, versions[-1])
        if not followed:
            click.echo(
                "note: the change is stored, but not every gateway process follows it yet; should mail go on as before,"
                " see `careerrelay doctor`",
                err=True,
            )


pass_front = click.make_pass_decorator(Front)


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")(command)


def lang_option(command: F) -> F:
    help_text = "Default: the terminal's locale, else ADMIN__LOCALE."
    return click.option("--lang", type=click.Choice(["ja", "en"]), help=help_text)(command)


def terminal_lang() -> Lang | None:
    """The language of LC_ALL, LC_MESSAGES or LANG, in this order (POSIX); None for C and for others than ours."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ja" if locale.startswith("ja") else "en" if locale.startswith("en") else None


def emit(as_json: bool, value: Any, *lines: str) -> None:
    """Print ``value`` as JSON, or ``lines`` for a person."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, default=str))
    else:
        for line in lines:
            click.echo(line)


def table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows in columns as wide as their widest cell; an empty list says so."""
    if not rows:
        return ["(none)"]
    cells = [headings, *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(headings))]
    return ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def read_secret(prompt: str, *, confirm: bool = False) -> str:
    """One line: typed unseen on a terminal, else the first line of standard input; "" when there is none."""
    if sys.stdin.isatty():
        typed = click.prompt(
            prompt, default="", hide_input=True, show_default=False, confirmation_prompt=confirm, err=True
        )
        return str(typed)
    return sys.stdin.readline().rstrip("\r\n")


def _width(text: str) -> int:
    """Columns on a terminal: kanji, kana and full-width forms take two (UAX 11)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
