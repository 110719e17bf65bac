"""Names in Latin letters: English, romaji and others, by lists of given names and surnames and by shape."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from anonymizer import lexicon, name_lists
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.latin_word import LatinWord, latin_word
from anonymizer.recognizers.person_beside import behind_names
from anonymizer.recognizers.person_careless import careless_names
from anonymizer.recognizers.person_order import family_first, vietnamese_end
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.small_names import Small, small_names
from anonymizer.recognizers.spans import Recogniser

NAME = "person-latin"
_RULES = load("person_latin")
_PATTERNS = _RULES.patterns
_PREFIXES = frozenset({"mc", "mac", "o", "st", "de", "la", "le", "al", "el", "van", "von", "di", "da"})
_POSSESSIVE_CHARS = 2
_WORDS_MAX = 4
# Given names that are words in English, before a word that can be a Japanese surname.
_MONTHS_TOO = frozenset(("jun", "kana", "mie"))
_UNLISTED_CHARS_MIN = 5
_MONTHS = frozenset(("april", "may", "june", "august"))
# He is a surname too; a pronoun says and asks things far more often.
_PRONOUNS = frozenset(("he", "she", "they", "we", "you", "it", "who"))
_NAME_CHARS_MAX = 66
# A name in small letters: what stands before it when somebody speaks to them, and what makes it a part of a code.
_TOLD = ("ask ", "tell ", "told ", "asked ", "ping ", "with ", "thx ", "thanks ")
_GLUED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._/-")
_LOWER_CHARS_MIN, _LOWER_CHARS_MAX = 3, 14


@dataclass(frozen=True, slots=True)
class _Run:
    """The words of one capitalised run, and what the lists know of each."""

    pieces: Sequence[re.Match[str]]
    words: Sequence[LatinWord]

    def stop(self, at: int) -> int:
        """Return where the name that ends with word ``at`` ends: Anna's is Anna."""
        return self.pieces[at].end() - (_POSSESSIVE_CHARS if self.words[at].owns else 0)


def _pair_score(words: Sequence[LatinWord], at: int) -> float:
    """Judge two neighbouring words as a full name, 0 when they are none."""
    one, two = words[at], words[at + 1]
    if f"{one.plain}_{two.plain}" in lexicon.words("famous"):
        return 0.0
    if one.initial or two.initial:
        other = two if one.initial else one
        known = other.surname or other.strong
        return 0.75 if known and not other.common and not other.initial else 0.0
    either_common = one.common or two.common
    if (one.given and two.surname) or (one.surname and two.given):
        return 0.0 if one.common and two.common else 0.9
    if family_first(one.plain, two.plain):
        return 0.8
    if one.plain in _MONTHS_TOO and two.japanese and len(two.plain) >= _UNLISTED_CHARS_MIN:
        return 0.75
    if one.japanese and two.japanese and (one.listed_japanese or two.listed_japanese):
        return 0.85
    if not either_common and (one.strong or two.strong):
        return 0.8
    # Magnetic Field, Summer Rush: a surname that is a word makes no name of whatever stands before it.
    return 0.6 if two.surname and not either_common and not two.everyday else 0.0


def _extend(words: Sequence[LatinWord], at: int, end: int) -> int:
    """Stretch a name over further surnames and initials: Maria Garcia Lopez, Nguyen Thi Lan Anh, Siti binti Ahmad."""
    if words[end - 1].plain in _PREFIXES and end < len(words):
        end += 1
    while end + 1 < len(words) and words[end].link:
        end += 2
    while (
        end < len(words)
        and end - at < _WORDS_MAX
        and not words[end].common
        # José María Ñíguez: a word with an accent goes on with the name, whatever lists say.
        and (words[end].surname or words[end].given or words[end].initial or not words[end].ascii)
    ):
        end += 1
    return end


def _three(words: Sequence[LatinWord], at: int) -> bool:
    """Tell whether a middle name or initial stands between given name and surname."""
    if at + 2 >= len(words):
        return False
    one, middle, last = words[at : at + 3]
    if (middle.common and not middle.initial) or (one.common and last.common):
        return False
    return (one.given and last.surname) or (one.surname and last.given)


def _linked(words: Sequence[LatinWord], at: int) -> int:
    """Return the end of a name with a link inside (Siti Nurhaliza binti Ahmad), 0 when there is none."""
    for link in range(at + 1, min(at + 3, len(words) - 1)):
        if words[link].link:
            common = any(words[index].common for index in (*range(at, link), link + 1))
            return 0 if common else _extend(words, at, link + 2)
    return 0


