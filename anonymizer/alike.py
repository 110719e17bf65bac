"""Known names written nearly right: read wrongly by a scanner, mistyped, by ear, shortened to their letters.

王井 for 玉井, Thomton for Thornton, "john luke moro" for Jean-Luc Moreau, fkd for Fukuda, r.d.; and names that are
everyday words (will, hope) where only a name stands.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from anonymizer import lexicon
from anonymizer.greeted import places
from anonymizer.nicknames import sound
from anonymizer.page import once

_GAPS = frozenset(" \t\n・")
_KANJI_MIN, _KANA_MIN, _OCR_MIN, _TYPO_MIN, _SKELETON_MIN = 2, 4, 4, 6, 4
# Each group is of characters that a scanner or a tired eye takes for each other; the first stands for all.
_GROUPS = (
    "大太犬丈 末未 土士 干千于 石右 名各 鳥烏 目日曰 白自 己巳已 網綱 萩荻 緑縁 田由甲申 王玉 木本 水氷永 井丼 祐裕佑 "
    "郎朗 幸辛 候侯 貝具 辺邊邉 斉斎齋齊 崎﨑嵜 沢澤 島嶋嶌 "
    "浜濱 広廣 高髙 藤籐 竜龍 柳栁 冨富 曽曾 桜櫻 真眞 恵惠 "
    "徳德 国國 シツジヅ ソンリゾ クワグ ロ口 カ力ガ ニ二 エ工 タ夕ダ ハ八バパ ト卜ド ー一 ヘべペ ヒビピ フブプ ホボポ "
    "キギ ケゲヶ コゴ サザ スズ セゼ チヂ テデ"
)
_SHAPES = {ord(char): group[0] for group in _GROUPS.split() for char in group}
_RUN = re.compile(
    r"[一-鿿々﨑髙]{2,8}(?:[ ・][一-鿿々﨑]{1,4})?|[ァ-ヶー]{2,8}(?:[ ・]?[ァ-ヶー]{2,8})|[一-鿿]{1,4}[ ][一-鿿々]{1,4}"
)
_HONORIFIC = re.compile(r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿)")
# What initials are glued to in an address, and what stands around who speaks or signs.
_JOINS = ("@", "/", "_", "&", "-")
_HEADS, _ENDS = ("", "\n"), ("", "\n", ":")
_HEAD_CHARS_MIN, _HEAD_CHARS_MAX = 3, 6
_LITTLE_CHARS, _ALL_INITIALS_MIN = 2, 3
GRAMMAR = frozenset(
    ("he", "she", "so", "do", "go", "to", "no", "in", "an", "my", "you", "it", "we", "or", "on", "as", "at", "be",
     "if", "me", "us", "am", "is", "of", "by", "up", "ok", "hi", "oh", "re", "hr", "cc", "pm", "tv", "pc", "id")
)  # fmt: skip
_LETTERS = str.maketrans("01i5|8e", "olls" + "lbc")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"), ("nn", "m"))
_LATIN = re.compile(r"(?<![A-Za-z0-9@._/-])[A-Za-z][A-Za-z0-9|'’-]{3,19}(?![A-Za-z0-9@])")
_WORDS = re.compile(r"(?<![A-Za-z0-9@._/-])[A-Za-z]{2,16}(?:[ -]{1,2}[A-Za-z]{2,16}){1,40}(?![A-Za-z0-9@])")
_WORD = re.compile(r"[A-Za-z]+")
_SMALL = re.compile("[a-z]+")
_ANY_LATIN = re.compile("[A-z]")
_VOWELS = re.compile(r"[aeiouy'’-]")
# mtg, msg and the like are shortened words, and so is many a skill.
_SHORTENED = frozenset(
    ("mtg", "msg", "tmp", "src", "str", "ssh", "ssk", "tks", "thx", "pls", "kwsk", "ktkr", "mrt", "stg", "prd", "grp")
)
_ALONE_LEFT = r"(?:(?<=^)|(?<=[\n>・「(→/]))[ \t]{0,2}"
_ALONE_RIGHT = r"(?=[ \t]{0,2}(?:[:=→>、,(/-]|\n|$|さん|です|より))"
_CONSONANTS = re.compile(_ALONE_LEFT + r"(?P<x>[a-z]{3,7})" + _ALONE_RIGHT)
_SIGNED = re.compile(
    r"(?:(?<=^)|(?<=\n)|[-~][ ]?"
    r"|(?i:thanks|thx|cheers|regards|rgds|best|ta|love|call[ ]me|aka|a\.k\.a\.|goes[ ]by|from|by)[,.!]?[ \n]{1,2})"
    r"(?P<x>(?P<a>[A-Za-z])(?P<dot>\.?)[ ]?(?:[A-Za-z]\.?)??(?P<b>[A-Za-z])\.?)(?=[ \t]{0,2}(?:[=:→\n,;]|-[ ]|$))"
)


@lru_cache(maxsize=4096)
def _shape(text: str) -> str:
    return "".join(char for char in text.translate(_SHAPES) if char not in _GAPS)


@lru_cache(maxsize=8192)
def _scanned(word: str) -> str:
    for two, one in _PAIRS:
        word = word.replace(two, one)
    return word.translate(_LETTERS)


def _one_slip(one: str, two: str) -> bool:
    """Tell whether two letters changed places, or one letter is missing or too many, behind the first."""
    if one[0] != two[0] or abs(len(one) - len(two)) > 1:
        return False
    at = next((at for at, (first, second) in enumerate(zip(one, two, strict=False)) if first != second), None)
    if at is None:
        return len(one) != len(two)
    if len(one) == len(two):
        return one[at : at + 2] == two[at : at + 2][::-1] and one[at + 2 :] == two[at + 2 :]
    short, long = sorted((one, two), key=len)
    return long[at + 1 :] == short[at:]


def everyday_word(word: str) -> bool:
    """Tell whether a Latin word means something else, too."""
    return any(word in lexicon.words(name) for name in ("capitalised", "everyday_names", "skills"))


def _short_or_everyday(word: str) -> bool:
    return _little(word) or everyday_word(word)


def _little(word: str) -> bool:
    """Tell whether a name of two letters is no word of grammar: bo, jo, mi."""
    return len(word) == _LITTLE_CHARS and word not in GRAMMAR


@lru_cache(maxsize=8192)
def _near(word: str, name: str) -> bool:
    """Tell whether a word is a name as a scanner reads it or a hurried hand types it."""
    if min(len(word), len(name)) >= _OCR_MIN and _scanned(word) == _scanned(name):
        return word != name
    return min(len(word), len(name)) >= _TYPO_MIN and _one_slip(word, name)


@lru_cache(maxsize=512)
def _audible(names: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return the names whose sound is long enough to know them by, as their plain letters."""
    plain = dict.fromkeys(tuple(_SMALL.findall(" ".join(name))) for name in names)
    return tuple(one for one in plain if len(one) > 1 and len("".join(map(sound, one))) >= _SKELETON_MIN)


