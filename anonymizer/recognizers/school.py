"""Schools by name. Faculty and degree stay, and so does a level without a name (大学院卒, 高専卒, 大学4年生)."""

import re
from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers.institution import start_with_hiragana
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "school"
_ENGLISH_NEEDS = frozenset(("universit", "college", "institute", "school", "academy", "polytechnic"))
_LOCAL_NEEDS = frozenset(
    [kind + level for kind in "工商農女北南東西央産一二三属" for level in "高"]
    + [kind + "大" for kind in "理工医薬芸美女外経商農科教体歯医"]
    + [kind + end for kind in "工商農高中" for end in ("1年", "2年", "3年", "卒", "を出")]
    + ["附属", "付属", "実業", "国卒", "国を", "国から", "国へ", "国に進", "国→"]
)
_ACRONYM_NEEDS = frozenset(
    ("→", "degree", "graduat", "studied", "bsc", "msc", "phd", "alumn", "school", "uni", "college")
)
_JOINED_NEEDS = frozenset("智 田 慶 館 志 法政 治 学 教 九 阪 東 京 専".split(" "))  # noqa: SIM905
_NAME_CHARS_MAX = 16
# Degrees and what is taught and certified, in capitals where a school may stand, too.
_DEGREES = (
    "BA",
    "BS",
    "MA",
    "MS",
    "MBA",
    "BSC",
    "MSC",
    "PHD",
    "TESOL",
    "TEFL",
    "TESL",
    "CELTA",
    "DELTA",
    "PGCE",
    "EFL",
    "ESL",
)


def _before(pattern: str, page: Page, match: re.Match[str]) -> re.Match[str] | None:
    return load(NAME).patterns[pattern].search(page.text, max(0, match.start() - _NAME_CHARS_MAX), match.start())


def _japanese(page: Page) -> Iterator[Span]:
    """Yield named schools, each kind of school (大学, 高校) with the name before it and the faculty behind it."""
    patterns, taken = load(NAME).patterns, 0
    for match in matches(load(NAME), page, "KIND"):
        # 東京大学工学部+大学院: the same school goes on.
        if match.start() < taken or (match.start() == taken > 0 and match.group() == "大学院"):
            continue
        name = _before("SCHOOL_NAME", page, match)
        start = start_with_hiragana(page.text, name.start() if name else match.start())
        rest = patterns["REST"].match(page.text, match.end()) if start < match.start() else None
        if rest and not patterns["GENERIC"].match(page.text[start : match.start()]):
            taken = rest.end()
            end = patterns["GRADUATE"].match(page.text, match.end()).end()  # type: ignore[union-attr]
            yield Span(Kind.SCHOOL, start, end, 0.75, NAME, "named school")
            # The field of study stays, a professor's name in front of a seminar does not.
            for seminar in patterns["SEMINAR"].finditer(page.text, end, taken):
                yield Span(Kind.SCHOOL, *seminar.span(), 0.7, NAME, "seminar")


def _short(page: Page) -> Iterator[Span]:
    """Yield short forms: 東大, 早大."""
    patterns = load(NAME).patterns
    for match in matches(load(NAME), page, "SHORT_END"):
        name = _before("SHORT_NAME", page, match)
        if name:
            yield Span(Kind.SCHOOL, name.start(), match.start() + 1, 0.7, NAME, "short form of a university")
    cut = load(NAME).needs["CUT"]
    for match in patterns["CUT"].finditer(page.text) if page.holds(cut) else ():
        if not patterns["GENERIC"].match(match.group()[:-1]):
            start = start_with_hiragana(page.text, match.start())
            yield Span(Kind.SCHOOL, start, match.end(), 0.68, NAME, "short form of a school")
    for match in matches(load(NAME), page, "CUT_KANA"):
        start = start_with_hiragana(page.text, match.start())
        if start < match.start():
            yield Span(Kind.SCHOOL, start, match.end(), 0.68, NAME, "short form of a school")
    for match in matches(load(NAME), page, "CUT_MORE"):
        index = page.starts.get(match.start())
        if index is not None and page.tokens[index].word & (names.NAME | Word.PLACE | Word.PROPER):
            yield Span(Kind.SCHOOL, *match.span(), 0.66, NAME, "short form of a school")
    for kind in ("ALUMNI", "LOCAL"):
        for match in matches(load(NAME), page, kind) if kind == "ALUMNI" or page.holds(_LOCAL_NEEDS) else ():
            start = start_with_hiragana(page.text, match.start())
            yield Span(Kind.SCHOOL, start, match.end(), 0.7, NAME, "short form of a school")


def _acronyms(page: Page) -> Iterator[Span]:
    """Yield capitals where a school stands: a degree from NCTU, ISD→上智FLA."""
    patterns, degrees = load(NAME).patterns, _DEGREES
    for match in patterns["ACRONYM"].finditer(page.text):
        word, after = match.group(), page.text[match.end() : match.end() + 3]
        before = _before("BEFORE_ACRONYM", page, match)
        joined = before is not None and before.group()[0] > "一"
        if word in degrees or word.lower() in lexicon.words("skills") or (len(word) < 3 and not joined):
            continue
        if before and before.group() != "→":
            start = before.start() if joined else match.start()
            yield Span(Kind.SCHOOL, start, match.end(), 0.6, NAME, "capitals where a school stands")
        elif after[:1] == "→" and load(NAME).patterns["SCHOOL_BEHIND"].match(page.text, match.end()):
            yield Span(Kind.SCHOOL, *match.span(), 0.6, NAME, "capitals before an arrow to a school")


def find(page: Page) -> Iterator[Span]:
    """Yield schools that are named."""
    yield from apply(load(NAME), page, NAME)
    patterns = load(NAME).patterns
    if page.japanese:
        yield from _japanese(page)
        yield from _short(page)
    if page.holds(_ENGLISH_NEEDS):
        for match in patterns["ENGLISH"].finditer(page.text):
            if not patterns["GENERIC_EN"].match(match.group()):
                yield Span(Kind.SCHOOL, *match.span(), 0.75, NAME, "named school")
    for match in patterns["SMALL"].finditer(page.text) if page.holds(load(NAME).needs["SMALL"]) else ():
        yield Span(Kind.SCHOOL, *match.span("x" if match.group("x") else "y"), 0.65, NAME, "school in small letters")
    for name, group in (("SAINT", 0), ("TECH", "x"), ("HIGH", "x"), ("FOREIGN", 0)):
        for match in matches(load(NAME), page, name):
            yield Span(Kind.SCHOOL, *match.span(group), 0.6, NAME, "school by the form of its name")
    if page.has_latin and (page.holds(_ACRONYM_NEEDS) or page.holds(_JOINED_NEEDS)):
        yield from _acronyms(page)
    for match in matches(load(NAME), page, "ALIAS") if page.has_latin else ():
        if not page.text[match.start() - 1 : match.start()].isalnum():
            yield Span(Kind.SCHOOL, *match.span(), 0.65, NAME, "well-known school")


RECOGNISER = Recogniser(NAME, (Kind.SCHOOL,), find)
