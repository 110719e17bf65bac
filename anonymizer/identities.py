"""T0: participants known beforehand, in every way they are usually written.

No recogniser comes near this: a list of all participants brings the leak of names below one in two hundred.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from anonymizer import alike, around, disguised, greeted, lexicon, nicknames
from anonymizer.aloud import Aloud
from anonymizer.forms import Form, View, squeezed, unaccented
from anonymizer.kana import hiragana, katakana
from anonymizer.model import Identity, Kind, Span
from anonymizer.names import Word, readings
from anonymizer.normalise import normalise
from anonymizer.numerals import ascii_digits
from anonymizer.recognizers.japanese import in_firm, is_kanji, split_name
from anonymizer.romaji import spellings

NAME = "identity"
PART_SCORE = 0.99
"""Of a part of a name; a firm that bears it takes it along (株式会社山田)."""
IDENTITIES_MAX = 200
_LOCAL_PART_CHARS_MIN = 5
_HALF_CHARS_MIN = 4
_TOLD_CHARS_MIN = 5
_PHONE_DIGITS_MIN, _PHONE_DIGITS_MAX = 8, 15
_BETWEEN, _DOTS = re.compile(r"[\s,_・]+"), re.compile(r"[・ ]+")
_KANA = re.compile(r"[ぁ-んァ-ヶー]+")

Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Possible family names and possible given names in one script."""


@lru_cache(maxsize=2048)
def _reading(text: str) -> str:
    return normalise(text.strip()).text


def _japanese(name: str) -> bool:
    return any(is_kanji(char) or "ぁ" <= char <= "ー" for char in name)


def _written(identity: Identity) -> Iterator[tuple[str, bool]]:
    """Yield (form, whole) of the name as given, in kanji or kana."""
    name = _reading(identity.name)
    if not _japanese(name):
        return
    split = split_name(name)
    # A single short name may stand inside other words; a full one hardly does.
    yield name, split is not None or len(name) > 3
    if split:
        yield split[1] + split[0], True
        yield split[0], False
        yield split[1], False
        families, givens = _kana_names(identity)
        for script in (katakana, hiragana):
            yield from ((split[0] + script(given), True) for given in givens)
            yield from ((script(family) + split[1], True) for family in families)
    elif "・" in name or " " in name:
        yield from ((part, False) for part in _DOTS.split(name) if len(part) > 1)


@lru_cache(maxsize=512)
def _kana_names(identity: Identity) -> Names:
    """Return katakana readings of family and given name: as given, else from the dictionary."""
    kana = katakana(_reading(identity.kana)).split()
    if len(kana) >= 2:
        return (kana[0],), (kana[-1],)
    name = _reading(identity.name)
    split = split_name(name) if _japanese(name) else None
    if split is None:
        return tuple(kana), ()
    families, givens = readings(split[0], Word.SURNAME)[:3], readings(split[1], Word.GIVEN)[:4]
    if kana:
        family = next((each for each in families if kana[0].startswith(each) and kana[0] != each), "")
        return ((family,), (kana[0][len(family) :],)) if family else ((kana[0],), ())
    families = (katakana(split[0]),) if _KANA.fullmatch(split[0]) else families
    return families, (katakana(split[1]),) if _KANA.fullmatch(split[1]) else givens


def _spoken(identity: Identity) -> Iterator[tuple[str, bool]]:
    """Yield (form, whole) in katakana and hiragana."""
    families, givens = _kana_names(identity)
    for script in (katakana, hiragana):
        for family, given in product(families, givens):
            yield script(family + given), True
            yield script(given + family), True
            # しまのしのぶ: as names are told.
            if len(family + given) >= _TOLD_CHARS_MIN:
                yield f"{script(family)}の{script(given)}", True
        for part in (*families, *givens):
            yield script(part), False


def _latin(identity: Identity) -> Iterator[tuple[str, bool]]:
    """Yield (form, whole) in Latin letters: as given, and every usual spelling of the reading."""
    pairs: set[tuple[str, str]] = set()
    name = _reading(identity.name)
    for text in filter(None, (_reading(identity.romaji), "" if _japanese(name) else name)):
        parts = [part.strip(".,").lower() for part in _BETWEEN.split(text) if part.strip(".,")]
        yield "".join(parts), len(parts) > 1
        if len(parts) > 1:
            pairs.add((parts[0], parts[-1]))
            yield from ((part, False) for part in parts[1:-1] if len(part) > 2)
        for part in parts:
            if "-" in part:
                yield part, True
                yield from ((half, False) for half in part.split("-") if len(half) >= _HALF_CHARS_MIN)
    families, givens = _kana_names(identity)
    pairs |= {
        pair for family, given in product(families, givens) for pair in product(spellings(family), spellings(given))
    }
    for one, two in sorted(pairs):
        for first, second in ((one, two), (two, one)):
            yield first + second, True
            yield first[0] + second, True
            yield second + first[0], True
        yield one, False
        yield two, False


