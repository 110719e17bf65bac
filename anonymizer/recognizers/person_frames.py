"""Names by the frame around them, whatever the dictionaries say of their words.

A rare surname is a place, a plant or nothing to a dictionary; two words before an honorific are a person all the same.
What is asked of the words is only that they are no role, no thing and no skill.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from anonymizer import lexicon, name_lists, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers.ending import Ending
from anonymizer.recognizers.japanese import in_organisation, is_kanji, not_a_person
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME_ID = "person-frames"
_RULES = load("person_frames")
_HONORIFICS = ("さん", "様", "さま", "氏", "くん", "ちゃん", "君", "殿", "先生")
_TITLES = ("長", "主任")
_SAYS = ("です", "と申", "ともうし", "と言います", "といいます", "より")
_MORE_MAX = 6
_BEFORE_CHARS_MAX = 28
# He is a surname, too.
_PRONOUNS = frozenset(("he", "she", "they", "we", "you", "it", "who", "i"))
_SEPARATORS = re.compile(r"[ /,]+")
_ENDINGS = {
    name: Ending(_RULES.patterns[name])
    for name in ("ONE_BEFORE", "DASH_BEFORE", "TWO_BEFORE", "TWO_BY", "CAPITAL_BEFORE")
}
_STATES = frozenset("済未要可否無有良適同他")
_ROLE_CHARS = frozenset("部課係室店社局者員長官")


def _span(match: re.Match[str], group: str, score: float, why: str) -> Span:
    return Span(Kind.PERSON, *match.span(group), score, NAME_ID, why)


def _matches(page: Page, name: str) -> Iterator[re.Match[str]]:
    return matches(_RULES, page, name)


@lru_cache(maxsize=16_384)
def _stopped(word: str) -> bool:
    """Tell whether a Japanese word is a role or a thing, so that no frame makes a name of it."""
    return (
        word in lexicon.words("not_people") or word in lexicon.words("businesses") or (len(word) > 1 and
        word[-1] in _ROLE_CHARS and not names.kinds(word) & NAME)
    )  # fmt: skip


@lru_cache(maxsize=16_384)
def thing(word: str) -> bool:
    """Tell whether the dictionary knows a word as a thing or deed, and as no name and no place."""
    known = names.kinds(word)
    return bool(known & (Word.COMMON | Word.VERBAL | Word.PARTICLE | Word.NUMBER | Word.OTHER)) and not known & (
        NAME | Word.PLACE
    )


def explained(page: Page, start: int, end: int) -> bool:
    """Tell whether a stretch is put together from words that the dictionary knows: 面接結果, 一次通過."""
    index = page.starts.get(start)
    while index is not None and index < len(page.tokens) and page.tokens[index].start < end:
        token = page.tokens[index]
        if token.word & (Word.COMMON | Word.NUMBER) and len(token.surface) > 1 and thing(token.surface):
            return True
        index += 1
    return False


@lru_cache(maxsize=16_384)
def everyday_latin(word: str) -> bool:
    """Tell whether a Latin word is an everyday word or a skill, in the lists or in the dictionary of Japanese."""
    plain = lexicon.plain(word)
    if plain in lexicon.latin_names():
        return plain in lexicon.words("skills")
    return (
        plain in lexicon.words("capitalised")
        or plain in lexicon.words("skills")
        or bool((names.kinds(plain) | names.kinds(word)) & (Word.COMMON | Word.VERBAL | Word.OTHER))
    )


def _surname_and_given(family: str, given: str) -> bool:
    return bool(names.kinds(family) & Word.SURNAME and names.kinds(given) & Word.GIVEN)


def _given(word: str) -> bool:
    """Tell whether a word is a given name and nothing else."""
    if word[0].isascii():
        return lexicon.plain(word) in lexicon.given_any() and not everyday_latin(word)
    known = names.kinds(word)
    if known & Word.GIVEN:
        return not known & (Word.COMMON | Word.VERBAL | Word.OTHER | Word.PARTICLE)
    return known == Word.NONE and name_lists.is_given_kana(word)


def _says_role(words: str) -> bool:
    """Tell whether what stands in brackets behind a name is what somebody does, not how the name is read."""
    latin = words[0] < "ぁ" and all(map(everyday_latin, words.split(" ")))
    return latin or _RULES.patterns["ROLE_KATAKANA"].search(words) is not None


def _two_words(page: Page) -> Iterator[Span]:
    """Yield surname, blank and given name: before a mark of a person, or where the second is a given name."""
    for match in _overlapping(page, "TWO"):
        family, given, mark = match.group("family"), match.group("given"), match.group("mark")
        latin = family[0] < "ぁ", given[0] < "ぁ"
        if all(latin) or _stopped(family) or _stopped(given):
            continue
        if any(everyday_latin(word) for word, is_latin in zip((family, given), latin, strict=True) if is_latin):
            continue
        end = match.start("mark")
        honorific = mark in _HONORIFICS or page.text.startswith(_HONORIFICS, end + (page.text[end : end + 1] == " "))
        sure = _given(given) and not not_a_person(given)
        if not latin[0] and thing(family) and not (honorific or (sure and is_kanji(family[0]))):
            continue
        says = mark.startswith(_SAYS) or mark.endswith("(")
        alone = not mark and not latin[1] and page.text[end : end + 1] in ("", "\n")
        sure = sure or (mark.endswith(_TITLES) and _surname_and_given(family, given))
        sure = sure or (alone and not thing(family) and bool(names.kinds(given) & Word.GIVEN))
        # 野老 風花さん: two plants are a person before さん, 面接 日程 is none before の.
        if (honorific or sure or (says and not thing(given))) and (
            sure or not explained(page, match.start("given"), end)
        ):
            yield Span(
                Kind.PERSON, match.start("family"), end, 0.8 if honorific else 0.7, NAME_ID, "surname and given name"
            )
            reading = _RULES.patterns["READING_BEHIND"].match(page.text, end)
            if reading and not _says_role(reading.group("x")):
                yield _span(reading, "x", 0.75, "reading in brackets behind a name")


def _overlapping(page: Page, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern, the second word of each tried as the first one of another, too."""
    pattern, match = _RULES.patterns[name], None
    while match := pattern.search(page.text, match.start("given") if match else 0):
        yield match


