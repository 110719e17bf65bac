"""Bank accounts, from the name of the bank to the last digit."""

import re
from collections.abc import Iterator

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.institution import start_with_hiragana
from anonymizer.recognizers.rulefile import apply, load
from anonymizer.recognizers.spans import Recogniser

NAME = "bank"
_BANK_CHARS_MAX = 18
_HIRAGANA = re.compile(r"[ぁ-ん]{2,6}")


def _banks(page: Page) -> Iterator[Span]:
    """Yield accounts from the name of the bank on, found by the word for a bank, for the name may begin anywhere."""
    rules = load(NAME)
    if not page.has_digits or not page.holds(rules.needs["BANK_TO_NUMBER"]):
        return
    for match in rules.patterns["BANK_TO_NUMBER"].finditer(page.text):
        name = rules.patterns["BANK_NAME"].search(page.text, max(0, match.start() - _BANK_CHARS_MAX), match.start())
        start = name.start() if name else match.start()
        # 青空みなと信金: kanji before the hiragana noun.
        kana = _HIRAGANA.match(page.text, start, match.start())
        start = min(start, start_with_hiragana(page.text, kana.end())) if kana else start
        yield Span(Kind.BANK, start, match.end(), 0.95, NAME, "bank, some words, number")


def find(page: Page) -> Iterator[Span]:
    """Yield bank accounts."""
    yield from _banks(page)
    yield from apply(load(NAME), page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.BANK,), find)
