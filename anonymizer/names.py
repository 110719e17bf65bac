"""What Sudachi's dictionary knows of a word: whether it can be a surname, a given name, a place, a plain noun.

SudachiDict-core holds proper-noun readings for names in kanji, kana and partly in Latin letters; a look-up
lists every homograph, so it serves as the name dictionary. Loaded on first use, one tokeniser a thread
(a tokeniser cannot be used by two threads at once).
"""

import threading
from collections.abc import Iterable
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple


class Word:
    """What a word can be, as bits; a look-up gives the union over its homographs.

    Plain integers: the bits are tested several times a morpheme, and an enum's operators cost ten times as much.
    """

    NONE = 0
    SURNAME = 1
    GIVEN = 2
    FOREIGN = 4
    """A name without family or given role: John, グエン."""
    PLACE = 8
    PROPER = 16
    COMMON = 32
    VERBAL = 64
    OTHER = 128
    PARTICLE = 256
    SUFFIX = 512
    SYMBOL = 1024
    NUMBER = 2048


NAME = Word.SURNAME | Word.GIVEN | Word.FOREIGN


class Token(NamedTuple):
    """A morpheme of the reading view; offsets are code points within the page."""

    start: int
    end: int
    surface: str
    word: int

    @property
    def known(self) -> bool:
        """Whether the dictionary holds the surface."""
        return kinds(self.surface) != Word.NONE


class _Local(threading.local):
    tokeniser: Any = None
    morphemes: Any = None
    """Filled anew by every call, which is cheaper than a new list for every line."""


_LOCAL = _Local()
# SudachiError above 49,149 bytes; a page is far shorter, this is the last guard.
TOKENISE_BYTES_MAX = 49_149
# What the dictionary reads of each word. Digits are joined to numbers by their normalised form: 385,000.
_FIELDS = frozenset(("surface", "pos", "normalized_form"))


_BY_POS: dict[tuple[str, ...], int] = {
    ("名詞", "固有名詞", "人名", "姓"): Word.SURNAME,
    ("名詞", "固有名詞", "人名", "名"): Word.GIVEN,
    ("名詞", "固有名詞", "人名"): Word.FOREIGN,
    ("名詞", "固有名詞", "地名"): Word.PLACE,
    ("名詞", "固有名詞"): Word.PROPER,
    ("名詞", "数詞"): Word.NUMBER,
    ("名詞", "普通名詞", "サ変可能"): Word.COMMON | Word.VERBAL,
    ("名詞",): Word.COMMON,
    ("助詞",): Word.PARTICLE,
    ("助動詞",): Word.PARTICLE,
    ("接尾辞",): Word.SUFFIX,
    ("補助記号",): Word.SYMBOL,
    ("空白",): Word.SYMBOL,
    ("記号",): Word.SYMBOL,
}


def _word(pos: tuple[str, ...]) -> int:
    """Return the class of a part of speech: the longest prefix of it that is listed."""
    return next((_BY_POS[pos[:size]] for size in range(4, 0, -1) if pos[:size] in _BY_POS), Word.OTHER)


@cache
def _dictionary() -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict="core")


@lru_cache(maxsize=65_536)
def kinds(word: str) -> int:
    """Return everything ``word`` can be; ``Word.NONE`` when the dictionary has no such entry."""
    found = Word.NONE
    if 0 < len(word) <= 24:
        for morpheme in _dictionary().lookup(word):
            found |= _word(morpheme.part_of_speech())
    return found


@lru_cache(maxsize=16_384)
def readings(word: str, wanted: int) -> tuple[str, ...]:
    """Return the katakana readings of ``word`` as a ``wanted`` kind of name, at most four."""
    found = [morpheme.reading_form() for morpheme in _dictionary().lookup(word)
             if _word(morpheme.part_of_speech()) & wanted]  # fmt: skip
    return tuple(dict.fromkeys(found))[:4]


class _Words(dict[int, int]):
    """The word class of each of some 300 parts of speech, worked out when first met."""

    def __missing__(self, pos_id: int) -> int:
        self[pos_id] = word = _word(_dictionary().pos_of(pos_id))
        return word


_WORDS = _Words()
# Made of tuples by the hundred a page: without a Python call for each, as the class itself would need.
_token = partial(tuple.__new__, Token)


def shifted(tokens: Iterable[Token], by: int) -> tuple[Token, ...]:
    """Return the same morphemes ``by`` characters further on."""
    return tuple([_token((start + by, end + by, surface, word)) for start, end, surface, word in tokens])


def tokenise(text: str, offset: int = 0) -> tuple[Token, ...]:
    """Split ``text`` into morphemes, longest units first (mode C); ``text`` begins at ``offset`` of its page."""
    if len(text.encode()) > TOKENISE_BYTES_MAX:
        raise ValueError("text too long for one page")
    if _LOCAL.tokeniser is None:
        from sudachipy import SplitMode

        _LOCAL.tokeniser = _dictionary().tokenizer(mode=SplitMode.C, fields=set(_FIELDS))
        _LOCAL.morphemes = _LOCAL.tokeniser.tokenize("")
    found: list[Token] = []
    start, word_of = offset, _WORDS
    for morpheme in _LOCAL.tokeniser.tokenize(text, out=_LOCAL.morphemes):
        surface = morpheme.surface()
        end = start + len(surface)
        found.append(_token((start, end, surface, word_of[morpheme.part_of_speech_id()])))
        start = end
    return tuple(found)
