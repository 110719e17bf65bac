"""Addresses in Latin letters as people type them: flat 2b 16 dock rd cardiff; Rose Cottage, Back Lane, nr Ludlow.

A house number and a word for a street are looked for first. A street word that is an everyday word (close, drive)
counts only with something else of an address beside it: a town, a flat, a code, a word for living.
"""

import re
from collections.abc import Iterator

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers import address_romaji
from anonymizer.recognizers.rulefile import apply, load, matches

NAME = "address"
_RULES = "address_latin"
_BEFORE_CHARS_MAX = 80
_PARTS_MAX = 7
_TOWN_WORDS_MAX = 3
_SCORE = 0.85
_ABROAD = ("ABROAD_ENDING", "ABROAD_BEFORE", "TWO_PARTS", "PO_BOX")
_STREETS = ("STREET", "STREET_DOUBTFUL", "STREET_SAID")
_LIVES_CHARS_MAX = 40
_UNITS_BEFORE_MAX = 3
_FAR_EAST = frozenset(("號", "路", "街", "巷", "栋", "로", "길", "동"))
"""Of which an address in Korean or Chinese holds one."""


def _town_end(text: str, at: int) -> int:
    """Return where a known town, state or country ends that begins at ``at``, else ``at``."""
    words = load(_RULES).patterns["TOWN_WORDS"].match(text, at)
    if not words:
        return at
    known = lexicon.words("towns")
    parts = words.group().split(" ")
    for size in range(min(len(parts), _TOWN_WORDS_MAX), 0, -1):
        if "_".join(parts[:size]).lower() in known:
            end = at + len(" ".join(parts[:size]))
            side = load(_RULES).patterns["SIDE"].match(text, end)
            return side.end() if side else end
    return at


def _town_behind(text: str, end: int) -> int:
    """Return where a known town ends that stands behind a code (28004 Madrid), else ``end``."""
    town = _town_end(text, end + 1) if text.startswith(" ", end) else end
    return town if town > end + 1 else end


def right(text: str, end: int, *, small: bool) -> tuple[int, bool]:
    """Return where the flat, the town and the code end that follow ``end``, and whether any of them is sure."""
    patterns = load(_RULES).patterns
    sure = placed = False
    names = ("UNIT_RIGHT", "SEGMENT_RIGHT", "TOWN_SMALL" if small else "TOWN_TITLE")
    for _ in range(_PARTS_MAX):
        before = patterns["BEFORE_TOWN"].match(text, end)
        town = _town_end(text, before.end()) if before else end
        if before and town > before.end():
            end, sure, placed = town, True, True
            continue
        state = patterns["STATE_RIGHT"].match(text, end)
        if state and (placed or not state.group().strip(" ,.").islower()):
            end, sure, placed = state.end(), True, True
            continue
        code = patterns["CODE_RIGHT"].match(text, end)
        town = _town_behind(text, code.end()) if code else 0
        if code and (placed or town > code.end() or code.group().strip(" ,")[:1].isalpha()):
            return town, True
        # Two towns in a row have a comma between them.
        fitting = names[:2] if placed and text.startswith(" ", end) else names
        name, part = next(((name, part) for name in fitting if (part := patterns[name].match(text, end))), ("", None))
        if not part:
            break
        end = part.end()
        sure = sure or name == "UNIT_RIGHT" or not small
        placed = placed or name != "UNIT_RIGHT"
    return end, sure


def left(text: str, start: int) -> tuple[int, bool]:
    """Return where the flat and the name of the house begin that stand before ``start``, and whether any does."""
    patterns = load(_RULES).patterns
    first = start
    for _ in range(_UNITS_BEFORE_MAX):
        low = max(0, start - _BEFORE_CHARS_MAX)
        found = patterns["UNIT_LEFT"].search(text, low, start) or patterns["HOUSE_LEFT"].search(text, low, start)
        if not found:
            break
        start = found.start()
    return start, start < first


def _plain(text: str, match: re.Match[str], *, small: bool) -> bool:
    """Tell whether a number in words and a street need nothing else: Four Elm Road; thirty three saint marys road."""
    patterns = load(_RULES).patterns
    if not small:
        return patterns["ONLY_SURE"].search(match.group()) is not None
    return bool(patterns["SAID_TWICE"].match(match.group()) and patterns["ENDS"].match(text, match.end()))


def _streets(page: Page) -> Iterator[Span]:
    rules, text = load(_RULES), page.text
    for name in _STREETS:
        for match in matches(rules, page, name):
            words = match.group()
            small = words == words.lower()
            start, unit = left(text, match.start())
            end, sure = right(text, match.end(), small=small)
            plain = name == "STREET" or _plain(text, match, small=small)
            lives = rules.patterns["LIVES_LEFT"].search(text, max(0, start - _LIVES_CHARS_MAX), start)
            if plain or unit or sure or lives:
                yield Span(Kind.ADDRESS, start, end, _SCORE, NAME, "number, street and what stands around them")


def _abroad(page: Page) -> Iterator[Span]:
    for match in matches(load(_RULES), page, "NUMBER_AND_FLAT"):
        end, sure = right(page.text, match.end(), small=False)
        if sure or "#" in match.group():
            yield Span(Kind.ADDRESS, match.start(), end, _SCORE, NAME, "number, flat and town")
    for name in _ABROAD:
        for match in matches(load(_RULES), page, name):
            start, _ = left(page.text, match.start())
            end, _ = right(page.text, match.end(), small=False)
            yield Span(Kind.ADDRESS, start, end, _SCORE, NAME, "street of another country and what stands around it")


def _number_behind(page: Page) -> Iterator[Span]:
    """Yield Camden St, 41a, Dublin: a number behind the street, where a town or a word for living says what it is."""
    rules, text = load(_RULES), page.text
    for match in matches(rules, page, "NUMBER_BEHIND"):
        before = rules.patterns["BEFORE_TOWN"].match(text, match.end())
        town = before is not None and _town_end(text, before.end()) > before.end()
        told = town or "number" in match.group() or " no" in match.group()
        if told or rules.patterns["LIVES_LEFT"].search(text, max(0, match.start() - _LIVES_CHARS_MAX), match.start()):
            end, _ = right(text, match.end(), small=False)
            yield Span(Kind.ADDRESS, match.start(), end, _SCORE, NAME, "street, number and town")


def _named_houses(page: Page) -> Iterator[Span]:
    rules = load(_RULES)
    for match in matches(rules, page, "HOUSE_NO_NUMBER"):
        if not rules.patterns["FIRM"].search(match.group()):
            end, _ = right(page.text, match.end(), small=False)
            yield Span(Kind.ADDRESS, match.start(), end, 0.8, NAME, "name of a house, street and town")
    for name in ("BESIDE_LIVES", "BESIDE_STAYS"):
        for match in matches(rules, page, name):
            yield Span(Kind.ADDRESS, match.start("x"), match.end("x"), 0.8, NAME, "what a dwelling is beside")


def find(page: Page) -> Iterator[Span]:
    """Yield addresses in Latin letters, Korean and Chinese, whole."""
    if page.has_latin or page.holds(_FAR_EAST):
        yield from apply(load(_RULES), page, NAME)
    if page.has_latin:
        yield from _streets(page)
        yield from _number_behind(page)
        yield from _named_houses(page)
        if page.has_digits:
            yield from _abroad(page)
            yield from address_romaji.find(page)
