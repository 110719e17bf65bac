"""Postal codes; seven bare digits only before a place or after a caption, forms that may be anything beside a town."""

from collections.abc import Iterator

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "postcode"
_TOWN_CHARS_MAX = 30
_TOWN_WORDS_MAX = 3
_BESIDE_TOWN = ("BESIDE_TOWN", "SAID_BESIDE_TOWN")


def _is_town(words: list[str]) -> bool:
    return "_".join(words).lower() in lexicon.words("towns")


def _beside_town(page: Page, start: int, end: int) -> bool:
    """Tell whether a known town, state or country stands right before ``start`` or right behind ``end``."""
    patterns, text = load(NAME).patterns, page.text
    low = max(0, start - _TOWN_CHARS_MAX)
    # A letter, then at most three marks and blanks; most numbers have none, and the search is not cheap.
    ends_word = text[low:start].rstrip(" ,.:-")[-1:].isalpha()
    before = patterns["WORDS_BEFORE"].search(text, low, start) if ends_word else None
    behind = patterns["WORDS_BEHIND"].match(text, end)
    left = before.group("x").split(" ") if before else []
    right = behind.group("x").split(" ") if behind else []
    sizes = range(1, _TOWN_WORDS_MAX + 1)
    return any(_is_town(left[-size:]) for size in sizes if left) or any(
        _is_town(right[:size]) for size in sizes if right
    )


def find(page: Page) -> Iterator[Span]:
    """Yield postal codes."""
    yield from apply(load(NAME), page, NAME)
    for name in _BESIDE_TOWN if page.has_latin else ():
        for match in matches(load(NAME), page, name):
            if _beside_town(page, *match.span()):
                yield Span(Kind.POSTAL_CODE, *match.span(), 0.8, NAME, "code beside its town")


RECOGNISER = Recogniser(NAME, (Kind.POSTAL_CODE,), find)
