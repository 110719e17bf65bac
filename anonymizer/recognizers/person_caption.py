"""Names after a caption: 氏名:, 面接官: 佐藤、高橋, Candidate:, From:."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from string import ascii_letters

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers.ending import Ending
from anonymizer.recognizers.japanese import name_after, not_a_person
from anonymizer.recognizers.person_frames import everyday_latin, thing
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "person-caption"
_RULES = load("person_caption")
_PATTERNS = _RULES.patterns
_WHY = "after a caption for a name"
_SPACE_NEEDS = frozenset(("名", "ふりがな", "カナ", "セイ", "メイ", "旧姓"))
_LIST_MAX = 8
_CAPTION_CHARS_MAX, _LAST_WORD_CHARS_MAX = 40, 16
_LAST_OF_CAPTION = Ending(_PATTERNS["STRONG_JA"]).chars | Ending(_PATTERNS["WEAK_JA"]).chars
_INITIAL_CHARS_MAX = 2


def trim_latin(words: str) -> str:
    """Drop trailing everyday words from a capitalised run: "Emily Stone Senior Engineer" is Emily Stone."""
    known = lexicon.latin_names()
    kept: list[str] = []
    for part in words.rstrip(".,-'’").split(" "):
        plain = lexicon.plain(part)
        if plain in lexicon.words("capitalised") and plain not in known:
            break
        kept.append(part)
    return re.sub(r"['’]s$", "", " ".join(kept).rstrip(",-"))


def latin_span(match: re.Match[str], score: float, recogniser: str, why: str) -> Iterator[Span]:
    """Yield the name in group ``x`` of a match, trimmed to the words that belong to it."""
    name = trim_latin(match.group("x"))
    if len(name) > 1:
        yield Span(Kind.PERSON, match.start("x"), match.start("x") + len(name), score, recogniser, why)


def _japanese_value(page: Page, at: int, strong: bool) -> int | None:
    """Return the end of the name at ``at``; a strong caption is believed against the dictionary."""
    end = name_after(page, at, strong)
    if strong:
        value = _PATTERNS["VALUE"].match(page.text, at)
        if value and not _PATTERNS["NO_VALUE"].match(value.group()):
            plain = _PATTERNS["TAIL"].sub("", value.group()) or value.group()
            end = max(end or 0, at + len(plain.rstrip()))
    elif not end:
        # 紹介者:一口 恵: a surname that is a word, before a given name.
        pair = _PATTERNS["PAIR"].match(page.text, at)
        end = pair.end() if pair and _is_pair(pair.group("family"), pair.group("given")) else None
        if end:
            return end
    elif not strong:
        # 対象者:喜屋武 太陽(...): a given name that is a word, alone behind a surname that was found.
        pair = _PATTERNS["PAIR"].match(page.text, at)
        if pair and pair.end("family") == end and _may_be_given(pair.group("given")):
            end = pair.end()
    if not end:
        return None
    # 乾 芽生: a blank between surname and given name says that the last kanji is no role (学生, 作業者).
    full = strong and (" " in page.text[at:end].strip() or _PATTERNS["KANA_ALONE"].match(page.text, at) is not None)
    return end if full or not not_a_person(page.text[at:end]) else None


def _may_be_given(word: str) -> bool:
    """Tell whether a word in kanji behind a surname can be a given name: a thing, but no deed and no role."""
    known = names.kinds(word)
    role = not_a_person(word) or word in lexicon.words("not_people")
    return bool(known & (Word.GIVEN | Word.COMMON)) and not known & Word.VERBAL and not role


@lru_cache(maxsize=4096)
def _is_pair(family: str, given: str) -> bool:
    """Tell whether two words in kanji are a surname, whatever else it means, and a given name."""
    known = names.kinds(given)
    plain = known & (Word.COMMON | Word.VERBAL | Word.PLACE) and not (len(given) == 1 and known & Word.SURNAME)
    stopped = not lexicon.words("not_people").isdisjoint((family, given))
    return bool(known & Word.GIVEN) and not plain and not stopped and not not_a_person(family)


def _list_of_names(page: Page, at: int, strong: bool) -> Iterator[Span]:
    """Yield the names that begin at ``at`` and go on behind commas, slashes and と."""
    first = at
    for _ in range(_LIST_MAX):
        end = _japanese_value(page, at, strong)
        latin = None if end else _PATTERNS["LATIN_VALUE"].match(page.text, at)
        if end:
            yield Span(Kind.PERSON, at, end, 0.9 if strong else 0.75, NAME, _WHY)
        elif latin and (strong or _may_begin(latin.group("x"), listed=at != first)):
            yield from latin_span(latin, 0.85, NAME, _WHY)
            end = latin.end()
        if not end:
            return
        following = _PATTERNS["NEXT"].match(page.text, end)
        if not following:
            return
        at, strong = following.end(), False


def _may_begin(words: str, *, listed: bool) -> bool:
    """Tell whether a name begins with the first of ``words``; ``listed``: among other names, where Julia is one."""
    first = lexicon.plain(words.split()[0])
    return first not in lexicon.words("capitalised") or (listed and first in lexicon.given_any())


def _captioned(page: Page) -> Iterator[Span]:
    """Look at what stands before each colon (or bracket): a caption for a name?"""
    text = page.text
    for match in matches(_RULES, page, "COLON"):
        start = match.start()
        strong = weak = None
        if page.japanese and text[start - 1 : start] in _LAST_OF_CAPTION:
            strong = _PATTERNS["STRONG_JA"].search(text, max(0, start - _CAPTION_CHARS_MAX), start)
            weak = strong or _PATTERNS["WEAK_JA"].search(text, max(0, start - _CAPTION_CHARS_MAX), start)
        if weak:
            yield from _list_of_names(page, match.end(), strong is not None)
            continue
        kind = _english_caption(text, start)
        if kind:
            yield from _english_values(page, match.end(), kind == "strong")


@cache
def _ends() -> frozenset[str]:
    """Return what English captions end with."""
    return frozenset(map(_end_of, lexicon.words("captions_strong") | lexicon.words("captions_weak")))


@cache
def _heads() -> frozenset[str]:
    """Return what may head the column beside that of the names: Name, Date, Cert."""
    return lexicon.words("capitalised") | lexicon.words("name_columns")


def _end_of(text: str) -> str:
    """Return the letters at the end of a text in small letters, else its last character."""
    return text[len(text.rstrip(ascii_letters)) :].lower() or text[-1:]


def _english_caption(text: str, at: int) -> str:
    """Return "strong", "weak" or "" for what stands before ``at``: a caption for a name, in English?"""
    if _end_of(text[max(0, at - _LAST_WORD_CHARS_MAX) : at]) not in _ends():
        return ""
    caption = _PATTERNS["CAPTION_EN"].search(text, max(0, at - _CAPTION_CHARS_MAX), at)
    return _caption_kind(caption.group()) if caption else ""


def _english_values(page: Page, at: int, strong: bool) -> Iterator[Span]:
    known = lexicon.latin_names()
    if page.starts.get(at) is not None:
        yield from _list_of_names(page, at, strong)
    for _ in range(_LIST_MAX):
        value = _PATTERNS["LATIN_VALUE"].match(page.text, at)
        if value is None:
            lower = _PATTERNS["LATIN_LOWER"].match(page.text, at) if strong else None
            if lower:
                yield Span(Kind.PERSON, *lower.span("x"), 0.8, NAME, _WHY)
            return
        words = value.group("x").split()
        first = lexicon.plain(words[0])
        # Lorna Pettigrew, Transport Clerk: what is behind the name says nothing against it.
        own = trim_latin(value.group("x")).replace(",", "").split()
        if not strong and not any(lexicon.plain(word) in known for word in words) and (not own or _says_something(own)):
            return
        if page.text[at - 1] == "\t" and page.text[value.end() : value.end() + 1] == "\t" and first in _heads():
            return
        if strong or first not in lexicon.words("capitalised") or (first in known and len(words) > 1):
            yield from latin_span(value, 0.85, NAME, _WHY)
        following = _PATTERNS["NEXT_EN"].match(page.text, value.end())
        if not following:
            return
        at = following.end()


def _says_something(words: list[str]) -> bool:
    """Tell whether words in Latin letters are no name: the last is an everyday word, or an English one before it is."""
    english = lexicon.words("capitalised") | lexicon.words("skills")
    *first, last = [word for word in words if len(word) > _INITIAL_CHARS_MAX] or words
    return everyday_latin(last) or any(lexicon.plain(word) in english for word in first)


def _spaced(page: Page) -> Iterator[Span]:
    for match in matches(_RULES, page, "SPACE") if page.holds(_SPACE_NEEDS) else ():
        # 受験番号 氏名 区分: the header of a table, and the next column.
        value = _PATTERNS["VALUE"].match(page.text, match.end())
        if value and not match.group().endswith("\n") and _is_header(page.text, value):
            continue
        yield from _list_of_names(page, match.end(), strong=True)


def _is_header(text: str, value: re.Match[str]) -> bool:
    """Tell whether a line goes on with the head of the next column: 氏名 カナ 現所属, 氏名 ローマ字."""
    words = value.group().split(" ")
    if text[value.end() : value.end() + 1] == "字" or words[0] in lexicon.words("name_columns"):
        return True
    return all(map(_heads_column, words))


def _heads_column(word: str) -> bool:
    return word in lexicon.words("name_columns") or (word[0] >= "一" and thing(word))


def _caption_kind(caption: str) -> str:
    """Return "strong", "weak" or "": the caption may be the last one to four words before the colon."""
    words = caption.lower().split(" ")
    for size in range(len(words), 0, -1):
        key = "_".join(words[-size:])
        if key in lexicon.words("captions_strong"):
            return "strong"
        if key in lexicon.words("captions_weak"):
            return "weak"
    return ""


def find(page: Page) -> Iterator[Span]:
    """Yield names that a caption announces."""
    yield from _captioned(page)
    if page.japanese:
        yield from _spaced(page)


RECOGNISER = Recogniser(NAME, (Kind.PERSON,), find)
