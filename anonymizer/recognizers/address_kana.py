"""Addresses in kana: ながのけんまつもとしおおて三の二の八, サッポロシ ヒガシク キタ二十四, おおさかの てんのうじ 6の3.

A prefecture or a larger town in kana comes first, the rest of the places and the numbers of the house follow.
"""

import re
from collections.abc import Iterator
from functools import cache

from anonymizer import lexicon
from anonymizer.kana import hiragana, without_small_kana
from anonymizer.model import Kind, Span
from anonymizer.names import Word, readings
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load

NAME = "address"
_SHORT_CHARS_MIN = 3
_NEEDS_CHARS = 3


@cache
def _places() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return what a page must hold, and a pattern of the places in hiragana without small letters."""
    names = [row[0] for table in ("prefectures", "places") for row in lexicon.rows(table)]
    whole = {kana for name in names for kana in readings(name, Word.PLACE)[:1]}
    short = {kana for name in names for kana in readings(name[:-1], Word.PLACE)[:1] if len(kana) >= _SHORT_CHARS_MIN}
    spelled = {form for kana in short | {kana for kana in whole if len(kana) >= _SHORT_CHARS_MIN}
               for form in (kana, hiragana(kana))}  # fmt: skip
    needs = frozenset(form[:_NEEDS_CHARS] for form in spelled)
    plain = sorted(map(without_small_kana, whole), key=len, reverse=True)
    joined = sorted(map(without_small_kana, short), key=len, reverse=True)
    # A bare name is a place only where something joins it to the next: おおさかの てんのうじ.
    return needs, re.compile(f"(?:{'|'.join(plain)})|(?:{'|'.join(joined)})(?=[の 、・])")


def find(page: Page) -> Iterator[Span]:
    """Yield addresses that begin with a prefecture or a larger town in kana."""
    needs, places = _places()
    if not page.holds(needs):
        return
    right = load("address_ja").patterns["KANA_RIGHT"]
    last = 0
    for match in places.finditer(without_small_kana(page.text)):
        if match.start() < last:
            continue
        rest = right.match(page.text, match.end())
        if rest:
            last = rest.end()
            yield Span(Kind.ADDRESS, match.start(), last, 0.85, NAME, "places in kana and the numbers of a house")
