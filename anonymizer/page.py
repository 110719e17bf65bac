"""A page: a stretch of the reading view short enough for every recogniser, with its morphemes.

Texts are cut at line ends or sentence ends so that hostile sizes cost linear time; where no such place
exists the pages overlap, and both readings of the overlap count.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from operator import add, itemgetter
from typing import Generic, TypeVar, overload

from anonymizer import names
from anonymizer.normalise import WALL

PAGE_CHARS_MAX = 3_000
OVERLAP_CHARS = 200
# A page of its own costs as much as reading so much text again.
NEAR_CHARS = 40
_CLOSING = (
    r"\n|\Z|[、。.,;:|)」』〕\]<>・?!\"=/→【]|[(（「](?![0-9])|さん|様|氏|殿|くん[、。のはが]|生まれ|入社|卒|在住|在籍|勤務"
    r"|(?:は|が|を|に|へ|も|の|と|から|まで|より|です|では|での|でし|にて)(?![ァ-ヿ])"
)
# Before it, what may now end there: yamada@example.com34歳. Of kanji, those that end captions (氏名, 住所) do not.
_OPENING = r"(?<=[0-9A-Za-z@._ァ-ヿ一-鿿々-])(?<![名話号日月所先者籍齢帯定別宛])"
# Each run of placeholders is looked at once, from its first character.
_OPEN = re.compile(rf"(?<!{WALL})(?:{_OPENING}{WALL}|(?>{WALL}+)(?![ \t\u3000]*(?:{_CLOSING})))")
# Of a token, at C speed: a page has some hundred.
_START, _END = itemgetter(0), itemgetter(1)
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


Head = str | int
"""One or two characters, or four of them as a number."""
_PAIR, _FOUR = 2, 4
DIGIT = "digit"
"""Stands among heads for any digit."""


def fours(text: str) -> Iterator[int]:
    """Yield any four characters in a row (of UTF-16) as one number each: half of what making strings costs."""
    data = memoryview(text.encode("utf-16-le", "surrogatepass"))
    return chain.from_iterable(data[at : len(data) - (len(data) - at) % 8].cast("Q") for at in range(0, 8, 2))


def heads_of(word: str) -> tuple[tuple[Head, str], ...]:
    """Return what ``Page.heads`` must hold for ``word`` to occur, and what to look for then; ``#`` is any digit."""
    # An empty word is in every text: the head says it all.
    if word == "#":
        return (("#", ""), (DIGIT, ""))
    head = next(fours(word)) if len(word) >= _FOUR else word[:_PAIR]
    return ((head, word if len(word) > _PAIR else ""),)


# The sets of words that pages were asked for so far, and where the words begin: a few hundred, all of them constants.
# A page answers for all of them in one go, which costs less than to look each of them up.
_ASKED: dict[frozenset[str], bool] = {}
_ASKED_BY_HEAD: dict[Head, list[tuple[str, frozenset[str]]]] = {}


def _remember(words: frozenset[str]) -> None:
    """Have later pages answer for ``words``, too."""
    for word in words:
        for head, rest in heads_of(word):
            _ASKED_BY_HEAD.setdefault(head, []).append((rest, words))
    # Last: a thread that sees them here finds their heads there.
    _ASKED[words] = not words


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
    def heads(self) -> frozenset[Head]:
        """The characters, two and four in a row that occur, in small letters, and DIGIT where there is any digit."""
        lowered = self.lowered
        digit = (DIGIT,) if self.has_digits else ()
        return self.chars.union(map(add, lowered, lowered[1:]), fours(lowered), digit)

    @once
    def _held(self) -> dict[frozenset[str], bool]:
        """Which of the sets of words asked for so far occur."""
        held, lowered = _ASKED.copy(), self.lowered
        for head in self.heads & _ASKED_BY_HEAD.keys():
            for rest, words in _ASKED_BY_HEAD[head]:
                if not held.get(words) and rest in lowered:
                    held[words] = True
        return held

    def holds(self, words: frozenset[str]) -> bool:
        """Tell whether any of ``words`` (small letters; ``#``: any digit) occurs in the page; true without words."""
        held = self._held.get(words)
        if held is None:
            if words not in _ASKED:
                _remember(words)
            by_head = ((head, rest) for word in words for head, rest in heads_of(word))
            held = any(head in self.heads and rest in self.lowered for head, rest in by_head) or not words
            self._held[words] = held
        return held

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
    """Yield the stretches of whole lines that hold an open placeholder, those apart by a few short lines as one.

    Open is one beside which something may now read as a name or a number: 〔人物A〕東山, 〔住所〕 Tokyo office.
    Before a closed one stands a mark, a blank or a caption, behind it the end of a line, a mark, an honorific or a
    particle.
    """
    start, stop, found = 0, 0, _OPEN.search(text)
    while found:
        at = found.start()
        first = text.rfind("\n", 0, at) + 1
        if stop and first - stop > NEAR_CHARS:
            yield start, stop
        if not stop or first - stop > NEAR_CHARS:
            start = first
        line_end = text.find("\n", at)
        stop = line_end + 1 if line_end >= 0 else len(text)
        found = _OPEN.search(text, stop)
    if stop:
        yield start, stop
