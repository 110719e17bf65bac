"""Names that nothing marks as one: at the head of a sentence, in brackets, nicknames, the same name in another script.

A frequent surname that opens a sentence and does something is a person, whatever the tokeniser calls it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from anonymizer import lexicon, name_lists, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.numerals import to_int
from anonymizer.page import Page
from anonymizer.recognizers.japanese import in_organisation, not_a_person
from anonymizer.recognizers.rulefile import load, matches

NAME_ID = "person-ja"
_RULES = load("person_head")
_PATTERNS = _RULES.patterns
# Surnames of one kanji that hardly open a sentence as a word.
_SINGLES = frozenset(
    "仲伴佃堀堤堺塙岡岸峯峰嶋巽杉李林柏柳柴桂梶森椿楠榊榎橘泉浜浦湊滝牧磯秦脇舘芝荒菅辻関王張陳劉楊黄趙呉周徐孫朱胡郭梁鄭謝韓唐許朴崔姜尹呂曹"
)
_NO_NAME = Word.PARTICLE | Word.OTHER | Word.VERBAL | Word.COMMON
_CAPTION_CHARS_MAX = 12
_LOAN_CHARS_MAX = 3
_PARTS_SURE = 3


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME_ID, why)


@lru_cache(maxsize=16_384)
def _is_surname(word: str) -> bool:
    """Tell whether a word in kanji at the head of a sentence is a surname rather than a place or thing."""
    if len(word) == 1:
        known = names.kinds(word)
        return word in _SINGLES or (known & (NAME | Word.COMMON) == Word.GIVEN and to_int(word) is None)
    known = names.kinds(word)
    listed = word in name_lists.lists().family_kanji
    between = word[-1] == "間" and word[:-1] in lexicon.words("places")  # 東京・大阪間
    if between or word in lexicon.words("places") or word in lexicon.words("not_surnames") or not_a_person(word):
        return False
    return listed or bool(known & Word.SURNAME and not known & (Word.COMMON | Word.PROPER))


def _matches(page: Page, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern, none on pages without what it needs."""
    return matches(_RULES, page, name)


def _heads(page: Page) -> Iterator[Span]:
    for match in _matches(page, "HEAD"):
        start, end = match.span("x")
        word, follows = match.group("x"), page.text[end : end + 1]
        bracket = page.text[start - 1 : start] == "("
        if (follows == ")") != bracket or not _is_surname(word):
            continue
        # One kanji alone in a cell, a list or a bracket is a day of the week or a mark.
        if len(word) == 1 and (bracket or follows in ("", "/", "→", "、", "?", "!")):
            continue
        if in_organisation(page.text, end) and follows not in "家宅":
            continue
        if _PATTERNS["PLACE_CAPTION"].search(page.text, max(0, start - _CAPTION_CHARS_MAX), start):
            continue
        yield _span(start, end, 0.66, "surname at the head of a sentence or in brackets")


@lru_cache(maxsize=16_384)
def _kana_word(word: str, *, marked: bool) -> bool:
    """Tell whether a word in kana can be how somebody is called; ``marked``: an honorific or the like is there."""
    if word in lexicon.words("not_people") or word in lexicon.words("not_surnames") or not_a_person(word):
        return False
    known = names.kinds(word)
    if name_lists.is_family_kana(word) or name_lists.is_given_kana(word) or known & NAME:
        return marked or bool(known & NAME) or not known & _NO_NAME
    return marked and not known & (_NO_NAME | Word.PROPER | Word.PLACE | Word.SUFFIX)


def _in_kana(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "KATAKANA_HEAD"):
        word = match.group("x")
        listed = name_lists.is_family_kana(word) or (name_lists.is_given_kana(word) and len(word) > 2)
        if listed and not names.kinds(word) & (Word.COMMON | Word.PROPER | Word.PLACE) and not not_a_person(word):
            yield _span(*match.span("x"), 0.66, "name in katakana at the head of a sentence")
    for match in _matches(page, "KATAKANA_NAMES"):
        parts = re.split("[ ・]", match.group("x"))
        known = [names.kinds(part) for part in parts]
        # Vietnamese names are read as words of one syllable or two: three of them are a name all the same.
        words = len(parts) < _PARTS_SURE and all(kind & Word.COMMON and not kind & NAME for kind in known)
        stopped = any(not lexicon.words(name).isdisjoint(parts) for name in ("not_people", "not_surnames"))
        if not words and not stopped and not (len(parts) < _PARTS_SURE and not_a_person(parts[-1])):
            yield _span(*match.span("x"), 0.75, "katakana names before a word for a person")


