"""Japanese addresses in Latin letters: 1-13-2 marunouchi, kofu; Chikusa ku Kakuozan dori 8 no 70.

A block and house come first. What stands beside them must be a place of Japan, by its ending or by name.
"""

import re
from collections.abc import Iterator
from functools import cache

from anonymizer import lexicon, romaji
from anonymizer.model import Kind, Span
from anonymizer.names import Word, readings
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches

NAME = "address"
_RULES = "address_latin"
_BEFORE_CHARS_MAX = 80
_PLACE_CHARS_MIN = 4
_ENDINGS = frozenset(("ku", "to", "fu", "ken", "shi", "gun", "cho", "son", "jo", "no", "ward", "city"))
# English words that could be Japanese by their letters.
_LITTLE = frozenset(("in", "on", "an", "are", "we", "me", "i", "is", "one", "home", "he", "she", "so", "am", "or"))
_WORD = re.compile(r"[A-Za-zŌōŪū]+")
_PLAIN_LONG = str.maketrans("ŌōŪū", "oouu")


@cache
def _places() -> frozenset[str]:
    """Return Japanese prefectures and larger towns as they are spelled in Latin letters."""
    names = [row[0][:-1] for table in ("prefectures", "places") for row in lexicon.rows(table)]
    kana = {reading for name in names for reading in readings(name, Word.PLACE)}
    spelled = {spelling for reading in kana for spelling in romaji.spellings(reading)}
    return frozenset(word for word in spelled if len(word) >= _PLACE_CHARS_MIN)


def _any_place(words: str) -> bool:
    return any(word.translate(_PLAIN_LONG).lower() in _places() for word in _WORD.findall(words))


def _is_place(words: str, *, several: bool) -> bool:
    """Tell whether places of Japan are among ``words``; beside a block of two numbers only their endings say so."""
    return bool(load(_RULES).patterns["ROMAJI_ENDING"].search(words)) or (several and _any_place(words))


def _can_be_japanese(word: str) -> bool:
    plain = word.translate(_PLAIN_LONG).lower()
    return plain in _ENDINGS or (plain not in _LITTLE and romaji.can_be_japanese(plain))


def _japanese_from(words: str) -> int:
    """Return where the Japanese words begin that ``words`` ends with."""
    start = len(words)
    for word in reversed(list(_WORD.finditer(words))):
        if not _can_be_japanese(word.group()):
            break
        start = start if word.group() in _ENDINGS else word.start()
    return start


def _japanese_until(words: str) -> int:
    """Return where the Japanese words end that ``words`` begins with."""
    end = 0
    for word in _WORD.finditer(words):
        if not _can_be_japanese(word.group()):
            break
        end = word.end()
    return end


def find(page: Page) -> Iterator[Span]:
    """Yield blocks (1-13-2, 8 no 70) beside places of Japan, with the places before and behind and the room."""
    patterns, text = load(_RULES).patterns, page.text
    for match in matches(load(_RULES), page, "ROMAJI_BLOCK"):
        start, end = match.span()
        several = "me" in match.group() or sum(map(match.group().count, ("-", " no ", "の", "ノ"))) > 1
        # Behind each word there is a blank: most blocks that are none have another mark before them.
        low = max(0, start - _BEFORE_CHARS_MAX)
        left = patterns["ROMAJI_LEFT_WORDS"].search(text, low, start) if text.endswith(" ", 0, start) else None
        right = patterns["ROMAJI_RIGHT_WORDS"].match(text, end)
        if left and _is_place(left.group(), several=several):
            start -= len(left.group()) - _japanese_from(left.group())
        elif not (right and _is_place(right.group(), several=several)):
            continue
        if right:
            end += _japanese_until(right.group())
        room = patterns["UNIT_RIGHT"].match(text, end)
        yield Span(
            Kind.ADDRESS, start, room.end() if room else end, 0.8, NAME, "block and places of Japan, Latin letters"
        )
    for match in matches(load(_RULES), page, "ROMAJI_TOWN_FIRST"):
        if all(_can_be_japanese(word.group()) for word in _WORD.finditer(match.group("x"))):
            yield Span(Kind.ADDRESS, *match.span("x"), 0.86, NAME, "town, quarter and block, Latin letters")
