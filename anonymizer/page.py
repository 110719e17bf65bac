"""A page: a stretch of the reading view short enough for every recogniser, with its morphemes.

Texts are cut at line ends or sentence ends so that hostile sizes cost linear time; where no such place
exists the pages overlap, and both readings of the overlap count.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from operator import add
from typing import Generic, TypeVar, overload

from anonymizer import names
from anonymizer.normalise import WALL

PAGE_CHARS_MAX = 3_000
OVERLAP_CHARS = 200
# A page of its own costs as much as reading so much text again.
NEAR_CHARS = 40
_DIGIT = re.compile(r"[0-9〇零一二三四五六七八九十]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_JAPANESE = re.compile(r"[぀-ヿ㐀-鿿豈-﫿𠀀-𯿿]")


T = TypeVar("T")


class once(Generic[T]):  # noqa: N801
    """A property worked out when first asked for; functools' own takes a lock each time in Python 3.11."""

    def __init__(self, work_out: Callable[..., T]) -> None:
        self._work_out, self.__doc__ = work_out, work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "once[T] | T":
        if instance is None:
            return self
        # Without __set__ the value in the instance's own dictionary is found first from now on.
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value


HEAD_CHARS = 2
DIGIT = "digit"
"""Stands among heads, which have two characters at most, for any digit."""


def heads_of(word: str) -> tuple[tuple[str, str], ...]:
    """Return what ``Page.heads`` must hold for ``word`` to occur, and what to look for then; ``#`` is any digit."""
    # An empty word is in every text: the head says it all.
    rest = word if len(word) > HEAD_CHARS else ""
    return (("#", ""), (DIGIT, "")) if word == "#" else ((word[:HEAD_CHARS], rest),)


@cache
def _by_head(words: frozenset[str]) -> tuple[frozenset[str], dict[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for word in words:
        for head, rest in heads_of(word):
            found.setdefault(head, []).append(rest)
    return frozenset(found), found


LineCache = dict[str, tuple[int, tuple[names.Token, ...]]]


@dataclass(frozen=True)
class Page:
    """``text`` starts at ``offset`` of the whole reading view.

    ``lines`` keeps the morphemes of each line while one document is read again and again.
    """

    text: str
    offset: int = 0
    lines: LineCache = field(default_factory=dict)

    @once
    def japanese(self) -> bool:
        """Whether the page holds any kana or kanji."""
        return _JAPANESE.search(self.text) is not None

    @once
    def tokens(self) -> tuple[names.Token, ...]:
        """Morphemes in order, none for pages and lines without Japanese; a line end is always a boundary."""
        if not self.japanese:
            return ()
        found: list[names.Token] = []
        start = 0
        for line in self.text.splitlines(keepends=True):
            known = self.lines.get(line)
            tokens: tuple[names.Token, ...]
            if line == "\n":
                tokens = (names.Token(start, start + 1, line, names.Word.SYMBOL),)
            elif known is None and not _JAPANESE.search(line):
                tokens = ()
            elif known is None:
                tokens = names.tokenise(line, start)
                self.lines[line] = (start, tokens)
            else:
                by = start - known[0]
                tokens = (
                    tuple(names.Token(one.start + by, one.end + by, *one[2:]) for one in known[1]) if by else known[1]
                )
            found.extend(tokens)
            start += len(line)
        return tuple(found)

    @once
    def starts(self) -> dict[int, int]:
        """Index of the token that starts at a position."""
        return {token.start: index for index, token in enumerate(self.tokens)}

    @once
    def token_ends(self) -> dict[int, int]:
        """Index of the token that ends at a position."""
        return {token.end: index for index, token in enumerate(self.tokens)}

    @once
    def lowered(self) -> str:
        """The text in small letters, for looking whether a word occurs at all."""
        return self.text.lower()

    @once
    def chars(self) -> frozenset[str]:
        """The characters that occur, in small letters."""
        return frozenset(self.lowered)

    @once
    def has_digits(self) -> bool:
        """Whether the page holds any digit, kanji digits included."""
        return _DIGIT.search(self.text) is not None

    @once
    def has_latin(self) -> bool:
        """Whether the page holds two Latin letters in a row."""
        return _LATIN.search(self.text) is not None

    @once
    def heads(self) -> frozenset[str]:
        """The characters and pairs of neighbours that occur, in small letters, and DIGIT where there is any digit."""
        lowered = self.lowered
        return self.chars.union(map(add, lowered, lowered[1:]), (DIGIT,) if self.has_digits else ())

    def holds(self, words: frozenset[str]) -> bool:
        """Tell whether any of ``words`` (small letters; ``#``: any digit) occurs in the page; true without words."""
        # Most words fail by their first two characters, and all of them in one step.
        heads, by_head = _by_head(words)
        if self.heads.isdisjoint(heads):
            return not words
        lowered = self.lowered
        return any(word in lowered for head in self.heads & heads for word in by_head[head])

    @once
    def ascii_view(self) -> str:
        r"""The text with every non-ASCII character as a space: ``\b`` beside kanji then works."""
        return _NOT_ASCII.sub(lambda run: " " * len(run.group()), self.text)


def _cut(text: str, start: int) -> int:
    """Return where the page that begins at ``start`` ends: the last break in its second half, else its limit."""
    limit = start + PAGE_CHARS_MAX
    if limit >= len(text):
        return len(text)
    newline = text.rfind("\n", start + PAGE_CHARS_MAX // 2, limit)
    if newline >= 0:
        return newline + 1
    sentence = max(text.rfind(mark, start + PAGE_CHARS_MAX // 2, limit) for mark in "。!?")
    return sentence + 1 if sentence >= 0 else limit


def pages(text: str, lines: LineCache, start: int, stop: int) -> Iterator[Page]:
    """Cut ``text[start:stop]`` into pages that together cover it; overlapping where a cut fell inside a sentence."""
    while start < stop:
        end = min(_cut(text, start), stop)
        clean = end == stop or text[end - 1] in "\n。!?"
        yield Page(text[start : end if clean else min(end + OVERLAP_CHARS, stop)], start, lines)
        start = end


def changed(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of whole lines that hold a placeholder, those apart by a few short lines as one."""
    start, stop, at = 0, 0, text.find(WALL)
    while at >= 0:
        first = text.rfind("\n", 0, at) + 1
        if stop and first - stop > NEAR_CHARS:
            yield start, stop
        if not stop or first - stop > NEAR_CHARS:
            start = first
        line_end = text.find("\n", at)
        stop = line_end + 1 if line_end >= 0 else len(text)
        at = text.find(WALL, stop)
    if stop:
        yield start, stop
