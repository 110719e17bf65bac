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
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "person-written"
_RULES = load("person_written")
_WHY = {
    "SIGNATURE": "line before the title or telephone of who signs",
    "SIGN_OFF": "end of a letter",
    "SELF_JA": "introduces oneself",
    "RELATIVE": "behind a relative or colleague",
    "DONE_BY": "did something",
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


def _speakers(page: Page) -> Iterator[Span]:
    """Yield who speaks in a transcript: the same word before a colon at the head of two lines or more."""
    turns = [match for match in matches(_RULES, page, "SPEAKER") if not _everyday(match)]
    count = Counter(match.group("x") for match in turns)
    for match in turns:
        if count[match.group("x")] >= _TURNS_MIN:
            yield Span(Kind.PERSON, *match.span("x"), 0.7, NAME, "speaker of a transcript")


def find(page: Page) -> Iterator[Span]:
    """Yield names by their place in a text."""
    for name, why in (_WHY if page.has_latin else {}).items():
        for match in matches(_RULES, page, name):
            if name == "KOREAN" and lexicon.plain(match.group().split(" ")[0]) not in lexicon.words("surname_ko"):
                continue
            if _everyday(match):
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
