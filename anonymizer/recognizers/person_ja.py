"""Japanese names by what stands beside them: honorifics, titles, roles, introductions, names in a list."""

import re
from collections.abc import Iterator
from itertools import chain

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.normalise import WALL
from anonymizer.page import Page
from anonymizer.recognizers.japanese import is_kanji, name_after, name_before, not_a_person, surname_led
from anonymizer.recognizers.person_chat import chat_names
from anonymizer.recognizers.person_dictionary import dictionary_names
from anonymizer.recognizers.person_head import head_names
from anonymizer.recognizers.person_kana import kana_names
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME_ID = "person-ja"
_RULES = load("person_ja")
_PATTERNS = _RULES.patterns
_AFTER_NAME = frozenset("はがをにもとへでのやよりからまでさだけ、。・,./()「」『』[]:;!?\n \t→-=|~〜様氏君殿")
# Places and people alike: after a role they are taken for the place when these follow.
_OF_PLACES = ("から", "まで", "へ", "での", "では", "にて", "で、")
_KATAKANA = re.compile(r"[ァ-ヶー]+")
_HIRAGANA = re.compile(r"[ぁ-ん]{2,5}")
_BEFORE_SELF = frozenset("\n。、「『(:>!の ・")
_DIRECTIONS = frozenset("関東西南北中")


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME_ID, why)


def _ends_here(page: Page, end: int) -> bool:
    return end >= len(page.text) or page.text[end] in _AFTER_NAME


def _before_marks(page: Page) -> Iterator[Span]:
    """Names before an honorific, before a title, and before words that only people go with."""
    for mark, score, why in (("HONORIFIC", 0.9, "before an honorific"), ("TITLE", 0.75, "before a title"),
                             ("SAYS", 0.7, "before words for a person")):  # fmt: skip
        for match in matches(_RULES, page, mark):
            end = match.start()
            if end > 1 and page.text[end - 1] == " ":
                end -= 1
            start = name_before(page, end)
            if start is None and mark == "TITLE" and page.text[end - 1 : end] in ("副", "本"):
                end -= 1
                start = name_before(page, end)
            if start is None or start == end:
                continue
            surface = page.text[start:end]
            if mark != "HONORIFIC" and _KATAKANA.fullmatch(surface) and names.kinds(surface) & Word.COMMON:
                continue
            named = mark == "SAYS" and page.text.startswith(("という", "と呼", "いわく", "曰く", "名義"), match.start())
            if (
                mark == "HONORIFIC"
                or (named and names.kinds(surface) & NAME)
                or (surname_led(surface) and surface not in lexicon.words("not_surnames"))
                or (len(surface) == 1 and mark == "TITLE")
            ):
                yield _span(start, end, score, why)


def _after_roles(page: Page) -> Iterator[Span]:
    """Names after a role (上司の石川, 面接官:佐藤) and after 旧姓."""
    for mark in ("ROLE", "FORMER"):
        for match in matches(_RULES, page, mark):
            end = name_after(page, match.end())
            if end is None:
                continue
            marked = _PATTERNS["HONORIFIC"].match(page.text, end) or _PATTERNS["TITLE"].match(page.text, end)
            if end < len(page.text) and is_kanji(page.text[end]) and not marked:
                continue
            surface = page.text[match.end() : end]
            known = names.kinds(surface)
            place = known & Word.PLACE and not known & Word.GIVEN and page.text.startswith(_OF_PLACES, end)
            if surname_led(surface) and not place and (len(surface) > 1 or _ends_here(page, end)):
                yield _span(match.end(), end, 0.7, "after a role")


def _tight_roles(page: Page) -> Iterator[Span]:
    """Names that follow a role without anything between (担当三宅), and speakers of a memo (・浜田: ...)."""
    for mark, why in (("ROLE_TIGHT", "right after a role"), ("SPEAKER", "speaker of a memo")):
        first = _PATTERNS["SPEAKER_FIRST"].match(page.text) if mark == "SPEAKER" else None
        for match in chain((first,) if first else (), matches(_RULES, page, mark)):
            end = name_after(page, match.end())
            if end is None:
                continue
            surface, follows = page.text[match.end() : end], page.text[end : end + 1]
            # 堤→ 不合格: before an arrow even one kanji is a name; before a colon it may be a day of the week.
            arrow = mark == "SPEAKER" and follows == "→"
            loan = bool(_KATAKANA.fullmatch(surface)) and bool(names.kinds(surface) & Word.COMMON)
            everyday = len(surface) < 2 or loan or surface in lexicon.words("not_surnames")
            if not surname_led(surface) or (everyday and not arrow):
                continue
            if follows == ":" or arrow if mark == "SPEAKER" else _tight_end(page, end, surface):
                yield _span(match.end(), end, 0.65, why)


def _tight_end(page: Page, end: int, surface: str) -> bool:
    reached = _PATTERNS["NUMBER_IN_BRACKETS"].match(page.text, end) is not None
    return _ends_here(page, end) and (reached or surface not in lexicon.words("places"))


def _introductions(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "SELF"):
        start = name_before(page, match.start())
        here = start is not None and page.text.startswith("こちら", max(0, start - 3))
        if start is None or (start and page.text[start - 1] not in _BEFORE_SELF and not here):
            continue
        surface = page.text[start : match.start()]
        if surname_led(surface) and (
            surface not in lexicon.words("not_surnames") or (len(surface) == 1 and page.text[start - 1 : start] != "の")
        ):
            yield _span(start, match.start(), 0.75, "introduces oneself")


