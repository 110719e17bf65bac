"""Postal addresses, Japanese and foreign. A municipality alone (a place of work) stays."""

from collections.abc import Iterator
from dataclasses import replace

from anonymizer.model import Kind, Span
from anonymizer.names import Token, Word
from anonymizer.page import Page
from anonymizer.recognizers.address_reach import cores, places_before, reach
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "address"
_PLACE_CHARS_MAX = 24
_PLACE_TOKENS_MAX = 6
_BEFORE_NUMBERS = frozenset(("の", " ", "、", "...", ".", "」", "』"))


def _town_and_block(page: Page) -> Iterator[Span]:
    """Yield 神南1-2-3, 世田谷の代沢5の31: the numbers of a house right after a place, without a municipality."""
    patterns = load(NAME).patterns
    for match in matches(load(NAME), page, "HOUSE_NUMBERS"):
        index = page.token_ends.get(match.start())
        while index and page.tokens[index].surface in _BEFORE_NUMBERS:
            index -= 1
        if index is None:
            continue
        several = len(patterns["SEVERAL"].findall(match.group())) + 1
        start, place = _place_before(page, index)
        # Two numbers may count anything (神南3-4), but not behind a row of places: 大野市、上庄の佐開12の8.
        town = page.tokens[index]
        sure = (
            several > 2 or patterns["HOUSE_WORD"].search(match.group()) or places_before(page, town.start) < town.start
        )
        named = place and sure
        end = match.start() if page.text[town.end] == " " else town.end  # 直通 092-...: no town.
        if named or (start < match.start() and patterns["TOWN_ENDING"].search(page.text, start, end)):
            yield Span(Kind.ADDRESS, start, match.end(), 0.75, NAME, "place name and the numbers of a house")


def _place_before(page: Page, index: int) -> tuple[int, bool]:
    """Return where the name of a place begins that ends with token ``index``, and whether a word of it is a place."""
    start, place, taken = page.tokens[index].end, False, 0
    while index >= 0 and taken < _PLACE_TOKENS_MAX:
        token = page.tokens[index]
        joint = token.surface in ("の", "ケ", "ヶ", "ノ", "之", "が") and index and taken
        if joint:
            before = page.tokens[index - 1]
            if not before.word & (Word.PLACE | Word.SURNAME) or not token.word & Word.PARTICLE:
                break
        elif not _in_place(token) or (taken and token.word & (Word.SURNAME | Word.GIVEN)):
            break  # The name of who lives there (佐藤神南1-2-3) is no part of the place.
        else:
            start = token.start
            place = place or bool(token.word & (Word.PLACE | Word.SURNAME)) or not token.known
        index, taken = index - 1, taken + 1
    return start, place


def _in_place(token: Token) -> bool:
    """Tell whether a morpheme can be part of the name of a place."""
    if token.word & (Word.PLACE | Word.SURNAME | Word.GIVEN):
        return True
    kanji = all("一" <= char <= "鿿" or char in "々ヶ" for char in token.surface)
    return (
        kanji
        and not token.word & (Word.NUMBER | Word.PARTICLE | Word.SYMBOL)
        and (not token.known or token.surface[-1] in "町台丘坂沢谷市区郡村字田浜島東西南北通上下中新元本")
    )


def _lived_in(page: Page) -> Iterator[Span]:
    """Yield 町田市 before に住んで, 在住: a place alone, but the person's own."""
    patterns = load(NAME).patterns
    for match in matches(load(NAME), page, "LIVES"):
        place = patterns["PLACE_BEFORE"].search(page.text, max(0, match.start() - _PLACE_CHARS_MAX), match.start())
        if place:
            yield Span(Kind.ADDRESS, *place.span(), 0.75, NAME, "place where somebody lives")


def _wider_place(page: Page, start: int) -> int:
    """Return where the place begins that an address is told to lie in (岐阜の高山市…), else ``start``."""
    index = page.token_ends.get(start - 1) if start > 1 and page.text[start - 1] == "の" else None
    return start if index is None or not page.tokens[index].word & Word.PLACE else page.tokens[index].start


def find(page: Page) -> Iterator[Span]:
    """Yield addresses down to building and room."""
    patterns = load(NAME).patterns
    found = [*apply(load(NAME), page, NAME), *cores(page)]
    if page.japanese and page.has_digits:
        found.extend(_town_and_block(page))
    for span in found:
        whole = page.text[span.start : span.end].rstrip(" .,")
        kept = patterns["TAIL"].sub("", whole).rstrip(" .,")
        start, end = _wider_place(page, span.start), span.start + len(kept)
        if kept == whole:
            building = patterns["BUILDING_TAIL"].match(page.text, end)
            start, end = reach(page, start, building.end() if building else end)
        yield replace(span, start=start, end=end)
    if page.japanese:
        yield from _lived_in(page)


RECOGNISER = Recogniser(NAME, (Kind.ADDRESS,), find)
