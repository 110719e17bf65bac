"""Names of those who speak in a chat, in minutes or in quotations: <山田>, 10:02 佐藤, 「...」(今井)."""

from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import is_kanji, name_after, not_a_person, surname_led
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.romaji import can_be_japanese

NAME_ID = "person-ja"
_RULES = load("person_ja")
_WAYS = (
    ("CHAT_TAG", "speaker of a chat", "<"),
    ("CHAT_TIME", "speaker of a chat", ":"),
    ("CHAT_BEFORE_TIME", "speaker of a chat", ":"),
    ("SAID_BY", "who said it, in brackets", "」"),
    ("RATED", "marks given to people", "◎○△×✕▲"),
    ("NICKNAME", "how somebody is called", "「"),
)
_UNKNOWN_CHARS_MAX = 4
_HTML = frozenset(("br", "p", "b", "i", "u", "hr", "li", "ul", "ol", "td", "tr", "th", "div", "span", "table", "body",
                   "html", "img", "font", "strong", "em"))  # fmt: skip


def _is_name(page: Page, start: int, end: int) -> bool:
    """Tell whether the whole range can be a person's name where a speaker is expected."""
    surface = page.text[start:end]
    if surface.isascii():
        words = lexicon.plain(surface).replace("_", " ").replace(".", " ").split()
        if not words or words[0] in _HTML or any(words[0] in lexicon.words(name) for name in ("capitalised", "skills")):
            return False
        japanese = surface.islower() and len(words[0]) > 3 and can_be_japanese(words[0])
        return words[0] in lexicon.latin_names() or japanese
    if not_a_person(surface):
        return False
    known = names.kinds(surface)
    unknown = known in (Word.NONE, Word.PLACE) and len(surface) <= _UNKNOWN_CHARS_MAX and is_kanji(surface[0])
    return bool(known & NAME) or unknown or (name_after(page, start) == end and surname_led(surface))


def chat_names(page: Page) -> Iterator[Span]:
    """Yield those who speak."""
    for name, why, needs in _WAYS:
        for match in () if page.chars.isdisjoint(needs) else matches(_RULES, page, name):
            start, end = match.span("x")
            if _is_name(page, start, end):
                yield Span(Kind.PERSON, start, end, 0.7, NAME_ID, why)