def forms(identity: Identity, label: str) -> tuple[Form, ...]:
    """Return every written form of a participant, each once."""
    found: dict[tuple[str, bool], Form] = {}
    for text, whole in (*_written(identity), *_spoken(identity), *_latin(identity)):
        # Most are plain letters, which have no gap and no accent to lose.
        key = text.lower() if text.isascii() and text.isalnum() else squeezed(text) if whole else unaccented(text)
        if len(key) >= (2 if key.isascii() else 1) and (key, whole) not in found:
            found[key, whole] = Form(key, Kind.PERSON, whole, label)
    mail = squeezed(_reading(identity.email))
    if mail:
        found[mail, True] = Form(mail, Kind.EMAIL, True, label)
        local = mail.split("@")[0]
        # april@example.net: a word alone is no account.
        if len(local) >= _LOCAL_PART_CHARS_MIN and local not in lexicon.words("capitalised"):
            found.setdefault((local, True), Form(local, Kind.HANDLE, True, label))
    return tuple(found.values())


def _parts(identity: Identity) -> nicknames.Parts:
    """Return family and given names in hiragana and in small Latin letters, for what they are shortened to."""
    families, givens = _kana_names(identity)
    name = _reading(identity.name)
    latin = [
        tuple(part.strip(".,").lower() for part in _BETWEEN.split(text) if part.strip(".,"))
        for text in filter(None, (_reading(identity.romaji), "" if _japanese(name) else name))
    ]
    latin += [
        (spellings(family)[0], spellings(given)[0]) for family in families[:1] for given in givens[:1] if not latin
    ]
    return nicknames.Parts(
        kana=tuple(dict.fromkeys(hiragana(part) for part in (*families, *givens) if len(part) > 1)),
        latin=tuple(dict.fromkeys(latin)),
    )


class _Person(NamedTuple):
    """What is looked for of one participant."""

    forms: tuple[Form, ...]
    parts: nicknames.Parts
    family: str
    """As it is written in Japanese, empty when it is not; so is the given name."""
    given: str
    katakana: tuple[str, ...]
    wholes: tuple[str, ...]
    """The full name in kanji and in katakana."""
    latin: tuple[str, ...]
    """The parts of the Latin names."""
    everyday: tuple[str, ...]
    """The full Latin names of everyday words alone: rose park."""
    letters: tuple[str, ...]
    """Parts of the name of more than three letters or two characters, each of which tells who is meant."""
    spoken: bool
    """Whether a reading in kana is known."""
    romaji: tuple[str, ...]
    """The same, of a Japanese name."""
    initials: frozenset[str]
    phone: str
    """Its digits without the leading 0, which a country code takes the place of."""


def _letters(latin: Iterable[str], family: str, given: str) -> tuple[str, ...]:
    """Return what tells who is meant when its letters are set apart: names of four letters, of two characters."""
    halves = (squeezed(half) for part in latin for half in part.split("-"))
    kanji = (family, family + given) if len(family) > 1 else (family + given,)
    return tuple(dict.fromkeys((*(half for half in halves if len(half) >= _HALF_CHARS_MIN), *filter(None, kanji))))


@lru_cache(maxsize=512)
def _person(identity: Identity, label: str) -> _Person:
    parts, name = _parts(identity), _reading(identity.name)
    family, given = (split_name(name) or ("", "")) if _japanese(name) else ("", "")
    families, givens = _kana_names(identity)
    latin = tuple(dict.fromkeys(part for names in parts.latin for part in names if part))
    return _Person(
        forms=forms(identity, label),
        parts=parts,
        family=family,
        given=given,
        katakana=tuple(dict.fromkeys((*families, *givens))),
        wholes=(family + given, *(one + two for one, two in product(families, givens))),
        latin=latin,
        everyday=tuple(" ".join(one) for one in parts.latin if len(one) > 1 and all(map(alike.everyday_word, one))),
        letters=_letters(latin, family, given),
        spoken=any(_KANA.fullmatch(part) for part in (*families, *givens)),
        romaji=latin if families else (),
        initials=frozenset(part[0] for part in latin),
        phone=_phone_digits(identity.phone).lstrip("0"),
    )


