"""The ids of candidates and applicants in an ATS: the names by which company and agency speak of a person, and stay."""

from functools import cache
from importlib import resources

from anonymizer.page import Page
from anonymizer.recognizers import number_table
from anonymizer.recognizers.rulefile import Rules, matches, parse


@cache
def _captions() -> Rules:
    return parse(resources.files(__package__ or "").joinpath("pseudonyms.rules").read_text(encoding="utf-8"))


def pseudonyms(page: Page) -> list[tuple[int, int]]:
    """Return where such ids stand in a page's text, in order: behind a caption, behind a name, below a header."""
    if not page.has_digits:
        return []
    captions = _captions()
    found = [match.span("x") for name in captions.patterns for match in matches(captions, page, name)]
    return sorted([*found, *number_table.pseudonyms(page)])
