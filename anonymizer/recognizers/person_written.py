"""Names by where they stand: a signature, a sign-off, a speaker of a transcript, a relative, the cell of a table.

What lists know of a name does not matter here, only that its first word is no everyday word.
"""

import re
from collections import Counter
from collections.abc import Iterator

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.person_caption import latin_span
from anonymizer.recognizers.person_order import korean
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "person-written"
_RULES = load("person_written")
_WHY = {
    "RELATIVE": "behind a relative or colleague",
    "TO_DO": "is to do something",
    "HEY": "greeted",
    "HERE": "says who calls",
    "HOLDER": "holds an account",
    "SURNAME_FIRST": "surname, given name",
    "CELL": "surname, given name in a cell",
    "KOREAN": "Korean surname and given name",
}
_SURE = {
    "CLOSING_JA": "behind a closing",
    "OTHER_SCRIPT": "in a script of its own",
    "KANA_HONORIFIC": "kana before an honorific",
    "KANA_IN_BRACKETS": "kana of the name before the brackets",
}
_TURNS_MIN = 2
_LINE_CHARS_MAX, _DONE_CHARS_MAX = 200, 12


def _group(match: re.Match[str]) -> str | int:
    """Return which group of a match is the name: x, or all of it."""
    return "x" if "x" in match.re.groupindex else 0


def _everyday(match: re.Match[str]) -> bool:
    """Tell whether the first or the last word of a match is an everyday word that no list of names has."""
    words = [lexicon.plain(word) for word in re.split(r"[ ,()]+", match.group(_group(match)).rstrip(")"))]
    return any(
        word in lexicon.words("skills")
        or (
            word in lexicon.words("capitalised")
            and (word not in lexicon.latin_names() or word in lexicon.words("surname_en_weak"))
        )
        for word in (words[0], words[-1])
    )


def _line_before(page: Page, match: re.Match[str], name: str) -> re.Match[str] | None:
    """Return what the line is up to where ``match`` begins, when all of it is the pattern ``name``."""
    start = page.text.rfind("\n", 0, match.start()) + 1
    if match.start() - start > _LINE_CHARS_MAX:
        return None
    return _RULES.patterns[name].fullmatch(page.text, start, match.start())


def _signs(page: Page) -> Iterator[Span]:
    """Yield who signs, above a title or telephone or below a closing."""
    for match in matches(_RULES, page, "SIGNATURE"):
        line = _line_before(page, match, "SIGNATURE_LINE")
        if line and not _everyday(line):
            yield from latin_span(line, 0.7, NAME, "line before the title or telephone of who signs")
    for match in matches(_RULES, page, "SIGN_OFF"):
        if _line_before(page, match, "SIGN_OFF_LINE") and not _everyday(match):
            yield from latin_span(match, 0.7, NAME, "end of a letter")


def _told_of(page: Page) -> Iterator[Span]:
    """Yield by whom something was done, and who introduces themselves."""
    text, taken = page.text, 0
    for match in matches(_RULES, page, "DONE_BY"):
        if _RULES.patterns["DONE"].search(text, max(taken, match.start() - _DONE_CHARS_MAX), match.start()):
            taken = match.end()
            if not _everyday(match):
                yield from latin_span(match, 0.7, NAME, "did something")
    for match in matches(_RULES, page, "SELF_JA"):
        name = _RULES.patterns["SELF_NAME"].search(text, max(0, match.start() - _LINE_CHARS_MAX), match.start())
        if name and not _everyday(name):
            yield from latin_span(name, 0.7, NAME, "introduces oneself")


def _speakers(page: Page) -> Iterator[Span]:
    """Yield who speaks in a transcript: the same word before a colon at the head of two lines or more."""
    lines = [_line_before(page, match, "SPEAKER_LINE") for match in matches(_RULES, page, "SPEAKER")]
    turns = [line for line in lines if line and not _everyday(line)]
    count = Counter(match.group("x") for match in turns)
    for match in turns:
        if count[match.group("x")] >= _TURNS_MIN:
            yield Span(Kind.PERSON, *match.span("x"), 0.7, NAME, "speaker of a transcript")


def find(page: Page) -> Iterator[Span]:
    """Yield names by their place in a text."""
    if page.has_latin:
        yield from _signs(page)
        yield from _told_of(page)
    for name, why in (_WHY if page.has_latin else {}).items():
        for match in matches(_RULES, page, name):
            if name == "KOREAN" and lexicon.plain(match.group().split(" ")[0]) not in lexicon.words("surname_ko"):
                # Oh Seung-min, No Tae-yang: the given name says that the first word is a surname.
                if not korean(match.group().lower()):
                    continue
            elif _everyday(match) and not (name == "KOREAN" and korean(match.group().lower())):
                continue
            if _group(match):
                yield from latin_span(match, 0.7, NAME, why)
            else:
                yield Span(Kind.PERSON, *match.span(), 0.7, NAME, why)
    if page.has_latin:
        yield from _speakers(page)
    for name, why in _SURE.items():
        for match in matches(_RULES, page, name):
            yield Span(Kind.PERSON, *match.span(_group(match)), 0.65, NAME, why)


RECOGNISER = Recogniser(NAME, (Kind.PERSON,), find)
