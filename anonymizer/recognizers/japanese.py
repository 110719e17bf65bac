"""How far a Japanese name reaches, read backwards from what follows it or forwards from what precedes it."""

import re
from functools import cache, lru_cache

from anonymizer import lexicon, name_lists, names
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load

_NAME_CHARS_MAX = 14
_TOKENS_MAX = 4
_FAMILY_CHARS_MAX = 3
_HONORIFICS = ("さん", "様", "氏", "くん", "ちゃん")
_TITLE_PREFIXES = frozenset("新前今現元中所見向高長")
_KANJI_RUN = re.compile(r"[一-鿿々ヶ]{1,5}")
_KATAKANA = re.compile(r"[ァ-ヶー]+")
_HIRAGANA = re.compile(r"[ぁ-ん]+")
_PATTERNS = load("japanese").patterns


def is_kanji(char: str) -> bool:
    """Tell whether ``char`` is a kanji or a mark that stands among kanji."""
    return "一" <= char <= "鿿" or char in "々ヶ"


@lru_cache(maxsize=16_384)
def not_a_person(word: str) -> bool:
    """Tell whether ``word`` before an honorific or after a caption is a role or thing, not a name."""
    if word in lexicon.words("not_people"):
        return True
    known = names.kinds(word)
    if known & (Word.SURNAME | Word.GIVEN):
        return False
    return len(word) > 2 and (
        _PATTERNS["ROLE_ENDING"].search(word) is not None or bool(known & Word.COMMON and not known & NAME)
    )


def in_organisation(text: str, end: int) -> bool:
    """Tell whether what follows a surname makes it a company, school or place name (田中製作所, 石川県)."""
    return _PATTERNS["ORGANISATION"].match(text, end) is not None


def in_firm(text: str, end: int) -> bool:
    """Tell whether what follows a surname makes it the name of a firm (山田商事)."""
    return _PATTERNS["FIRM"].match(text, end) is not None


@lru_cache(maxsize=16_384)
def _part_of_name(surface: str, word: int) -> bool:
    """Tell whether a morpheme can be part of a name at all (its other readings do not matter here)."""
    if surface in lexicon.words("not_people") or surface.isascii():
        return False
    if word & NAME:
        return True
    if word & (Word.PARTICLE | Word.SYMBOL | Word.NUMBER | Word.SUFFIX):
        return False
    if _KATAKANA.fullmatch(surface):
        return len(surface) >= 2 and (names.kinds(surface) == Word.NONE or bool(names.kinds(surface) & NAME))
    if not all(is_kanji(char) for char in surface):
        return bool(names.kinds(surface) & NAME) and len(surface) >= 2
    return bool(names.kinds(surface) & NAME) or (names.kinds(surface) == Word.NONE and len(surface) <= 3)


def name_before(page: Page, end: int) -> int | None:
    """Return where the name that ends at ``end`` begins, or None when no name ends there."""
    index = page.token_ends.get(end)
    start: int | None = None
    taken = 0
    while (
        index is not None and index >= 0 and taken < _TOKENS_MAX and end - page.tokens[index].start <= _NAME_CHARS_MAX
    ):
        token = page.tokens[index]
        if _part_of_name(token.surface, token.word):
            start, taken, index = token.start, taken + 1, index - 1
        elif (
            start is not None
            and token.surface in (" ", "・", "=")
            and index
            and _part_of_name(*page.tokens[index - 1][2:])
            and (token.surface != " " or start - page.tokens[index - 1].start <= 6)
        ):
            index -= 1
        else:
            break
    if start is None:
        start = _kana_before(page, end)
    if start is None:
        start = _rare_before(page, end)
    if start is not None:
        start = _family_before(page, start, end)
    return None if start is None or not_a_person(page.text[start:end]) else start


def _family_before(page: Page, start: int, end: int) -> int:
    """Stretch a given name (四郎) over what stands right before it and is no word: 文珠四郎 is one surname."""
    head = re.split("[ ・]", page.text[start:end])[0]
    index = page.token_ends.get(start)
    known = names.kinds(head)
    if index is None or not known & Word.GIVEN or known & (Word.SURNAME | Word.FOREIGN) or not is_kanji(head[0]):
        return start
    token = page.tokens[index]
    before = page.text[token.start - 1 : token.start]
    rare = names.kinds(token.surface) in (Word.NONE, Word.PROPER) and all(map(is_kanji, token.surface))
    fits = rare and len(token.surface) <= _FAMILY_CHARS_MAX and not (before and is_kanji(before))
    return token.start if fits and not not_a_person(token.surface) else start


@lru_cache(maxsize=4096)
def _listed_kana(word: str) -> bool:
    return name_lists.is_given_kana(word) or name_lists.is_family_kana(word)


def _kana_before(page: Page, end: int) -> int | None:
    """Find a hiragana or katakana name whose morphemes were read as something else (やまだ)."""
    text = page.text
    for size in range(min(6, end), 1, -1):
        word = text[end - size : end]
        before = text[end - size - 1 : end - size]
        listed = names.kinds(word) & NAME or (page.text.startswith(_HONORIFICS, end) and _listed_kana(word))
        if not listed or not_a_person(word):
            continue
        if _KATAKANA.fullmatch(word) and not (before and "ァ" <= before <= "ー"):
            return end - size
        if _HIRAGANA.fullmatch(word) and (end - size in page.starts or not (before and "ぁ" <= before <= "ん")):
            return end - size
    return _hiragana_before(page, end)


