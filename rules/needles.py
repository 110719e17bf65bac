"""Which phrases a sentence can hold at all: the words of which every match of a pattern contains one.

RE2 has such a filter of its own, but it keeps a state for every set of words seen so far, and so begins anew with
every new text, for over a millisecond a mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.spelling import any_of

#: So many words one need may list. More make it sharper and slower.
EXACT_MAX = 16
CLASS_CHARS_MAX = 12
#: So many needs of a pattern are asked, the strongest first; the others say little.
NEEDS_MAX = 3
GROUP_LETTERS = 32
_EMPTY = frozenset({""})

#: One of these stands in every match.
Needle = frozenset[str]


class Sieve:
    """Patterns by the words they need; `may_match` never leaves one out that matches."""

    def __init__(self, patterns: Sequence[str]) -> None:
        needs = [sorted(needles(pattern), key=_strength, reverse=True) for pattern in patterns]
        self._always = frozenset(index for index, need in enumerate(needs) if not need)
        self._rest = [[re.compile(any_of(sorted(one))) for one in need[1:NEEDS_MAX]] for need in needs]
        keys: dict[str, set[int]] = {}
        for index, need in enumerate(needs):
            for word in need[0] if need else ():
                keys.setdefault(word, set()).add(index)
        # Only the longest word at a place is found; those it begins with stand there too.
        self._by_word = {
            word: frozenset().union(*(keys[word[:end]] for end in range(1, len(word) + 1) if word[:end] in keys))
            for word in keys
        }
        self._words = _finder(sorted(keys))

    def may_match(self, text: str) -> list[int]:
        """Return, in rising order, the number of every pattern that ``text`` has the words for."""
        chosen = set(self._always)
        for word in set(self._words.findall(text)):
            chosen |= self._by_word[word]
        return [index for index in sorted(chosen) if self._has_rest(index, text)]

    def _has_rest(self, index: int, text: str) -> bool:
        for need in self._rest[index]:  # noqa: SIM110  (`all` of a generator takes twice the time)
            if need.search(text) is None:
                return False
        return True


def _finder(words: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern whose `findall` gives the longest of ``words`` at every place where one begins.

    `re` tries branches one by one, and Japanese words begin with hundreds of letters: so it first tries groups of them.
    """
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[0], []).append(word)
    firsts = sorted(by_first)
    groups = [firsts[at : at + GROUP_LETTERS] for at in range(0, len(firsts), GROUP_LETTERS)]
    inner = "|".join(
        f"(?={_one_of(group)})(?:{any_of([word for first in group for word in by_first[first]])})" for group in groups
    )
    # The look behind and ahead keeps what was found free for words that begin within it.
    return re.compile(f"{_one_of(firsts)}(?<=(?=({inner})).)", re.DOTALL)


def _one_of(letters: Sequence[str]) -> str:
    return f"[{''.join(map(re.escape, letters))}]"


def needles(pattern: str) -> list[Needle]:
    """Return sets of words, of each of which every match of ``pattern`` contains at least one."""
    return _Reader(pattern).needles()


def _strength(needle: Needle) -> tuple[int, int]:
    return min(map(len, needle)), -len(needle)


def _least(needle: Needle) -> Needle:
    """Return ``needle`` without the words that contain another of its words."""
    return frozenset(word for word in needle if not any(one in word for one in needle if one != word))


@dataclass(frozen=True, slots=True)
class _Node:
    """Part of a pattern: all it can match (``exact``, when that is known and little), and what a match contains."""

    exact: frozenset[str] | None
    needs: tuple[Needle, ...] = ()

    def best(self) -> tuple[Needle, ...]:
        own = () if self.exact is None or "" in self.exact else (self.exact,)
        return (*self.needs, *own)


_ANYTHING = _Node(None)


class _Reader:
    """Reads the patterns of the phrase files: alternation, groups, classes, repeats, escapes; case matters."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def needles(self) -> list[Needle]:
        node = self._alternation()
        if self._at < len(self._pattern):
            raise ValueError(f"unexpected {self._pattern[self._at :]!r}")
        return list(dict.fromkeys(map(_least, node.best())))

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _alternation(self) -> _Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        exact = frozenset[str]().union(*(branch.exact or () for branch in branches))
        if all(branch.exact is not None for branch in branches) and len(exact) <= EXACT_MAX:
            return _Node(exact)
        best = [max(branch.best(), key=_strength, default=None) for branch in branches]
        if any(one is None for one in best):
            return _ANYTHING
        return _Node(None, (frozenset[str]().union(*(one for one in best if one is not None)),))

    def _sequence(self) -> _Node:
        exact: frozenset[str] | None = _EMPTY
        needs: list[Needle] = []
        run = _EMPTY  # what the parts since the last unknown one match together
        while self._peek() not in {"", "|", ")"}:
            part = self._repeated()
            needs += part.needs
            joined = None if part.exact is None else frozenset(a + b for a in run for b in part.exact)
            if joined is not None and len(joined) <= EXACT_MAX:
                run = joined
                continue
            exact = None
            needs += _Node(run).best()
            run = part.exact if part.exact is not None else _EMPTY
        if exact is None:
            return _Node(None, (*needs, *_Node(run).best()))
        return _Node(run, tuple(needs))

    def _repeated(self) -> _Node:
        node = self._one()
        while self._peek() and self._peek() in "?*+{":
            least, once = self._count()
            if least == 0:
                node = _Node(node.exact | _EMPTY) if once and node.exact is not None else _ANYTHING
            elif not (least == 1 and once):
                node = _Node(None, node.best())
        return node

    def _count(self) -> tuple[int, bool]:
        """Return the least number of repeats, and whether one is the most."""
        sign = self._take()
        least, once = {"?": (0, True), "*": (0, False), "+": (1, False)}.get(sign, (0, False))
        if sign == "{":
            end = self._pattern.index("}", self._at)
            low, _, high = self._pattern[self._at : end].partition(",")
            self._at = end + 1
            least, once = int(low), high == "1"
        if self._peek() == "?":  # lazy: the same texts match
            self._take()
        return least, once

    def _one(self) -> _Node:
        char = self._take()
        if char == "(":
            if self._pattern.startswith("?:", self._at):
                self._at += 2
            elif self._peek() == "?":
                raise ValueError("flags and assertions are not read")
            node = self._alternation()
            self._take()
            return node
        if char == "[":
            return self._class()
        if char == "\\":
            char = self._take()
            if char in "bB":
                return _Node(_EMPTY)
            return _ANYTHING if char.isalnum() else _Node(frozenset({char}))
        if char in "^$":
            return _Node(_EMPTY)
        return _ANYTHING if char == "." else _Node(frozenset({char}))

    def _class(self) -> _Node:
        start = self._at
        while self._peek() != "]" or self._at == start:
            self._at += 2 if self._peek() == "\\" else 1
        inside = self._pattern[start : self._at]
        self._at += 1
        if inside.startswith("^") or "-" in inside or "\\" in inside or len(inside) > CLASS_CHARS_MAX:
            return _ANYTHING
        return _Node(frozenset(inside))
