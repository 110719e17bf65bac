"""Words of which every match of a pattern holds one, read off the pattern: a page without them is not searched.

``(?:旧姓|通称)[ :は]`` needs 旧姓 or 通称, ``[0-9]{3}-`` needs a dash. Of several such sets the one is taken
that texts are least likely to hold a word of.
"""

import re
from collections.abc import Iterator, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any

# A plain number: an enum's operators cost ten times as much.
_IGNORE_CASE = re.IGNORECASE.value
_WORDS_MAX = 200
_CLASS_CHARS_MAX = 24
_DIGITS = frozenset("0123456789〇零一二三四五六七八九十")
_ANY_DIGIT = frozenset("#")
# Letters that stand for others too when case does not matter: ı and İ, ſ.
_DOUBTFUL = frozenset("is")

Words = frozenset[str]


def required(tree: Any) -> Words:
    """Return words (small letters; ``#``: any digit) for ``Page.holds``; none when too many texts would hold one."""
    best = _best(list(_sets(tree, ignore_case=False)))
    return best if best and len(best) <= _WORDS_MAX else frozenset()


def _best(sets: Sequence[Words]) -> Words:
    return min(sets, key=_likelihood, default=frozenset())


def _likelihood(words: Words) -> int:
    """Return how likely a text holds one of ``words``, in no unit: a long word hardly ever, a blank nearly always."""
    return sum(1 if len(word) > 2 else 3 if len(word) == 2 else 4 if word > "一" else 12 for word in words)


def _sets(tree: Any, *, ignore_case: bool) -> Iterator[Words]:
    """Yield sets of words: whatever a row of nodes matches holds one of each."""
    run = ""
    for node, value in tree:
        char = chr(value).lower() if node is sre.LITERAL else ""
        if char and not (ignore_case and char in _DOUBTFUL):
            run += char
            continue
        if run:
            yield frozenset((run,))
            run = ""
        if not char:
            yield from _sets_of(node, value, ignore_case=ignore_case)
    if run:
        yield frozenset((run,))


def _sets_of(node: Any, value: Any, *, ignore_case: bool) -> Iterator[Words]:
    if node is sre.IN:
        yield from _class(value, ignore_case=ignore_case)
    elif node is sre.SUBPATTERN:
        _, added, taken, inner = value
        yield from _sets(inner, ignore_case=(ignore_case or bool(added & _IGNORE_CASE)) and not taken & _IGNORE_CASE)
    elif node is sre.ATOMIC_GROUP:
        yield from _sets(value, ignore_case=ignore_case)
    elif node is sre.ASSERT:
        yield from _sets(value[1], ignore_case=ignore_case)
    elif node in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT) and value[0]:
        yield from _sets(value[2], ignore_case=ignore_case)
    elif node is sre.BRANCH:
        branches = [_best(list(_sets(branch, ignore_case=ignore_case))) for branch in value[1]]
        if all(branches):
            yield frozenset().union(*branches)


def _class(items: Sequence[tuple[Any, Any]], *, ignore_case: bool) -> Iterator[Words]:
    """Yield the characters of a class, if they are few and known, or that any digit will do."""
    chars: set[str] = set()
    for item, value in items:
        low, high = (value, value) if item is sre.LITERAL else value if item is sre.RANGE else (0, _CLASS_CHARS_MAX)
        if high - low >= _CLASS_CHARS_MAX:
            return
        chars.update(chr(code).lower() for code in range(low, high + 1))
    if chars <= _DIGITS:
        yield _ANY_DIGIT
    elif len(chars) <= _CLASS_CHARS_MAX and not (ignore_case and chars & _DOUBTFUL):
        yield frozenset(chars)
