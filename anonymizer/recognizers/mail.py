"""Mail addresses, also those written so that machines shall not read them, and encoded names of a mail's header."""

import re
from collections.abc import Iterator
from itertools import chain

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "mail"
_LOCAL_CHARS_MIN, _LOCAL_CHARS_MAX = 3, 100
_SURE_DOTS = frozenset(("ドット", "どっと", "dot"))
_DOTS = frozenset((*_SURE_DOTS, "ピリオド", "ぴりおど", "ポチ", "period", "点", "てん"))
_KANA_ATS = frozenset(("アット", "あっと"))
_THEN = ("あとに", "続けて", "の次")
_SIGNS = ("まる", "マル", "丸", "★", "☆", "◎", "●", "■")
_ATS = frozenset((*_KANA_ATS, *_THEN, *_SIGNS, " at ", "(at", "[at", "<at", "{at", "(a)", "[a]"))

# Patterns that are slow to look for, by the part that is rarest in each of their matches.
_BY_PART = (
    ("SPELLED_PART", (("SPELLED", 0.9, "spelled out: at, dot"),)),
    ("MARK_PART", (("MARK", 0.9, "a mark that is said to stand for @"),)),
    (
        "APART_PART",
        (
            ("APART_LOCAL", 0.9, "letters of the local part set apart"),
            ("APART_WHOLE", 0.9, "letters set apart"),
        ),
    ),
    ("HOST_PART", (("HOST", 0.8, "spelled out: at"),)),
)


def _loose(page: Page, at: re.Match[str]) -> Iterator[Span]:
    """Yield an address in words or with its parts set apart: kei・ueda、アットマーク、example ドット jp."""
    patterns = load(NAME).patterns
    domain = patterns["DOMAIN_LOOSE"].match(page.text, at.end())
    start = max(0, at.start() - _LOCAL_CHARS_MAX)
    local = patterns["LOCAL_LOOSE"].search(page.text, start, at.start()) if domain else None
    if domain and local:
        yield Span(Kind.EMAIL, local.start(), domain.end("x"), 0.9, NAME, "parts of an address set apart")


def find(page: Page) -> Iterator[Span]:
    """Yield mail addresses: from each @ (or what stands for it) to the left and to the right."""
    rules = load(NAME)
    for at in chain(matches(rules, page, "AT"), matches(rules, page, "AT_MARKED")):
        domain = rules.patterns["DOMAIN"].match(page.text, at.end()) or rules.patterns["PROVIDER"].match(
            page.text, at.end()
        )
        if not domain:
            yield from _loose(page, at)
        alone = domain is None and at.group() == "@" and rules.patterns["ALONE"].match(page.text, at.end())
        if not domain and not alone:
            continue
        local = rules.patterns["LOCAL"].search(page.text, max(0, at.start() - _LOCAL_CHARS_MAX), at.start())
        if domain and local:
            yield Span(Kind.EMAIL, local.start(), domain.end("x"), 0.95, NAME, "local part, @ or a stand-in, domain")
        elif local and at.start() - local.start() >= _LOCAL_CHARS_MIN:
            yield Span(Kind.EMAIL, local.start(), at.end(), 0.85, NAME, "local part alone")
    spelled = page.holds(_DOTS if page.holds(_ATS) else _SURE_DOTS)
    for part, names in _BY_PART if spelled else _BY_PART[1:]:
        if any(matches(rules, page, part)):
            for name, score, why in names:
                for match in rules.patterns[name].finditer(page.text):
                    yield Span(Kind.EMAIL, *match.span(), score, NAME, why)
    if spelled and page.holds(_KANA_ATS):
        for match in rules.patterns["SPELLED_KANA"].finditer(page.text):
            yield Span(Kind.EMAIL, *match.span(), 0.9, NAME, "spelled out: at, dot")
    yield from apply(rules, page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.EMAIL, Kind.PERSON), find)
