"""Telephone numbers that are said aloud or come in pieces: ゼロきゅうゼロ, 080の2234の、えーと、7719, double four one.

Whatever stands between the pieces, their digits together make a telephone number; a long row of number
words is one, too, for nobody counts that way.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from anonymizer.model import Kind, Span
from anonymizer.numerals import ascii_digits
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "spoken"
_PIECES_MAX = 6
_LAST_DIGITS, _NEAR_CHARS = 4, 2
_CALLED_DIGITS = range(7, 12)
_SPOKEN_DIGITS_MIN = 6
_SURE_WORDS_MIN, _GROUP_WORDS = 2, 4
_CAPTION_CHARS_MAX = 20
# As far as the pattern for what stands between two pieces goes.
_GAP_CHARS_MAX = 12
# How far a number goes on that is said with other words between, and how many words it has then.
_SEARCHING_CHARS, _SEARCHED_WORDS, _SEARCHED_WORDS_MAX = 60, 10, 16
_ROUND_ZEROS = str.maketrans("○◯", "00")
_CALL_WORDS = frozenset(
    (
        "電話",
        "でんわ",
        "デンワ",
        "ケータイ",
        "ケイタイ",
        "けいたい",
        "携帯",
        "直通",
        "折返",
        "折り",
        "tel",
        "℡",
        "fax",
        "phone",
        "call",
        "cell",
        "mob",
        "スマホ",
        "ring",
        "text",
        "whatsapp",
        "reach",
        "dial",
    )
)
_KANA_NEEDS = frozenset(
    (
        "ぜろ",
        "ゼロ",
        "れい",
        "レイ",
        "まる",
        "マル",
        "はち",
        "ハチ",
        "なな",
        "ナナ",
        "よん",
        "ヨン",
        "きゅ",
        "キュ",
        "ろく",
        "ロク",
    )
)
_PATTERNS = load(NAME).patterns
_ZERO_WORDS = ("ぜろ", "ゼロ", "れい", "レイ", "まる", "マル")


class Piece(NamedTuple):
    """A group of digits, or of number words, and how many digits they are."""

    start: int
    end: int
    digits: int
    zero: bool
    """It begins with a zero."""
    mobile: bool
    """Its third digit is a zero, or may be: 090."""


def _groups(page: Page) -> Iterator[Piece]:
    for name in ("GROUP", "APART"):
        for match in matches(load(NAME), page, name):
            digits = match.group()
            # Nearly all of them are plain digits.
            if not (digits.isascii() and digits.isdecimal()):
                digits = ascii_digits(digits.translate(_ROUND_ZEROS))
            yield Piece(match.start(), match.end(), len(digits), digits[0] == "0", digits[2:3] == "0")


def _kana(page: Page) -> Iterator[Piece]:
    for match in _PATTERNS["KANA_NUMBER"].finditer(page.text) if page.holds(_KANA_NEEDS) else ():
        words = _PATTERNS["KANA_WORD"].findall(match.group())
        sure = len(_PATTERNS["SURE"].findall(match.group()))
        mixed = sure and len(words) > _GROUP_WORDS and not match.group().isalpha()
        if sure >= _SURE_WORDS_MIN or (sure and len(words) == _GROUP_WORDS) or mixed:
            zero = match.group().startswith(_ZERO_WORDS)
            end, count = _said_on(page.text, match.end(), len(words)) if zero else (match.end(), len(words))
            yield Piece(match.start(), end, count, zero, mobile=True)


def _said_on(text: str, end: int, words: int) -> tuple[int, int]:
    """Return where a number ends that began with a zero and goes on between other words, and how many words it has.

    What it has so far is returned when all together are too few for a telephone.
    """
    at, count = end, words
    for word in _PATTERNS["KANA_WORD"].finditer(text, end, end + _SEARCHING_CHARS):
        if count >= _SEARCHED_WORDS_MAX or not _PATTERNS["SEARCHING"].match(text[at : word.start()]):
            break
        at, count = word.end(), count + 1
    return (at, count) if count >= _SEARCHED_WORDS else (end, words)


def _english(page: Page) -> Iterator[tuple[Piece, int]]:
    """Yield rows of English number words, digits among them, each with how many words it has."""
    rules = load(NAME)
    if not page.has_latin or not page.holds(rules.needs["ENGLISH_NUMBER"]):
        return
    for match in _PATTERNS["ENGLISH_NUMBER"].finditer(page.text):
        digits = words = 0
        first = ""
        for word in _PATTERNS["ENGLISH_WORD"].finditer(match.group()):
            spoken = (word.group("word") or "").lower()
            # Seventy-seven has two digits, nine hundred three.
            size = {"": len(word.group("digits") or ""), "hundred": 2, "thousand": 3}.get(spoken, 1)
            size += spoken[-2:] == "ty" and not _PATTERNS["UNIT_NEXT"].match(match.group(), word.end())
            digits += size * {"double": 2, "triple": 3, "treble": 3}.get((word.group("many") or "").lower(), 1)
            words += bool(spoken)
            first = first or spoken or word.group()
        zero = first in ("zero", "oh", "nought") or first[0] == "0"
        yield Piece(match.start(), match.end(), digits, zero, mobile=True), words


def _rows(page: Page, rows: Iterable[tuple[Piece, int]]) -> Iterator[Span]:
    """Yield the rows that are a telephone number by themselves."""
    for piece, words in rows:
        if piece.digits <= _SPOKEN_DIGITS_MIN:
            continue
        called = _PATTERNS["CALLS"].search(page.text, max(0, piece.start - _CAPTION_CHARS_MAX), piece.start)
        if words >= (1 if called or page.text.startswith(("+", "plus", "Plus"), piece.start) else 3):
            yield Span(Kind.PHONE, piece.start, piece.end, 0.85, NAME, "digits in words")


def _one_number(page: Page, pieces: list[Piece], at: int, *, calls: bool) -> int:
    """Return how many pieces from ``at`` on are one telephone number, 0 for none; ``calls``: of calling is spoken."""
    first = pieces[at]
    alone = at + 1 == len(pieces) or pieces[at + 1].start - first.end > _GAP_CHARS_MAX
    if alone or not (first.zero or calls):
        return 0
    called = _PATTERNS["CALLS"].search(page.text, max(0, first.start - _CAPTION_CHARS_MAX), first.start)
    if not called and not first.zero:
        return 0
    # A landline of ours has ten digits, a mobile and what is read aloud may have eleven.
    eleven = first.mobile or any(piece.mobile for piece in pieces[at + 1 : at + 2] if piece.zero or piece.digits > 5)
    wanted = _CALLED_DIGITS if called else range(10, 12) if eleven else range(10, 11)
    total = first.digits
    taken = 0
    for count in range(1, _PIECES_MAX + 1):
        if total in wanted and count > 1 and _ends(pieces[at + count - 2], pieces[at + count - 1]):
            taken = count
        if at + count >= len(pieces):
            break
        one, two = pieces[at + count - 1], pieces[at + count]
        between = page.text[one.end : two.start]
        total += two.digits
        if (between and not _PATTERNS["GAP"].match(between)) or _PATTERNS["OTHER_NUMBER"].search(between):
            break
    return taken


def _ends(one: Piece, two: Piece) -> bool:
    """Tell whether a number ends with these pieces: four digits, though they be in two parts close together."""
    # Two and two are a month and a day.
    parts = two.start - one.end <= _NEAR_CHARS and 2 not in (one.digits, two.digits)
    return two.digits >= _LAST_DIGITS or (parts and one.digits + two.digits >= _LAST_DIGITS > one.digits)


def _apart(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces in order; of two that overlap the longer, which was read from its words."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: (each.start, -each.end)):
        if not found or piece.start >= found[-1].end:
            found.append(piece)
    return found


def find(page: Page) -> Iterator[Span]:
    """Yield telephone numbers said aloud or in pieces."""
    rows = list(_english(page))
    yield from _rows(page, rows)
    kana = list(_kana(page))
    yield from (
        Span(Kind.PHONE, piece.start, piece.end, 0.8, NAME, "digits in words")
        for piece in kana
        if piece.digits >= _SPOKEN_DIGITS_MIN
    )
    for match in matches(load(NAME), page, "LAST"):
        if _PATTERNS["SURE"].search(match.group("x")):
            yield Span(Kind.PHONE, *match.span("x"), 0.8, NAME, "last digits in words")
    if not page.has_digits and not kana:
        return
    pieces = _apart([*_groups(page), *kana, *(piece for piece, _ in rows)])
    calls = page.holds(_CALL_WORDS)
    at = 0 if calls or any(piece.zero for piece in pieces) else len(pieces)
    while at < len(pieces):
        count = _one_number(page, pieces, at, calls=calls)
        if count:
            yield Span(Kind.PHONE, pieces[at].start, pieces[at + count - 1].end, 0.8, NAME, "pieces of one number")
        at += max(count, 1)


RECOGNISER = Recogniser(NAME, (Kind.PHONE,), find)
