"""Numbers that identify a person to an authority, a school or an employer.

Ids of openings (REQ-1234), and of candidates and applications (``anonymizer.pseudonyms``), are none of these and stay.
"""

import re
from collections.abc import Iterator, Sequence

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.numerals import ascii_digits
from anonymizer.page import Page
from anonymizer.recognizers import number_table
from anonymizer.recognizers.checksums import is_driving_licence, is_my_number
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "ids"
_NEAR_CHARS = 30
_DIGIT_WORDS = frozenset(("zero", "double", "seven", "eight", "nine", "twenty"))
_LONG_DIGITS_MIN, _LONG_DIGITS_MAX = 9, 18
_LISTED_MIN = 2


def _twelve_digits(page: Page) -> Iterator[Span]:
    """Decide on bare 12-digit numbers by the words around them and, without any, by their check digits."""
    patterns = load(NAME).patterns
    for match in patterns["TWELVE"].finditer(page.text):
        digits = ascii_digits(match.group())
        around = page.text[max(0, match.start() - _NEAR_CHARS) : match.end() + 10]
        if patterns["MY_NUMBER"].search(around):
            yield Span(Kind.MY_NUMBER, *match.span(), 0.98, NAME, "12 digits near マイナンバー")
        elif patterns["LICENCE"].search(around):
            yield Span(Kind.ID_NUMBER, *match.span(), 0.95, NAME, "12 digits near 免許")
        elif patterns["GOODS"].search(around):
            continue
        elif is_my_number(digits):
            yield Span(Kind.MY_NUMBER, *match.span(), 0.8, NAME, "My Number check digit")
        elif is_driving_licence(digits):
            yield Span(Kind.ID_NUMBER, *match.span(), 0.75, NAME, "driving licence check digit")


def _in_groups(page: Page) -> Iterator[Span]:
    """Yield long numbers that are neither goods nor dates: a telephone abroad, a number of some card."""
    patterns = load(NAME).patterns
    for match in patterns["GROUPED"].finditer(page.text):
        around = page.text[max(0, match.start() - _NEAR_CHARS) : match.end()]
        if not _LONG_DIGITS_MIN <= len(ascii_digits(match.group())) <= _LONG_DIGITS_MAX:
            continue
        harmless = patterns["ROUND"].fullmatch(match.group()) or patterns["DATED"].match(match.group())
        if not harmless and not patterns["GOODS"].search(around):
            yield Span(Kind.ID_NUMBER, *match.span(), 0.5, NAME, "long number that nothing explains")


def _is_name(words: str) -> bool:
    first = words.split(" ")[0]
    if words.isascii():
        return lexicon.plain(first) in lexicon.latin_names()
    return bool(names.kinds(first) & names.NAME)


def _of_staff(page: Page, found: Sequence[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield the lines of lists whose heading does not say that they are candidates."""
    candidates, end, theirs = load(NAME).patterns["CANDIDATES"], 0, False
    for match in found:
        *_, heading = ["", *filter(str.strip, page.text[end : match.start()].split("\n")[end > 0 :])]
        theirs = candidates.search(heading) is not None if heading else theirs
        end = match.end()
        if not theirs:
            yield match


def _listed(page: Page) -> Iterator[Span]:
    """Yield the codes beside the names of a list of people, but for one of candidates."""
    found = [match for match in matches(load(NAME), page, "LISTED") if _is_name(match.group("name"))]
    if len(found) >= _LISTED_MIN:
        for match in _of_staff(page, found):
            yield Span(Kind.ID_NUMBER, *match.span("x"), 0.9, NAME, "code beside a name in a list")


def find(page: Page) -> Iterator[Span]:
    """Yield personal numbers."""
    if page.has_digits or page.holds(_DIGIT_WORDS):
        yield from apply(load(NAME), page, NAME)
    if page.has_digits:
        yield from number_table.find(page, NAME)
        yield from _twelve_digits(page)
        yield from _in_groups(page)
        yield from _listed(page)


RECOGNISER = Recogniser(NAME, (Kind.ID_NUMBER, Kind.MY_NUMBER, Kind.BANK, Kind.PHONE, Kind.BIRTH_DATE), find)
