"""Latin names written carelessly: priya, becker, tom, ORourke D., MartaK, and Rose, who rose."""

from collections.abc import Iterator, Sequence
from functools import cache

from anonymizer import lexicon, name_lists
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.small_names import Small

NAME = "person-latin"
_RULES = load("person_careless")
_PATTERNS = _RULES.patterns
# Months and pronouns that the lists of names have, too.
_NO_NAMES = frozenset(("april", "may", "june", "august", "he", "she", "an", "my"))
# Names that stand before a colon as captions far more often.
_CAPTIONS = frozenset(
    ("date", "english", "french", "german", "spanish", "branch", "page", "price", "grade", "rank", "city", "street",
     "note", "major", "cost", "day", "term", "law", "bond", "field", "house", "park", "post", "case", "read", "link")
)  # fmt: skip
_GIVEN_CHARS_MIN = 5
_EVERYDAY = ("capitalised", "everyday_names", "skills", "anybody_en", "given_en_lower")
_NAME_CHARS_MAX = 26


@cache
def _lower_given() -> frozenset[str]:
    names = (
        lexicon.given_strong()
        - lexicon.words("skills")
        - lexicon.words("everyday_names")
        - lexicon.words("given_en_lower")
    )
    japanese = {name for name in lexicon.words("given_ja") if len(name) < _GIVEN_CHARS_MIN}
    return frozenset(name for name in names - japanese if len(name) > 3)


@cache
def _lower_surnames() -> frozenset[str]:
    everyday = lexicon.words("capitalised") | lexicon.words("everyday_names") | lexicon.words("skills")
    return lexicon.surnames_any() - everyday - lexicon.words("surname_en_weak")


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME, why)


def _small(page: Page, small: Sequence[Small]) -> Iterator[Span]:
    """Yield names in small letters: one known given name, a given name with a surname, an initial with a surname."""
    given, families = _lower_given(), _lower_surnames()
    anybody, japanese = lexicon.given_any(), lexicon.surnames_ja()
    taken = set[int]()
    for start, end, surname in _behind_initials(page):
        taken.add(end)
        if (surname in families or surname.startswith("o'")) and end - start > _GIVEN_CHARS_MIN:
            yield _span(start, end, 0.7, "initial and surname in small letters")
    for start, end, word in small:
        if end in taken or not _PATTERNS["LOWER"].match(page.text, start):
            continue
        if word in given:
            yield _span(start, end, 0.6, "given name in small letters")
        if word in anybody or word in families or word in japanese:
            second = _PATTERNS["SECOND"].match(page.text, end)
            if second and _full_name(word, second.group("x"), comma=second.group("by")[0] == ","):
                yield _span(start, second.end(), 0.75, "name in small letters")


def _behind_initials(page: Page) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and second word of an initial and a word in small letters; those do not overlap."""
    taken = 0
    for match in matches(_RULES, page, "LOWER_INITIAL"):
        start, end = match.start() - 1, match.end()
        if start >= taken:
            taken = end
            yield start, end, match.group("surname")


def _full_name(one: str, two: str, *, comma: bool) -> bool:
    """Tell whether two words in small letters are a given name and a surname; a Japanese one may stand either way."""
    families = _lower_surnames()
    first, last = (two, one) if comma else (one, two)
    if first in lexicon.given_any() and last in families:
        return True
    chinese = one in lexicon.words("surname_zh") and two in lexicon.given_any()
    if chinese and not any(word in lexicon.words(name) for word in (one, two) for name in _EVERYDAY):
        return True
    given, japanese = lexicon.words("given_ja"), lexicon.surnames_ja()
    named = (one in given and two in japanese) or (one in japanese and two in given)
    return named and not {one, two} & lexicon.words("capitalised")


def _initials(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "INITIAL") if "." in page.chars else ():
        before = _PATTERNS["BEFORE_INITIAL"].search(page.text, max(0, match.start() - _NAME_CHARS_MAX), match.start())
        if before is None:
            continue
        plain = lexicon.plain(before.group().rstrip(","))
        comma = before.group()[-1] == ","
        common = plain in lexicon.words("capitalised")
        listed = plain in lexicon.latin_names() or (plain in name_lists.lists().given_latin and not common)
        if listed or (comma and plain not in lexicon.words("capitalised")):
            yield _span(before.start(), match.end(), 0.7, "surname and initial")
    for match in matches(_RULES, page, "GIVEN_INITIAL"):
        if match.group()[:-1].lower() in lexicon.given_strong():
            yield _span(*match.span(), 0.7, "given name and initial run together")


def _words_too(page: Page) -> Iterator[Span]:
    """Yield names that are words too, where only a person stands."""
    for match in matches(_RULES, page, "TWICE"):
        if match.group("x").lower() in lexicon.given_any():
            yield _span(*match.span("x"), 0.66, "a name before the same word")
    for match in matches(_RULES, page, "HEAD_DOES"):
        name = match.group("x").lower()
        if name in lexicon.given_any() and name not in _NO_NAMES and name not in lexicon.words("skills"):
            yield _span(*match.span("x"), 0.6, "a name, doing what people do")
    for match in matches(_RULES, page, "HEAD_COLON") if ":" in page.chars else ():
        name = match.group("x").lower()
        if name in lexicon.latin_names() and name not in lexicon.words("skills") and name not in _CAPTIONS:
            yield _span(*match.span("x"), 0.6, "a name before a colon")


def careless_names(page: Page, small: Sequence[Small]) -> Iterator[Span]:
    """Yield Latin names that no capital or no list tells; ``small``: the words of lists in small letters."""
    yield from _small(page, small)
    yield from _initials(page)
    yield from _words_too(page)
