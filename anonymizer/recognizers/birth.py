"""Dates of birth and ages.

A complete date is a birth date when the words around it say so, when it stands beside a name or an age, or
when its year is long gone and nothing says it is a date of joining, founding or passing. Interview and
project dates stay, and so do 平均年齢, 20代, 定年 and 18歳以上.
"""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.numerals import to_int
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "birth"
_BIRTH_YEAR_MIN, _BIRTH_YEAR_MAX = 1930, 2012
_UNSAID_YEAR_MAX = 2004
_BEFORE_CHARS, _AFTER_CHARS, _LINE_CHARS = 30, 24, 40
_ERA_START = {"昭": 1925, "S": 1925, "s": 1925, "平": 1988, "H": 1988, "h": 1988, "令": 2018, "R": 2018,
              "大": 1911, "T": 1911, "明": 1867}  # fmt: skip


def _year(match: re.Match[str]) -> int | None:
    """Return the western year of a date, None where it is written in two digits."""
    groups = match.groupdict()
    if groups.get("year"):
        return to_int(groups["year"])
    if groups.get("era"):
        years = to_int(groups["era"])
        return None if years is None else _ERA_START.get(match.group().lstrip()[0], 0) + years
    return None


def _dates(page: Page) -> Iterator[Span]:
    text, rules = page.text, load(NAME)
    patterns = rules.patterns
    for name, pattern in patterns.items():
        if not name.startswith("DATE_") or not page.holds(rules.needs[name]):
            continue
        for match in pattern.finditer(text):
            year = _year(match)
            if year is not None and not _BIRTH_YEAR_MIN <= year <= _BIRTH_YEAR_MAX:
                continue
            before = text[max(0, match.start() - _BEFORE_CHARS) : match.start()]
            after = text[match.end() : match.end() + _AFTER_CHARS]
            if patterns["BORN_BEFORE"].search(before) or patterns["BORN_AFTER"].search(after):
                yield Span(Kind.BIRTH_DATE, *match.span(), 0.95, NAME, "date beside a word for birth")
            elif (year is None or year <= _UNSAID_YEAR_MAX) and not patterns["EVENT"].search(_line(text, match)):
                yield Span(Kind.BIRTH_DATE, *match.span(), 0.7, NAME, "complete date long ago, no event named")


def _line(text: str, match: re.Match[str]) -> str:
    """Return the words around a date that may name an event: its line, at most 40 characters each way."""
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _LINE_CHARS)
    end = text.find("\n", match.end(), match.end() + _LINE_CHARS)
    return text[start : end if end >= 0 else match.end() + _LINE_CHARS]


def find(page: Page) -> Iterator[Span]:
    """Yield dates of birth and ages."""
    if page.has_digits:
        yield from _dates(page)
    yield from apply(load(NAME), page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.BIRTH_DATE, Kind.AGE), find)
