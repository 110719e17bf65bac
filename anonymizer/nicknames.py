"""What the names of known participants are shortened to: たけちゃん, エノさん, しおりん, Dan, T.F."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from anonymizer import lexicon
from anonymizer.kana import hiragana
from anonymizer.model import Kind, Span
from anonymizer.page import once

NAME = "identity"
_SCORE = 0.98
# Vowels come and go when a name is written by ear, and these consonants are taken for each other.
_UNSTABLE = re.compile(r"ph|ck|ch|sch|sh|zh|[aeiouyhjwvcqzx]")
_TWICE = re.compile(r"(.)\1+")
_BY_EAR = {"ph": "f", "ck": "k", "ch": "S", "sch": "S", "sh": "S", "zh": "S", "w": "v", "v": "v", "c": "k", "q": "k",
           "z": "s", "x": "ks"}  # fmt: skip
_FIRST_BY_EAR = {"c": "k", "k": "c", "j": "y", "y": "eij", "e": "y", "i": "y", "v": "w", "w": "v", "f": "p", "s": "z",
                 "z": "s"}  # fmt: skip
_SOUND_CHARS_MIN = 4
# Of a Greek family a man: Vassilakis and Vassilaki, Papadopoulos and Papadopoulou.
_MAN = re.compile(r"(?<=aki|ako|ulo|idi|adi|oti|eli|tsi|nno)s\Z")
_LATIN_CHARS_MIN, _LATIN_CHARS_MAX = 2, 9
_START = re.compile(r"(?<![ぁ-ん])[ぁ-ん]{2}|(?<![ァ-ヶー])[ァ-ヶー]{2}")
_HONORIFIC = re.compile(r"(?:ちゃん|さん|くん|君|さま|様|氏|先輩|姉|兄|マネ|リーダー|部長|課長|主任|店長)")
_CHILD = re.compile(
    r"(?:(?<![ぁ-んァ-ヶー])|(?<=[のとはがもや]))(?P<x>[ぁ-ん][ゃゅょ]?|[ァ-ヶ][ャュョ]?)"
    r"(?:[っッーんン](?=ちゃん|くん|さん|ち(?![ぁ-ん])|ぴ|たん|チャン|クン)|(?=ちゃん|くん))(?:ち(?!ゃ)|ぴ|たん|ちゃん)?"
)
_TAIL = re.compile(
    r"(?:っち|ッチ|ちん|チン|りん|リン|ぴー|ピー|たん|タン|ぽん|ポン|やん|ヤン|きち|もん|モン|っぺ|っしー|ッシー|しー|シー|みん|ミン|にゃん|ちゃ(?!ん)|坊|ぴょん|ん|ン|ー)(?![ぁ-んァ-ヶー]{2})"
)
# ゆっきー for ゆき, はっしー for はしもと: a stop and a long sound put into the first two letters.
_STOPPED = re.compile(
    r"(?:(?<![ぁ-んァ-ヶー])|(?<=[のとはがもや]))(?P<one>[ぁ-ん][ゃゅょ]?|[ァ-ヶ][ャュョ]?)[っッ]"
    r"(?P<two>[ぁ-ん]|[ァ-ヶ])(?:ー|(?=ちゃん|くん|さん))"
)
_WITHOUT_LONG = re.compile("(?<=[おこそとのほもよろごぞどぼぽょうくすつぬふむゆるぐずぶぷゅ])う")
_SOFT = str.maketrans("ぱぴぷぺぽばびぶべぼ", "はひふへほはひふへほ")
_HEAD_OF_LINE = re.compile(r"(?:\A|\n)[> \t]{0,3}[\[<(]?\Z")
_WORD = re.compile(
    r"(?<![A-Za-z0-9@._/-])[A-Z][a-z]{1,8}(?![A-Za-z0-9@])|(?<![A-Za-z0-9@._/-])[a-z]{3,9}(?![A-Za-z0-9@./-])"
)
_ENDING = re.compile(r"(?:(.)\1)?(?:y|ie)$")
_ENDS_SPEAKER = (":", "]", ">")
_CAPTIONS = frozenset(
    ("tel", "fax", "dob", "cel", "mob", "res", "ref", "lic", "nat", "sal", "cat", "mar", "jan", "gen")
)
_INITIALS = re.compile(r"(?<![A-Za-z.])([A-Z])\.[ ]?([A-Z])\.?(?![A-Za-z])")


class Parts(NamedTuple):
    """Names of one participant: kana parts in hiragana, full Latin names in small letters."""

    kana: tuple[str, ...]
    latin: tuple[tuple[str, ...], ...]


def _shared(one: str, two: str) -> int:
    size = 0
    while size < min(len(one), len(two)) and one[size] == two[size]:
        size += 1
    return size


class Short:
    """What in a text may be short for a name, looked for once for all participants."""

    def __init__(self, text: str) -> None:
        self.text = text

    @once
    def starts(self) -> list[tuple[str, int]]:
        """Two letters in hiragana at the head of each word in kana, and where."""
        return [(hiragana(match.group()), match.start()) for match in _START.finditer(self.text)]

    @once
    def sounds(self) -> list[tuple[str, tuple[int, int]]]:
        """First sounds in hiragana, made longer as children are called, and where."""
        return [(hiragana(match.group("x")), match.span()) for match in _CHILD.finditer(self.text)]

    @once
    def stopped(self) -> list[tuple[str, tuple[int, int]]]:
        """First two letters in hiragana of what is written with a stop between them, and where."""
        found = _STOPPED.finditer(self.text) if "っ" in self.text or "ッ" in self.text else ()
        return [(_soft(hiragana(match.group("one") + match.group("two"))), match.span()) for match in found]

    @once
    def words(self) -> list[tuple[str, str, tuple[int, int]]]:
        """First letter, small, of each Latin word, the word, and where it stands."""
        return [(match.group()[0].lower(), match.group(), match.span()) for match in _WORD.finditer(self.text)]

    @once
    def initials(self) -> list[tuple[tuple[str, str], tuple[int, int]]]:
        """Two initials, small, and where."""
        found = _INITIALS.finditer(self.text) if "." in self.text else ()
        return [((match.group(1).lower(), match.group(2).lower()), match.span()) for match in found]


def _soft(kana: str) -> str:
    """Return hiragana as they sound apart: はっぴー is short for はひ..., なっぱー for なば..."""
    return kana.translate(_SOFT)


def _in_kana(short: Short, parts: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    text = short.text
    for two, start in short.starts if parts else ():
        for part in parts:
            if not part.startswith(two):
                continue
            end = start + _shared(part, hiragana(text[start : start + len(part)]))
            again = text.startswith(text[start:end], end)
            tail = _TAIL.match(text, end)
            if again or tail or _HONORIFIC.match(text, end):
                yield start, end + (end - start) if again else tail.end() if tail else end


def _of_a_child(short: Short, parts: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield the first sound of a name, made longer, before what children are called by: りっくん, しょーちゃん."""
    sounds = {part[: 2 if part[1] in "ゃゅょ" else 1] for part in parts}
    yield from (span for sound, span in short.sounds if sound in sounds) if sounds else ()
    for start, span in short.stopped if parts else ():
        if any(_soft(_WITHOUT_LONG.sub("", part, count=1)).startswith(start) for part in parts):
            yield span


