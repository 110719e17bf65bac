"""Postal addresses, Japanese and foreign. A municipality alone (a place of work) stays."""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.names import Token, Word
from anonymizer.page import Page
from anonymizer.recognizers import address_broken, address_kana, address_latin
from anonymizer.recognizers.address_reach import cores, places_before, reach
from anonymizer.recognizers.address_sides import Sides
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "address"
_PLACE_CHARS_MAX = 24
_PLACE_TOKENS_MAX = 6
_NUMBERS_ANYHOW = 2
_ROW_CHARS_MIN = 4
_JAPANESE = re.compile(r"[ぁ-ヿ一-鿿]")
_BEFORE_NUMBERS = frozenset(("の", " ", "、", "・", "...", ".", "」", "』"))
_PREFECTURE_ENDS = frozenset("都道府県")


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
        town = page.tokens[index]
        in_row = places_before(page, town.start) < town.start
        # Two numbers may count anything (神南3-4), but not behind a row of places: 大野市、上庄の佐開12の8. There
        # three are enough whatever word stands between: 福井市の大手、三の十七の一.
        sure = several > _NUMBERS_ANYHOW or in_row or patterns["HOUSE_WORD"].search(match.group())
        named = sure and (place or (several > _NUMBERS_ANYHOW and in_row and "-" not in match.group()))
        start = start if place else min(start, town.start)
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


def _told_by_spots(page: Page) -> Iterator[Span]:
    """Yield 小樽市住ノ江の坂の上、石垣の家: places and what stands there, but not where people work or meet."""
    rules, text = load("address_ja"), page.text
    for name in ("SPOT", "SPOT_REACHED", "WAY"):
        for match in matches(rules, page, name):
            low = max(0, match.start() - _PLACE_CHARS_MAX)
            left = rules.patterns["SPOT_LEFT"].search(text, low, match.start())
            joints = rules.patterns["WAY_JOINT"].finditer(text, low, match.start())
            spots = [left.start() if left else match.start(), *(joint.start() for joint in joints)]
            start, spot = max(((places_before(page, spot), spot) for spot in spots), key=lambda row: row[1] - row[0])
            if spot - start < _ROW_CHARS_MIN or (not left and name == "SPOT"):
                continue
            low = max(0, start - _PLACE_CHARS_MAX)
            low = max(low, text.rfind("。", low, start), text.rfind("\n", low, start))
            high = text.find("。", match.end(), match.end() + _PLACE_CHARS_MAX)
            high = match.end() + _PLACE_CHARS_MAX if high < 0 else high
            if not rules.patterns["NO_HOME"].search(text, low, high):
                yield Span(Kind.ADDRESS, start, match.end(), 0.8, NAME, "a row of places and what stands there")


def _wider_place(page: Page, start: int) -> int:
    """Return where the place begins that an address is told to lie in (岐阜の高山市…), else ``start``."""
    if page.text[start : start + 1] in _PREFECTURE_ENDS:  # 山口県国立市: the rest of it
        before = load(NAME).patterns["PREFECTURE_LEFT"].search(page.text, max(0, start - 3), start + 1)
        start = before.start() if before else start
    index = page.token_ends.get(start - 1) if start > 1 and page.text[start - 1] == "の" else None
    return start if index is None or not page.tokens[index].word & Word.PLACE else page.tokens[index].start


def find(page: Page) -> Iterator[Span]:
    """Yield addresses down to building and room."""
    yield from _in_lines(page)
    yield from address_broken.find(page, _in_lines)


def _whole(page: Page, sides: Sides, start: int, end: int) -> tuple[int, int]:
    """Return the whole of an address of which a rule found a part, without what is said behind it."""
    patterns = load(NAME).patterns
    found = page.text[start:end].rstrip(" .,")
    kept = patterns["TAIL"].sub("", found).rstrip(" .,")
    start, end = _wider_place(page, start), start + len(kept)
    if kept != found:
        return start, end
    building = patterns["BUILDING_TAIL"].match(page.text, end)
    start, end = reach(page, start, building.end() if building else end)
    if page.has_latin and not _JAPANESE.search(page.text, start, end):
        start, end = sides.left(start)[0], sides.right(end, small=False)[0]
    return start, end


def _in_lines(page: Page) -> Iterator[Span]:
    """Yield addresses, line ends taken as they are."""
    found = [*apply(load(NAME), page, NAME), *apply(load("address_forms"), page, NAME), *cores(page)]
    if page.japanese:
        found.extend(apply(load("address_ja"), page, NAME))
        found.extend(address_kana.find(page))
    if page.japanese and page.has_digits:
        found.extend(_town_and_block(page))
    sides = Sides(page.text)
    # Several rules often find the same.
    reached: dict[tuple[int, int], tuple[int, int]] = {}
    for span in found:
        place = (span.start, span.end)
        if place not in reached:
            reached[place] = _whole(page, sides, *place)
        yield span.at(*reached[place])
    yield from address_latin.find(page, sides)
    if page.japanese:
        yield from _lived_in(page)
        yield from _told_by_spots(page)


RECOGNISER = Recogniser(NAME, (Kind.ADDRESS,), find)
