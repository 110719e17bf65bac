"""Employers in Latin letters: by legal form, by the words of a career, by what owners are called."""

import re
from collections.abc import Iterator
from functools import cache

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches

NAME = "employer"
_FIRM_NEEDS = frozenset(f" {word}" for word in lexicon.words("firm_words"))
_OWNERS_NEEDS = frozenset((" & ", " and sons"))
_AT_NEEDS = frozenset((" at ", "employer", "ex ", "ex-", "shop", "company", "firm", "place", " called "))
_PARTNERS_MIN = 2
_WORDS_CHARS_MAX = 80
_VERB_CHARS_MAX = 24
_CAREER_CHARS_MAX = 10
_SMALL_FORMS = (" ltd", " llc", " gmbh", " plc", " sp.", " s.r.o", " limited")
_SMALL_PATTERNS = ("SMALL_FORM", "SMALL_CAREER", "FIELD", "FIELD_YEARS")
_SENTENCE = re.compile(r"(?<=[A-Za-z]{4})\. (?=[A-Z])")


@cache
def _before_firm() -> frozenset[str]:
    """Return the words that stand before a firm's name without being part of it."""
    return lexicon.words("capitalised") - lexicon.words("firm_first_words")


@cache
def _meaning_else() -> frozenset[str]:
    """Return the words that mean something else where surnames of owners may stand."""
    return lexicon.words("capitalised") | lexicon.words("everyday_names")


@cache
def _in_small_letters() -> frozenset[str]:
    """Return the words of which a firm written in small letters does not consist."""
    return lexicon.words("capitalised") | lexicon.words("skills") | lexicon.words("little_en")


def _by_form(page: Page) -> Iterator[Span]:
    patterns, before = load(NAME).patterns, _before_firm()
    for match in matches(load(NAME), page, "ENGLISH") if page.holds(_FIRM_NEEDS) else ():
        words = match.group().split(" ")
        start = match.start()
        if lexicon.plain(words[0]).replace(".", "") in lexicon.words("degrees"):
            continue  # B.S. Logistics, M.A. Media: what somebody studied.
        if words[-2:-1] and words[-2].endswith(",") and patterns["JOB"].search(words[-2][:-1]):
            continue  # Staff Engineer, Payments: a role and its team.
        if words[-1].startswith("PLC") and _is_controller(page, match):
            continue
        while len(words) > 2 and words[0].lower() in before:
            start += len(words[0]) + 1
            words = words[1:]
        end = match.end() - (words[-1].endswith(".") and not patterns["SHORTENED"].search(match.group()))
        if len(words) >= 2 and not _everyday(words):
            yield Span(Kind.EMPLOYER, start, end, 0.7, NAME, "legal form or what firms are called")


def _is_controller(page: Page, match: re.Match[str]) -> bool:
    """Tell whether PLC is a machine's controller and no legal form."""
    patterns = load(NAME).patterns
    behind = patterns["CONTROLLER_BEHIND"].match(page.text, match.end())
    return bool(behind or patterns["CONTROLLER"].search(match.group()))


def _everyday(words: list[str]) -> bool:
    """Tell whether the words are a product or a thing: Visual Studio, Human Capital."""
    last = words[1].strip(".,").lower() in lexicon.words("firm_last_words")
    everyday = len(words) == 2 and words[0].lower() in lexicon.words("capitalised") and last
    return everyday or "_".join(words[:2]).lower() in lexicon.words("famous")


