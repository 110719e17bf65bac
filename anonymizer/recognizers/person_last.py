"""Who signs with one word at the very end of a text, behind its last sentence or on a line of its own."""

from collections.abc import Iterator

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.name_lists import is_family_kana
from anonymizer.page import Page
from anonymizer.recognizers.person_alone import called, kana_or_surname, latin_name, lone_name
from anonymizer.recognizers.person_frames import everyday_latin
from anonymizer.recognizers.rulefile import load

NAME_ID = "person-told"
_WHY = "signs at the end"
_PATTERNS = load("person_last").patterns
_LINE_CHARS_MAX, _SENTENCE_CHARS_MAX = 18, 28
"""How far before the end of a text the sign before the word may stand."""
_TEXT_CHARS_MIN = 16


def last_names(page: Page) -> Iterator[Span]:
    """Yield who signs with one word."""
    yield from _behind_sentence(page)
    yield from _on_line(page)


def _behind_sentence(page: Page) -> Iterator[Span]:
    text = page.text
    low = max(0, len(text.rstrip()) - _SENTENCE_CHARS_MAX)
    if len(text) < _TEXT_CHARS_MIN:
        return
    found = _PATTERNS["SENTENCE_JA"].search(text, low) if page.japanese else None
    if found:
        word = found.group("x")
        if lone_name(word) or (len(word) > 2 and is_family_kana(word)):
            yield Span(Kind.PERSON, *found.span("x"), 0.62, NAME_ID, _WHY)
    found = _PATTERNS["SENTENCE_EN"].search(text, low) if page.has_latin else None
    if found:
        word = found.group("x")
        listed = not everyday_latin(word) and lexicon.plain(word) in lexicon.latin_names()
        if listed or "-" in word or (latin_name(word) and _PATTERNS["FIRST_PERSON"].search(text)):
            yield Span(Kind.PERSON, *found.span("x"), 0.62, NAME_ID, _WHY)


def _on_line(page: Page) -> Iterator[Span]:
    found = _PATTERNS["LINE"].search(page.text, max(0, len(page.text.rstrip()) - _LINE_CHARS_MAX))
    if found is None:
        return
    word = found.group("x")
    small = word in called() and word not in lexicon.words("skills")
    if small if word.isascii() else kana_or_surname(word):
        yield Span(Kind.PERSON, *found.span("x"), 0.66, NAME_ID, _WHY)
