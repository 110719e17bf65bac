"""Mail addresses, also those written so that machines shall not read them, and encoded names of a mail's header."""

from collections.abc import Iterator

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


def find(page: Page) -> Iterator[Span]:
    """Yield mail addresses: from each @ (or what stands for it) to the left and to the right."""
    rules = load(NAME)
    for at in matches(rules, page, "AT"):
        domain = rules.patterns["DOMAIN"].match(page.text, at.end()) or rules.patterns["PROVIDER"].match(
            page.text, at.end()
        )
        alone = domain is None and at.group() == "@" and rules.patterns["ALONE"].match(page.text, at.end())
        if not domain and not alone:
            continue
        local = rules.patterns["LOCAL"].search(page.text, max(0, at.start() - _LOCAL_CHARS_MAX), at.start())
        if domain and local:
            yield Span(Kind.EMAIL, local.start(), domain.end("x"), 0.95, NAME, "local part, @ or a stand-in, domain")
        elif local and at.start() - local.start() >= _LOCAL_CHARS_MIN:
            yield Span(Kind.EMAIL, local.start(), at.end(), 0.85, NAME, "local part alone")
    spelled = page.holds(_DOTS if page.holds(_ATS) else _SURE_DOTS)
    for name in ("SPELLED", *(("SPELLED_KANA",) if page.holds(_KANA_ATS) else ())) if spelled else ():
        for match in rules.patterns[name].finditer(page.text):
            yield Span(Kind.EMAIL, *match.span(), 0.9, NAME, "spelled out: at, dot")
    yield from apply(rules, page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.EMAIL, Kind.PERSON), find)
