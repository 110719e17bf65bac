"""Names by what stands beside them, still more: another name in brackets, the same in another script, who speaks."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from anonymizer import lexicon, names
from anonymizer.kana import hiragana
from anonymizer.model import Kind, Span
from anonymizer.name_lists import is_family_kana, is_given_kana
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_alone import called, family_kanji, is_town, kana_name, known_kana, latin_name
from anonymizer.recognizers.person_frames import everyday_latin, explained, thing
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.romaji import spellings

NAME_ID = "person-told"
_RULES = load("person_beside")
_SURE, _TURNS_MIN, _SURE_LETTERS_MIN = 0.7, 2, 2
_PARTICLES = frozenset("にへともでや")
_ASKED_CHARS = 10
"""How far behind a name its writing is asked for: 名前ちぎら、漢字わからない."""
# What letters are called that is no other word.
_SURELY_LETTERS = frozenset(
    ("ay", "bee", "cee", "dee", "ee", "eff", "gee", "aitch", "jay", "kay", "el", "em", "en", "pee", "cue", "ess", "tee",
     "vee", "zee", "zed")
)  # fmt: skip
# Patterns of a word in Japanese letters that only has to be no thing and no role, and why it is a name.
_NO_THING = {
    "HARD_TO_READ": "how it is read is asked",
    "NOTED_READING": "name and its reading",
    "FIRST_KANJI": "introduces oneself first",
}
_LATIN = {
    "MAYBE": "may be the name",
    "SOMETHING": "half a name",
    "JUDGED": "who is judged",
    "MESSAGE_FOR": "for whom a message is",
    "PROFILE": "whose profile it is",
    "CV_HEAD": "whose profile it is",
    "ASKED_OF": "whom somebody asks about",
    "OFFICE_LATIN": "behind what somebody is",
}
_SMALL = {"SMALL_DOES": "does what people do", "SMALL_ASKED": "who is to be asked"}


def _span(match: re.Match[str], group: str, score: float, why: str) -> Span:
    return Span(Kind.PERSON, *match.span(group), score, NAME_ID, why)


def _no_name(word: str) -> bool:
    """Tell whether a word in Japanese letters is a thing, a role or a place."""
    plain = thing(word) if len(word) > 1 else not names.kinds(word) & NAME
    return plain or not_a_person(word) or word in lexicon.words("places")


def _also(word: str) -> bool:
    return lexicon.plain(word) in lexicon.given_any() or latin_name(word)


def behind_names(page: Page, found: Sequence[Span]) -> Iterator[Span]:
    """Yield who is listed behind a full name in Latin letters, and what stands in brackets there: a name, too."""
    for span in found:
        more = _RULES.patterns["AND_MORE"].match(page.text, span.end)
        if more and span.score >= _SURE and " " in page.text[span.start : span.end] and _also(more.group("x")):
            yield _span(more, "x", 0.66, "listed beside a name")
        match = _RULES.patterns["IN_BRACKETS"].match(page.text, span.end)
        if match is None or span.score < _SURE or " " not in page.text[span.start : span.end]:
            continue
        if match.group("x"):
            if latin_name(match.group("x")):
                yield _span(match, "x", 0.68, "called so, in brackets behind a name")
        elif not (
            any(_no_name(part) for part in re.split("[ ・]", match.group("y"))) or explained(page, *match.span("y"))
        ):
            yield _span(match, "y", 0.7, "the name in brackets, in Japanese letters")
            if match.group("z"):
                yield _span(match, "z", 0.7, "the name in brackets, in Japanese letters")


@lru_cache(maxsize=1024)
def _read_alike(kanji: str, latin: str) -> bool:
    """Tell whether the end of a name in kanji is read like one of two words in Latin letters."""
    words = latin.lower().split(" ")
    family, _, given = kanji.rpartition(" ")
    cuts = [(family, given)] if family else [(kanji[:-size], kanji[-size:]) for size in (1, 2, 3) if len(kanji) > size]
    return any(
        spelled in words
        for family, given in cuts
        for wanted, part in ((Word.GIVEN, given), (Word.SURNAME, family))
        for reading in names.readings(part, wanted)
        for spelled in spellings(reading)
    )


def _both_scripts(page: Page) -> Iterator[Span]:
    for name in ("BOTH_SCRIPTS", "BOTH_REVERSED"):
        for match in matches(_RULES, page, name):
            if _read_alike(match.group("x"), match.group("latin")):
                yield _span(match, "x", 0.8, "the same name in two scripts")
                yield _span(match, "latin", 0.8, "the same name in two scripts")
    for match in matches(_RULES, page, "BEFORE_KANA"):
        words = match.group("x").split(" ")
        kana = "kana" if match.group("kana") else "below"
        parts = len(re.split("[・ ]", match.group(kana)))
        start = match.start("x") + sum(len(word) + 1 for word in words[: max(0, len(words) - parts)])
        if latin_name(page.text[start : match.end("x")]):
            yield Span(Kind.PERSON, start, match.end("x"), 0.8, NAME_ID, "name before its kana")
            yield _span(match, kana, 0.8, "kana of the name before")


def _in_talks(page: Page) -> Iterator[Span]:
    """Yield who speaks line after line."""
    quotes = list(matches(_RULES, page, "QUOTE_TURN"))
    count = Counter(match.group("x") for match in quotes)
    if len(quotes) > _TURNS_MIN and max(count.values()) >= _TURNS_MIN:
        for match in quotes:
            word = match.group("x")
            if not (everyday_latin(word) if word.isascii() else _no_name(word)):
                yield _span(match, "x", 0.68, "speaks line after line")
    turns = [match for match in matches(_RULES, page, "SQUARE_TURN") if _listed(match.group("x").lower())]
    for match in turns if len(turns) >= _TURNS_MIN else ():
        yield _span(match, "x", 0.68, "speaks line after line")


def _captions(word: str) -> bool:
    """Tell whether a word in Latin letters is a language or a word of every day, whatever lists of names say."""
    return any(word in lexicon.words(name) for name in ("languages", "capitalised", "everyday_names"))


@lru_cache(maxsize=4096)
def _listed(word: str) -> bool:
    """Tell whether a word in small Latin letters is a name of the lists and no word of every day."""
    plain = any(word in lexicon.words(name) for name in ("capitalised", "everyday_names", "skills", "anybody_en"))
    plain = plain or word in lexicon.words("surname_en_weak") or word in lexicon.words("given_en_lower")
    return not plain and (word in called() or word in lexicon.surnames_ja_plain())


def _japanese(page: Page) -> Iterator[Span]:
    for name, why in _NO_THING.items():
        for match in matches(_RULES, page, name):
            groups = [group for group in "xy" if match.groupdict().get(group)]
            if not _no_name(match.group(groups[0])) or (name == "NOTED_READING" and _reading(match.group("y"))):
                yield from (_span(match, group, 0.68, why) for group in groups)
    yield from _told(page)
    for match in matches(_RULES, page, "OFFICE_KANA"):
        if family_kanji(match.group("family")) and not thing(match.group("given")):
            yield _span(match, "x", 0.8, "behind what somebody is")
    for match in matches(_RULES, page, "READING"):
        yield _span(match, "x", 0.8, "how a name is read")
    for match in matches(_RULES, page, "THANKS"):
        if family_kanji(match.group("x")) or known_kana(match.group("x")):
            yield _span(match, "x", 0.68, "signs behind thanks")
    for match in matches(_RULES, page, "KANA_DOES"):
        word = match.group("x")
        if kana_name(word) or (word[0] >= "ァ" and not _no_name(word)):
            yield _span(match, "x", 0.66, "does what people do")


def _told(page: Page) -> Iterator[Span]:
    """Yield names of which is told that they are, how they are read or how they are written."""
    for match in matches(_RULES, page, "NAME_READ"):
        yield _span(match, "x", 0.7, "how a name is read")
        yield _span(match, "y", 0.7, "how a name is read")
    for match in matches(_RULES, page, "NAME_TIGHT"):
        told = page.text[match.end() : match.end() + _ASKED_CHARS]
        asked = match.group("x")[0] not in _PARTICLES and ("字" in told or "読" in told)
        if _reading(match.group("x")) or asked:
            yield _span(match, "x", 0.68, "behind the word for a name")
    for match in matches(_RULES, page, "CALLED_BY_NAME"):
        group = "x" if match.group("x") else "y"
        if match.group(group) not in lexicon.words("not_people"):
            yield _span(match, group, 0.68, "said to be a surname")
    for match in matches(_RULES, page, "WRITTEN_SO"):
        if not thing(match.group("y")):
            yield _span(match, "x", 0.7, "how a name is written")
            yield _span(match, "y", 0.7, "how a name is written")


def _reading(kana: str) -> bool:
    word = hiragana(kana)
    return is_family_kana(word) or is_given_kana(word)


def _unsure(page: Page) -> Iterator[Span]:
    """Yield names that somebody is not sure of."""
    for match in matches(_RULES, page, "NOT_HEARD"):
        for group in "xy":
            word = match.group(group) or ""
            known = names.kinds(word) if word else Word.NONE
            named = known == Word.NONE or (bool(known & NAME) and not known & Word.PLACE)
            if word and (latin_name(word) if word[0] < "ァ" else named and not _no_name(word)):
                yield _span(match, group, 0.66, "a name not heard rightly")


def _latin(page: Page) -> Iterator[Span]:
    for name, why in _LATIN.items():
        for match in matches(_RULES, page, name):
            if latin_name(match.group("x")) and not _captions(lexicon.plain(match.group("x"))):
                yield _span(match, "x", 0.66, why)
    for name, why in _SMALL.items():
        for match in matches(_RULES, page, name):
            if _listed(match.group("x")):
                yield _span(match, "x", 0.64, why)
    for match in matches(_RULES, page, "CAPITALS_INITIAL"):
        family = match.group("family")
        if not everyday_latin(family) and not is_town(family):
            yield _span(match, "x", 0.68, "surname and initial on a line of their own")
    yield from _letters_said(page)


def _initialled(page: Page) -> Iterator[Span]:
    """Yield surnames with initials, alone on a line or in a cell."""
    for match in matches(_RULES, page, "CELL_INITIALS"):
        family = match.group("family")
        if family in lexicon.latin_names() and not everyday_latin(family):
            yield _span(match, "x", 0.68, "surname and initials in a cell")


def _letters_said(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "LETTERS_SAID"):
        if sum(word in _SURELY_LETTERS for word in re.split("[ -]", match.group())) >= _SURE_LETTERS_MIN:
            yield Span(Kind.PERSON, *match.span(), 0.64, NAME_ID, "letters said one by one")


def beside_names(page: Page) -> Iterator[Span]:
    """Yield names that what stands beside them tells."""
    if page.japanese:
        yield from _both_scripts(page)
        yield from _japanese(page)
    if page.has_latin:
        yield from _latin(page)
        yield from _initialled(page)
    yield from _unsure(page)
    yield from _in_talks(page)
