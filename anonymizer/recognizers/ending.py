r"""With what a text ends where a pattern with ``\Z`` at its end matches: read off the pattern, looked at first.

``(?:met|spoke[ ](?:to|with))[ ]\Z`` needs "et ", "to " or "th " there. Most places do not have it, and looking costs a
tenth of a search.
"""

import re
from collections.abc import Iterable, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_CHARS = 3
_CLASS_CHARS_MAX = 8
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


class Ending:
    """The last characters, at most three, of whatever a pattern matches."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        texts = _Ends().of(_parser.parse(pattern.pattern, pattern.flags & re.MULTILINE))
        self.chars = frozenset(text[-1:] for text in texts)
        """The very last characters; "" when any will do."""
        self._texts = frozenset(texts)

    def fits(self, text: str, end: int) -> bool:
        """Tell whether a match may end at ``end`` of ``text``; false when surely none does."""
        near, texts = text[max(0, end - _CHARS) : end], self._texts
        return near in texts or near[-2:] in texts or near[-1:] in texts or "" in texts


class _Ends:
    """A walk along the nodes of a pattern from behind, with the texts found so far."""

    def __init__(self) -> None:
        self._found = set[str]()

    def of(self, tree: Any) -> set[str]:
        """Return the ends of whatever ``tree`` matches; "" stands for any end."""
        return self._found | self._before(tree, {""})

    def _before(self, tree: Sequence[tuple[Any, Any]], texts: set[str]) -> set[str]:
        """Return ``texts`` with what a row of nodes puts before them; those that are long enough or unsure are kept."""
        for node, value in reversed(tree):
            if not texts:
                break
            texts = self._step(node, value, texts)
        return texts

    def _step(self, node: Any, value: Any, texts: set[str]) -> set[str]:
        if node is sre.LITERAL:
            return self._put((chr(value),), texts)
        if node is sre.IN:
            return self._put(_chars(value), texts)
        if node is sre.SUBPATTERN and not value[1] and not value[2]:
            return self._before(value[3], texts)
        if node is sre.BRANCH:
            return set[str]().union(*(self._before(branch, texts) for branch in value[1]))
        if node in _REPEATS:
            return self._repeat(value, texts)
        # What is asked of the text beside a match can only rule ends out.
        return texts if node in (sre.AT, sre.ASSERT, sre.ASSERT_NOT) else self._put((), texts)

    def _put(self, chars: Iterable[str], texts: set[str]) -> set[str]:
        longer = {char + text for char in chars for text in texts}
        self._found |= {text for text in longer if len(text) == _CHARS} if longer else texts
        return {text for text in longer if len(text) < _CHARS}

    def _repeat(self, value: tuple[int, int, Any], texts: set[str]) -> set[str]:
        least, most, tree = value
        found = set[str]() if least else set(texts)
        for times in range(1, min(most, _CHARS + 1) + 1):
            texts = self._before(tree, texts)
            if times >= least or times > _CHARS:
                found |= texts
        return found


def _chars(items: Sequence[tuple[Any, Any]]) -> list[str]:
    """Return the characters of a class, none when they are many."""
    found: list[str] = []
    for item, value in items:
        low, high = (value, value) if item is sre.LITERAL else value if item is sre.RANGE else (0, _CLASS_CHARS_MAX)
        if high - low >= _CLASS_CHARS_MAX:
            return []
        found += map(chr, range(low, high + 1))
    return found if len(found) <= _CLASS_CHARS_MAX else []
