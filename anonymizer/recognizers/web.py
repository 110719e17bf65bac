"""URLs and accounts. Postings and career pages of companies name nobody and stay."""

from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "web"
_TRAILING = ".,;:!?"
_HOST_CHARS_MAX = 60
_URLS = (
    ("URL", 0.85, "URL", frozenset(("://", "www."))),
    (
        "PERSONAL_SITE",
        0.85,
        "personal site",
        frozenset((".github", ".hatena", ".wordpress", ".app", ".site", ".com", ".co")),
    ),
    (
        "CAPTIONED",
        0.8,
        "after a caption",
        frozenset(("url", "portfolio", "ポート", "site", "サイト", "blog", "ブログ", "hp", "ホーム")),
    ),
)


def _account_pages(page: Page) -> Iterator[Span]:
    """Yield github.com/name without a scheme: found from its path, because a host may begin anywhere."""
    patterns = load(NAME).patterns
    for path in matches(load(NAME), page, "ACCOUNT_PATH"):
        host = patterns["ACCOUNT_HOST"].search(page.text, max(0, path.start() - _HOST_CHARS_MAX), path.start())
        if host:
            end = path.start() + len(path.group().rstrip(_TRAILING))
            yield Span(Kind.URL, host.start(), end, 0.9, NAME, "account page")


def _handles_before(page: Page) -> Iterator[Span]:
    """Yield accounts that what follows shows to be one: name (X), name#1234."""
    patterns = load(NAME).patterns
    for mark, last in (("SERVICE_BEHIND", 0), ("FOUR_DIGITS", 5)):
        for match in matches(load(NAME), page, mark):
            handle = patterns["HANDLE_BEFORE"].search(page.text, max(0, match.start() - _HOST_CHARS_MAX), match.start())
            thing = last and handle and patterns["NUMBERED_THING"].fullmatch(handle.group())
            if handle and not thing:
                end = match.start() + last if last else handle.start() + len(handle.group().rstrip())
                yield Span(Kind.HANDLE, handle.start(), end, 0.8, NAME, "account before a service or number")


def find(page: Page) -> Iterator[Span]:
    """Yield URLs (postings excepted) and accounts."""
    rules = load(NAME)
    for name, score, why, needs in _URLS:
        if not page.holds(needs):
            continue
        pattern = rules.patterns[name]
        for match in pattern.finditer(page.text):
            start, end = match.span("x" if "x" in pattern.groupindex else 0)
            found = page.text[start:end].rstrip(_TRAILING)
            if found and not rules.patterns["PUBLIC"].search(found):
                yield Span(Kind.URL, start, start + len(found), score, NAME, why)
    for tail in matches(rules, page, "HOST_END"):
        head = rules.patterns["HOST_HEAD"].search(page.text, max(0, tail.start() - _HOST_CHARS_MAX), tail.start())
        if head:
            yield Span(Kind.URL, head.start(), tail.end(), 0.7, NAME, "host of three words")
    if "/" in page.chars:
        yield from _account_pages(page)
    yield from _handles_before(page)
    yield from apply(rules, page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.URL, Kind.HANDLE), find)
