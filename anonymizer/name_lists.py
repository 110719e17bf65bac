"""Japanese family and given names by their reading: in kana, and in the Latin spellings of it.

Sudachi's dictionary (names.py) knows names in kanji; the readings come from japanese-personal-name-dataset
(MIT): the 2,000 most frequent surnames and 9,000 readings of given names. Loaded on first use, 0.05 s.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from anonymizer.kana import with_h, without_long_vowels, without_small_kana

_FAMILY_CHARS_MAX = 6


class Lists(NamedTuple):
    """Readings in hiragana without small kana, spellings in small Latin letters, surnames in kanji."""

    family_kana: frozenset[str]
    given_kana: frozenset[str]
    given_latin: frozenset[str]
    family_latin: Mapping[str, str]
    """Latin spelling -> surname in kanji, the most frequent one."""
    family_kanji: frozenset[str]


@cache
def lists() -> Lists:
    """Return the lists, made once."""
    from japanese_personal_name_dataset import clear_cache, load_dataset

    men, women, families = load_dataset("org", include_last_names=True)
    clear_cache()
    given = {reading: entry["en"] for names in (men, women) for reading, entry in names.items()}
    latin: dict[str, str] = {}
    for kanji, entry in families.items():
        for spelling in _spellings([entry["en"]]):
            latin.setdefault(spelling, kanji)
    return Lists(
        family_kana=frozenset(without_small_kana(entry["reading"]) for entry in families.values()),
        given_kana=frozenset(map(without_small_kana, given)),
        given_latin=frozenset(_spellings(given.values())),
        family_latin=latin,
        family_kanji=frozenset(families),
    )


def _spellings(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (word, without_long_vowels(word), with_h(word))


@lru_cache(maxsize=16_384)
def is_family_kana(word: str) -> bool:
    """Tell whether a kana word is the reading of a surname."""
    return without_small_kana(word) in lists().family_kana


@cache
def _clippings() -> frozenset[str]:
    found = lists().family_kana
    return frozenset(part for name in found for size in (2, 3) for part in (name[:size], name[-size:]))


def is_clipped_family(word: str) -> bool:
    """Tell whether a kana word of two or three letters begins or ends a surname: ナベ, エノ."""
    return without_small_kana(word) in _clippings()


@lru_cache(maxsize=16_384)
def is_given_kana(word: str) -> bool:
    """Tell whether a kana word of two or more letters is the reading of a given name."""
    return len(word) > 1 and without_small_kana(word) in lists().given_kana


def kana_split(word: str) -> tuple[str, str] | None:
    """Split kana without a blank into the readings of a surname and a given name, the longest surname first."""
    for at in range(min(_FAMILY_CHARS_MAX, len(word) - 2), 1, -1):
        if is_family_kana(word[:at]) and is_given_kana(word[at:]):
            return word[:at], word[at:]
    return None
