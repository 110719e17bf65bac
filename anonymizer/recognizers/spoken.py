"""Telephone numbers that are said aloud or come in pieces: ゼロきゅうゼロ, 080の2234の、えーと、7719, double four one.

Whatever stands between the pieces, their digits together make a telephone number; a long row of number
words is one, too, for nobody counts that way.
"""

from collections.abc import Iterator
from typing import NamedTuple

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load
from anonymizer.recognizers.spans import Recogniser

NAME = "spoken"
_PIECES_MAX = 4
_LAST_DIGITS = 4
_CALLED_DIGITS = range(7, 12)
_SPOKEN_DIGITS_MIN = 6
_SURE_WORDS_MIN = 2
_CAPTION_CHARS_MAX = 20
_ZEROS = frozenset("0〇零○◯")
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
    for match in _PATTERNS["GROUP"].finditer(page.text):
        digits = match.group()
        yield Piece(match.start(), match.end(), len(digits), digits[0] in _ZEROS, digits[2:3] in _ZEROS)


def _kana(page: Page) -> Iterator[Piece]:
    for match in _PATTERNS["KANA_NUMBER"].finditer(page.text) if page.holds(_KANA_NEEDS) else ():
        words = _PATTERNS["KANA_WORD"].findall(match.group())
        if len(_PATTERNS["SURE"].findall(match.group())) >= _SURE_WORDS_MIN:
            yield Piece(match.start(), match.end(), len(words), match.group().startswith(_ZERO_WORDS), mobile=True)


def _english(page: Page) -> Iterator[Span]:
    """Yield rows of English number words, digits among them."""
    rules = load(NAME)
    if not page.has_latin or not page.holds(rules.needs["ENGLISH_NUMBER"]):
        return
    for match in _PATTERNS["ENGLISH_NUMBER"].finditer(page.text):
        digits = words = 0
        for word in _PATTERNS["ENGLISH_WORD"].finditer(match.group()):
            size = len(word.group("digits") or "1") + bool(
                word.group("word") and word.group("word").lower()[-2:] == "ty"
            )
            digits += size * {"double": 2, "triple": 3}.get((word.group("many") or "").lower(), 1)
            words += word.group("word") is not None
        called = _PATTERNS["CALLS"].search(page.text, max(0, match.start() - _CAPTION_CHARS_MAX), match.start())
        enough = 1 if called or match.group().startswith("+") else 3
        if digits > _SPOKEN_DIGITS_MIN and words >= enough:
            yield Span(Kind.PHONE, *match.span(), 0.85, NAME, "digits in words")


def _one_number(page: Page, pieces: list[Piece], at: int, *, calls: bool) -> int:
    """Return how many pieces from ``at`` on are one telephone number, 0 for none; ``calls``: of calling is spoken."""
    first = pieces[at]
    if not first.zero and not calls:
        return 0
    called = _PATTERNS["CALLS"].search(page.text, max(0, first.start - _CAPTION_CHARS_MAX), first.start)
    if not called and not first.zero:
        return 0
    wanted = _CALLED_DIGITS if called else range(10, 12) if first.mobile else range(10, 11)
    total = first.digits
    taken = 0
    for count in range(1, _PIECES_MAX + 1):
        if total in wanted and count > 1 and pieces[at + count - 1].digits >= _LAST_DIGITS:
            taken = count
        if at + count >= len(pieces):
            break
        one, two = pieces[at + count - 1], pieces[at + count]
        between = page.text[one.end : two.start]
        total += two.digits
        if (between and not _PATTERNS["GAP"].match(between)) or _PATTERNS["OTHER_NUMBER"].search(between):
            break
    return taken


def find(page: Page) -> Iterator[Span]:
    """Yield telephone numbers said aloud or in pieces."""
    yield from _english(page)
    kana = list(_kana(page))
    yield from (
        Span(Kind.PHONE, piece.start, piece.end, 0.8, NAME, "digits in words")
        for piece in kana
        if piece.digits >= _SPOKEN_DIGITS_MIN
    )
    if not page.has_digits and not kana:
        return
    pieces = sorted([*_groups(page), *kana])
    calls = page.holds(_CALL_WORDS)
    at = 0
    while at < len(pieces):
        count = _one_number(page, pieces, at, calls=calls)
        if count:
            yield Span(Kind.PHONE, pieces[at].start, pieces[at + count - 1].end, 0.8, NAME, "pieces of one number")
        at += max(count, 1)


RECOGNISER = Recogniser(NAME, (Kind.PHONE,), find)