def _run_on(page: Page) -> Iterator[Span]:
    for match in _matches(page, "RUN_ON"):
        family, given = match.group("family"), match.group("given")
        listed = names.kinds(family) & (Word.SURNAME | Word.PLACE) or name_lists.is_family_kana(family)
        if not listed or _stopped(given):
            continue
        honorific = page.text.startswith(_HONORIFICS, match.end() + (page.text[match.end() : match.end() + 1] == " "))
        plain = everyday_latin(given) if given[0] < "ぁ" else bool(names.kinds(given) & Word.COMMON)
        # 平リーナ: no 大阪マリア.
        foreign = bool(names.kinds(given) & Word.FOREIGN) and family not in lexicon.words("places")
        if not plain and (honorific or _given(given) or foreign):
            yield Span(Kind.PERSON, *match.span(), 0.75, NAME_ID, "surname and given name in another script")


def _whole(page: Page) -> Iterator[Span]:
    """Yield runs of kanji that end in a given name before a mark of a person."""
    for match in _matches(page, "WHOLE"):
        run = match.group("x")
        sizes = [size for size in (2, 1, 3) if len(run) > size and _given(run[-size:])]
        head = run[: -sizes[0]] if sizes else ""
        plain = thing(head) or _stopped(head) or explained(page, match.start("x"), match.start("x") + len(head))
        if head and len(head) < 4 and not plain:
            yield _span(match, "x", 0.72, "surname and given name before a mark of a person")


def _readings(page: Page) -> Iterator[Span]:
    """Yield names that are explained by how they are written and read."""
    for match in _matches(page, "READ_AS"):
        if not _stopped(match.group("x")) and not thing(match.group("y")):
            yield _span(match, "x", 0.75, "how a name is read")
            yield _span(match, "y", 0.75, "how a name is read")
    for match in _matches(page, "READING"):
        if not _stopped(match.group("x")):
            yield _span(match, "x", 0.7, "how a name is read")


def _by_office(page: Page) -> Iterator[Span]:
    """Yield who takes over, who speaks for an office, who answers for a note."""
    for name in ("TAKES_OVER", "OF_OFFICE", "SIGNED"):
        for match in _matches(page, name):
            for group in ("x", "y") if name == "TAKES_OVER" else ("x",):
                word, end = match.group(group), match.end(group)
                place = word in lexicon.words("places") and page.text[end : end + 1] in ("", "\n", " ", "(")
                odd = any(thing(part) or _stopped(part) for part in (word, *word.split(" ")))
                # 確認：済 is a state, though 済 and 要 are names elsewhere.
                odd = odd or word in _STATES or explained(page, match.start(group), end)
                if not odd and not place and not not_a_person(word) and not in_organisation(page.text, end):
                    yield _span(match, group, 0.66, "who speaks for an office")
    for match in _matches(page, "OF_RELATIVE"):
        if _given(match.group("x")):
            yield _span(match, "x", 0.66, "a relative by name")
    for match in _matches(page, "KATAKANA_SELF"):
        if not thing(match.group("x").replace(" ", "")) and not _stopped(match.group("x")):
            yield _span(match, "x", 0.7, "introduces oneself in katakana")
    for match in _matches(page, "CHILD"):
        if match.group("x") not in lexicon.words("not_people"):
            yield _span(match, "x", 0.7, "how a young person is called")


