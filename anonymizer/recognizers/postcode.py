"""Postal codes; seven bare digits only before a place or after a caption."""

from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "postcode"


def find(page: Page) -> Iterator[Span]:
    """Yield postal codes."""
    return apply(load(NAME), page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.POSTAL_CODE,), find)
