"""Names as they are told: whole ones in kana, in small letters, letter by letter, beside what says that a name comes.

No list holds the surnames that matter here, so a sign beside them is asked for: a given name behind them, an honorific,
a reading in brackets. What else tells of a name by its place is in ``person_placed`` and ``person_last``.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache

from anonymizer import lexicon, name_lists, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_alone import called, family_kanji, kana_or_surname, known_kana
from anonymizer.recognizers.person_beside import beside_names
from anonymizer.recognizers.person_frames import everyday_latin, thing
from anonymizer.recognizers.person_last import last_names
from anonymizer.recognizers.person_noted import noted_names
from anonymizer.recognizers.person_office import office_names
from anonymizer.recognizers.person_placed import placed_names
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME_ID = "person-told"
_RULES = load("person_told")
_BEHIND = ("さん", "さま", "様", "です", "あて", "宛", "まで", "より", "から",
           "は", "が", "の", "と", "に", "を", "も", "へ", "って")  # fmt: skip
_FAMILY_MIN, _FAMILY_MAX = 2, 5
# A blank behind it leaves no doubt where a surname ends: one more may be taken for one.
_FAMILY_APART_MAX = 6
_GIVEN_MIN, _GIVEN_MAX = 2, 5
_SURE_GIVEN_MIN = 3
_BEFORE_CHARS_MAX = 10
_ENDING = re.compile(r"[a-z]{3}(?:ing|ed|ly|tion|ment|ness|ity|s)$")
_SPELLED_MIN = 4
_HEAD_MIN, _HEAD_MAX = 3, 5
_WORD_CHARS_MAX = 14
# Letters that no English word has: ạ to ỹ and some more.
_VIETNAMESE = frozenset("ăâđêôơư").union(map(chr, range(ord("ạ"), ord("ỹ") + 1)))
# Behind these only somebody's name stands; behind "by" or "from" anything may.
_SURE_BY = frozenset(("told", "hey", "surname", "full name", "フルネームは", "frm"))


def _span(match: re.Match[str], group: str, score: float, why: str) -> Span:
    return Span(Kind.PERSON, *match.span(group), score, NAME_ID, why)


def _matches(page: Page, name: str) -> Iterator[re.Match[str]]:
    return matches(_RULES, page, name)


def _before(page: Page, match: re.Match[str], name: str) -> re.Match[str] | None:
    """Return the word right before a match: what is searched for is the rare mark between the two."""
    return _RULES.patterns[name].search(page.text, max(0, match.start() - _WORD_CHARS_MAX), match.start())


def _kana_apart(page: Page) -> Iterator[Span]:
    """Yield a surname at the end of a run in hiragana and a given name at the head of the next."""
    for match in _matches(page, "KANA_APART") if not page.chars.isdisjoint(" ・") else ():
        one, two = match.group("one"), match.group("two")
        family, given = _family_at_end(one), _given_at_head(two)
        if given and family and not (thing(one[-family:]) and thing(two[:given])):
            start = match.end("one") - family
            yield Span(Kind.PERSON, start, match.start("two") + given, 0.75, NAME_ID, "surname and given name in kana")


def _family_at_end(run: str) -> int:
    """Return how long the surname is that a run in hiragana ends with: all of a run that is no word, else 0."""
    unknown = names.kinds(run) == Word.NONE and not (run.endswith(_BEHIND) and names.kinds(run[:-1]) & Word.COMMON)
    if len(run) <= _FAMILY_APART_MAX and (name_lists.is_family_kana(run) or unknown):
        return len(run)
    sizes = range(min(len(run), _FAMILY_APART_MAX), _FAMILY_MIN, -1)
    return next((size for size in sizes if name_lists.is_family_kana(run[-size:])), 0)


def _given_at_head(run: str) -> int:
    """Return how long the given name is that a run in hiragana begins with, alone or before a particle, else 0."""
    for size in range(min(len(run), _GIVEN_MAX), _GIVEN_MIN - 1, -1):
        if name_lists.is_given_kana(run[:size]) and (size == len(run) or run.startswith(_BEHIND, size)):
            return size
    return 0


def _glued(page: Page) -> Iterator[Span]:
    patterns = _RULES.patterns
    for match in _matches(page, "KANA_GLUED"):
        run = match.group("x")
        known = names.kinds(run)
        if known & (Word.COMMON | Word.PROPER | Word.PLACE | Word.OTHER | Word.VERBAL) or thing(run):
            continue
        sizes = [
            size for size in range(len(run) - _FAMILY_MIN, _GIVEN_MIN - 1, -1) if name_lists.is_given_kana(run[-size:])
        ]
        if not sizes:
            continue
        family = any(name_lists.is_family_kana(run[:-size]) for size in sizes)
        told = bool(match.group("end")) or patterns["NAME_BEFORE"].search(
            page.text, max(0, match.start() - _BEFORE_CHARS_MAX), match.start()
        )
        unlisted = any(
            size >= _SURE_GIVEN_MIN and _FAMILY_MIN <= len(run) - size <= _FAMILY_MAX
            and names.kinds(run[:-size]) & ~NAME == Word.NONE
            for size in sizes
        )  # fmt: skip
        before = page.text[match.start("x") - 1 : match.start("x")] if match.start("x") else ""
        sure = match.group("end") not in ("さん", "さま", "") and (before in ("は", "が") or not before.isalpha())
        sure = sure and not _in_words(page, match.start("x"), match.end("x"))
        if family or (told and unlisted and (sure or run[0] >= "ァ")):
            yield _span(match, "x", 0.68, "surname and given name in kana, run together")


def _in_words(page: Page, start: int, end: int) -> bool:
    """Tell whether a run in hiragana ends inside words that the dictionary knows: してくれるそう."""
    index = page.starts.get(start)
    while index is not None and index < len(page.tokens) and page.tokens[index].end <= end:
        token = page.tokens[index]
        if token.word == Word.OTHER and len(token.surface) > 1 and token.surface not in ("ああ", "えっと"):
            return True
        index += 1
    return False


def _told_japanese(page: Page) -> Iterator[Span]:
    """Yield names with their reading, said to be one, or before what somebody says."""
    for match in _matches(page, "READING"):
        word = match.group("x")
        if not (not_a_person(word) or word in lexicon.words("not_people") or (len(word) > 1 and thing(word))):
            yield _span(match, "x", 0.75, "with its reading and an honorific")
            yield _span(match, "y" if match.group("y") else "z", 0.75, "reading of a name")
    for name in ("NAME_IS", "ALIAS"):
        for match in _matches(page, name):
            group = "x" if match.group("x") else "y"
            if name == "ALIAS" or not (thing(match.group(group)) or not_a_person(match.group(group))):
                yield _span(match, group, 0.7, "said to be a name")
    for match in _matches(page, "SPEAKS"):
        if known_kana(match.group("x")):
            yield _span(match, "x", 0.68, "speaks")
    yield from _beside(page)


def _beside(page: Page) -> Iterator[Span]:
    """Yield names beside a greeting, an office, the same name in another script; those set apart."""
    for match in _matches(page, "GREETS"):
        word = match.group("x")
        if kana_or_surname(word):
            yield _span(match, "x", 0.7, "introduces oneself behind a greeting")
    for match in _matches(page, "OF_ONE"):
        group = "x" if match.group("x") else "y"
        if family_kanji(match.group(group)):
            yield _span(match, group, 0.66, "who speaks for an office")
    for match in _matches(page, "ROMANISED"):
        if not any(_plain_word(lexicon.plain(word)) for word in re.split("[ ,-]+", match.group("x")) if len(word) > 2):
            yield _span(match, "x", 0.68, "a name in Latin letters")
    yield from _twofold(page)


def _twofold(page: Page) -> Iterator[Span]:
    for match in _matches(page, "BOTH"):
        reading = name_lists.is_family_kana(match.group("y")) or name_lists.is_given_kana(match.group("y"))
        if names.kinds(match.group("x")) & NAME and reading:
            yield _span(match, "x", 0.7, "name and its reading")
            yield _span(match, "y", 0.7, "name and its reading")
    for match in _matches(page, "SET_APART") if " " in page.chars else ():
        family = match.group("family").replace(" ", "")
        given = names.kinds(match.group("given")) & Word.GIVEN
        if given and (family in name_lists.lists().family_kanji or names.kinds(family) & Word.SURNAME):
            yield Span(Kind.PERSON, *match.span(), 0.75, NAME_ID, "surname set apart and given name")


@cache
def _heads() -> frozenset[str]:
    """Return what given names are cut to: thad, theo, mati."""
    sizes = range(_HEAD_MIN, _HEAD_MAX + 1)
    return frozenset(name[:size] for name in called() if len(name) > _HEAD_MAX for size in sizes)


def _plain_word(word: str) -> bool:
    """Tell whether a word in small letters is an everyday word; "joy" and "mark" are, too."""
    listed = any(word in lexicon.words(name) for name in ("capitalised", "everyday_names", "skills"))
    if listed or word in lexicon.words("anybody_en") or word in called():
        return listed or word in lexicon.words("anybody_en")
    weak = word in lexicon.words("surname_en_weak") or (_ENDING.search(word) and word not in lexicon.latin_names())
    return bool(weak) or everyday_latin(word)


def _told_small(page: Page) -> Iterator[Span]:
    taken = set[str]()
    for match in _matches(page, "TOLD"):
        words, by = match.group("x").split(" "), match.group("by")
        sure = by in _SURE_BY or by.startswith(("spoke", "talked", "chatted", "hi", "caller"))
        plain = [_plain_word(word) for word in words]
        known = not called().isdisjoint(words) or words[0] in lexicon.surnames_any()
        known = known or (words[0] in _heads() and not plain[0])
        if len(words) == 1:
            fits = (known and sure) or (not plain[0] and (known or sure))
        else:
            # rose inoha: a given name may be a word, too.
            fits = not any(plain[1:] if words[0] in called() else plain) and (
                known or sure or by.endswith(("that's", "this is", "it's"))
            )
        if not fits and known and len(words) > 1 and plain[1] and not plain[0]:
            fits, words = True, words[:1]
        if fits:
            taken.update(words)
            end = match.start("x") + len(" ".join(words))
            yield Span(Kind.PERSON, match.start("x"), end, 0.62, NAME_ID, "somebody spoken of in small letters")
    yield from _called_so(page, taken)
    for match in _matches(page, "ACCENTED") if not page.chars.isdisjoint(_VIETNAMESE) else ():
        yield _span(match, "x", 0.66, "name with the letters of its country")


def _called_so(page: Page, taken: Collection[str]) -> Iterator[Span]:
    """Yield names with a surname in brackets or an initial behind them; ``taken`` are spoken of elsewhere."""
    for match in _matches(page, "BRACKET"):
        one = _before(page, match, "BRACKET_BEFORE")
        if one and (one.group() in taken or one.group() in called()) and not _plain_word(match.group("y")):
            yield Span(Kind.PERSON, *one.span(), 0.62, NAME_ID, "called so in small letters")
            yield _span(match, "y", 0.62, "surname in brackets")
    for match in _matches(page, "AND_INITIAL"):
        one = _before(page, match, "INITIAL_BEFORE")
        word = one.group() if one else ""
        if one and (word in called() or word in lexicon.surnames_any()) and not _plain_word(word):
            yield Span(Kind.PERSON, one.start(), match.end(), 0.66, NAME_ID, "name and initial in small letters")


def _letters(page: Page) -> Iterator[Span]:
    for match in _matches(page, "SPELLED"):
        words = ["".join(re.findall("[A-Z]", part)).lower() for part in re.split(r"[ ]{2,}|[ ]-[ ]", match.group())]
        letters = sum(map(len, words))
        if letters >= _SPELLED_MIN and not any(_plain_word(word) for word in ("".join(words), *words) if len(word) > 2):
            yield Span(Kind.PERSON, *match.span(), 0.7, NAME_ID, "spelled letter by letter")
    for match in _matches(page, "JOINED"):
        caps, given = match.group("caps"), match.group("given")
        family = (page.text[match.start()] + (caps or "")).lower()
        if caps and family in lexicon.surnames_any() and given.lower() in lexicon.given_any():
            yield Span(Kind.PERSON, *match.span(), 0.7, NAME_ID, "surname and given name run together")
    for match in _matches(page, "UNDERSCORE"):
        two = match.group("two").lower()
        given = _before(page, match, "UNDERSCORE_BEFORE") if two in lexicon.surnames_any() else None
        one = given.group().lower() if given else ""
        if given and one in called() and not (_plain_word(one) and _plain_word(two)):
            yield Span(Kind.PERSON, given.start(), match.end(), 0.7, NAME_ID, "given name and surname joined")


def find(page: Page) -> Iterator[Span]:
    """Yield names as they are told."""
    if page.japanese:
        yield from _kana_apart(page)
        yield from _glued(page)
        yield from _told_japanese(page)
    if page.has_latin:
        yield from _told_small(page)
        yield from _letters(page)
    yield from placed_names(page)
    yield from beside_names(page)
    yield from last_names(page)
    yield from noted_names(page)
    yield from office_names(page)


RECOGNISER = Recogniser(NAME_ID, (Kind.PERSON,), find)