def _by_career(page: Page) -> Iterator[Span]:
    patterns, common = load(NAME).patterns, lexicon.words("capitalised")
    career = (
        match
        for match in matches(load(NAME), page, "AT")
        if patterns["BEFORE_AT"].search(page.text, max(0, match.start() - _VERB_CHARS_MAX), match.start())
    )
    firms = patterns["AT_FIRM"].finditer(page.text) if page.holds(_AT_NEEDS) else ()
    owners = matches(load(NAME), page, "OWNERS") if page.holds(_OWNERS_NEEDS) else ()
    trades = matches(load(NAME), page, "WEAK_EN")
    for match in (*matches(load(NAME), page, "JOINED"), *career, *owners, *firms, *trades):
        # of Gary Lowe. Says Gary: a sentence ends behind a word of four letters, and no abbreviation.
        name, start = _SENTENCE.split(match.group("x"), maxsplit=1)[0].rstrip(".,'’-"), match.start("x")
        known = (
            name.lower() in lexicon.words("skills") or patterns["JOB"].search(name) or patterns["VENUE"].search(name)
        )
        if not known and not (" " not in name and name.lower() in common):
            yield Span(Kind.EMPLOYER, start, start + len(name), 0.6, NAME, "words of a career")


def _partners(page: Page) -> Iterator[Span]:
    """Yield firms that are called after their owners."""
    for match in matches(load(NAME), page, "PARTNERS"):
        owners = [lexicon.plain(part) for part in match.group("one", "two", "three", "pair") if part]
        if _are_owners(owners) and not (match.group("pair") and _no_firm(page.text, match.start(), owners)):
            yield Span(Kind.EMPLOYER, *match.span("x"), 0.7, NAME, "called after its owners")


def _are_owners(owners: list[str]) -> bool:
    """Tell whether words are surnames of owners, two of them or more, and nothing else."""
    surnames, given = lexicon.words("surname_en"), lexicon.given_strong()
    # Berry and Sons: that ending is of firms only.
    known = len(owners) == 1 or sum(owner in surnames for owner in owners) >= _PARTNERS_MIN
    everyday = any(owner not in surnames and owner in lexicon.words("capitalised") for owner in owners)
    famous = "_".join(owners) in lexicon.words("famous") or all(owner in given for owner in owners)
    # French, Arabic and English: of these three two are surnames.
    thing = any(owner in lexicon.words(name) for owner in owners for name in ("languages", "skills"))
    return known and not (everyday or famous or thing)


def _no_firm(text: str, start: int, pair: list[str]) -> bool:
    """Tell whether two words joined by a dash at ``start`` are somebody's surname or a thing."""
    if _given_before(text, start):
        return True
    # White-Paper, Green-Field: of two words that mean something else, only a career makes a firm.
    career = load(NAME).patterns["CAREER_BEFORE"].search(text, max(0, start - _CAREER_CHARS_MAX), start)
    return not career and all(word in _meaning_else() for word in pair)


def _given_before(text: str, start: int) -> bool:
    """Tell whether a capitalised word stands before a double surname: Ann Dyer-Richardson."""
    before = text[max(0, start - _WORDS_CHARS_MAX) : start].rsplit(" ", 2)
    return len(before) > 1 and before[-1] == "" and lexicon.plain(before[-2].rsplit("\n", 1)[-1]) in lexicon.given_any()


def _small_form(text: str) -> bool:
    """Tell whether a legal form in small letters stands in ``text``; including is none."""
    return any(form in text for form in _SMALL_FORMS) or bool(load(NAME).patterns["SMALL_INC"].search(text))


def _small(page: Page) -> Iterator[Span]:
    """Yield firms in small letters: by a legal form, or behind the words of a career."""
    rules, everyday_words = load(NAME), _in_small_letters()
    for name in _SMALL_PATTERNS:
        if name == "SMALL_FORM" and not _small_form(page.text):
            continue
        for match in matches(rules, page, name):
            everyday = [lexicon.plain(word) in everyday_words for word in re.split(r"[ -]+", match.group("x"))]
            job = rules.patterns["JOB"].search(match.group("x")) or rules.patterns["VENUE"].search(match.group("x"))
            if not (job or (all(everyday) if name != "SMALL_CAREER" else everyday[0])):
                yield Span(Kind.EMPLOYER, *match.span("x"), 0.6, NAME, "words of a career")


def find(page: Page) -> Iterator[Span]:
    """Yield employers in Latin letters."""
    yield from _by_form(page)
    yield from _by_career(page)
    yield from _partners(page)
    yield from _small(page)