def _introduced(page: Page) -> Iterator[Span]:
    """Yield names in kana that their bearer says, in brackets, before an honorific, or told by the letter."""
    for match in _matches(page, "KANA_SELF"):
        opens = (
            match.start() == 0
            or page.text[match.start() - 1] == "\n"
            or page.text.startswith(("より", "と申"), match.end())
        )
        if _kana_word(match.group("x"), marked=opens):
            yield _span(*match.span("x"), 0.66, "introduces oneself in kana")
    for match in _matches(page, "GIVEN_IN_BRACKETS"):
        word = match.group("x")
        if name_lists.is_given_kana(word) and names.kinds(word) & (Word.GIVEN | _NO_NAME) in (Word.GIVEN, Word.NONE):
            yield _span(*match.span("x"), 0.6, "given name in brackets")
    for match in matches(_RULES, page, "LETTERS") if page.chars & frozenset("・、.- ") else ():
        joined = match.group()[::2]
        if name_lists.is_family_kana(joined) or name_lists.is_given_kana(joined) or name_lists.kana_split(joined):
            yield _span(*match.span(), 0.75, "letters of a name set apart")
    for match in _matches(page, "READ"):
        if name_lists.is_given_kana(match.group("x")) or name_lists.is_family_kana(match.group("x")):
            yield _span(*match.span("x"), 0.7, "how a name is read")
    for match in _matches(page, "NICKNAME"):
        word = match.group("x")
        short = len(word) <= _LOAN_CHARS_MAX
        child = page.text.startswith(("ちゃん", "くん"), match.end()) and not not_a_person(word)
        if child or _kana_word(word, marked=True) or (short and _clipped(word)):
            yield _span(*match.span("x"), 0.75, "nickname before an honorific")


def _clipped(word: str) -> bool:
    """Tell whether a loan word of two or three letters is a clipped surname: ナベ, エノ, サメ."""
    left = word in lexicon.words("not_people") or word in lexicon.words("not_surnames")
    return "ァ" <= word[0] <= "ヶ" and not left and name_lists.is_clipped_family(word)


def _called(page: Page) -> Iterator[Span]:
    """Names by which somebody is called, and those before an @ as in a chat."""
    for name, score in (("CALLED", 0.7), ("ALIAS", 0.7), ("PEN_NAME", 0.75), ("BEFORE_AT", 0.66)):
        for match in _matches(page, name):
            group = "x" if match.group("x") else "y"
            word = match.group(group)
            if name == "BEFORE_AT":
                known = names.kinds(word)
                fits = (
                    bool(known & NAME)
                    or _kana_word(word, marked=False)
                    or (known == Word.NONE and len(word) > 2 and not not_a_person(word))
                )
            else:
                known = names.kinds(word)
                fits = not not_a_person(word) and not (known & (Word.PARTICLE | Word.VERBAL) and not known & NAME)
            if fits:
                yield _span(*match.span(group), score, "how somebody is called")


def _other_scripts(page: Page) -> Iterator[Span]:
    for match in _matches(page, "OTHER_SCRIPT"):
        known = names.kinds(match.group("x"))
        if not known & Word.COMMON or known & NAME:
            yield _span(*match.span("x"), 0.7, "name in the script of the country")
    for match in _matches(page, "HANGUL"):
        yield _span(*match.span(), 0.6, "name in hangul")


def head_names(page: Page) -> Iterator[Span]:
    """Yield names that nothing but their place in the text tells."""
    yield from _heads(page)
    yield from _in_kana(page)
    yield from _introduced(page)
    yield from _called(page)
    yield from _other_scripts(page)
    for match in _matches(page, "INITIAL"):
        yield _span(*match.span("x"), 0.7, "initials before an honorific")
