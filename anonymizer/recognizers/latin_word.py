"""What the lists know of a word in Latin letters, worked out once for each word.

A page of English is some hundred capitalised words, few of them new: The, I, Dear, Manager.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from anonymizer import lexicon
from anonymizer.recognizers.rulefile import load
from anonymizer.romaji import can_be_japanese

_CLAN: re.Pattern[str] = load("person_latin").patterns["CLAN"]
_EVERYDAY = ("surname_en_weak", "everyday_names", "skills")


@dataclass(frozen=True, slots=True)
class LatinWord:
    """A word as it is written, and what it can be."""

    plain: str
    """As the lists hold it."""
    given: bool
    strong: bool
    """A given name that needs no other evidence than its capital."""
    surname: bool
    clan: bool
    """A surname by its prefix: McGregor, O'Hara."""
    link: bool
    """A word in small letters inside a name: van, bin."""
    common: bool
    everyday: bool
    skill: bool
    initial: bool
    japanese: bool
    """Syllables that a Japanese name is made of."""
    listed_japanese: bool
    ascii: bool
    owns: bool
    """Whether it ends in 's."""
    nobody: bool
    """An everyday word that no list of names has: nothing but a name beside it makes it a part of one."""


@lru_cache(maxsize=16_384)
def latin_word(surface: str) -> LatinWord:
    """Return what the lists know of ``surface``."""
    plain = lexicon.plain(surface)
    head, *parts = plain.split("-")
    common = plain in lexicon.words("capitalised")
    given = plain in lexicon.given_any() or head in lexicon.given_strong()
    clan = _CLAN.match(surface) is not None
    surname = clan or plain in lexicon.surnames_any() or any(part in lexicon.surnames_any() for part in parts)
    link = surface.islower()
    return LatinWord(
        plain=plain,
        given=given,
        strong=len(plain) > 2 and plain in lexicon.given_strong(),
        surname=surname,
        clan=clan,
        link=link,
        common=common,
        everyday=any(plain in lexicon.words(name) for name in _EVERYDAY),
        skill=plain in lexicon.words("skills"),
        initial=len(plain) == 1,
        japanese=len(plain) > 2 and not common and can_be_japanese(plain),
        listed_japanese=plain in lexicon.words("given_ja") or plain in lexicon.surnames_ja(),
        ascii=surface.isascii(),
        owns=surface.endswith(("'s", "’s")),
        nobody=common and not (given or surname or link),
    )
