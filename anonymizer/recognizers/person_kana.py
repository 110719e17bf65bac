"""Names in kana by their reading: アキヤマ レン, ウカイシヨウタ, 柊木ゆず, T.サトウ."""

from collections.abc import Iterator

from anonymizer import lexicon, name_lists, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches

NAME_ID = "person-ja"
_RULES = load("person_ja")
_NO_NAME = Word.PARTICLE | Word.SUFFIX | Word.OTHER
_EVERYDAY = Word.COMMON | Word.PARTICLE | Word.SUFFIX | Word.OTHER | Word.VERBAL


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME_ID, why)


def _everyday(word: str) -> bool:
    known = names.kinds(word)
    return word in lexicon.words("not_surnames") or bool(known & _EVERYDAY and not known & NAME)


def _pairs(page: Page) -> Iterator[Span]:
    """Yield surname and given name in kana, apart or (katakana) together."""
    apart = " " in page.chars or "・" in page.chars
    for match in matches(_RULES, page, "KANA_PAIR") if apart else ():
        one, two = match.group().replace("・", " ").split()
        family = name_lists.is_family_kana(one) and (name_lists.is_given_kana(two) or name_lists.is_family_kana(two))
        if (family or (name_lists.is_given_kana(one) and name_lists.is_family_kana(two))) and not (
            _everyday(one) and _everyday(two)
        ):
            yield _span(*match.span(), 0.8, "surname and given name in kana")
    for match in matches(_RULES, page, "KANA_CELL") if " " in page.chars else ():
        one, two = match.group("x").split()
        listed = name_lists.is_given_kana(two) or name_lists.is_family_kana(one)
        if listed and not (names.kinds(one) & Word.COMMON and names.kinds(two) & Word.COMMON):
            yield _span(*match.span("x"), 0.7, "a cell of two words in kana, one a name")
    for match in matches(_RULES, page, "KANA_WHOLE"):
        if names.kinds(match.group()) == Word.NONE and name_lists.kana_split(match.group()):
            yield _span(*match.span(), 0.65, "surname and given name in kana")


def _alone(page: Page) -> Iterator[Span]:
    """Yield a surname in kana within brackets, or behind an initial."""
    for match in matches(_RULES, page, "KANA_IN_BRACKETS") if "(" in page.chars else ():
        if name_lists.is_family_kana(match.group("x")) and not _everyday(match.group("x")):
            yield _span(*match.span("x"), 0.6, "surname in kana within brackets")
    for match in matches(_RULES, page, "INITIAL_AND_KATAKANA"):
        word = match.group()[1:].lstrip(".・ ")
        if name_lists.is_family_kana(word) and not _everyday(word):
            yield _span(*match.span(), 0.75, "initial and surname in kana")


def _half_kana(page: Page) -> Iterator[Span]:
    """Yield a surname in kanji with a given name in kana: 柊木ゆず (a plant, says the tokeniser), ハンナ野口."""
    behind, tokens = _RULES.patterns["KANA_GIVEN"], page.tokens
    surname = Word.SURNAME
    for index in [index for index, token in enumerate(tokens) if token[3] & surname]:
        start, end, _, _ = tokens[index]
        run = behind.match(page.text, end)
        if run and name_lists.is_given_kana(run.group()) and not names.kinds(run.group()) & _NO_NAME:
            yield _span(start, run.end(), 0.75, "surname and given name in hiragana")
        before = tokens[index - 1] if index else None
        if before and before.word & (Word.FOREIGN | Word.GIVEN) and _given_in_katakana(before.surface):
            yield _span(before.start, end, 0.65, "foreign given name and Japanese surname")


def _given_in_katakana(word: str) -> bool:
    return "ァ" <= word[0] <= "ヶ" and not names.kinds(word) & Word.COMMON and word not in lexicon.words("not_surnames")


def kana_names(page: Page) -> Iterator[Span]:
    """Yield names that are written in kana, wholly or in part."""
    yield from _pairs(page)
    yield from _alone(page)
    yield from _half_kana(page)
