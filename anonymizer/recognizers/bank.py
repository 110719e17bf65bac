"""Bank accounts, from the name of the bank to the last digit."""

from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "bank"


def find(page: Page) -> Iterator[Span]:
    """Yield bank accounts."""
    return apply(load(NAME), page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.BANK,), find)
