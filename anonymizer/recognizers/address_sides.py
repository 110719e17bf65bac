"""What stands beside the sure part of an address in Latin letters: flat and house before it, town and code behind.

One text is looked at from many places, often from the same place twice, and the parts found from one place begin or
end where those of the next do: each step to a side is taken once.
"""

from typing import NamedTuple

from anonymizer import lexicon
from anonymizer.recognizers.rulefile import load

_RULES = "address_latin"
_BEFORE_CHARS_MAX = 80
_PARTS_MAX = 7
_TOWN_WORDS_MAX = 3
_UNITS_BEFORE_MAX = 3
# What stands between a part and the next, and what a part to the left ends with, letters and digits aside.
_BETWEEN = " \t\n>,-/#"
_ENDINGS = frozenset(")'’\"”.÷")
# Every part to the right begins with one of these.
_BEGINNINGS = frozenset(", \n/-")


class _Part(NamedTuple):
    """A part to the right: where it ends, and what is known with it."""

    end: int
    sure: bool
    placed: bool
    """It is a place, or stands behind one."""
    last: bool
    """Nothing follows a code."""


def town_end(text: str, at: int) -> int:
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
    town = town_end(text, end + 1) if text.startswith(" ", end) else end
    return town if town > end + 1 else end


class Sides:
    """The sides of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lefts: dict[int, int] = {}
        self._rights: dict[tuple[int, bool, bool], _Part | None] = {}

    def left(self, start: int) -> tuple[int, bool]:
        """Return where the flat and the name of the house begin that stand before ``start``, and whether any does."""
        first = start
        for _ in range(_UNITS_BEFORE_MAX):
            before = self._lefts.get(start)
            if before is None:
                before = self._lefts[start] = self._before(start)
            if before == start:
                break
            start = before
        return start, start < first

    def right(self, end: int, *, small: bool) -> tuple[int, bool]:
        """Return where the flat, the town and the code end that follow ``end``, and whether any of them is sure."""
        sure = placed = False
        for _ in range(_PARTS_MAX):
            key = (end, small, placed)
            if key not in self._rights:
                self._rights[key] = self._behind(end, small=small, placed=placed)
            part = self._rights[key]
            if part is None:
                break
            end, sure, placed = part.end, sure or part.sure, part.placed
            if part.last:
                break
        return end, sure

    def _before(self, start: int) -> int:
        """Return where the flat or the house begins that ends at ``start``, else ``start``."""
        low = max(0, start - _BEFORE_CHARS_MAX)
        ending = self._text[low:start].rstrip(_BETWEEN)[-1:]
        if not (ending in _ENDINGS or "À" <= ending <= "ÿ" or (ending.isascii() and ending.isalnum())):
            return start
        patterns = load(_RULES).patterns
        found = patterns["UNIT_LEFT"].search(self._text, low, start)
        found = found or patterns["HOUSE_LEFT"].search(self._text, low, start)
        return found.start() if found else start

    def _behind(self, end: int, *, small: bool, placed: bool) -> _Part | None:
        """Return the part that begins at ``end``; ``placed``: a place stands before it already."""
        text, patterns = self._text, load(_RULES).patterns
        if text[end : end + 1] not in _BEGINNINGS:
            return None
        before = patterns["BEFORE_TOWN"].match(text, end)
        town = town_end(text, before.end()) if before else end
        if before and town > before.end():
            return _Part(town, sure=True, placed=True, last=False)
        whole = patterns["TOWN_AND_CODE"].match(text, end)
        if whole:
            return _Part(whole.end(), sure=True, placed=True, last=True)
        state = patterns["STATE_RIGHT"].match(text, end)
        if state and (placed or not state.group().strip(" ,.").islower()):
            return _Part(state.end(), sure=True, placed=True, last=False)
        both = patterns["CODE_AND_TOWN"].match(text, end)
        if both:
            return _Part(both.end(), sure=True, placed=True, last=True)
        code = patterns["CODE_RIGHT"].match(text, end)
        town = _town_behind(text, code.end()) if code else 0
        if code and (placed or town > code.end() or code.group().strip(" ,")[:1].isalpha()):
            return _Part(town, sure=True, placed=True, last=True)
        unit = patterns["UNIT_RIGHT"].match(text, end)
        if unit:
            return _Part(unit.end(), sure=True, placed=placed, last=False)
        part = patterns["SEGMENT_RIGHT"].match(text, end)
        # Two towns in a row have a comma between them.
        if not part and not (placed and text.startswith(" ", end)):
            part = patterns["TOWN_SMALL" if small else "TOWN_TITLE"].match(text, end)
        return _Part(part.end(), sure=not small, placed=True, last=False) if part else None