def _hiragana_before(page: Page, end: int) -> int | None:
    """Take a short hiragana run of its own before an honorific (つじ様) for a name."""
    start = end
    while start > 0 and end - start < 7 and "ぁ" <= page.text[start - 1] <= "ん":
        start -= 1
    run = page.text[start:end]
    alone = start == 0 or not ("ァ" <= page.text[start - 1] <= "ー" or is_kanji(page.text[start - 1]))
    marked = page.text.startswith(("様", "さん", "さま", "氏"), end)
    if (
        not (alone and marked and 2 <= len(run) <= 5)
        or not_a_person(run)
        or names.kinds(run) & (Word.OTHER | Word.PARTICLE)
    ):
        return None
    return start


@cache
def _single_surnames() -> frozenset[str]:
    """Return frequent surnames of one kanji that no title begins with (新社長, 前部長)."""
    return frozenset(name for name in name_lists.lists().family_kanji if len(name) == 1) - _TITLE_PREFIXES


def _rare_before(page: Page, end: int) -> int | None:
    """Take a short kanji run that no dictionary word explains: a rare surname."""
    start = end
    while start > 0 and end - start < 5 and is_kanji(page.text[start - 1]):
        start -= 1
    run = page.text[start:end]
    # 仕様 and 摂氏 are words of their own.
    single = len(run) == 1 and (
        (end in page.token_ends and page.text.startswith(_HONORIFICS, end))
        or (run in _single_surnames() and page.text.startswith(("部長", "課長", "係長", "社長", "先生"), end))
    )
    if not (single or 2 <= len(run) <= 4) or (start > 0 and is_kanji(page.text[start - 1])) or not_a_person(run):
        return None
    first = page.starts.get(start)
    inside = [token for token in page.tokens[first : first + 5] if token.end <= end] if first is not None else []
    explained = any(token.known and token.word & Word.COMMON and len(token.surface) >= 2 for token in inside)
    return None if explained else start


def name_after(page: Page, start: int, strong: bool = False) -> int | None:
    """Return where the name that begins at ``start`` ends, or None; ``strong``: a caption says a name must follow."""
    index = page.starts.get(start)
    end: int | None = None
    taken = 0
    while index is not None and index < len(page.tokens) and taken < _TOKENS_MAX:
        token = page.tokens[index]
        if token.end - start > _NAME_CHARS_MAX:
            break
        if _part_of_name(token.surface, token.word):
            end, taken, index = token.end, taken + 1, index + 1
        elif (
            end is not None
            and token.surface in (" ", "・", "=")
            and index + 1 < len(page.tokens)
            and _part_of_name(*page.tokens[index + 1][2:])
        ):
            index += 1
        else:
            break
    if end is None:
        return None
    if not strong and (in_organisation(page.text, end) or not_a_person(page.text[start:end])):
        return None
    return rare_given_end(page, end)


@lru_cache(maxsize=8192)
def is_rare_given(run: str) -> bool:
    """Tell whether a short kanji run can be a given name: of the dictionary, or explained by no word of it."""
    if not 1 <= len(run) <= 3 or run in lexicon.words("not_people") or _PATTERNS["ROLE_ENDING"].search(run):
        return False
    known = names.kinds(run)
    return bool(known & Word.GIVEN) or known == Word.NONE


def rare_given_end(page: Page, end: int) -> int:
    """Stretch a surname over a given name that no dictionary holds: at most three kanji up to a non-kanji."""
    match = _KANJI_RUN.match(page.text, end)
    if not match or in_organisation(page.text, end) or _PATTERNS["NOT_GIVEN"].match(match.group()):
        return end
    return match.end() if is_rare_given(match.group()) else end


@lru_cache(maxsize=8192)
def split_name(surface: str) -> tuple[str, str] | None:
    """Split a Japanese full name into surname and given name; None for a single name."""
    parts = re.split(r"[ ・\t\n]+", surface.strip())
    if len(parts) == 2 and all(parts):
        return parts[0], parts[1]
    if len(parts) != 1 or not 2 <= len(surface) <= 10:
        return None
    whole = names.kinds(surface)
    best: tuple[int, str, str] | None = None
    for at in range(1, len(surface)):
        family, given = surface[:at], surface[at:]
        family_kinds, given_kinds = names.kinds(family), names.kinds(given)
        if not family_kinds & Word.SURNAME or (whole & NAME and not given_kinds & Word.GIVEN):
            continue
        # Two-kanji surnames are the most frequent by far; a known given name decides before that.
        rank = 4 * bool(given_kinds & Word.GIVEN) + {2: 2, 3: 1}.get(at, 0)
        rank -= 3 * bool(given_kinds & Word.SURNAME and not given_kinds & Word.GIVEN)
        rank += 3 * (family in name_lists.lists().family_kanji)
        if best is None or rank > best[0]:
            best = (rank, family, given)
    if best is None or (whole & Word.SURNAME and len(surface) <= 3):
        # 長谷川 is one surname, whatever 長谷 and 川 may be.
        return None
    return best[1], best[2]


@lru_cache(maxsize=16_384)
def surname_led(surface: str) -> bool:
    """Tell whether a word group begins with a surname or foreign name that is no everyday word."""
    head = re.split(r"[ ・]", surface)[0]
    for size in range(min(4, len(head)), 0, -1):
        known = names.kinds(head[:size])
        if known & (Word.SURNAME | Word.FOREIGN):
            everyday = head[:size] in lexicon.words("not_surnames") and known & (Word.COMMON | Word.PROPER)
            return not (everyday and size > 1)
    return False
