"""Patterns whose search skips to the characters with which a match can begin.

CPython's compiler of patterns works such characters out for a pattern that begins with one letter, one class, or
with alternatives that all begin with a letter; its search then passes over everything else at once. Behind a
lookbehind, before a repeated class and for any other alternatives it tries the whole pattern at every character,
which is most of what reading a text costs. Here they are worked out for these, too, and handed to the same compiler;
what a pattern matches stays the same.
"""

import _sre  # type: ignore[import-not-found]
import re
import sys
from collections.abc import Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from re._compiler import _compile, _compile_info, _optimize_charset  # type: ignore[import-not-found]
from types import FunctionType
from typing import Any

from anonymizer.recognizers.required import Required, required

# What stands in for letters when case does not matter beyond their own two forms: İ and ı, ſ, K of Kelvin.
_ALSO = {"i": "İı", "s": "ſ", "k": "\u212a"}
# A plain number: an enum's operators cost ten times as much.
_IGNORE_CASE = re.IGNORECASE.value
_ASCII = 0x80
# A search that stops at so many of the small letters stops in most words.
_SMALL_LETTERS_MIN = 3
_UNKNOWN: tuple[None, bool] = (None, False)

# What CPython makes of a class of characters, by the class and whether case matters. It spreads each class out over a
# bitmap of 64 kB, and did so 6,000 times for some 1,000 classes, which was half of what compiling all patterns took.
_CLASSES: dict[tuple[Any, ...], Any] = {}


def _class_code(items: Sequence[tuple[Any, Any]], *how: Any) -> Any:
    """Do what ``_optimize_charset`` does, but for each class only once."""
    key = (tuple(items), *how[:2])
    if key not in _CLASSES:
        _CLASSES[key] = _optimize_charset(items, *how)
    return _CLASSES[key]


# The functions of CPython's compiler, with that one in the place of theirs; its own are left alone.
_COMPILER: dict[str, Any] = {**_compile.__globals__, "_optimize_charset": _class_code}
_COMPILER |= {each.__name__: FunctionType(each.__code__, _COMPILER) for each in (_compile, _compile_info)}

First = tuple[list[tuple[Any, Any]] | None, bool]
"""What a match begins with, as the items of a class (None: anything), and whether it may be empty."""


def parsed(source: str) -> Any:
    """Return the nodes of a pattern, as ``compiled`` reads it."""
    return _parser.parse(source, re.MULTILINE.value)


def compiled(source: str) -> re.Pattern[str]:
    """Return ``re.compile(source, re.MULTILINE)``, quick to search with. Raises ``re.error`` as that does."""
    if sys.version_info[:2] != (3, 11):  # Other versions may compile in another way.
        return re.compile(source, re.MULTILINE)
    tree = parsed(source)
    items, empty = (None, False) if _known(tree) else _first(tree, ignore_case=False)
    return _with_head(source, tree, tree if items is None or empty else _class(tree, items))


def told(tree: Any) -> Required:
    """Return what every match of a pattern holds; to work that out costs as much as to compile it."""
    items, empty = _first(tree, ignore_case=False)
    return required(tree, slow=items is None or empty or _small_letters(items) >= _SMALL_LETTERS_MIN)


def _small_letters(items: Sequence[tuple[Any, Any]]) -> int:
    ranges = ((value, value) if item is sre.LITERAL else value for item, value in items if item is not sre.CATEGORY)
    return sum(max(0, min(high, ord("z")) - max(low, ord("a")) + 1) for low, high in ranges)


def _class(tree: Any, items: Sequence[tuple[Any, Any]]) -> Any:
    """Return a pattern of one class, as wide as ``tree``, which begins with one of ``items``."""
    head = _parser.SubPattern(tree.state, [(sre.IN, list(dict.fromkeys(items)))])
    head.width = tree.getwidth()
    return head


def _with_head(source: str, tree: Any, head: Any) -> re.Pattern[str]:
    """Compile ``tree`` as CPython does, with that at the head of the code which it would have for ``head``."""
    flags = re.MULTILINE.value | tree.state.flags
    code: list[int] = []
    _COMPILER["_compile_info"](code, head, flags)
    _COMPILER["_compile"](code, tree.data, flags)
    code.append(sre.SUCCESS)
    names = [None] * tree.state.groups
    for name, number in tree.state.groupdict.items():
        names[number] = name
    groups = tree.state.groups - 1
    found: re.Pattern[str] = _sre.compile(source, flags, code, groups, tree.state.groupdict, tuple(names))
    return found


def _known(tree: Any) -> bool:
    """Tell whether CPython finds the beginning of a pattern by itself."""
    return bool(tree.data) and tree.data[0][0] in (sre.IN, sre.LITERAL)


def _first(tree: Any, *, ignore_case: bool) -> First:
    """Return what a match of a row of nodes begins with."""
    items: list[tuple[Any, Any]] = []
    for node, value in tree:
        found, empty = _first_of(node, value, ignore_case=ignore_case)
        if found is None:
            return _UNKNOWN
        items += found
        if not empty:
            return items, False
    return items, True


def _first_of(node: Any, value: Any, *, ignore_case: bool) -> First:
    if node in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
        return [], True
    if node is sre.LITERAL:
        return _cased([(node, value)], ignore_case=ignore_case), False
    if node is sre.IN:
        return _cased(value, ignore_case=ignore_case), False
    if node is sre.SUBPATTERN:
        _, added, taken, inner = value
        return _first(inner, ignore_case=(ignore_case or bool(added & _IGNORE_CASE)) and not taken & _IGNORE_CASE)
    if node is sre.ATOMIC_GROUP:
        return _first(value, ignore_case=ignore_case)
    if node in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, _, inner = value
        found, empty = _first(inner, ignore_case=ignore_case)
        return found, empty or least == 0
    if node is sre.BRANCH:
        return _first_of_any([_first(branch, ignore_case=ignore_case) for branch in value[1]])
    return _UNKNOWN


def _first_of_any(branches: Sequence[First]) -> First:
    items: list[tuple[Any, Any]] = []
    for found, _ in branches:
        if found is None:
            return _UNKNOWN
        items += found
    return items, any(empty for _, empty in branches)


def _cased(items: Sequence[tuple[Any, Any]], *, ignore_case: bool) -> list[tuple[Any, Any]] | None:
    """Return the items of a class with the other case of its letters; None where that is not known for sure."""
    if any(item is sre.NEGATE for item, _ in items):
        return None
    if not ignore_case:
        return list(items)
    found = list(items)
    for item, value in items:
        if item not in (sre.LITERAL, sre.RANGE):
            return None
        low, high = (value, value) if item is sre.LITERAL else value
        letters = [chr(code) for code in range(low, min(high + 1, _ASCII))]
        if high >= _ASCII and any(chr(code).lower() != chr(code).upper() for code in range(max(low, _ASCII), high + 1)):
            return None
        found += (
            (sre.LITERAL, ord(other)) for char in letters for other in char.swapcase() + _ALSO.get(char.lower(), "")
        )
    return found
