"""Postal addresses, Japanese and foreign. A municipality alone (a place of work) stays."""

from collections.abc import Iterator
from dataclasses import replace

from anonymizer.model import Kind, Span
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "address"
_PLACE_CHARS_MAX = 24


def _town_and_block(page: Page) -> Iterator[Span]:
    """Yield 神南1-2-3: three numbers right after a place name, without a municipality."""
    for match in load(NAME).patterns["THREE_NUMBERS"].finditer(page.text):
        index = page.token_ends.get(match.start())
        if index is None:
            continue
        token = page.tokens[index]
        if token.word & Word.PLACE or (token.surface[-1:] in "町台丘" and not token.word & Word.SYMBOL):
            yield Span(Kind.ADDRESS, token.start, match.end(), 0.75, NAME, "place name and three numbers")


def _lived_in(page: Page) -> Iterator[Span]:
    """Yield 町田市 before に住んで, 在住: a place alone, but the person's own."""
    patterns = load(NAME).patterns
    for match in patterns["LIVES"].finditer(page.text):
        place = patterns["PLACE_BEFORE"].search(page.text, max(0, match.start() - _PLACE_CHARS_MAX), match.start())
        if place:
            yield Span(Kind.ADDRESS, *place.span(), 0.75, NAME, "place where somebody lives")


def find(page: Page) -> Iterator[Span]:
    """Yield addresses down to building and room."""
    patterns = load(NAME).patterns
    for span in apply(load(NAME), page, NAME):
        found = patterns["TAIL"].sub("", page.text[span.start : span.end]).rstrip(" .,")
        end = span.start + len(found)
        building = patterns["BUILDING_TAIL"].match(page.text, end) if end == span.end else None
        yield replace(span, end=building.end() if building else end)
    if page.japanese and page.has_digits:
        yield from _town_and_block(page)
    if page.japanese:
        yield from _lived_in(page)


RECOGNISER = Recogniser(NAME, (Kind.ADDRESS,), find)
