"""Schools with their faculty. A level without a name (大学院卒, 高専卒, 大学4年生) stays."""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load
from anonymizer.recognizers.spans import Recogniser

NAME = "school"
_ENGLISH_NEEDS = frozenset(("universit", "college", "institute", "school", "academy", "polytechnic"))
_NAME_CHARS_MAX = 16


def _before(pattern: str, page: Page, match: re.Match[str]) -> re.Match[str] | None:
    return load(NAME).patterns[pattern].search(page.text, max(0, match.start() - _NAME_CHARS_MAX), match.start())


def _japanese(page: Page) -> Iterator[Span]:
    """Yield named schools, each kind of school (大学, 高校) with the name before it and the faculty behind it."""
    patterns, taken = load(NAME).patterns, 0
    for match in patterns["KIND"].finditer(page.text):
        name = _before("SCHOOL_NAME", page, match) if match.start() >= taken else None
        rest = patterns["REST"].match(page.text, match.end()) if name else None
        if name and rest and not patterns["GENERIC"].match(name.group()):
            taken = rest.end()
            yield Span(Kind.SCHOOL, name.start(), rest.end(), 0.75, NAME, "named school")


def _short(page: Page) -> Iterator[Span]:
    """Yield short forms: 東大, 早大."""
    patterns = load(NAME).patterns
    for match in patterns["SHORT_END"].finditer(page.text):
        name = _before("SHORT_NAME", page, match)
        rest = patterns["SHORT_REST"].match(page.text, match.start())
        if name and rest:
            yield Span(Kind.SCHOOL, name.start(), rest.end(), 0.7, NAME, "short form of a university")
    for match in patterns["ALUMNI"].finditer(page.text):
        yield Span(Kind.SCHOOL, *match.span(), 0.7, NAME, "short form of a university")


def find(page: Page) -> Iterator[Span]:
    """Yield schools that are named."""
    patterns = load(NAME).patterns
    if page.japanese:
        yield from _japanese(page)
        yield from _short(page)
    if page.holds(_ENGLISH_NEEDS):
        for match in patterns["ENGLISH"].finditer(page.text):
            if not patterns["GENERIC_EN"].match(match.group()):
                yield Span(Kind.SCHOOL, *match.span(), 0.75, NAME, "named school")
    for match in patterns["ALIAS"].finditer(page.text) if page.has_latin else ():
        if not page.text[match.start() - 1 : match.start()].isalnum():
            yield Span(Kind.SCHOOL, *match.span(), 0.65, NAME, "well-known school")


RECOGNISER = Recogniser(NAME, (Kind.SCHOOL,), find)
