"""Names by what stands beside them: a calling, a doorbell, the value in a query string.

What lists know matters little here; what is asked is that a word is no everyday word, no town and no thing.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.name_lists import is_given_kana
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_alone import NO_KANA_NAME, is_town, kana_name, kanji_name, latin_name, lone_name
from anonymizer.recognizers.person_frames import everyday_latin, explained, thing
from anonymizer.recognizers.rulefile import load, matches

NAME_ID = "person-told"
_RULES = load("person_placed")
_GIVEN_CHARS_MAX = 12
_TURNS_MIN = 2
_MONTHS = frozenset(("april", "may", "june", "august"))
# Patterns whose word only has to be no everyday word, and why it is a name.
_UNKNOWN = {
    "TEAM_SIGNS": "signs for a team",
    "HEARD_FROM": "somebody heard from",
    "BY_WHOM": "who does something",
    "ARROW": "who comes before an arrow",
    "ARROW_TO": "to whom something is said",
    "GIVE_A_CALL": "who is to be called",
    "SPOKE": "whom somebody spoke to",
    "STATUS": "whose state is noted",
    "WITH_NOTE": "who does something",
    "BULLET": "name and initial at the head of a line",
    "TITLE_BEHIND": "line before a title",
    "HEADING": "whom a report is of",
    "MEETS": "whom somebody meets",
    "PROCEED": "with whom one goes on",
    "HOW_DID": "whom somebody asks about",
    "ROLE_CELL": "behind a role, in a cell",
    "RELATION_IS": "who is near to somebody",
    "KIN": "a relative by name",
    "DATED": "who did something on a day",
}
# Patterns that need a name of the lists, which may be a word too.
_LISTED = {"OF_TEAM": "of a team", "MEMO": "whom a note is about"}
_LISTED_KANA = {
    "NOT_SO": "how a name is not written",
    "VIA": "through whom",
    "OF_SPOUSE": "a relative by name",
    "TO_KANA": "to whom",
}
_SURE = {
    "VIETNAMESE": "Vietnamese name in kana",
    "NICKNAMED": "how somebody is called",
    "READ_SO": "how a name is read",
    "READ_AND_MORE": "how a name is read",
    "FIRST_WORD": "introduces oneself first",
    "GOES_BY": "how somebody is called",
    "MOVED": "who goes a step on",
    "ALSO_CALLED": "how somebody is called",
    "INITIALS": "initials",
    "INITIALS_ALONE": "initials",
    "ACCOUNT_OF": "holds an account",
    "KANA_BEFORE_FACT": "kana before a fact of a person",
    "KANA_ONE": "kana of the name before the brackets",
}


def _span(match: re.Match[str], score: float, why: str) -> Span:
    group = "x" if match.group("x") else "by"
    return Span(Kind.PERSON, *match.span(group), score, NAME_ID, why)


def _in_kanji_or_kana(page: Page) -> Iterator[Span]:
    """Yield names that make a sentence, sign humbly or come behind a caption or a calling."""
    for name in ("SENTENCE", "BORN"):
        for match in matches(_RULES, page, name):
            word = match.group("x")
            plain = len(word) > 1 and word[0] >= "一" and names.kinds(word) & Word.COMMON
            if lone_name(word) and not plain:
                yield _span(match, 0.62, "a sentence of a name alone")
    for match in matches(_RULES, page, "HUMBLY"):
        if match.group("x")[0] < "ァ" or kanji_name(match.group("x")):
            yield _span(match, 0.7, "signs humbly")
    for match in matches(_RULES, page, "KANA_CAPTIONED"):
        parts = [part for part in re.split("[ ・]", match.group("x")) if len(part) > 1]
        # フリガナ エンドウ ナオコ: one part is a name, so the other is no engine.
        nobody = lexicon.words("not_people")
        named = any(names.kinds(part) & NAME for part in parts) and not any(part in nobody for part in parts)
        if named or not any(not_a_person(part) or (thing(part) and not is_given_kana(part)) for part in parts):
            yield _span(match, 0.9, "katakana behind a caption for a name")


def _by_office(page: Page) -> Iterator[Span]:
    """Yield names with a reading of as many parts, and of those who sign, act or have a calling."""
    for match in matches(_RULES, page, "READING_OF"):
        if not any(not_a_person(part) for part in match.group("x").split(" ")):
            yield _span(match, 0.85, "reading beside a name of as many parts")
            yield Span(Kind.PERSON, *match.span("y"), 0.85, NAME_ID, "reading of the name before it")
    for match in matches(_RULES, page, "SIGNS_QUOTE"):
        if names.kinds(match.group("x")) & Word.SURNAME and not thing(match.group("x")):
            yield _span(match, 0.66, "signs what is quoted")
    for match in matches(_RULES, page, "DONE_BY"):
        if names.kinds(match.group("x")) & Word.SURNAME and not not_a_person(match.group("x")):
            yield _span(match, 0.7, "does what is told")
    for match in matches(_RULES, page, "TOLD_TO"):
        word = match.group("x") or match.group("by")
        if names.kinds(word) & Word.SURNAME and not not_a_person(word):
            yield _span(match, 0.7, "who is to be told, or meets somebody")
    for match in matches(_RULES, page, "CALLING"):
        word = match.group("x")
        known = names.kinds(word)
        # 保護者 石川 at the end of a line: a place has nothing to do there.
        ends = page.text[match.end() : match.end() + 1] in ("", "\n")
        place = word in lexicon.words("places") and not (ends and known & Word.SURNAME)
        plain = (thing(word) and not known & Word.SURNAME) or not_a_person(word) or place
        if not plain and (known in (Word.NONE, Word.PLACE) or known & NAME) and not explained(page, *match.span("x")):
            yield _span(match, 0.7, "behind a calling")


def _told(page: Page) -> Iterator[Span]:
    """Yield names whose career, number or writing is told."""
    for match in matches(_RULES, page, "CAREER_OF"):
        word = match.group("x")
        known = names.kinds(word)
        if (known == Word.NONE or known & NAME) and not not_a_person(word) and not known & (Word.PARTICLE | Word.OTHER):
            yield _span(match, 0.64, "whose career is told")
    for match in matches(_RULES, page, "OF_NUMBER"):
        if names.kinds(match.group("x")) & Word.SURNAME and not not_a_person(match.group("x")):
            yield _span(match, 0.66, "introduces oneself behind a number")
    for name, why in _LISTED_KANA.items():
        for match in matches(_RULES, page, name):
            if is_given_kana(match.group("x")) or kana_name(match.group("x")):
                yield _span(match, 0.66, why)
    for match in matches(_RULES, page, "WHO"):
        word = match.group("x")
        if kana_name(word) or (word[0] >= "ァ" and not thing(word) and not not_a_person(word)):
            yield _span(match, 0.66, "who did something")
    for match in matches(_RULES, page, "KANJI_BEHIND"):
        before = max(0, match.start() - _GIVEN_CHARS_MAX)
        latin = _RULES.patterns["LATIN_BEFORE"].search(page.text, before, match.start())
        given = lexicon.plain(latin.group("given")) if latin else ""
        if names.kinds(match.group("x")) & NAME and given in lexicon.given_any():
            yield _span(match, 0.7, "kanji of the name before the brackets")


def _on_record(page: Page) -> Iterator[Span]:
    """Yield the name that something is kept in, pet names, and the first cell of a row before sex and age."""
    for match in matches(_RULES, page, "IN_NAME"):
        word = match.group("x")
        quoted = bool(match.group("quote")) and names.kinds(word) in (Word.NONE, Word.PLACE)
        if kanji_name(word) or (quoted and not thing(word)):
            yield _span(match, 0.68, "in whose name")
    for match in matches(_RULES, page, "PET"):
        given = match.group("given")
        if is_given_kana(given) and not names.kinds(match.group("x")) & NO_KANA_NAME and not not_a_person(given):
            yield _span(match, 0.7, "a pet name of a given name")
    for match in matches(_RULES, page, "CELL_JA"):
        if names.kinds(match.group("x")) & NAME and not not_a_person(match.group("x")):
            yield _span(match, 0.7, "before sex and age in a row")


def _latin(page: Page) -> Iterator[Span]:
    for name, why in _UNKNOWN.items():
        for match in matches(_RULES, page, name):
            if latin_name(match.group("x")):
                yield _span(match, 0.66, why)
    for name, why in _LISTED.items():
        for match in matches(_RULES, page, name):
            word = lexicon.plain(match.group("x"))
            if word in lexicon.given_any() and not (word in _MONTHS and " in " in match.group()):
                yield _span(match, 0.66, why)
    yield from _latin_pairs(page)
    turns = [match for match in matches(_RULES, page, "TURN_SAID") if _speaks(match.group("x"))]
    for match in turns if len(turns) >= _TURNS_MIN else ():
        yield _span(match, 0.68, "speaks line after line")


def _latin_pairs(page: Page) -> Iterator[Span]:
    """Yield a surname before a given name, a nickname between both, capitals in a row."""
    for match in matches(_RULES, page, "NICK_BETWEEN"):
        if not any(map(everyday_latin, (match.group("x"), match.group("z")))):
            yield Span(Kind.PERSON, match.start("x"), match.end("z"), 0.8, NAME_ID, "a nickname inside a name")
            yield Span(Kind.PERSON, *match.span("y"), 0.8, NAME_ID, "a nickname inside a name")
    for match in matches(_RULES, page, "QUOTED_REVERSED"):
        if lexicon.plain(match.group("given")) in lexicon.given_any() and not is_town(match.group("given")):
            yield _span(match, 0.75, "surname, given name in quotes")
    for match in matches(_RULES, page, "ROW"):
        if all(not everyday_latin(word) for word in match.group("x").split(" ")):
            yield _span(match, 0.72, "capitals in a row of a table")


def _speaks(word: str) -> bool:
    return lexicon.plain(word) in lexicon.latin_names() and word.lower() not in lexicon.words("skills")


def _apart(page: Page) -> Iterator[Span]:
    """Yield names whose letters are set apart: a name of the lists, or what comes behind N A M E."""
    for match in matches(_RULES, page, "APART"):
        head, _, rest = match.group("x").partition("  ")
        first = head.replace(" ", "").lower()
        if first == "name" and rest:
            yield Span(
                Kind.PERSON, match.end("x") - len(rest.lstrip()), match.end("x"), 0.8, NAME_ID, "letters set apart"
            )
        elif first in lexicon.given_strong() and not everyday_latin(first):
            yield _span(match, 0.8, "letters set apart")


def _encoded(page: Page) -> Iterator[Span]:
    """Yield values of keys for a name in a query string: name=%E6%BE%84."""
    for match in matches(_RULES, page, "ENCODED"):
        value = unquote_plus(match.group("x"), errors="replace")
        plain = any(thing(token.surface) for token in names.tokenise(value, 0) if len(token.surface) > 1)
        if "\ufffd" not in value and not plain:
            yield _span(match, 0.8, "value of a key for a name, encoded")


def placed_names(page: Page) -> Iterator[Span]:
    """Yield names that what stands beside them tells."""
    for name, why in _SURE.items():
        for match in matches(_RULES, page, name):
            yield _span(match, 0.68, why)
    if page.japanese:
        yield from _in_kanji_or_kana(page)
        yield from _by_office(page)
        yield from _told(page)
        yield from _on_record(page)
    if page.has_latin:
        yield from _latin(page)
        yield from _apart(page)
        yield from _encoded(page)
