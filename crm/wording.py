"""Renders the texts that people read: package files ``NAME.{ja,en}.…``, Jinja2, and a missing value is an error."""

from datetime import date, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.clock import JST
from core.lang import Lang

_WEEKDAYS_JA = "月火水木金土日"
_MONTHS_EN = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def render(folder: str, file: str, values: dict[str, object]) -> str:
    """Render one file of the package.

    Raises:
        jinja2.UndefinedError: a value that the text needs is missing; nothing half-filled is ever sent.
        jinja2.TemplateNotFound: there is no such file.
    """
    return _environment(folder).get_template(file).render(values)


def day(value: date, lang: Lang) -> str:
    """Write a date: 2026年11月21日(土), or 21 November 2026."""
    if lang == "ja":
        return f"{value.year}年{value.month}月{value.day}日({_WEEKDAYS_JA[value.weekday()]})"
    return f"{value.day} {_MONTHS_EN[value.month - 1]} {value.year}"


def month(value: date, lang: Lang) -> str:
    """Write the month of a date: 2026年10月, or October 2026."""
    return f"{value.year}年{value.month}月" if lang == "ja" else f"{_MONTHS_EN[value.month - 1]} {value.year}"


def moment(value: datetime, lang: Lang) -> str:
    """Write a time of day with its date, in Japanese time, and say so."""
    local = value.astimezone(JST)
    clock = f"{local.hour}:{local.minute:02d}"
    return f"{day(local.date(), lang)} {clock}" + (" (日本時間)" if lang == "ja" else " (Japan time)")


@cache
def _environment(folder: str) -> Environment:
    # Plain text, no HTML: nothing to escape (S701 is about pages).
    return Environment(
        loader=PackageLoader("crm", folder),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text mails: entities would stand in them as they are
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
