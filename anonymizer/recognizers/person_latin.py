"""Names in Latin letters: English, romaji and others, by lists of given names and surnames and by shape."""

import re
from collections.abc import Iterator, Sequence

from anonymizer import lexicon
from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.person_careless import careless_names
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser
from anonymizer.romaji import can_be_japanese

NAME = "person-latin"
_RULES = load("person_latin")
_PATTERNS = _RULES.patterns
_PREFIXES = frozenset({"mc", "mac", "o", "st", "de", "la", "le", "al", "el", "van", "von", "di", "da"})
_OWNED = ("'s", "’s")
_WORDS_MAX = 4
_MONTHS = frozenset(("april", "may", "june", "august"))
# He is a surname too; a pronoun says and asks things far more often.
_PRONOUNS = frozenset(("he", "she", "they", "we", "you", "it", "who"))
_NAME_CHARS_MAX = 66


class _Words:
    """The words of one capitalised run and what the lists know of each."""

    def __init__(self, pieces: Sequence[re.Match[str]]) -> None:
        self.pieces = pieces
        self.plain = [lexicon.plain(piece.group()) for piece in pieces]

    def given(self, at: int) -> bool:
        return self.plain[at] in lexicon.given_any() or self.plain[at].split("-")[0] in lexicon.given_strong()

    def strong(self, at: int) -> bool:
        return len(self.plain[at]) > 2 and (self.plain[at] in lexicon.given_strong())

    def surname(self, at: int) -> bool:
        parts = (self.plain[at], *self.plain[at].split("-")[1:])
        return self.clan(at) or any(part in lexicon.surnames_any() for part in parts)

    def clan(self, at: int) -> bool:
        return _PATTERNS["CLAN"].match(self.pieces[at].group()) is not None

    def link(self, at: int) -> bool:
        return self.pieces[at].group().islower()

    def common(self, at: int) -> bool:
        return self.plain[at] in lexicon.words("capitalised")

    def everyday(self, at: int) -> bool:
        word = self.plain[at]
        return any(word in lexicon.words(name) for name in ("surname_en_weak", "everyday_names", "skills"))

    def initial(self, at: int) -> bool:
        return len(self.plain[at]) == 1

    def japanese(self, at: int) -> bool:
        return len(self.plain[at]) > 2 and not self.common(at) and can_be_japanese(self.plain[at])

    def listed_japanese(self, at: int) -> bool:
        word = self.plain[at]
        return word in lexicon.words("given_ja") or word in lexicon.surnames_ja()


def _pair_score(words: _Words, one: int) -> float:
    """Judge two neighbouring words as a full name, 0 when they are none."""
    two = one + 1
    if f"{words.plain[one]}_{words.plain[two]}" in lexicon.words("famous"):
        return 0.0
    if words.initial(one) or words.initial(two):
        other = two if words.initial(one) else one
        known = words.surname(other) or words.strong(other)
        return 0.75 if known and not words.common(other) and not words.initial(other) else 0.0
    either_common, both_common = words.common(one) or words.common(two), words.common(one) and words.common(two)
    if (words.given(one) and words.surname(two)) or (words.surname(one) and words.given(two)):
        return 0.0 if both_common else 0.9
    if words.japanese(one) and words.japanese(two) and (words.listed_japanese(one) or words.listed_japanese(two)):
        return 0.85
    if not either_common and (words.strong(one) or words.strong(two)):
        return 0.8
    # Magnetic Field, Summer Rush: a surname that is a word makes no name of whatever stands before it.
    return 0.6 if words.surname(two) and not either_common and not words.everyday(two) else 0.0


def _extend(words: _Words, at: int, end: int) -> int:
    """Stretch a name over further surnames and initials: Maria Garcia Lopez, Nguyen Thi Lan Anh, Siti binti Ahmad."""
    if words.plain[end - 1] in _PREFIXES and end < len(words.plain):
        end += 1
    while end + 1 < len(words.plain) and words.link(end):
        end += 2
    while (
        end < len(words.plain)
        and end - at < _WORDS_MAX
        and not words.common(end)
        # José María Ñíguez: a word with an accent goes on with the name, whatever lists say.
        and (words.surname(end) or words.given(end) or words.initial(end) or not words.pieces[end].group().isascii())
    ):
        end += 1
    return end