def _unknown(words: str) -> bool:
    """Tell whether no word of a Latin name is an everyday word."""
    return not any(everyday_latin(word) for word in _SEPARATORS.split(words) if len(word) > 2)


def _latin(page: Page) -> Iterator[Span]:
    """Yield Latin names that no list has, where a person stands."""
    for match in _matches(page, "RUN"):
        # Most runs are one everyday word: The, I, Please.
        if match.group().isalpha():
            start, words = match.start(), match.group()
            if everyday_latin(words):
                continue
        else:
            start, words = _without_everyday(match)
            if not words or not _unknown(words):
                continue
        end = start + len(words)
        why = (_two if " " in words else _one)(page.text, start, end)
        if why:
            yield Span(Kind.PERSON, start, end, 0.66, NAME_ID, why)
            yield from _more(page, end)
    for match in _matches(page, "NAME_LOWER"):
        if not everyday_latin(match.group("x")):
            yield _span(match, "x", 0.66, "name in small letters")
    for match in _matches(page, "CAPITALS"):
        quoted = page.text[match.start() - 1 : match.start()] in ('"', "“", "「")
        behind = _RULES.patterns["CAPITALS_END"].match(page.text, match.end())
        parts = match.group().replace("/", " ").split(" ")
        # CSV/XLSX is nobody, OKONKWO/CHIDI EMMANUEL is.
        slashed = "/" in match.group() and (
            len(parts) > 2 or any(part.lower() in lexicon.latin_names() for part in parts)
        )
        sure = slashed or (behind and (quoted or behind.group()[0] in " ("))
        if sure and _unknown(match.group()):
            yield Span(Kind.PERSON, *match.span(), 0.66, NAME_ID, "capitals as a passport has them")


def _without_everyday(match: re.Match[str]) -> tuple[int, str]:
    """Return where a run of capitalised words begins, and the run, without the everyday words at its ends."""
    start, words = match.start(), match.group().removesuffix("'s").split(" ")
    while words and everyday_latin(words[0]):
        start += len(words[0]) + 1
        words = words[1:]
    while words and everyday_latin(words[-1]):
        words = words[:-1]
    return start, " ".join(words)


def _behind(text: str, start: int, name: str) -> bool:
    """Tell whether what stands before ``start`` is what the pattern ``name`` says."""
    if not _ENDINGS[name].fits(text, start):
        return False
    return _RULES.patterns[name].search(text[max(0, start - _BEFORE_CHARS_MAX) : start]) is not None


def _one(text: str, start: int, end: int) -> str:
    """Return why one word that no list has is a person, "" when nothing says so."""
    patterns = _RULES.patterns
    if text[start:end].lower() in _PRONOUNS:
        return ""
    if _behind(text, start, "ONE_BEFORE") or patterns["ONE_AFTER"].match(text, end):
        return "where a person stands"
    if _behind(text, start, "DASH_BEFORE") and patterns["ENDS"].match(text, end):
        return "end of a letter"
    return ""


def _two(text: str, start: int, end: int) -> str:
    """Return why two words that no list has are a person."""
    patterns = _RULES.patterns
    # Chef de Partie: a link goes on from the word before it.
    linked = text[start].islower() and _behind(text, start, "CAPITAL_BEFORE")
    if linked or load("person_latin").patterns["COMPANY_AFTER"].match(text, end):
        return ""
    by = _behind(text, start, "TWO_BY") and patterns["TWO_BY_END"].match(text, end)
    if by or _behind(text, start, "TWO_BEFORE") or patterns["TWO_AFTER"].match(text, end):
        return "two words where a person stands"
    return _one(text, start, end)


def _more(page: Page, end: int) -> Iterator[Span]:
    """Yield the names that go on behind a comma or and: cc Thaddeus, Ignatius."""
    for _ in range(_MORE_MAX):
        match = _RULES.patterns["MORE"].match(page.text, end)
        if match is None or not _unknown(match.group("x")):
            return
        yield _span(match, "x", 0.6, "listed beside a name")
        end = match.end("x")


def _to_whom(page: Page) -> Iterator[Span]:
    for match in _matches(page, "TO_WHOM"):
        for group in ("x", "y"):
            word = match.group(group)
            latin = word[0] < "ぁ"
            odd = everyday_latin(word) or word.isupper() if latin else thing(word) or _stopped(word)
            if not odd and not any(char.isdigit() for char in word):
                yield _span(match, group, 0.66, "who writes to whom")


def find(page: Page) -> Iterator[Span]:
    """Yield names by the frame around them."""
    if page.japanese:
        yield from _two_words(page)
        yield from _run_on(page)
        yield from _whole(page)
        yield from _readings(page)
        yield from _by_office(page)
    if page.has_latin:
        yield from _latin(page)
    yield from _to_whom(page)


RECOGNISER = Recogniser(NAME_ID, (Kind.PERSON,), find)