def _judge(words: Sequence[LatinWord], at: int) -> tuple[int, float, str]:
    """Return where a name that begins at word ``at`` ends, its score (0: no name) and why."""
    if at + 1 < len(words):
        vietnamese = vietnamese_end([word.plain for word in words[at : at + _WORDS_MAX]])
        if vietnamese:
            return at + vietnamese, 0.85, "Vietnamese name"
        linked = _linked(words, at)
        if linked:
            return linked, 0.8, "words joined as in a name"
        if _three(words, at):
            return _extend(words, at, at + 3), 0.9, "given name, middle name, surname"
        score = _pair_score(words, at)
        if score:
            return _extend(words, at, at + 2), score, "given name and surname"
    word = words[at]
    if word.common or word.initial:
        return at + 1, 0.0, ""
    if words[at].strong:
        return at + 1, 0.6, "given name of the list"
    return at + 1, *_alone(words, at)


def _alone(words: Sequence[LatinWord], at: int) -> tuple[float, str]:
    """Return the score of a surname alone, and why."""
    word = words[at].plain
    if words[at].clan:
        return 0.6, "surname by its prefix"
    if word in lexicon.surnames_ja() and len(word) >= 5 and word not in lexicon.words("given_en_weak"):
        return 0.6, "Japanese surname of the list"
    last = at + 1 == len(words) or words[at + 1].common
    if last and word in lexicon.words("surname_en") and len(word) > 3 and not words[at].everyday:
        return 0.5, "surname of the list"
    return 0.0, ""


def _in_run(page: Page, match: re.Match[str]) -> Iterator[Span]:
    # One word as most runs are one, or as many as stand apart.
    pieces = [match] if match.group().isalpha() else list(_PATTERNS["PIECE"].finditer(page.text, *match.span()))
    words = [latin_word(piece.group()) for piece in pieces]
    if all(word.nobody for word in words):
        return
    run = _Run(pieces, words)
    at = 0
    while at < len(pieces):
        end, score, why = _judge(words, at)
        if end - at == 2 and _separate(page, run, at):
            end, score, why = at + 1, 0.6 if words[at].strong else 0.0, "given name of the list"
        if end - at > 2 and (cut := _cell_end(page, pieces, at, end)):
            end = cut  # Amanda Snyder,Jennifer Washington: two cells
        if end - at == 3 and words[end - 1].common and _comma_before(page, pieces, end - 1):
            end -= 1  # Marjorie Kettle, Branch Director
        stop = run.stop(end - 1)
        if score and (suffix := _PATTERNS["SUFFIX"].match(page.text, stop)):
            stop = suffix.end()
        if score and not _PATTERNS["COMPANY_AFTER"].match(page.text, stop):
            yield Span(Kind.PERSON, pieces[at].start(), stop, score, NAME, why)
        elif not score:
            yield from _by_place(page, run, at)
        at = end


def _cell_end(page: Page, pieces: Sequence[re.Match[str]], at: int, end: int) -> int:
    """Return the piece before which a comma without a blank parts a full name from the next cell, 0 when none does."""
    cells = (number for number in range(at + 2, end) if page.text[pieces[number].start() - 1] == ",")
    return next(cells, 0)


def _comma_before(page: Page, pieces: Sequence[re.Match[str]], at: int) -> bool:
    return "," in page.text[pieces[at - 1].end() : pieces[at].start()]


def _separate(page: Page, run: _Run, at: int) -> bool:
    """Tell whether a comma between two words separates two things and is not "Smith, John"."""
    one, two = run.words[at], run.words[at + 1]
    start = run.pieces[at].start()
    if not _comma_before(page, run.pieces, at + 1):
        return False
    if one.surname:  # Smith, John is one name; Kent, Surrey are two places.
        return one.everyday and not (two.given or two.initial)
    alone = _PATTERNS["LINE_START"].search(page.text[max(0, start - 3) : start])
    return not (alone and two.strong and not one.given)


def _by_place(page: Page, run: _Run, at: int) -> Iterator[Span]:
    """Judge words that no list calls a name by what stands around them."""
    if at + 1 < len(run.pieces):
        yield from _initialled(page, run, at)
        yield from _unknown_pair(page, run, at)
    word = run.words[at]
    if word.nobody or word.skill or word.initial or word.link:
        return
    why = _acts(page, word, run.pieces[at])
    if why:
        yield Span(Kind.PERSON, run.pieces[at].start(), run.stop(at), 0.55, NAME, why)


