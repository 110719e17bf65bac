"""Names in office papers: who drafts, approves, attends, answers, vouches and gives notes."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_alone import latin_name
from anonymizer.recognizers.person_frames import everyday_latin, explained, thing
from anonymizer.recognizers.rulefile import load, matches

NAME_ID = "person-told"
_RULES = load("person_office")
_LIST_MAX, _GIVEN_CHARS_MAX = 8, 2
_WHY = "behind who somebody is"
_LATIN = {
    "I_SIGN": "who signs",
    "TITLED": "at the end of a heading",
    "NUMBERED": "behind the number of an application",
    "ID_CELL": "cell behind an id",
    "NOTES_OF": "whose notes they are",
    "SEATED": "in a numbered row",
    "TO_DO": "who has something to do",
    "MEETS_YOU": "who receives somebody",
    "LET_KNOW": "who is to know",
    "RECOMMENDS": "whom somebody recommends",
    "REPLACES": "whom somebody comes after or meets",
    "LAST_LINE": "at the very end",
    "AT_TIME": "who came when",
}

_PAIRS = {
    "LINE_NUMBER": "on a numbered line",
    "OF_DESK": "of a department",
    "JOINED_WHEN": "who joined when",
}


def _span(match: re.Match[str], group: str, why: str) -> Span:
    return Span(Kind.PERSON, *match.span(group), 0.68, NAME_ID, why)


def _rare(word: str) -> bool:
    """Tell whether a word in kanji is a surname, or one that no dictionary has."""
    known = names.kinds(word)
    unknown = known in (Word.NONE, Word.PLACE) or bool(known & NAME)
    return unknown and not thing(word) and not not_a_person(word) and word not in lexicon.words("places")


def _is_given(word: str) -> bool:
    return bool(names.kinds(word) & Word.GIVEN) or not (thing(word) or not_a_person(word))


def _may_be_surname(word: str) -> bool:
    """Tell whether a thing can be a surname where nobody but a person signs: 薬袋, 大麻; a deed is none."""
    return not names.kinds(word) & Word.VERBAL and word not in lexicon.words("not_people")


def _one(page: Page, match: re.Match[str], sure: bool) -> Iterator[Span]:
    """Yield the name of one of a list; a given name that is a word of its own, such as the next caption, stays.

    ``sure``: only a person can stand there, whatever else the word means.
    """
    family, given = match.group("family"), match.group("given")
    if family is None:
        if "・" in match.group("x") or latin_name(match.group("x")):
            yield _span(match, "x", _WHY)
    elif given and _is_pair(family, given):
        yield _span(match, "x", _WHY)
    elif _RULES.patterns["DEED"].fullmatch(family):
        return
    elif (sure and _may_be_surname(family)) or (_rare(family) and not explained(page, *match.span("family"))):
        yield _span(match, "family", _WHY)


def _is_pair(family: str, given: str) -> bool:
    """Tell whether two words are surname and given name, one of which may be a thing: 箕輪 大悟."""
    deed = _RULES.patterns["DEED"].fullmatch(given) is not None
    if deed or lexicon.words("not_people") & {family, given} or (thing(family) and thing(given)):
        return False
    return _is_given(given) or (bool(names.kinds(family) & Word.SURNAME) and len(given) <= _GIVEN_CHARS_MAX)


def _listed(page: Page) -> Iterator[Span]:
    """Yield the names behind what they do in a paper: 承認 水主 / 決裁 ..., 出席:大麻(人事)、能勢(技術)."""
    captions = list(matches(_RULES, page, "OFFICE"))
    lines = Counter(page.text.count("\n", 0, caption.start()) for caption in captions if caption.group("signs"))
    for caption in captions:
        at = caption.end()
        row = bool(caption.group("signs")) and lines[page.text.count("\n", 0, caption.start())] > 1
        for _ in range(_LIST_MAX):
            match = _RULES.patterns["ONE"].match(page.text, at)
            if match is None:
                break
            from_office = _RULES.patterns["FROM_OFFICE"].match(page.text, match.end())
            yield from _one(page, match, row or from_office is not None)
            following = _RULES.patterns["NEXT_ONE"].match(page.text, match.end())
            if following is None:
                break
            at = following.end()


def _some_word_is_rare(words: str) -> bool:
    """Tell whether one of the words, short ones aside, is no everyday one."""
    return not all(everyday_latin(word) for word in re.split("[ ._]", words) if len(word) > 1)


def _last_word_is_rare(words: str) -> bool:
    return not everyday_latin(words.split(" ")[-1])


def _both_parts_are_names(words: str) -> bool:
    family, _, given = words.partition(", ")
    return latin_name(family) and latin_name(given)


_CHECKED: dict[str, tuple[Callable[[str], bool], str]] = {
    **{name: (latin_name, why) for name, why in _LATIN.items()},
    "INITIAL_AND_CAPITALS": (_last_word_is_rare, "initial and surname in capitals"),
    "HEADED": (_some_word_is_rare, "below the title of a résumé"),
    "QUOTED_CELL": (_both_parts_are_names, "surname, given name in a cell"),
    "ACCOUNT": (_some_word_is_rare, "whose account it is"),
}


def _latin(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "LAST_FIRST"):
        yield _span(match, "x", "in a cell of a form")
        yield _span(match, "y", "in a cell of a form")
    for name, (is_name, why) in _CHECKED.items():
        for match in matches(_RULES, page, name):
            for group in ("x", "y") if "y" in match.re.groupindex else ("x",):
                if match.group(group) and is_name(match.group(group)):
                    yield _span(match, group, why)


def _beside_office(page: Page) -> Iterator[Span]:
    """Yield the surnames beside an office: (所長 陸奥), 柳楽施設長より."""
    for match in matches(_RULES, page, "OFFICE_IN_BRACKETS"):
        family, given = match.group("family"), match.group("given")
        if given and _is_pair(family, given):
            yield Span(Kind.PERSON, match.start("family"), match.end("given"), 0.68, NAME_ID, "beside an office")
        elif _may_be_surname(family) and not given and not not_a_person(family):
            yield _span(match, "family", "beside an office")
    for match in (*matches(_RULES, page, "BEFORE_OFFICE"), *matches(_RULES, page, "ROW_OF_DESK")):
        family, given = match.group("family"), match.groupdict().get("given")
        if _rare(family) or names.kinds(family) & Word.SURNAME:
            yield Span(
                Kind.PERSON,
                match.start("family"),
                match.end("given" if given else "family"),
                0.68,
                NAME_ID,
                "beside an office",
            )


def _is_called(word: str) -> bool:
    """Tell whether one word in any script is what somebody is called."""
    if word[0] < "ぁ":
        return latin_name(word)
    return bool(names.kinds(word) & NAME) and not not_a_person(word)


def _beside_another(page: Page) -> Iterator[Span]:
    """Yield a name in kanji behind the same in Latin letters, and how a name is read."""
    for match in matches(_RULES, page, "IN_KANJI"):
        latin = match.group("latin").split(" ")
        named = latin_name(latin[-1]) or any(lexicon.plain(word) in lexicon.latin_names() for word in latin)
        if named and (" " in match.group("x") or not explained(page, *match.span("x"))):
            yield _span(match, "x", "the same name in kanji")
    for match in matches(_RULES, page, "JUDGED_BY"):
        for name in re.finditer(r"[^、,/・ ]+", match.group("list")):
            if _is_called(name.group()):
                start = match.start("list") + name.start()
                yield Span(Kind.PERSON, start, start + len(name.group()), 0.68, NAME_ID, "who judged")
    for match in matches(_RULES, page, "SO_MANY"):
        if _is_called(match.group("x")) and _is_called(match.group("y")):
            yield _span(match, "x", "two who are counted")
            yield _span(match, "y", "two who are counted")
    for match in matches(_RULES, page, "READING_IN_ROW"):
        yield _span(match, "x", "reading of a name in a row")
    for match in matches(_RULES, page, "READING"):
        yield _span(match, "x", "how a name is read")
        yield _span(match, "y", "how a name is read")


def office_names(page: Page) -> Iterator[Span]:
    """Yield names in office papers."""
    if page.has_latin:
        yield from _latin(page)
    if page.japanese:
        yield from _listed(page)
        yield from _beside_office(page)
        yield from _beside_another(page)
        for name in ("EXTENSION_OF", "ONE_KANJI"):
            for match in matches(_RULES, page, name):
                if match.group("x")[0] >= "ぁ" or latin_name(match.group("x")):
                    yield _span(match, "x", "in a cell of a form")
        for match in matches(_RULES, page, "SEALED"):
            if _rare(match.group("x").split(" ")[0]):
                yield _span(match, "x", "beside a seal")
        for name, why in _PAIRS.items():
            for match in matches(_RULES, page, name):
                if _is_pair(match.group("family"), match.group("given")):
                    yield _span(match, "x", why)
