"""A page: a stretch of the reading view short enough for every recogniser, with its morphemes.

Texts are cut at line ends or sentence ends so that hostile sizes cost linear time; where no such place
exists the pages overlap, and both readings of the overlap count.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Generic, TypeVar, overload

from anonymizer import names, wanted
from anonymizer.shapes import shape_of

PAGE_CHARS_MAX = 3_000
OVERLAP_CHARS = 200
# Of a token, at C speed: a page has some hundred.
_START, _END = itemgetter(0), itemgetter(1)
_DIGIT = re.compile(r"[0-9〇零一二三四五六七八九十]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Hangul too, but not what stands for a placeholder (U+E000): a page of those and English is an English page.
_JAPANESE = re.compile(r"[぀-ヿ㐀-鿿가-힣\uf900-\ufaff𠀀-𯿿]")


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
            elif known is None and (line.isascii() or not _JAPANESE.search(line)):
                tokens = ()
            elif known is None:
                tokens = names.tokenise(line, start)
                self.lines[line] = (start, tokens)
            else:
                by = start - known[0]
                tokens = names.shifted(known[1], by) if by else known[1]
            found.extend(tokens)
            start += len(line)
        return tuple(found)

    @once
    def starts(self) -> dict[int, int]:
        """Index of the token that starts at a position."""
        return dict(zip(map(_START, self.tokens), count()))

    @once
    def token_ends(self) -> dict[int, int]:
        """Index of the token that ends at a position."""
        return dict(zip(map(_END, self.tokens), count()))

    @once
    def lowered(self) -> str:
        """The text in small letters, for looking whether a word occurs at all."""
        return wanted.folded(self.text)

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
    def _held(self) -> tuple[bytearray, set[str]]:
        return wanted.held(self.lowered, digits=self.has_digits, japanese=self.japanese)

    def held_up_to(self, last: int) -> bytearray:
        """Tell by number (``wanted.number_of``) which sets of words occur, at least up to the number ``last``."""
        held = self._held[0]
        if last >= len(held):  # A set that nobody had asked for by then.
            held, _ = self.__dict__["_held"] = wanted.held(self.lowered, digits=self.has_digits, japanese=self.japanese)
        return held

    def held_of(self, words: frozenset[str]) -> frozenset[str]:
        """Return which of ``words`` occur."""
        self.held_up_to(wanted.number_of(words))
        return words & self._held[1]

    def holds(self, words: frozenset[str]) -> bool:
        """Tell whether any of ``words`` (small letters; ``#``: any digit) occurs in the page; true without words."""
        number = wanted.NUMBERS.get(words)
        if number is None:
            number = wanted.number_of(words)
        return self.held_up_to(number)[number] == 1

    @once
    def shape(self) -> str:
        """What stands around the digits, with each character as what kind it is of: AA000-000 (``shapes``)."""
        return shape_of(self.text)

    @once
    def _shaped(self) -> dict[frozenset[str], bool]:
        return {}

    def has_shape(self, shapes: frozenset[str]) -> bool:
        """Tell whether any of ``shapes`` occurs in the shape of the page."""
        found = self._shaped.get(shapes)
        if found is None:
            found = self._shaped[shapes] = any(map(self.shape.__contains__, shapes))
        return found

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
