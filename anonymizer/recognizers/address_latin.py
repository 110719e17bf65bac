"""Addresses in Latin letters as people type them: flat 2b 16 dock rd cardiff; Rose Cottage, Back Lane, nr Ludlow.

A house number and a word for a street are looked for first. A street word that is an everyday word (close, drive)
counts only with something else of an address beside it: a town, a flat, a code, a word for living.
"""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers import address_romaji
from anonymizer.recognizers.address_sides import Sides, town_end
from anonymizer.recognizers.rulefile import Rules, apply, load, matches

NAME = "address"
_RULES = "address_latin"
_SCORE = 0.85
_ABROAD = ("ABROAD_ENDING", "ABROAD_BEFORE", "TWO_PARTS", "PO_BOX")
_STREETS = ("STREET", "STREET_DOUBTFUL", "STREET_SAID")
_LIVES_CHARS_MAX = 40
_FAR_EAST = frozenset(("號", "路", "街", "巷", "栋", "로", "길", "동"))
"""Of which an address in Korean or Chinese holds one."""


def _matches(rules: Rules, page: Page, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that is slow to look for, where the page holds the rarest part of it."""
    return matches(rules, page, name) if rules.patterns[f"{name}_PART"].search(page.text) else iter(())


def _plain(text: str, match: re.Match[str], *, small: bool) -> bool:
    """Tell whether a number in words and a street need nothing else: Four Elm Road; thirty three saint marys road."""
    patterns = load(_RULES).patterns
    if not small:
        return patterns["ONLY_SURE"].search(match.group()) is not None
    return bool(patterns["SAID_TWICE"].match(match.group()) and patterns["ENDS"].match(text, match.end()))


def _streets(page: Page, sides: Sides) -> Iterator[Span]:
    rules, text = load(_RULES), page.text
    for name in _STREETS:
        for match in rules.patterns[name].finditer(text) if page.holds(rules.needs[name]) else ():
            words = match.group()
            small = words == words.lower()
            start, unit = sides.left(match.start())
            end, sure = sides.right(match.end(), small=small)
            if (
                unit
                or sure
                or name == "STREET"
                or _plain(text, match, small=small)
                or rules.patterns["LIVES_LEFT"].search(text, max(0, start - _LIVES_CHARS_MAX), start)
            ):
                yield Span(Kind.ADDRESS, start, end, _SCORE, NAME, "number, street and what stands around them")


def _abroad(page: Page, sides: Sides) -> Iterator[Span]:
    rules = load(_RULES)
    for match in _matches(rules, page, "NUMBER_AND_FLAT"):
        end, sure = sides.right(match.end(), small=False)
        if sure or "#" in match.group():
            yield Span(Kind.ADDRESS, match.start(), end, _SCORE, NAME, "number, flat and town")
    # Words in small letters count where the page holds one of any kind.
    small = ("ABROAD_SMALL",) if page.holds(rules.needs["ABROAD_BEFORE"]) else ()
    for name in (*_ABROAD, *small):
        for match in (_matches if name == "ABROAD_BEFORE" else matches)(rules, page, name):
            start, _ = sides.left(match.start())
            end, _ = sides.right(match.end(), small=False)
            yield Span(Kind.ADDRESS, start, end, _SCORE, NAME, "street of another country and what stands around it")


def _number_behind(page: Page, sides: Sides) -> Iterator[Span]:
    """Yield Camden St, 41a, Dublin: a number behind the street, where a town or a word for living says what it is."""
    rules, text = load(_RULES), page.text
    for match in _matches(rules, page, "NUMBER_BEHIND"):
        before = rules.patterns["BEFORE_TOWN"].match(text, match.end())
        town = before is not None and town_end(text, before.end()) > before.end()
        told = town or "number" in match.group() or " no" in match.group()
        if told or rules.patterns["LIVES_LEFT"].search(text, max(0, match.start() - _LIVES_CHARS_MAX), match.start()):
            end, _ = sides.right(match.end(), small=False)
            yield Span(Kind.ADDRESS, match.start(), end, _SCORE, NAME, "street, number and town")


def _named_houses(page: Page, sides: Sides) -> Iterator[Span]:
    rules = load(_RULES)
    for match in _matches(rules, page, "HOUSE_NO_NUMBER"):
        if not rules.patterns["FIRM"].search(match.group()):
            end, _ = sides.right(match.end(), small=False)
            yield Span(Kind.ADDRESS, match.start(), end, 0.8, NAME, "name of a house, street and town")
    for name in ("BESIDE_LIVES", "BESIDE_STAYS"):
        for match in matches(rules, page, name):
            yield Span(Kind.ADDRESS, match.start("x"), match.end("x"), 0.8, NAME, "what a dwelling is beside")


def find(page: Page, sides: Sides) -> Iterator[Span]:
    """Yield addresses in Latin letters, Korean and Chinese, whole; ``sides``: those of the page."""
    if page.has_latin or page.holds(_FAR_EAST):
        yield from apply(load(_RULES), page, NAME)
    if page.has_latin:
        yield from _streets(page, sides)
        yield from _number_behind(page, sides)
        yield from _named_houses(page, sides)
        if page.has_digits:
            yield from _abroad(page, sides)
            yield from address_romaji.find(page)
