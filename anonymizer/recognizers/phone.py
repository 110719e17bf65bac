"""Telephone numbers: Japanese mobile, IP, landline and toll-free, with country code, and foreign ones.

Digits may be kanji, separated by dashes, dots, brackets or spaces, even spread one by one.
"""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.numerals import ascii_digits
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "phone"
_BEFORE_NUMBER = re.compile(r"(?:(?<![0-9A-Za-z])\+?1[-. ])?\(?$")
_COUNTRY = re.compile(r"(?<![0-9A-Za-z])\+?[1-9][0-9]{0,2}[ -]?\Z")
_ROUND_ZEROS = str.maketrans("○◯oO", "0000")


def _is_landline(match: re.Match[str]) -> bool:
    """Tell whether the groups make ten digits (eleven abroad) and are groups at all."""
    number = match.group("number")
    digits = ascii_digits(number.translate(_ROUND_ZEROS))
    return not number.isdecimal() and len(digits) in (10, 11) and not digits.startswith("00")


def _with_opening(page: Page, span: Span) -> Span:
    """Stretch a number over the bracket, the 1- or the code of the country before it."""
    country = _COUNTRY.search(page.text, max(0, span.start - 5), span.start)
    if country and page.text.startswith("(0", span.start):
        return span.at(country.start(), span.end)
    opening = _BEFORE_NUMBER.search(page.text, max(0, span.start - 4), span.start)
    if (
        opening is None
        or not opening.group()
        or ("(" in opening.group() and ")" not in page.text[span.start : span.end])
    ):
        return span  # A bracket around the whole number stays.
    return span.at(opening.start(), span.end)


def find(page: Page) -> Iterator[Span]:
    """Yield telephone numbers; ten bare digits only after a caption."""
    for span in _numbers(page):
        yield _with_opening(page, span)


def _numbers(page: Page) -> Iterator[Span]:
    if not page.has_digits:
        return
    rules = load(NAME)
    yield from apply(rules, page, NAME)
    for match in matches(rules, page, "LANDLINE"):
        if _is_landline(match):
            yield Span(Kind.PHONE, *match.span(), 0.85, NAME, "landline: 0 and 9 or 10 digits in groups")
    for match in matches(rules, page, "CAPTIONED"):
        if len(ascii_digits(match.group("x").translate(_ROUND_ZEROS))) >= 8:
            yield Span(Kind.PHONE, *match.span("x"), 0.9, NAME, "digits after a caption for telephone")


RECOGNISER = Recogniser(NAME, (Kind.PHONE,), find)
