"""What no recruiter may ask and no agency gets: health, family, gender, nationality, origin, belief, convictions.

職業安定法 5条の5 guideline (thought, creed, union, origin, birthplace ...) and 個人情報保護法 2条3項 (special care).
"""

from collections.abc import Iterator

from anonymizer.model import FORBIDDEN, Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "special"


def find(page: Page) -> Iterator[Span]:
    """Yield forbidden and special-care text, and ages told in words."""
    yield from apply(load(NAME), page, NAME)
    yield from apply(load("special_frames"), page, NAME)
    yield from apply(load("special_papers"), page, NAME)


RECOGNISER = Recogniser(NAME, (*sorted(FORBIDDEN), Kind.AGE), find)
