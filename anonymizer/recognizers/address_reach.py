"""How far an address reaches around its sure part: 佐世保の早岐の、ほら、[広田の四丁目の33]; [9 Abbey Court], Tralee.

To the left the places it is told to lie in, to the right quarter, building, floor and room, and town and code
abroad. Words that only join (の, 、, ほら, 駅の近くの) are passed over, and count only when a place follows.
"""

from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.names import Token, Word
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches

NAME = "address"
_RULES = "address_reach"
_LEFT_TOKENS_MAX = 16
_JOINTS_MAX = 5
_LEFT_CHARS_MAX = 90
_RIGHT_PARTS_MAX = 4
# A line end, an indent and the end of a place.
_BROKEN_CHARS_MAX = 16
_NEAR = frozenset(("近く", "そば", "傍", "駅", "駅前", "前", "裏", "隣", "横", "向かい"))
_FILLERS = frozenset(("ほら", "えっ", "えっと", "えーと", "えー", "あの", "と"))
_COUNTERS = frozenset(("丁目", "丁", "番地", "番", "条"))
# Between two names that may be places these are no part of a sentence: 神奈川 平塚, 愛知、岡崎.
_ROW_JOINTS = frozenset(("の", "ノ", " ", "、", "・"))
_JOINTS = (
    _NEAR
    | _FILLERS
    | _COUNTERS
    | _ROW_JOINTS
    | frozenset((",", "が", "ケ", "ヶ", "脇", "に", "ある", ":", ";", "\n", "\t", "...", "ね"))
)
_BEFORE_QUARTER = frozenset(("大字", "小字", "字"))
_STRUCTURE = _BEFORE_QUARTER | frozenset(
    ("団地", "マンション", "アパート", "県営", "市営", "町", "村", "区", "市", "郡", "県", "通り")
)
# What names a core by a part that is cheap to look for, and what stands to the left of it.
_CORES = (
    ("HOME_AND_ROOM", "HOME_LEFT", 0.8),
    ("BLOCK_LATIN", "BLOCK_LEFT", 0.9),
    ("BLOCK_BROKEN", "BROKEN_LEFT", 0.85),
    ("BLOCK_APART", "APART_LEFT", 0.9),
    ("CHOME", "ROMAJI_LEFT", 0.85),
    ("KANA_BLOCK", "KANA_LEFT", 0.85),
    ("CODE_ABROAD", "SEGMENTS_LEFT", 0.8),
    ("TOWN_CODE", "TOWN_LEFT", 0.9),
    ("THREE_NUMBERS", "THREE_LEFT", 0.75),
    ("NUMBER_CODE_TOWN", "STREET_LEFT", 0.85),
    ("NUMBER_FLAT_TOWN", "LONG_STREET_LEFT", 0.85),
    ("STREET_AND_NUMBER", "NAME_LEFT", 0.8),
    ("ROOM_NUMBER", "BUILDING_LEFT", 0.8),
)


def _place(page: Page, index: int) -> bool:
    """Tell whether a token is a place, a part of a municipality's structure, or a word in kanji that no list has."""
    token = page.tokens[index]
    if index and page.tokens[index - 1].surface in _BEFORE_QUARTER and "一" <= token.surface[0] <= "鿿":
        return True
    if token.word & Word.PLACE or token.surface in _STRUCTURE:
        return True
    return not token.known and all("一" <= char <= "鿿" or char in "々ヶ" for char in token.surface)


def places_before(page: Page, start: int) -> int:
    """Return where the places begin that stand before ``start``, whatever joins them."""
    index = page.token_ends.get(start)
    joints = taken = 0
    joined_by, joined_near = "", False
    while index is not None and index >= 0 and taken < _LEFT_TOKENS_MAX:
        token = page.tokens[index]
        if token.surface in _JOINTS or token.word == Word.NUMBER:
            joints, joined_by = joints + 1, token.surface
            if joints > _JOINTS_MAX:
                break
        elif _place(page, index) or (token.word & Word.SURNAME and joined_by in ("の", "ノ")):
            start, joints, joined_by = token.start, 0, ""
        elif joined_near or (_may_be_quarter(token) and _towns_follow(page, index)):
            pass  # A landmark, or a surname that is a quarter inside a row of places: 草津の矢橋、帰帆の近く.
        else:
            break
        joined_near = token.surface in _NEAR or (joined_near and token.surface == "の")
        index, taken = index - 1, taken + 1
    return start


def _may_be_quarter(token: Token) -> bool:
    """Tell whether a morpheme can be a quarter, or the beginning of its name (今 in 今石動), inside a row of places."""
    if token.word & Word.SURNAME:
        return True
    return bool(token.word & Word.COMMON) and len(token.surface) == 1 and "一" <= token.surface <= "鿿"


def _towns_follow(page: Page, index: int) -> bool:
    """Tell whether a place stands right before token ``index`` or joined to it by の."""
    before = index - 2 if index > 1 and page.tokens[index - 1].surface in _ROW_JOINTS else index - 1
    return before >= 0 and bool(page.tokens[before].word & Word.PLACE)


def _right(page: Page, end: int) -> int:
    """Return where the parts of a Japanese address end that follow ``end``: quarter, building, floor, room."""
    part = load(_RULES).patterns["RIGHT_PART"]
    for _ in range(_RIGHT_PARTS_MAX):
        match = part.match(page.text, end)
        if not match:
            break
        end = match.end()
    return end


def reach(page: Page, start: int, end: int) -> tuple[int, int]:
    """Return the whole address around a sure part of it."""
    patterns, text = load(_RULES).patterns, page.text
    if page.japanese:
        start = places_before(page, start)
        end = _right(page, end)
    if page.has_latin:
        # Both end with a blank, the first with a comma before it: most cores have neither before them.
        for name, ending in (("SEGMENTS_NUMBERED", ", "), ("ROMAJI_PLACES", " ")):
            if text.endswith(ending, 0, start):
                left = patterns[name].search(text, max(0, start - _LEFT_CHARS_MAX), start)
                start = left.start() if left else start
        goes_on = "A" <= text[end - 1] <= "z" or text[end - 1].isdigit()
        more = patterns["SEGMENTS_RIGHT"].match(text, end) if goes_on else None
        end = more.end() if more else end
    return start, end


def cores(page: Page) -> Iterator[Span]:
    """Yield what is an address by a part that is looked for first: a room in a house, a chome, a code abroad."""
    rules = load(_RULES)
    patterns, text = rules.patterns, page.text
    for name, left_name, score in _CORES:
        for match in matches(rules, page, name):
            # Of most blocks on one line, only the line end before a broken one tells it from them.
            if name == "BLOCK_BROKEN" and "\n" not in text[max(0, match.start() - _BROKEN_CHARS_MAX) : match.start()]:
                continue
            left = patterns[left_name].search(text, max(0, match.start() - _LEFT_CHARS_MAX), match.start())
            if left:
                why = "sure part of an address and its places"
                yield Span(Kind.ADDRESS, left.start(), match.end(), score, NAME, why)