def _three(words: _Words, at: int) -> bool:
    """Tell whether a middle name or initial stands between given name and surname."""
    if (
        at + 2 >= len(words.plain)
        or (words.common(at + 1) and not words.initial(at + 1))
        or (words.common(at) and words.common(at + 2))
    ):
        return False
    return (words.given(at) and words.surname(at + 2)) or (words.surname(at) and words.given(at + 2))


def _linked(words: _Words, at: int) -> int:
    """Return the end of a name with a link inside (Siti Nurhaliza binti Ahmad), 0 when there is none."""
    link = next((index for index in range(at + 1, min(at + 3, len(words.plain) - 1)) if words.link(index)), 0)
    if not link or any(words.common(index) for index in (*range(at, link), link + 1)):
        return 0
    return _extend(words, at, link + 2)


def _judge(words: _Words, at: int) -> tuple[int, float, str]:
    """Return where a name that begins at word ``at`` ends, its score (0: no name) and why."""
    linked = _linked(words, at)
    if linked:
        return linked, 0.8, "words joined as in a name"
    if _three(words, at):
        return _extend(words, at, at + 3), 0.9, "given name, middle name, surname"
    if at + 1 < len(words.plain):
        score = _pair_score(words, at)
        if score:
            return _extend(words, at, at + 2), score, "given name and surname"
    if words.common(at) or words.initial(at):
        return at + 1, 0.0, ""
    if words.strong(at):
        return at + 1, 0.6, "given name of the list"
    return at + 1, *_alone(words, at)


def _alone(words: _Words, at: int) -> tuple[float, str]:
    """Return the score of a surname alone, and why."""
    word = words.plain[at]
    if words.clan(at):
        return 0.6, "surname by its prefix"
    if word in lexicon.surnames_ja() and len(word) >= 5 and word not in lexicon.words("given_en_weak"):
        return 0.6, "Japanese surname of the list"
    last = at + 1 == len(words.plain) or words.common(at + 1)
    if last and word in lexicon.words("surname_en") and len(word) > 3 and not words.everyday(at):
        return 0.5, "surname of the list"
    return 0.0, ""


def _in_run(page: Page, match: re.Match[str]) -> Iterator[Span]:
    pieces = list(_PATTERNS["PIECE"].finditer(page.text, *match.span()))
    words = _Words(pieces)
    at = 0
    while at < len(pieces):
        end, score, why = _judge(words, at)
        if end - at == 2 and _separate(page, words, at):
            end, score, why = at + 1, 0.6 if words.strong(at) else 0.0, "given name of the list"
        stop = pieces[end - 1].end() - (2 if pieces[end - 1].group().endswith(_OWNED) else 0)
        if score and not _PATTERNS["COMPANY_AFTER"].match(page.text, stop):
            yield Span(Kind.PERSON, pieces[at].start(), stop, score, NAME, why)
        elif not score:
            yield from _by_place(page, words, at)
        at = end


def _separate(page: Page, words: _Words, at: int) -> bool:
    """Tell whether a comma between two words separates two things and is not "Smith, John"."""
    one, two = words.pieces[at], words.pieces[at + 1]
    if "," not in page.text[one.end() : two.start()]:
        return False
    if words.surname(at):  # Smith, John is one name; Kent, Surrey are two places.
        return words.everyday(at) and not (words.given(at + 1) or words.initial(at + 1))
    alone = _PATTERNS["LINE_START"].search(page.text[max(0, one.start() - 3) : one.start()])
    return not (alone and words.strong(at + 1) and not words.given(at))


def _by_place(page: Page, words: _Words, at: int) -> Iterator[Span]:
    """Judge words that no list calls a name by what stands around them."""
    if at + 1 < len(words.pieces):
        yield from _initialled(page, words, at)
        yield from _unknown_pair(page, words, at)
    piece, word = words.pieces[at], words.plain[at]
    if word in lexicon.words("skills") or words.initial(at) or words.link(at):
        return
    why = _acts(page, words, at, piece)
    if why:
        stop = piece.end() - (2 if piece.group().endswith(_OWNED) else 0)
        yield Span(Kind.PERSON, piece.start(), stop, 0.55, NAME, why)


