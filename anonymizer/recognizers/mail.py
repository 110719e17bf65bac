"""Mail addresses, also those written so that machines shall not read them, and encoded names of a mail's header."""

from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "mail"
_LOCAL_CHARS_MAX = 100


def find(page: Page) -> Iterator[Span]:
    """Yield mail addresses: from each @ (or what stands for it) to the left and to the right."""
    rules = load(NAME)
    for at in rules.patterns["AT"].finditer(page.text):
        domain = rules.patterns["DOMAIN"].match(page.text, at.end()) or rules.patterns["PROVIDER"].match(
            page.text, at.end()
        )
        local = (
            rules.patterns["LOCAL"].search(page.text, max(0, at.start() - _LOCAL_CHARS_MAX), at.start())
            if domain
            else None
        )
        if domain and local:
            yield Span(Kind.EMAIL, local.start(), domain.end("x"), 0.95, NAME, "local part, @ or a stand-in, domain")
    yield from apply(rules, page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.EMAIL, Kind.PERSON), find)