@cache
def _listed() -> dict[str, frozenset[str]]:
    """Return each listed name or short name with all that stand in a row with it."""
    found: dict[str, frozenset[str]] = {}
    for row in lexicon.rows("nicknames_en"):
        for name in row:
            found[name] = found.get(name, frozenset()).union(row)
    return found


def _same_as(name: str) -> frozenset[str]:
    return _listed().get(name, frozenset())


@lru_cache(maxsize=512)
def _first_letters(names: tuple[str, ...]) -> frozenset[str]:
    """Return what the names and their listed short names begin with."""
    found = {each[0] for name in names for each in (name, *_same_as(name))}
    return frozenset(found.union(*(_FIRST_BY_EAR.get(letter, "") for letter in found)))


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """Return what stays of a Latin name when it is spelled by ear: Yevgeniya and Evgenia, Catherine and Katherine."""
    word = _UNSTABLE.sub(lambda match: _BY_EAR.get(match.group(), ""), _MAN.sub("", word))
    return _TWICE.sub(r"\1", word)


def _same_sound(one: str, two: str) -> bool:
    size = min(len(one), len(two))
    first = sound(one)
    return size > _SOUND_CHARS_MIN and abs(len(one) - len(two)) <= 2 and len(first) > 2 and first == sound(two)


def _short_for(word: str, names: tuple[str, ...]) -> bool:
    """Tell whether a Latin word is short for one of the names: Dan, Tommy, Bob."""
    plain = word.lower()
    if (
        plain in lexicon.words("capitalised")
        or plain in lexicon.words("everyday_names")
        or plain in lexicon.words("skills")
    ):
        return False
    listed = not _same_as(plain).isdisjoint(names)
    if word[0].islower():
        return listed or (
            plain in lexicon.given_any() and any(name.startswith(plain) and name != plain for name in names)
        )
    stem = _ENDING.sub(r"\1", plain)
    if any(_same_sound(plain, name) for name in names):
        return True
    return listed or any(
        name != plain
        and len(name) > len(stem) - 1
        and (name.startswith(plain) or (len(stem) > 2 and name.startswith(stem)))
        for name in names
    )


def _speaks(text: str, span: tuple[int, int], word: str, names: tuple[str, ...]) -> bool:
    """Tell whether the head of a name stands before a colon or in brackets at the head of a line: isa: ok."""
    start, end = span
    return (
        text[end : end + 1] in _ENDS_SPEAKER
        and word not in _CAPTIONS
        and not any(word in lexicon.words(name) for name in ("capitalised", "everyday_names", "skills"))
        and any(name.startswith(word) for name in names)
        and _HEAD_OF_LINE.search(text, max(0, start - 5), start) is not None
    )


def _in_latin(short: Short, names: tuple[tuple[str, ...], ...]) -> Iterator[tuple[int, int]]:
    flat = tuple(dict.fromkeys(part for name in names for part in name if len(part) > _LATIN_CHARS_MIN))
    first = _first_letters(flat)
    for letter, word, span in short.words if flat else ():
        if letter in first and (_short_for(word, flat) or _speaks(short.text, span, word.lower(), flat)):
            yield span
    pairs = {(name[0][:1], name[-1][:1]) for name in names if len(name) > 1}
    for pair, span in short.initials if pairs else ():
        if pair in pairs or pair[::-1] in pairs:
            yield span


def find(short: Short, parts: Parts, label: str) -> Iterator[Span]:
    """Yield what the participant's names are shortened to in a text (a reading view)."""
    for start, end in (*_in_kana(short, parts.kana), *_of_a_child(short, parts.kana), *_in_latin(short, parts.latin)):
        yield Span(Kind.PERSON, start, end, _SCORE, NAME, "short for a known participant", label)