def _acts(page: Page, words: _Words, at: int, piece: re.Match[str]) -> str:
    """Return why a single word is taken for a person: what stands beside it is done by or with people only."""
    word, common = words.plain[at], words.common(at)
    follows = page.text[piece.end() : piece.end() + 1]
    if follows in (" ", ",") and not common and _PATTERNS["SAYS"].match(page.text, piece.end()):
        return "a word that says something"
    given = word in lexicon.given_any()
    if given and _PATTERNS["SPOKEN_TO"].search(page.text[max(0, piece.start() - 16) : piece.start()]):
        return "a name, spoken to"
    if word in _MONTHS or word in _PRONOUNS or not (given or words.surname(at)):
        return ""
    owns = not common and piece.group()[-2:] in ("'s", "’s")
    does = follows == " " and _PATTERNS["DOES"].match(page.text, piece.end())
    if owns or (does and not (common and _PATTERNS["PRODUCT_DOES"].match(page.text, piece.end()))):
        return "a name, doing what people do"
    return ""


def _initialled(page: Page, words: _Words, at: int) -> Iterator[Span]:
    """Take an initial and an unknown word for a name where a person acts: P. Xx starts."""
    one, two = words.pieces[at], words.pieces[at + 1]
    if not one.group().endswith(".") or not words.initial(at) or words.common(at + 1) or words.initial(at + 1):
        return
    before = page.text[max(0, one.start() - 24) : one.start()]
    if _PATTERNS["AFTER"].match(page.text, two.end()) or _PATTERNS["BESIDE_WORD"].search(before):
        yield Span(Kind.PERSON, one.start(), two.end(), 0.6, NAME, "initial and a word where a person stands")


def _unknown_pair(page: Page, words: _Words, at: int) -> Iterator[Span]:
    """Take two unknown capitalised words for a name where a person must stand: "interviewed by Xx Yy"."""
    if any(words.common(index) or words.initial(index) for index in (at, at + 1)):
        return
    start, end = words.pieces[at].start(), words.pieces[at + 1].end()
    acronym = any(
        word.isupper() and len(word) <= 5 for word in (words.pieces[at].group(), words.pieces[at + 1].group())
    )
    if acronym or _PATTERNS["COMPANY_AFTER"].match(page.text, end):
        return
    if _PATTERNS["BEFORE"].search(page.text[max(0, start - 24) : start]) and _PATTERNS["AFTER"].match(page.text, end):
        yield Span(Kind.PERSON, start, end, 0.55, NAME, "two capitalised words where a person stands")


def _lower(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "SPEAKER"):
        if match.group(1) in lexicon.given_strong() or match.group(1) in lexicon.surnames_ja_plain():
            yield Span(Kind.PERSON, *match.span(1), 0.7, NAME, "speaker of a chat")
    for match in matches(_RULES, page, "LOWER_GIVEN"):
        group = "x" if match.group("x") else "y"
        if match.group(group) in lexicon.given_strong() and match.group(group) not in lexicon.words("skills"):
            yield Span(Kind.PERSON, *match.span(group), 0.65, NAME, "given name in small letters")


def _before_honorific(page: Page) -> Iterator[Span]:
    known = lexicon.latin_names()
    for honorific in matches(_RULES, page, "HONORIFIC"):
        match = _PATTERNS["BEFORE_HONORIFIC"].search(
            page.text, max(0, honorific.start() - _NAME_CHARS_MAX), honorific.start()
        )
        if match is None:
            continue
        words = match.group("x").split(" ")
        start = match.start("x")
        while len(words) > 1 and words[0].lower() in lexicon.words("capitalised"):
            start += len(words[0]) + 1
            words = words[1:]
        if words[0].lower() not in lexicon.words("capitalised") or words[0].lower() in known:
            yield Span(Kind.PERSON, start, match.end("x"), 0.85, NAME, "before an honorific")


def find(page: Page) -> Iterator[Span]:
    """Yield names in Latin letters."""
    if not page.has_latin:
        return
    for match in matches(_RULES, page, "RUN"):
        yield from _in_run(page, match)
    yield from _lower(page)
    yield from _before_honorific(page)
    yield from careless_names(page)


RECOGNISER = Recogniser(NAME, (Kind.PERSON,), find)
