"""Employers in a line that tells a career: behind its caption, beside years, behind an arrow."""

import re
from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME as NAMED
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers.person_frames import everyday_latin
from anonymizer.recognizers.rulefile import load, matches

NAME = "employer"
_RULES = load("employer_career")
_JAPANESE = {
    "PRESENT": "behind 前職",
    "DATED": "before its years in brackets",
    "TIME_OF": "where somebody did something",
}
_LATIN = {
    "BEFORE_DE": "where somebody did something",
    "FOR_YEARS": "for how many years",
    "NOT_TO_BE_ASKED": "caption for an employer",
    "EX": "behind ex-",
    "AT": "at which somebody worked",
    "YEARS_FIRST": "behind its years",
    "ROLE_AND_YEARS": "before a role and its years",
    "ROLE_FIRM_YEARS": "behind a role and before its years",
    "CAPTIONED": "behind its caption",
    "VERB": "which somebody leaves or comes from",
}


def _is_firm(page: Page, start: int, end: int) -> bool:
    """Tell whether a stretch in Japanese letters can be a firm: a name or place begins it, and it is no work."""
    word = page.text[start:end]
    index = page.starts.get(start)
    if index is None or _RULES.patterns["NO_FIRM"].fullmatch(word) or names.kinds(word) & Word.COMMON:
        return False
    head = page.tokens[index]
    return bool(head.word & (NAMED | Word.PLACE | Word.PROPER)) or names.kinds(head.surface) == Word.NONE


def _is_latin_firm(words: str) -> bool:
    parts = words.split(" ")
    skills = lexicon.words("skills")
    return words.lower() not in skills and parts[0].lower() not in skills and not all(map(everyday_latin, parts))


def _firm(page: Page, start: int, end: int) -> bool:
    word = page.text[start:end]
    if word[0].isdigit():
        return False
    return _is_latin_firm(word) if word[0] < "ぁ" else _is_firm(page, start, end)


def find(page: Page) -> Iterator[Span]:
    """Yield employers that a line of a career tells."""
    if page.japanese:
        for line in matches(_RULES, page, "LINE"):
            for item in _RULES.patterns["ITEM"].finditer(page.text, line.start("x"), line.end("x")):
                if _firm(page, *item.span("x")):
                    yield Span(Kind.EMPLOYER, *item.span("x"), 0.6, NAME, "in a line that tells a career")
        for name, why in _JAPANESE.items():
            for match in matches(_RULES, page, name):
                if _firm(page, *match.span("x")):
                    yield Span(Kind.EMPLOYER, *match.span("x"), 0.6, NAME, why)
        for match in matches(_RULES, page, "HOUSE"):
            yield Span(Kind.EMPLOYER, *match.span("x"), 0.55, NAME, "what houses are called")
    if page.has_latin:
        yield from _by_years_and_words(page)


def _by_years_and_words(page: Page) -> Iterator[Span]:
    for name, why in _LATIN.items():
        for match in matches(_RULES, page, name):
            sure = name == "ROLE_AND_YEARS" or _is_latin_firm(match.group("x"))
            if sure and not _ends_with_job(match):
                yield Span(Kind.EMPLOYER, *match.span("x"), 0.65, NAME, why)


def _ends_with_job(match: re.Match[str]) -> bool:
    return load(NAME).patterns["JOB"].search(match.group("x")) is not None