def _acts(page: Page, word: LatinWord, piece: re.Match[str]) -> str:
    """Return why a single word is taken for a person: what stands beside it is done by or with people only."""
    start, end = piece.span()
    follows = page.text[end : end + 1]
    if follows in (" ", ",") and not word.common and _PATTERNS["SAYS"].match(page.text, end):
        return "a word that says something"
    given = word.plain in lexicon.given_any()
    if given and _PATTERNS["SPOKEN_TO"].search(page.text[max(0, start - 16) : start]):
        return "a name, spoken to"
    if word.plain in _MONTHS or word.plain in _PRONOUNS or not (given or word.surname):
        return ""
    does = follows == " " and _PATTERNS["DOES"].match(page.text, end)
    if (word.owns and not word.common) or (
        does and not (word.common and _PATTERNS["PRODUCT_DOES"].match(page.text, end))
    ):
        return "a name, doing what people do"
    return ""


def _initialled(page: Page, run: _Run, at: int) -> Iterator[Span]:
    """Take an initial and an unknown word for a name where a person acts: P. Xx starts."""
    one, two = run.words[at], run.words[at + 1]
    start, end = run.pieces[at].start(), run.pieces[at + 1].end()
    if not one.initial or two.common or two.initial or not run.pieces[at].group().endswith("."):
        return
    before = page.text[max(0, start - 24) : start]
    if _PATTERNS["AFTER"].match(page.text, end) or _PATTERNS["BESIDE_WORD"].search(before):
        yield Span(Kind.PERSON, start, end, 0.6, NAME, "initial and a word where a person stands")


def _unknown_pair(page: Page, run: _Run, at: int) -> Iterator[Span]:
    """Take two unknown capitalised words for a name where a person must stand: "interviewed by Xx Yy"."""
    one, two = run.words[at], run.words[at + 1]
    if one.common or one.initial or two.common or two.initial:
        return
    start, end = run.pieces[at].start(), run.pieces[at + 1].end()
    acronym = any(word.isupper() and len(word) <= 5 for word in (run.pieces[at].group(), run.pieces[at + 1].group()))
    if acronym or _PATTERNS["COMPANY_AFTER"].match(page.text, end):
        return
    if _PATTERNS["AFTER"].match(page.text, end) and _PATTERNS["BEFORE"].search(page.text[max(0, start - 24) : start]):
        yield Span(Kind.PERSON, start, end, 0.55, NAME, "two capitalised words where a person stands")


def _lower(page: Page, small: Sequence[Small]) -> Iterator[Span]:
    text = page.text
    for start, end, word in small:
        strong = word in lexicon.given_strong()
        if not _LOWER_CHARS_MIN <= len(word) <= _LOWER_CHARS_MAX:
            continue
        if (
            (strong or word in lexicon.surnames_ja_plain())
            and _PATTERNS["SPEAKS"].match(text, end)
            and _PATTERNS["SPEAKER_BEFORE"].search(text, max(0, start - 2), start)
        ):
            yield Span(Kind.PERSON, start, end, 0.7, NAME, "speaker of a chat")
        if strong and word not in lexicon.words("skills"):
            does = _PATTERNS["LOWER_DOES"].match(text, end) and text[start - 1 : start] not in _GLUED
            told = text.endswith(_TOLD, 0, start) and _PATTERNS["LOWER_END"].match(text, end)
            if does or told:
                yield Span(Kind.PERSON, start, end, 0.65, NAME, "given name in small letters")


def _before_honorific(page: Page) -> Iterator[Span]:
    known = lexicon.latin_names()
    for honorific in matches(_RULES, page, "HONORIFIC"):
        match = _PATTERNS["BEFORE_HONORIFIC"].search(
            page.text, max(0, honorific.start() - _NAME_CHARS_MAX), honorific.start()
        )
        if match is None:
            continue
        words = match.group("x").split(" ")
        start = match.start("x")
        while len(words) > 1 and words[0].lower() in lexicon.words("capitalised"):
            start += len(words[0]) + 1
            words = words[1:]
        first = words[0].lower()
        # meguroさん: a surname that is a place, too.
        if first not in lexicon.words("capitalised") or first in known or first in name_lists.lists().family_latin:
            yield Span(Kind.PERSON, start, match.end("x"), 0.85, NAME, "before an honorific")


def find(page: Page) -> Iterator[Span]:
    """Yield names in Latin letters."""
    if not page.has_latin:
        return
    found: list[Span] = []
    for match in matches(_RULES, page, "RUN"):
        # Most runs are one everyday word: The, I, Please.
        if not (match.group().isalpha() and latin_word(match.group()).nobody):
            found.extend(_in_run(page, match))
    yield from found
    yield from behind_names(page, found)
    small = small_names(page)
    yield from _lower(page, small)
    yield from _before_honorific(page)
    yield from careless_names(page, small)


RECOGNISER = Recogniser(NAME, (Kind.PERSON,), find)
