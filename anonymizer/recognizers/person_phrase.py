"""Names that a phrase announces: a greeting, a closing, "my name is", Mr and Ms, a mail address behind it."""

from collections.abc import Iterator

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.japanese import name_after
from anonymizer.recognizers.person_caption import latin_span
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import SURE, Recogniser

NAME = "person-phrase"
_DISPLAY_NAME_CHARS_MAX = 48
_SCORES = {
    "GREETING": 0.8,
    "CLOSING": 0.8,
    "SELF": 0.75,
    "SELF_LOWER": 0.8,
    "GREETING_LOWER": 0.7,
    "TITLED": 0.9,
    "ROLE": 0.7,
}
# Dear Julia, Dr. Jenkins: the names of languages and tools are people here.
_PERSON_ONLY = frozenset({"GREETING", "TITLED"})
# An everyday word is believed to be a name here only when a list of names has it too.
_DOUBTFUL = frozenset({"SELF", "ROLE"})


def _is_name(pattern: str, words: list[str]) -> bool:
    first = lexicon.plain(words[0])
    if pattern == "GREETING_LOWER":
        return first in lexicon.given_strong() or first in lexicon.surnames_ja_plain()
    if first not in lexicon.words("capitalised"):
        return pattern != "ROLE" or len(words) > 1 or first in lexicon.latin_names()
    listed = first in lexicon.latin_names()
    return listed and not (pattern in _DOUBTFUL and len(words) == 1)


def _before_mail(page: Page) -> Iterator[Span]:
    """Yield the display name before <address>."""
    rules = load("person_phrase")
    for mail in matches(rules, page, "MAIL_START"):
        match = rules.patterns["BEFORE_MAIL"].search(
            page.text, max(0, mail.start() - _DISPLAY_NAME_CHARS_MAX), mail.start()
        )
        if match is None:
            continue
        if "一" <= match.group("x")[0] <= "鿿":
            end = name_after(page, match.start("x"))
            if end is not None:
                yield Span(Kind.PERSON, match.start("x"), end, 0.85, NAME, "before a mail address")
        elif _is_name("MAIL", match.group("x").split()):
            yield from latin_span(match, 0.85, NAME, "before a mail address")


def find(page: Page) -> Iterator[Span]:
    """Yield names that a phrase announces."""
    if not page.has_latin:
        return
    rules = load("person_phrase")
    for name, score in _SCORES.items():
        for match in matches(rules, page, name):
            words = match.group("x").split()
            if name == "SELF_LOWER" or _is_name(name, words):
                sure = name in _PERSON_ONLY and lexicon.plain(words[0]) in lexicon.latin_names()
                yield from latin_span(match, SURE if sure else score, NAME, "announced by a phrase")
    for match in matches(rules, page, "SPOKEN_OF"):
        group = match.lastgroup or "x"
        if lexicon.plain(match.group(group)) in lexicon.given_any():
            yield Span(Kind.PERSON, *match.span(group), 0.75, NAME, "spoken to or of by the given name")
    yield from _before_mail(page)


RECOGNISER = Recogniser(NAME, (Kind.PERSON,), find)
