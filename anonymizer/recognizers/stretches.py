"""The stretches of a pattern without a gap, each as the texts that it may be: every match holds one of each.

``[A-C]x(?:y|zz)?[^0-9]`` begins with one of ax, bx and cx, and goes on with nothing, y or zz, of which nothing is told.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from anonymizer.recognizers.alphabet import Alphabet
from anonymizer.wanted import Words

# A plain number: an enum's operators cost ten times as much.
_IGNORE_CASE = re.IGNORECASE.value
# So long, a word is rare enough not to stand for more texts.
_ENOUGH_CHARS = 6
# What is longer is not taken as one stretch.
_ROW_CHARS_MAX = 30
# How much is left of a stretch that stood for too many texts, the longest that leaves few enough.
_ENDS = (6, 4, 3, 2, 1)
_NOTHING = frozenset(("",))
_NO_WIDTH = frozenset((sre.AT, sre.ASSERT, sre.ASSERT_NOT))
_REPEATS = frozenset((sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT))
Found = tuple[Words, float]
"""Words, and how far behind the beginning of a match the first character of one of them stands at most."""


def stretches(tree: Any, alphabet: Alphabet) -> list[Found]:
    """Return sets of words: whatever a parsed pattern matches, written in ``alphabet``, holds one of each."""
    walk = _Walk(alphabet, _NOTHING, 0)
    walk.along(tree, ignore_case=False)
    walk.end()
    return walk.found


def _inner_case(value: Any, *, ignore_case: bool) -> bool:
    """Return whether case matters inside a group."""
    _, added, taken, _ = value
    return (ignore_case or bool(added & _IGNORE_CASE)) and not taken & _IGNORE_CASE


def _width(tree: Any, node: Any, value: Any) -> int:
    """Return how many characters a node of ``tree`` stands for at most."""
    if node is sre.IN or node is sre.LITERAL:
        return 1
    widest: int = _parser.SubPattern(tree.state, [(node, value)]).getwidth()[1]
    return widest


class _Walk:
    """A walk along the nodes of a pattern: the stretches without a gap, each as the texts that it may be."""

    def __init__(self, alphabet: Alphabet, stretch: Words, at: float) -> None:
        self.found: list[Found] = []
        self.stretch = stretch
        """What may stand right before the place where the walk is."""
        self._at = at
        """How far that place is behind the beginning of a match at most."""
        self._alphabet = alphabet

    def end(self, stretch: Words = _NOTHING) -> None:
        """End the stretch; the next begins with ``stretch``."""
        if "" not in self.stretch:
            self.found.append((self.stretch, self._at))
        self.stretch = stretch

    def along(self, tree: Any, *, ignore_case: bool) -> None:
        """Walk along a row of nodes."""
        for node, value, texts in self._pieces(tree, ignore_case=ignore_case):
            at = self._at
            if texts is None:
                self._into(node, value, ignore_case=ignore_case)
            elif texts is not _NOTHING:
                self._put(texts)
            if node is sre.ASSERT:
                # What stands before the beginning of a match is not behind it.
                inner = _Walk(self._alphabet, _NOTHING, at if value[0] > 0 else inf)
                inner.along(value[1], ignore_case=ignore_case)
                inner.end()
                self.found += inner.found
            self._at = at + (_width(tree, node, value) if node else value)

    def _put(self, texts: Words) -> None:
        if len(texts) > 1 and min(map(len, self.stretch)) >= _ENOUGH_CHARS:
            self.end(texts)
            return
        if len(self.stretch) * len(texts) > self._alphabet.texts_max:
            before = self.stretch
            self.end()
            for size in _ENDS:
                ends = frozenset(text[-size:] for text in before)
                if len(ends) * len(texts) <= self._alphabet.texts_max:
                    self.stretch = ends
                    break
        self.stretch = frozenset([before + text for before in self.stretch for text in texts])

    def _into(self, node: Any, value: Any, *, ignore_case: bool) -> None:
        """Walk along what is inside a node that stands for too many texts."""
        if node is sre.SUBPATTERN:
            self.along(value[3], ignore_case=_inner_case(value, ignore_case=ignore_case))
        elif node is sre.ATOMIC_GROUP:
            self.along(value, ignore_case=ignore_case)
        elif node is sre.BRANCH:
            self._branch(value[1], ignore_case=ignore_case)
        elif node in _REPEATS and value[0]:
            self._repeat(*value, ignore_case=ignore_case)
        else:
            self.end()
            if node is sre.IN and (any_char := self._alphabet.any_char(value)):
                self.found.append((any_char, self._at))

    def _repeat(self, least: int, _most: int, tree: Any, *, ignore_case: bool) -> None:
        once = self._row(tree, ignore_case=ignore_case)
        if once is None:
            self.along(tree, ignore_case=ignore_case)
            self.end()
            return
        texts = once
        for _ in range(least - 1):
            if len(texts) * len(once) > self._alphabet.texts_max:
                break
            texts = frozenset([before + text for before in texts for text in once])
        self._put(texts)
        self._at += max(map(len, texts))
        self.end(texts)

    def _branch(self, branches: Sequence[Any], *, ignore_case: bool) -> None:
        best: list[Found] = []
        ends: list[Words] = []
        for branch in branches:
            inner = _Walk(self._alphabet, self.stretch, self._at)
            inner.along(branch, ignore_case=ignore_case)
            ends.append(inner.stretch)
            inner.end()
            best += sorted(inner.found, key=lambda each: self._alphabet.likelihood(each[0]))[:1]
        together = frozenset().union(*ends)
        self.end(together if len(together) <= self._alphabet.texts_max else _NOTHING)
        if len(best) == len(branches):
            words = frozenset().union(*(each for each, _ in best))
            self.found.append((words, max(before for _, before in best)))

    def _pieces(self, tree: Any, *, ignore_case: bool) -> Iterator[tuple[Any, Any, Words | None]]:
        """Yield each node of a row with all texts that it stands for, None when they are too many.

        Letters in a row come together: no node, how many they are, and their one text.
        """
        letters, run = self._alphabet.letter, ""
        for node, value in tree:
            texts = letters(value, ignore_case) if node is sre.LITERAL else None
            if texts is not None and len(texts) == 1:
                (letter,) = texts
                run += letter
                continue
            if run:
                yield None, len(run), frozenset((run,))
                run = ""
            yield node, value, texts or self._texts(node, value, ignore_case=ignore_case)
        if run:
            yield None, len(run), frozenset((run,))

    def _row(self, tree: Any, *, ignore_case: bool) -> Words | None:
        """Return all texts that a row of nodes stands for, None when they are too many."""
        if tree.getwidth()[1] > _ROW_CHARS_MAX:
            return None
        found = _NOTHING
        for _, _, texts in self._pieces(tree, ignore_case=ignore_case):
            if texts is None or len(found) * len(texts) > self._alphabet.texts_max:
                return None
            found = frozenset([before + text for before in found for text in texts])
        return found

    def _texts(self, node: Any, value: Any, *, ignore_case: bool) -> Words | None:
        """Return all texts that a node stands for, None when they are too many."""
        if node is sre.IN:
            return self._alphabet.chars(value, ignore_case)
        if node in _NO_WIDTH:
            return _NOTHING
        if node is sre.SUBPATTERN:
            return self._row(value[3], ignore_case=_inner_case(value, ignore_case=ignore_case))
        if node is sre.ATOMIC_GROUP:
            return self._row(value, ignore_case=ignore_case)
        if node is sre.BRANCH and len(value[1]) <= self._alphabet.texts_max:
            return self._any_of(self._row(branch, ignore_case=ignore_case) for branch in value[1])
        if node in _REPEATS:
            least, most, tree = value
            once = self._row(tree, ignore_case=ignore_case) if most <= self._alphabet.texts_max else None
            return None if once is None else self._any_of(_powers(once, least, most, self._alphabet.texts_max))
        return None

    def _any_of(self, texts: Iterable[Words | None]) -> Words | None:
        found: set[str] = set()
        for each in texts:
            if each is None or len(found) + len(each) > self._alphabet.texts_max:
                return None
            found |= each
        return frozenset(found)


def _powers(once: Words, least: int, most: int, texts_max: int) -> Iterable[Words | None]:
    """Yield what ``once`` repeated between ``least`` and ``most`` times may be, None in the place of too many."""
    texts = _NOTHING
    for times in range(most + 1):
        if times >= least:
            yield texts
        if len(texts) * len(once) > texts_max:
            yield None
            return
        texts = frozenset([before + text for before in texts for text in once])