def _own_line(page: Page) -> Iterator[Span]:
    """A line that is a surname, a blank and a given name: a signature or an address line."""
    for match in matches(_RULES, page, "OWN_LINE"):
        given = names.kinds(match.group("given"))
        if (
            names.kinds(match.group("family")) & Word.SURNAME
            and (given & NAME or given == Word.NONE)
            and not (not_a_person(match.group("given")) or match.group("family") in lexicon.words("not_people"))
        ):
            yield _span(*match.span("x"), 0.8, "a line of surname and given name")


def _spaced_out(page: Page) -> Iterator[Span]:
    """Names set with a space between all characters: 山 田 太 郎."""
    for match in matches(_RULES, page, "SPACED"):
        joined = match.group().replace(" ", "")
        for size in (2, 3, 1):
            given = names.kinds(joined[size:])
            if (
                len(joined) > size
                and names.kinds(joined[:size]) & Word.SURNAME
                and (given & Word.GIVEN or given == Word.NONE)
            ):
                yield _span(*match.span(), 0.85, "characters of a name set apart")
                break


def _katakana(page: Page) -> Iterator[Span]:
    stop = lexicon.words("not_surnames")
    for match in matches(_RULES, page, "KATAKANA"):
        parts = re.split(r"[・=]", match.group())
        known = [names.kinds(part) for part in parts]
        if any(part in stop for part in parts[:2]) or any(kind & Word.COMMON and not kind & NAME for kind in known):
            continue
        named = sum(1 for kind in known if kind & NAME)
        # リュウ・アマダ: a firm by itself, too.
        unknown = sum(1 for kind in known if kind in (Word.NONE, Word.PROPER))
        if named and named + unknown == len(parts):
            yield _span(*match.span(), 0.8, "katakana names joined by a dot")
        elif known.count(Word.NONE) == len(parts) <= 3 and min(map(len, parts)) >= 2:
            yield _span(*match.span(), 0.55, "unknown katakana words joined by a dot")


def _hiragana(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "HIRAGANA"):
        word = match.group("x")
        spaced = word.partition(" ")
        cuts = (
            [(spaced[0], spaced[2])] if spaced[1] else [(word[:size], word[size:]) for size in range(2, len(word) - 1)]
        )
        if any(names.kinds(family) & Word.SURNAME and names.kinds(given) & Word.GIVEN for family, given in cuts):
            yield _span(*match.span("x"), 0.75, "surname and given name in hiragana")


def _neighbours(page: Page, found: list[Span]) -> Iterator[Span]:
    """Names listed beside a name (佐藤、原、森の3名) and the reading in brackets behind one."""
    for span in found:
        reading = _PATTERNS["READING"].match(page.text, span.end)
        if reading and span.score >= 0.6 and _like_reading(reading.group("x").strip()):
            yield _span(*reading.span("x"), 0.8, "reading in brackets behind a name")
        behind = _PATTERNS["DELIMITER"].match(page.text, span.end)
        end = name_after(page, behind.end()) if behind else None
        if behind and end is not None and _ends_here(page, end) and _listed(page.text[behind.end() : end], span.score):
            yield _span(behind.end(), end, 0.65, "listed beside a name")
        before = _PATTERNS["DELIMITER_BEFORE"].search(page.text, max(0, span.start - 3), span.start)
        start = name_before(page, before.start()) if before else None
        surface = page.text[start : before.start()] if before and start is not None else ""
        if before and start is not None and surface not in lexicon.words("not_surnames") and _listed(surface, 1.0):
            yield _span(start, before.start(), 0.6, "listed before a name")


def _listed(surface: str, beside: float) -> bool:
    """Tell whether a word beside a name in a list is a name; a place only beside a sure one (score ``beside``)."""
    if _HIRAGANA.fullmatch(surface):
        return names.kinds(surface) & (NAME | Word.COMMON | Word.PARTICLE) == Word.GIVEN
    place = surface in lexicon.words("places") and beside < 0.7
    return (
        not place and surname_led(surface) and bool(names.kinds(surface) & Word.SURNAME) and surface not in _DIRECTIONS
    )


def _like_reading(text: str) -> bool:
    if _PATTERNS["NOT_READING"].match(text) or not_a_person(text):
        return False
    if text.isascii():
        known = lexicon.latin_names()
        return any(word.lower().strip(".,") in known for word in text.split())
    kinds = [names.kinds(part) for part in re.split(r"[ ・]", text)]
    if "・" in text and text[0] >= "ァ":
        return True
    return any(kind & NAME for kind in kinds) or not any(kind & Word.COMMON for kind in kinds)


_WAYS = (
    _before_marks,
    _after_roles,
    _tight_roles,
    _introductions,
    dictionary_names,
    _own_line,
    _spaced_out,
    _katakana,
    _hiragana,
    kana_names,
    chat_names,
    head_names,
)


def find(page: Page) -> Iterator[Span]:
    """Yield Japanese names in kanji and kana."""
    # Beside people taken out before, a chat in English tells its speakers, too: <tom>.
    ways = _WAYS if page.japanese else (chat_names,) if WALL in page.text else ()
    found = [span for each in ways for span in each(page)]
    yield from found
    listed = list(_neighbours(page, found))
    yield from listed
    yield from _neighbours(page, [span for span in listed if span.why.startswith("listed")])


RECOGNISER = Recogniser(NAME_ID, (Kind.PERSON,), find)
