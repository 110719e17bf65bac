"""How a pattern's characters are written when it is asked what its matches hold: as themselves, or as their shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import fsum, prod
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any

from anonymizer.shapes import ASCII, DIGITS, JAPANESE, ROUND_ZEROS, SHAPES
from anonymizer.wanted import ANY_DIGIT, ANY_JAPANESE, Words, folded

_CLASS_CHARS_MAX = 24


@cache
def word_likelihood(words: Words) -> float:
    """Return how likely one of ``words`` begins at a given character of a text, roughly."""
    return fsum(map(_likelihood_of_word, words))  # the same in whatever order a set gives them


@cache
def _likelihood_of_word(word: str) -> float:
    likelihood = 1.0
    if word == ANY_JAPANESE:
        return 0.3
    for char in word:
        if "a" <= char <= "z":
            likelihood *= 0.1 if char in "etaoinsr" else 0.04
        elif char in " #":
            likelihood *= 0.2
        else:
            likelihood *= 0.01 if char < "぀" or char > "ヿ" else 0.05
    return likelihood


_SHAPE_LIKELIHOOD = {"a": 0.4, "A": 0.15, "0": 0.25, " ": 0.2, "J": 0.3}


def shape_likelihood(shapes: Words) -> float:
    """Return the same for shapes, in texts that hold numbers."""
    return fsum(prod(_SHAPE_LIKELIHOOD.get(char, 0.05) for char in shape) for shape in shapes)


Letter = Callable[[int, bool], Words]
Chars = Callable[[Sequence[tuple[Any, Any]], bool], "Words | None"]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How one character is written: as itself (small), or as its shape."""

    letter: Letter
    """A letter and whether case does not matter -> what it may be."""
    chars: Chars
    """The items of a class and the same -> what it may be, None when that is too much."""
    likelihood: Callable[[Words], float]
    texts_max: int
    """How many texts a stretch of a pattern may stand for, before the next stretch begins."""
    any_char: Callable[[Sequence[tuple[Any, Any]]], Words]
    """The items of a class -> the word that stands for any of many characters, if there is one."""


@cache
def _word_letter(code: int, _ignore_case: bool) -> Words:
    return frozenset((folded(chr(code)),))


@cache
def _shape_letter(code: int, ignore_case: bool) -> Words:
    return _shape_chars(((sre.LITERAL, code),), ignore_case) or frozenset()


def _word_chars(items: Sequence[tuple[Any, Any]], ignore_case: bool) -> Words | None:
    chars: set[str] = set()
    for item, value in items:
        low, high = (value, value) if item is sre.LITERAL else value if item is sre.RANGE else (0, _CLASS_CHARS_MAX)
        if high - low >= _CLASS_CHARS_MAX:
            return None
        chars.update(folded(chr(code)) for code in range(low, high + 1))
    return frozenset(chars) if len(chars) <= _CLASS_CHARS_MAX and not (len(chars) > 1 and chars <= DIGITS) else None


def _shape_chars(items: Sequence[tuple[Any, Any]], ignore_case: bool) -> Words | None:
    shapes: set[str] = set()
    for item, value in items:
        if item is sre.LITERAL:
            shapes.add(SHAPES[value])
        elif item is sre.RANGE:
            shapes |= _shapes_between(*value)
        else:
            return None
    if ignore_case and shapes & {"A", "a", "x"}:
        shapes |= {"A", "a"}
        if "x" in shapes or _has_odd_letter(items):
            shapes.add("x")
    return frozenset(shapes)


def _has_odd_letter(items: Sequence[tuple[Any, Any]]) -> bool:
    """Tell whether a class holds a letter that stands for one beyond ASCII, too, when case does not matter."""
    ranges = [(value, value) if item is sre.LITERAL else value for item, value in items]
    return any(low <= ord(letter) <= high for low, high in ranges for letter in "ikIKsS")


def _shapes_between(low: int, high: int) -> set[str]:
    shapes = {SHAPES[code] for code in range(low, min(high, ASCII - 1) + 1)}
    low = max(low, ASCII)
    if low <= high:
        if any(low <= ord(digit) <= high for digit in DIGITS | ROUND_ZEROS):
            shapes.add("0")
        inside = any(first <= low and high <= last for first, last in JAPANESE)
        beside = all(high < first or last < low for first, last in JAPANESE)
        shapes |= {"J"} if inside else {"x"} if beside else {"J", "x"}
    return shapes


def _any_char(items: Sequence[tuple[Any, Any]]) -> Words:
    if all(item in (sre.LITERAL, sre.RANGE) for item, _ in items):
        ranges = [(value, value) if item is sre.LITERAL else value for item, value in items]
        if all(high - low < len(DIGITS) and DIGITS.issuperset(map(chr, range(low, high + 1))) for low, high in ranges):
            return frozenset((ANY_DIGIT,))
        if all(any(first <= low and high <= last for first, last in JAPANESE) for low, high in ranges):
            return frozenset((ANY_JAPANESE,))
    return frozenset()


def _no_char(_items: Sequence[tuple[Any, Any]]) -> Words:
    return frozenset()


WORDS = Alphabet(_word_letter, _word_chars, word_likelihood, 32, _any_char)
SHAPES_OF = Alphabet(_shape_letter, _shape_chars, shape_likelihood, 128, _no_char)
