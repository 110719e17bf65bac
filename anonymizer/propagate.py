"""Names found once are found everywhere in the document: the full name brings its family and given name.

Also decides which findings are the same person, so that a letter in the output stays with one person.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from anonymizer import lexicon, names
from anonymizer.forms import Form, View, squeezed, unaccented
from anonymizer.kana import hiragana
from anonymizer.model import Kind, Span
from anonymizer.names import Word
from anonymizer.normalise import WALL
from anonymizer.recognizers.japanese import in_organisation, split_name
from anonymizer.recognizers.person_alone import latin_name
from anonymizer.recognizers.rulefile import load
from anonymizer.romaji import spellings

NAME = "propagation"
FORMS_MAX = 600
_SURE = 0.65
_READING_CHARS_MIN = 3
_LATIN = re.compile(r"[A-Za-zÀ-ỿ]")
_SURNAME = re.compile(r"(?<=[a-zß-ɏ])[ ](?:[A-Z]\.[ ])?(?P<x>[A-ZÀ-Þ][a-zß-ɏ'’-]{2,20})(?![A-Za-zÀ-ɏ])")


def _latin_parts(surface: str) -> Iterator[tuple[str, bool, bool]]:
    words = [re.sub(r"['’]s$", "", word.strip(".,")) for word in re.split(r"[\s_]+|(?<=[A-Z]\.)", surface) if word]
    yield surface, len(words) > 1, False
    for word in words if len(words) > 1 else ():
        if len(word) >= 3:
            yield word, False, word == words[-1]


@lru_cache(maxsize=2048)
def _parts_of(surface: str) -> tuple[tuple[str, str, bool, bool], ...]:
    """Return (key, form, whole, family) of a found name: itself, its parts, their readings."""
    found: dict[str, tuple[str, str, bool, bool]] = {}
    for part, whole, family in _latin_parts(surface) if _LATIN.match(surface) else _japanese_parts(surface):
        key = squeezed(part)
        if key not in found:
            found[key] = (key, key if whole else unaccented(part), whole, family)
    return tuple(found.values())


def _japanese_parts(surface: str) -> list[tuple[str, bool, bool]]:
    split = split_name(surface)
    parts = re.split("[ ・]", surface)
    if split is None and len(parts) > 1:
        # ファム ティ フオン: each part of three letters or more may stand alone.
        return [(surface, True, False), *((part, False, False) for part in parts if len(part) >= _READING_CHARS_MIN)]
    if split is None:
        return [(surface, False, bool(names.kinds(surface) & Word.SURNAME))]
    found = [(surface, True, False), (split[0], False, True), (split[1], False, False)]
    for family in names.readings(split[0], Word.SURNAME)[:2]:
        for given in names.readings(split[1], Word.GIVEN)[:2]:
            found += [(family + given, True, False), (hiragana(family + given), True, False)]
            found += [
                (form, True, False)
                for one in spellings(family)
                for two in spellings(given)
                for form in (one + two, two + one)
            ]
        found += [
            (word, False, False)
            for word in (family, hiragana(family), *spellings(family))
            if len(word) >= _READING_CHARS_MIN
        ]
    return found


def forms(text: str, spans: Iterable[Span]) -> dict[str, Form]:
    """Collect what to search for from the sure findings of persons, the longest names first."""
    found: dict[str, Form] = {}
    people = sorted(
        (span for span in spans if span.kind == Kind.PERSON and span.score >= _SURE),
        key=lambda span: span.start - span.end,
    )
    seen: set[str] = set()
    for span in people:
        surface = text[span.start : span.end]
        if WALL in surface or surface in seen:
            continue
        seen.add(surface)
        own = _parts_of(surface)
        known = next((found[key].label for key, *_ in own if key in found), "")
        label = span.label or known or f"name:{squeezed(surface)}"
        for key, form, whole, family in own:
            if len(found) < FORMS_MAX and key not in found:
                found[key] = Form(form, Kind.PERSON, whole, label, family)
    return found


@lru_cache(maxsize=4096)
def _everyday(word: str) -> bool:
    """Tell whether a part of a name is an everyday word, which alone names nobody."""
    if word in lexicon.words("not_people") or word in lexicon.words("not_surnames"):
        return True
    if word.isascii():
        return word in lexicon.words("capitalised")
    known = names.kinds(word)
    other = bool(known & (Word.COMMON | Word.OTHER | Word.VERBAL))
    return not known & (Word.SURNAME | Word.FOREIGN) and (other or len(word) == 1)


def _acts(text: str, start: int, end: int) -> bool:
    """Tell whether an English name that is a word too does what people do, is spoken to, or signs."""
    if not "A" <= text[end - 1 : end] <= "z":
        return False
    patterns = load("person_latin").patterns
    before = text[max(0, start - 16) : start]
    signs = (not before or before[-1] == "\n") and text[end : end + 1] in ("", "\n")
    return signs or bool(patterns["DOES"].match(text, end) or patterns["SPOKEN_TO"].search(before))


def _surname_behind(text: str, end: int) -> int:
    """Return where a name ends that begins with a first name found elsewhere: Marguerite, Marguerite Dunleavy."""
    match = _SURNAME.match(text, end)
    return match.end() if match and latin_name(match.group("x")) else end


def find(view: View, wanted: Iterable[Form]) -> Iterator[Span]:
    """Yield every place where a collected name stands as a word of its own."""
    for form in view.held(wanted):
        for start, end in view.places(form):
            capital = not form.text.isascii() or view.text[start].isupper()
            if not capital and form.text in lexicon.words("given_en_weak"):
                continue
            if not form.whole and in_organisation(view.text, end) and not view.beside_honorific(end):
                continue
            sure = form.whole or (form.family and capital and form.text not in lexicon.words("capitalised"))
            if (
                sure
                or not _everyday(form.text)
                or view.beside_honorific(end)
                or (capital and _acts(view.text, start, end))
            ):
                stop = _surname_behind(view.text, end) if capital and not form.family else end
                yield Span(Kind.PERSON, start, stop, 0.7, NAME, "named elsewhere in the text", form.label)


def labelled(text: str, spans: Sequence[Span], wanted: Mapping[str, Form]) -> list[Span]:
    """Give every person the label of the fullest name that its surface belongs to."""
    out: list[Span] = []
    for span in spans:
        if span.kind == Kind.PERSON and not span.label:
            key = squeezed(text[span.start : span.end])
            out.append(span._replace(label=wanted[key].label if key in wanted else f"name:{key}"))
        else:
            out.append(span)
    return out
