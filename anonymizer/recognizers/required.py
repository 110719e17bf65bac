"""What every match of a pattern holds, read off the pattern: a page without it is not searched.

``(?:旧姓|通称)[:は]`` needs 旧姓:, 旧姓は, 通称: or 通称は; ``[A-Z]{2}[0-9]{3}-`` needs a digit, a dash and
AA000- of the shape of the text (``anonymizer.shapes``). Of all of that, what texts are least likely to hold is taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from anonymizer.recognizers.alphabet import SHAPES_OF, WORDS, shape_likelihood, word_likelihood
from anonymizer.recognizers.stretches import Found, stretches
from anonymizer.shapes import BESIDE_CHARS
from anonymizer.wanted import ANY_DIGIT, ANY_JAPANESE, Words

_WORDS_MAX = 200
# What is looked for around words, and not everywhere: rare words near the beginning.
_NEAR_LIKELIHOOD_MAX = 0.06
_BEFORE_MAX = 200
_DIGITS = frozenset("0123456789#")
_ANY_CHAR = frozenset((ANY_DIGIT, ANY_JAPANESE))
# Besides the rarest words others are asked for, if they are rare as well.
_ALSO_MAX = 2
_TRIED_MAX = 5
_ALSO_LIKELIHOOD_MAX = 0.004
_SHAPES_MAX = 2
_SHAPE_LIKELIHOOD_MAX = 0.05
# Each shape is looked for by itself: of many, only so much of their beginnings or ends that few are left.
_FEW_SHAPES = 8
_CUT_SHAPES = 64
_FEW_CUTS = (slice(8), slice(5), slice(3), slice(-8, None), slice(-5, None), slice(-3, None))


@dataclass(frozen=True, slots=True)
class Near:
    """Where a match can begin: at most ``before`` characters before one of ``words``."""

    words: Words
    before: int


@dataclass(frozen=True, slots=True)
class Required:
    """Sets of words and of shapes: whatever a pattern matches holds one of each set. The rarest come first."""

    words: tuple[Words, ...]
    shapes: tuple[Words, ...]
    near: Near | None


def required(tree: Any, *, slow: bool) -> Required:
    """Return what a parsed pattern needs; nothing when too many texts would hold it.

    Where its matches are near is worked out for one that is slow to search for.
    """
    found = sorted(stretches(tree, WORDS), key=lambda each: word_likelihood(each[0]))
    words = list(dict.fromkeys(_shortest(each) for each, _ in found[:_TRIED_MAX] if len(each) <= _WORDS_MAX))
    # No English text holds what is Japanese, and many texts are without digits.
    also = [
        each
        for each in words[1:]
        if word_likelihood(each) < _ALSO_LIKELIHOOD_MAX or ANY_DIGIT in each or not any(word.isascii() for word in each)
    ]
    digits = any(not each.isdisjoint(_DIGITS) for each, _ in found)
    return Required(
        tuple(words[:1] + also[:_ALSO_MAX]),
        tuple(_shapes(tree)) if digits else (),
        _near(tree, found) if slow else None,
    )


def _shapes(tree: Any) -> list[Words]:
    numbers = (_few(each) for each, _ in stretches(tree, SHAPES_OF) if all("0" in shape for shape in each))
    rare = (each for each in dict.fromkeys(numbers) if each and shape_likelihood(each) < _SHAPE_LIKELIHOOD_MAX)
    kept: list[Words] = []
    for each in sorted(rare, key=shape_likelihood):
        said = any(all(any(map(shape.__contains__, each)) for shape in rarer) for rarer in kept)
        if not said and len(kept) < _SHAPES_MAX:
            kept.append(each)
    return kept


def _few(shapes: Words) -> Words:
    """Return the beginnings or the ends of ``shapes`` that are few, the rarer of them; none when they say nothing."""
    near = frozenset(map(_near_digits, shapes))
    if len(near) <= _FEW_SHAPES:
        return _shortest(near)
    parts = (frozenset(shape[cut] for shape in near) for cut in _FEW_CUTS)
    few = [_shortest(each) for each in parts if len(each) <= _CUT_SHAPES and all("0" in shape for shape in each)]
    return min((each for each in few if len(each) <= _FEW_SHAPES), key=shape_likelihood, default=frozenset())


def _near(tree: Any, found: Iterable[Found]) -> Near | None:
    """Return where the matches of a pattern begin, none where looking for that costs more than it saves."""
    for words, before in found:
        rare = len(words) <= _WORDS_MAX and word_likelihood(words) < _NEAR_LIKELIHOOD_MAX
        if rare and before <= _BEFORE_MAX and not words & _ANY_CHAR and tree.getwidth()[0]:
            return Near(_shortest(words), int(before))
    return None


def _near_digits(shape: str) -> str:
    """Return the part of ``shape`` that ``shape_of`` keeps: what is near digits."""
    first = max(shape.index("0") - BESIDE_CHARS, 0)
    last = first + shape[first:].index("0")
    while "0" in shape[last + 1 : last + BESIDE_CHARS + 2]:
        last = shape.index("0", last + 1)
    return shape[first : last + BESIDE_CHARS + 1]


def _shortest(words: Words) -> Words:
    """Return ``words`` without those that hold another one of them, which say nothing new."""
    kept: list[str] = []
    for word in sorted(words, key=len):
        if not any(map(word.__contains__, kept)):
            kept.append(word)
    return frozenset(kept)
