"""Names in notes, forms and lists: beside a mail address, in the name of a file, spoken to, met, in a row."""

import re
import unicodedata
from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_alone import latin_name
from anonymizer.recognizers.person_frames import everyday_latin, thing
from anonymizer.recognizers.rulefile import load, matches

NAME_ID = "person-told"
_RULES = load("person_noted")
_LATIN = {
    "VOCATIVE": "spoken to at the end of a sentence",
    "MEETS_WITH": "whom somebody meets",
    "IN_SCHEDULE": "at a time of a schedule",
    "FROM_DESK": "of a team",
    "CAPITALS_ROW": "surname, given name in a row",
    "OFFICE_ONE": "behind who somebody is",
}
_JOINT_CHARS = re.compile(r"[ _-]|(?<=[a-zß-ɏ])(?=[A-Z])")
_SHARED_CHARS = 4
"""So many letters of a name tell that an address is its own; a shorter name is there whole."""
_NAME_CHARS_MIN, _NAME_CHARS_MAX, _LOCAL_CHARS_MAX = 3, 90, 41


def _span(match: re.Match[str], group: str, why: str) -> Span:
    return Span(Kind.PERSON, *match.span(group), 0.68, NAME_ID, why)


def _plain(text: str) -> str:
    """Return the letters of a text, small and without accents."""
    return "".join(char for char in unicodedata.normalize("NFD", text.lower()) if char.isalpha())


def _owns(word: str, local: str) -> bool:
    """Tell whether an address holds a word that is no everyday one."""
    letters = _plain(word)
    known = len(letters) >= _NAME_CHARS_MIN and letters[:_SHARED_CHARS] in local
    return known and not everyday_latin(word) and word.lower() not in lexicon.words("skills")


def _beside_mail(page: Page) -> Iterator[Span]:
    """Yield the names beside a mail address that is made of them: Farida Rahmatullah, farida.r@..."""
    text, patterns = page.text, _RULES.patterns
    for at in matches(_RULES, page, "AT"):
        own = patterns["LOCAL"].search(text, max(0, at.start() - _LOCAL_CHARS_MAX), at.start())
        if own is None:
            continue
        before = patterns["BEFORE_MAIL"].search(text, max(0, own.start() - _NAME_CHARS_MAX), own.start())
        for match in (before, patterns["BEHIND_MAIL"].match(text, at.start())):
            if match:
                yield from _owner(match, _plain(own.group()))


def _owner(match: re.Match[str], local: str) -> Iterator[Span]:
    """Yield the name in group ``x`` without the everyday words before it, when the address holds a word of it."""
    start, words = match.start("x"), match.group("x").split(" ")
    while words and everyday_latin(words[0]) and not _owns(words[0], local):
        start += len(words.pop(0)) + 1
    if any(_owns(word, local) for word in words):
        end = start + len(" ".join(words))
        yield Span(Kind.PERSON, start, end, 0.72, NAME_ID, "beside a mail address made of it")


def _in_file_names(page: Page) -> Iterator[Span]:
    for name in ("BEFORE_PAPER", "BEHIND_PAPER", "PAPER_OF"):
        for match in matches(_RULES, page, name):
            word = match.group("x")
            if word[0] >= "一":
                parts = [token.surface for token in names.tokenise(word.replace("_", ""), 0)]
                person = not not_a_person(word) and not any(thing(part) for part in parts if len(part) > 1)
            else:
                person = latin_name(" ".join(_JOINT_CHARS.split(word)))
            if person:
                yield _span(match, "x", "in the name of a file")


def _aged(page: Page) -> Iterator[Span]:
    """Yield the names of numbered rows with an age behind them."""
    for match in matches(_RULES, page, "AGED_ROW"):
        if not any(thing(part) or not_a_person(part) for part in match.group("x").split(" ")):
            yield _span(match, "x", "name and age in a row")


def _latin(page: Page) -> Iterator[Span]:
    """Yield names in Latin letters where only somebody can be meant."""
    for name, why in _LATIN.items():
        for match in matches(_RULES, page, name):
            for group in ("x", "y") if "y" in match.re.groupindex else ("x",):
                if match.group(group) and latin_name(match.group(group)):
                    yield _span(match, group, why)
    for match in matches(_RULES, page, "REACHED_ON"):
        word = match.group("x")
        if latin_name(word) or (" " not in word and not (names.kinds(word) & Word.COMMON or _plain_word(word))):
            yield _span(match, "x", "who is reached so")
    for match in matches(_RULES, page, "DEPARTMENT"):
        given, _, family = match.group("x").partition(" ")
        if latin_name(given) and not _plain_word(family.split(" ")[-1]):
            yield _span(match, "x", "line before a department")
    yield from _beside_mail(page)


def _plain_word(word: str) -> bool:
    return word.lower() in lexicon.words("capitalised") or word.lower() in lexicon.words("skills")


def noted_names(page: Page) -> Iterator[Span]:
    """Yield names in notes, forms and lists."""
    if page.has_latin:
        yield from _latin(page)
    for match in matches(_RULES, page, "INITIALS_CAPTIONED"):
        yield _span(match, "x", "initials")
    yield from _in_file_names(page)
    if page.japanese:
        yield from _aged(page)