def _grouped(words: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(key(word), []).append(word)
    return found


class Words:
    """The words of a text, put in order once for all participants who may stand in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @once
    def latin(self) -> bool:
        """Whether there is any Latin letter."""
        return _ANY_LATIN.search(self.text) is not None

    @once
    def _alone(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.text))

    @once
    def _looks(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for match in _RUN.finditer(self.text):
            found.setdefault(_shape(match.group()), []).append(match.span())
        return found

    @once
    def _odd_words(self) -> dict[str, list[tuple[str, int]]]:
        """Latin words with a capital or a digit, by each letter that they may begin with."""
        found: dict[str, list[tuple[str, int]]] = {}
        for match in _LATIN.finditer(self.text):
            word = match.group()
            bare = word.lower().rstrip("'’-")
            if bare and (word[0].isupper() or any(char.isdigit() for char in word)) and not everyday_word(bare):
                for letter in {bare[0], _scanned(word.lower())[0]}:
                    found.setdefault(letter, []).append((bare, match.start()))
        return found

    @once
    def rows(self) -> list[list[tuple[str, int, int]]]:
        """Latin words one after the other, with where they stand."""
        return [
            [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(self.text, *run.span())]
            for run in _WORDS.finditer(self.text)
        ]

    @once
    def in_rows(self) -> frozenset[str]:
        return frozenset(word for row in self.rows for word, _, _ in row)

    @once
    def _sounds(self) -> dict[str, list[str]]:
        return _grouped(self.in_rows, sound)

    @once
    def _scans(self) -> dict[str, list[str]]:
        return _grouped((word for word in self.in_rows if len(word) >= _OCR_MIN), _scanned)

    @once
    def _firsts(self) -> dict[str, list[str]]:
        return _grouped((word for word in self.in_rows if len(word) >= _TYPO_MIN), lambda word: word[0])

    @once
    def _skeletons(self) -> list[tuple[str, tuple[int, int]]]:
        return [(match.group("x"), match.span("x")) for match in _CONSONANTS.finditer(self.text)]

    @once
    def _signed(self) -> list[tuple[tuple[str, str], bool, tuple[int, int]]]:
        return [
            ((match.group("a").lower(), match.group("b").lower()), bool(match.group("dot")), match.span("x"))
            for match in _SIGNED.finditer(self.text)
        ]

    def by_shape(self, wholes: Sequence[str], families: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield words that look like a whole name, or like a family name before an honorific."""
        for look in {_shape(name) for name in wholes if len(name) > _KANJI_MIN} - {""}:
            # A short one in katakana is too often another word.
            if len(look) > _KANA_MIN or not "ァ" <= look[0] <= "ー":
                yield from self._looks.get(look, ())
        for look in {_shape(name) for name in families if len(name) >= _KANJI_MIN}:
            yield from (span for span in self._looks.get(look, ()) if _HONORIFIC.match(self.text, span[1]))

    def by_letters(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield Latin words with a capital or a digit in them that are nearly a part of a name."""
        for part in parts:
            for letter in {part[0], _scanned(part)[0]} if len(part) >= _OCR_MIN else ():
                for word, start in self._odd_words.get(letter, ()):
                    if _near(word, part):
                        yield start, start + len(word)

    def _heard(self, part: str) -> set[str]:
        """Return the words that sound like ``part``, or are it but for a slip."""
        found = {part} & self.in_rows
        if sound(part):
            found.update(self._sounds.get(sound(part), ()))
        if len(part) >= _OCR_MIN:
            found.update(self._scans.get(_scanned(part), ()))
        if len(part) >= _TYPO_MIN:
            found.update(word for word in self._firsts.get(part[0], ()) if _one_slip(word, part))
        return found

    def by_ear(self, names: tuple[tuple[str, ...], ...]) -> Iterator[tuple[int, int]]:
        """Yield as many words in a row as a name has parts, each of the sound of its part."""
        for one in _audible(names) if self.rows else ():
            heard: dict[str, set[str]] = {}
            if all(heard.setdefault(part, self._heard(part)) for part in one):
                for name in (one, one[::-1]):
                    yield from self._in_a_row(name, heard)

    def _in_a_row(self, name: Sequence[str], heard: Mapping[str, set[str]]) -> Iterator[tuple[int, int]]:
        first = heard[name[0]]
        for words in self.rows:
            for at in range(len(words) - len(name) + 1):
                if words[at][0] not in first:
                    continue
                row = words[at : at + len(name)]
                pairs = [(word, part) for (word, _, _), part in zip(row, name, strict=True)]
                if all(word in heard[part] for word, part in pairs) and any(word != part for word, part in pairs):
                    yield row[0][1], row[-1][2]

    def by_consonants(self, romaji: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield what stays of a Japanese name without its vowels, where a name stands alone: fkd, wtnb."""
        if romaji and self._skeletons:
            bones = {_VOWELS.sub("", name) for name in romaji} - _SHORTENED - lexicon.words("skills")
            yield from (span for skeleton, span in self._skeletons if skeleton in bones)

    def by_initials(self, names: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
        """Yield initials in any letters where somebody signs or is set equal: thanks, r.d.; km = Kofi; all three."""
        for name in names:
            yield from self._all_initials("".join(piece[:1] for part in name for piece in part.split("-")))
        if not self._signed:
            return
        pairs = {
            (one[:1], two[:1]) for name in names if len(name) > 1 for one, two in (*pairwise(name), (name[0], name[-1]))
        }
        for pair, dotted, (start, end) in self._signed:
            known = pair in pairs or pair[::-1] in pairs
            if known and (dotted or self.text[start:end].lower() not in lexicon.words("no_initials")):
                yield start, end

    def _all_initials(self, letters: str) -> Iterator[tuple[int, int]]:
        """Yield the initials of three names or more, in a row or with points: kib, N.T.T."""
        if len(letters) < _ALL_INITIALS_MIN or not letters.isalpha():
            return
        if self._alone.isdisjoint((letters, letters.upper())) and f"{letters[0]}.".upper() not in self.text:
            return
        word = everyday_word(letters) or letters in _SHORTENED or letters in lexicon.words("no_initials")
        points = (". ".join(letters).upper(), ".".join(letters).upper())
        for form in points if word else (*points, letters, letters.upper()):
            yield from self._alone_as(form)

    def _alone_as(self, form: str) -> Iterator[tuple[int, int]]:
        """Yield where initials stand apart; capitals without points only where somebody speaks or signs."""
        start = self.text.find(form)
        while start >= 0:
            end = start + len(form)
            before, after = self.text[start - 1 : start], self.text[end : end + 1]
            part = before == "." or (after == "." and self.text[end + 1 : end + 2].isalnum())
            end += after == "." and "." in form
            speaks = not form.isupper() or "." in form or (before in _HEADS and after in _ENDS)
            if speaks and not part and not (before.isalnum() or after.isalnum() or before in _JOINS or after in _JOINS):
                yield start, end
            start = self.text.find(form, end)

    def _heads(self, parts: Sequence[str]) -> Iterator[str]:
        """Yield what names are cut to that stands in small letters: kev, xio."""
        for part in parts:
            for size in range(_HEAD_CHARS_MIN, min(len(part), _HEAD_CHARS_MAX + 1)):
                head = part[:size]
                if head in self._alone and not (everyday_word(head) or head in lexicon.words("little_en")):
                    yield head

    def everyday(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield names that are everyday words in small letters, where only a name stands: hi hope, will - can you."""
        # What stands around such a name is no letter; a pattern is compiled only for names that stand so.
        found = (part for part in parts if part in self._alone or not _WORD.fullmatch(part))
        found = (part for part in found if part not in GRAMMAR and len(part) > 1 and part in self.text)
        words = tuple(sorted({*filter(_short_or_everyday, found), *self._heads(parts)}))
        for word in words:
            yield from places(self.text, word)