def _nearly(words: alike.Words, aloud: Aloud, person: _Person) -> Iterator[tuple[int, int]]:
    """Yield where a name is written nearly right, by a letter or two, or where it is an everyday word."""
    if not words.text.isascii():
        yield from words.by_shape(person.wholes, (person.family,))
        yield from words.by_consonants(person.romaji)
    if words.latin:
        yield from words.by_letters(person.latin)
        yield from words.everyday(person.latin)
        for name in person.everyday:
            yield from greeted.in_full(words.text, name)
        yield from words.by_ear(person.parts.latin)
        yield from words.by_initials(person.parts.latin)
        yield from aloud.told_by_letter(person.latin)
        yield from aloud.in_pieces(person.latin)


def _in_disguise(found: disguised.Disguises, person: _Person) -> Iterator[tuple[int, int]]:
    """Yield where a name is hidden in a manner of writing."""
    yield from found.apart(person.letters)
    if not found.text.isascii():
        yield from found.told_apart(person.family, person.given)
        yield from found.masked(person.family, person.initials)
        yield from found.in_kana(person.parts.kana)
        yield from found.in_katakana(() if person.spoken else person.latin, person.katakana)


def _phone_digits(phone: str) -> str:
    digits = ascii_digits(_reading(phone))
    national = "0" + digits[2:].lstrip("0") if digits.startswith("81") and len(digits) > 10 else digits
    return national if _PHONE_DIGITS_MIN <= len(national) <= _PHONE_DIGITS_MAX else ""


def find(view: View, identities: Iterable[Identity]) -> Iterator[Span]:
    """Yield every written form of the participants."""
    words, short, hidden = alike.Words(view.text), nicknames.Short(view.text), disguised.Disguises(view.text)
    aloud = Aloud(words)
    for number, identity in enumerate(list(identities)[:IDENTITIES_MAX]):
        label = f"identity:{number}"
        person = _person(identity, label)
        yield from _written_out(view, person, label)
        yield from nicknames.find(short, person.parts, label)
        for start, end in _nearly(words, aloud, person):
            yield Span(Kind.PERSON, start, end, PART_SCORE, NAME, "nearly a known participant", label)
        for start, end in _in_disguise(hidden, person):
            yield Span(Kind.PERSON, start, end, PART_SCORE, NAME, "a known participant in disguise", label)
        # Without the leading 0 the number is found behind a country code too.
        for start, end in view.numbers(person.phone) if person.phone else ():
            yield Span(Kind.PHONE, start, end, 1.0, NAME, "known participant's number", label)


def _written_out(view: View, person: _Person, label: str) -> Iterator[Span]:
    """Yield the forms of a name with what stands around them and belongs to it."""
    latin: list[tuple[int, int]] = []
    for form in view.held(person.forms):
        for start, end in view.places(form):
            # 山田商事 is no person; a surname before an honorific or a title is.
            if form.whole or view.beside_honorific(end) or not in_firm(view.text, end):
                score = 1.0 if form.whole else PART_SCORE
                yield Span(form.kind, start, end, score, NAME, "known participant", label)
                stop = around.given_behind(view.text, end, person.given) if form.text == person.family else end
                if stop > end:
                    yield Span(Kind.PERSON, start, stop, PART_SCORE, NAME, "of a known participant's family", label)
                stop = around.pet_behind(view.text, end) if form.kind == Kind.PERSON else end
                if stop > end:
                    yield Span(Kind.PERSON, start, stop, PART_SCORE, NAME, "what a known participant is called", label)
                if form.kind == Kind.PERSON and form.text[0] < "ɐ":
                    latin.append((start, end))
                    stop = around.shortened_behind(view.text, end, person.initials)
                    if stop > end:
                        yield Span(Kind.PERSON, start, stop, PART_SCORE, NAME, "shortened behind", label)
    longer = [*around.with_middle_names(view.text, latin)] if len(latin) > 1 else []
    if len(person.katakana) > 1 and not view.text.isascii():
        longer += around.in_katakana(view.text, person.katakana)
    for start, end in longer:
        yield Span(Kind.PERSON, start, end, 1.0, NAME, "known participant with further names", label)


def roles(identities: Iterable[Identity]) -> dict[str, str]:
    """Return the role of each label."""
    return {f"identity:{number}": identity.role for number, identity in enumerate(list(identities)[:IDENTITIES_MAX])}
