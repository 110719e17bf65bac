"""Where written forms of known names stand in a text, whatever blanks and dots were put between their letters.

Plain searches in prepared views of the text; no pattern is compiled for a document, so a list of
participants costs next to nothing.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from anonymizer import lexicon, names
from anonymizer.model import Kind
from anonymizer.names import Word
from anonymizer.normalise import WALL
from anonymizer.numerals import ascii_digits
from anonymizer.page import Page, once
from anonymizer.recognizers.japanese import is_kanji

_GAPS = frozenset(" \t\r\n・.,_='’-")
_PHONE_GAP_CHARS_MAX = 4
_LONGER_CHARS_MIN = 3
_CHUNK_CHARS = 64
# 千葉営業所: where a name that is a place, too, is one.
_PLACE_BEHIND = re.compile("[市区県駅町村]|営業所|出張所|支店|支社|支所|支部|工場|事業所")
# What may follow a name directly: particles, honorifics, punctuation.
_AFTER = re.compile(
    r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿|先生|先輩|部長|課長|係長|主任|社長|マネ|リーダー"
    r"|研究室|ゼミ|評価|所見|コメント|メモ|判定|なら|など|っぽ|じゃ|曰く|いわく|本人|自身|より|から|です|っす|って|だ|携帯|電話|直通|内線|宛|呼び|[のはがにとをへもや、。・/)」:,\n\]]|$)"
)
_HONORIFIC = re.compile(r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿|先生|[- ]san)")


_LATIN_HONORIFIC = re.compile(r"(?:san|sama|kun|chan|sensei)(?![A-Za-z0-9])")
_SMALL = re.compile("[a-z]+")
_DIGIT = re.compile(r"[0-9〇零一二三四五六七八九]")
_SENTENCE_END = re.compile(r"[a-z]{2}\.\s|[,\n]\s*\n[A-Z]\Z")
_MONTHS = frozenset(("april", "may", "june", "july", "august"))
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|by|from|until|till|since|before|after|early|mid|late|next|last|this|of|for|end)|[0-9])[ -]\Z"
)
_AFTER_MONTH = re.compile(r",?[ ](?:19|20)?[0-9]{1,2}(?![0-9])|[ ](?:start|intake|release)")
# A name of two kana letters is a name only where nothing else can be: すぎです, ばばより.
_AFTER_SHORT = re.compile(r"(?:です|でした|と申|ともうし|より|だよ|だけど|っす|名義|宛|[」)(】。、.,!@/\n♡♥★☆♪]|$)")
# What one says before a name on the telephone: あのーしまです, もしもしばばですけど.
_FILLER = re.compile(r"(?:あの|その|え[えっー]*と?|うん?と|もしもし|はい|どうも)[ー〜…、. ]*\Z")
_FILLER_CHARS_MAX = 8
_QUOTES = frozenset('「『("')
_NOT_LATIN = "ɐ"
_OPENS = frozenset("\n。「『(【!?<>:;/|・ 、♡♥★☆◆◇●○■□▼▽▲△※→⇒*♪~")
# つむぎ糸, ひまわり号: a word that only begins like the name. 柳のような: what it is likened to.
_LONGER_WORD = re.compile(r"[糸色組祭市町園荘屋館堂号会台野菜製丘銀証賞杯線]|のよう[なに]|風の")
# 公平な評価, 温水プール: an ordinary word that goes on.
_COMPOUND = re.compile(r"な(?!ら|ど|の|ん)|[ァ-ヶー]{2}(?<!マネ)(?<!リー)|性|的|さ(?!ん|ま)")
_ADVERBS = frozenset(("誠に", "真に", "実に", "正に", "直に", "共に"))
_LIKENED = re.compile(r"のよう[なに]|風の")


class Form(NamedTuple):
    """One written form of a person: small letters, no gaps."""

    text: str
    kind: Kind
    whole: bool
    """A full name, address or account; a part of a name needs more around it."""
    label: str
    family: bool = False
    """A family name: believed even where the word has another meaning."""


class _Table(dict[int, int | str | None]):
    """A table for ``str.translate`` that learns which characters stay: looking a missing one up costs far more."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


# Old and new kana of one sound: かをる is かおる; ミヤコ for ミャコ, as forms and half-width printers have it.
_ONE_SOUND = dict(
    zip(map(ord, "をヲゑヱゐヰづヅぢヂァィゥェォャュョヶ"), "おオえエいイずズじジアイウエオヤユヨケ", strict=True)
)
# One for one, so that offsets stay: é is e, ø and ß have no accent to lose.
_NO_ACCENTS = _Table(
    (code, unicodedata.normalize("NFD", chr(code))[0])
    for code in (*range(0xE0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.combining(unicodedata.normalize("NFD", chr(code))[-1])
)
_NO_ACCENTS.update(_ONE_SOUND)
_NO_ACCENTS[ord("’")] = "'"
_NO_GAPS = _Table((ord(char), None) for char in _GAPS)


def unaccented(text: str) -> str:
    """Return ``text`` in small letters, Latin ones without their accents."""
    return text.lower() if text.isascii() else text.lower().translate(_NO_ACCENTS)


def squeezed(text: str) -> str:
    """Return ``text`` in small letters without accents and the gaps that people put into names."""
    plain = unaccented(text)
    return plain if plain.isalnum() else plain.translate(_NO_GAPS)


@dataclass(frozen=True)
class View:
    """The reading view of a text, prepared for searches; ``pages`` know where morphemes begin and end."""

    text: str
    pages: Sequence[Page]

    @once
    def lowered(self) -> str:
        """The text in small letters without Latin accents, of the same length (İ would grow, so it stays)."""
        if self.text.replace(WALL, "").isascii():
            return self.text.lower()
        lowered = unaccented(self.text)
        return lowered if len(lowered) == len(self.text) else "".join(
            char.lower() if len(char.lower()) == 1 else char for char in self.text).translate(_NO_ACCENTS)  # fmt: skip

    @once
    def boundary(self) -> frozenset[int]:
        """Where morphemes begin or end."""
        starts = {page.offset + token.start for page in self.pages for token in page.tokens}
        return frozenset(starts.union(page.offset + token.end for page in self.pages for token in page.tokens))

    @once
    def _longer_words(self) -> list[tuple[int, int]]:
        """Words of three characters or more that the dictionary holds, and as no name, in order."""
        return sorted(
            (page.offset + token.start, page.offset + token.end)
            for page in self.pages
            for token in page.tokens
            if token.end - token.start >= _LONGER_CHARS_MIN and _is_no_name(token.surface)
        )

    def _in_longer_word(self, start: int, end: int) -> bool:
        """Tell whether a place lies inside a longer word: 太陽 in 太陽光発電, 近江 in 近江八幡駅."""
        words = self._longer_words
        at = bisect_right(words, (start, len(self.text))) - 1
        return at >= 0 and words[at][0] <= start and end < words[at][1]

    @once
    def _chunks(self) -> list[str]:
        lowered = self.lowered
        return [lowered[at : at + _CHUNK_CHARS].translate(_NO_GAPS) for at in range(0, len(lowered), _CHUNK_CHARS)]

    @once
    def _chunk_starts(self) -> list[int]:
        return list(accumulate(map(len, self._chunks), initial=0))

    @once
    def _squeezed(self) -> str:
        return "".join(self._chunks)

    @once
    def _kept_in_chunks(self) -> dict[int, list[int]]:
        return {}

    def _kept(self, squeezed: int) -> int:
        """Return where a character of the text without gaps stands in the text: most are never asked for."""
        number = bisect_right(self._chunk_starts, squeezed) - 1
        kept = self._kept_in_chunks.get(number)
        if kept is None:
            start = number * _CHUNK_CHARS
            chunk = self.lowered[start : start + _CHUNK_CHARS]
            kept = self._kept_in_chunks[number] = [at for at, char in enumerate(chunk, start) if char not in _GAPS]
        return kept[squeezed - self._chunk_starts[number]]

    @once
    def _digit_places(self) -> list[int]:
        return [match.start() for match in _DIGIT.finditer(self.text)]

    @once
    def _digits(self) -> str:
        return ascii_digits(self.text)

    def held(self, forms: Iterable[Form]) -> list[Form]:
        """Return those whose letters stand anywhere: most forms fail here, at the cost of one search."""
        squeezed, lowered = self._squeezed, self.lowered
        return [form for form in forms if form.text in (squeezed if form.whole else lowered)]

    def places(self, form: Form) -> Iterator[tuple[int, int]]:
        """Yield the ranges where ``form`` stands as words of its own."""
        if form.whole:
            for at in _finds(self._squeezed, form.text):
                start, end = self._kept(at), self._kept(at + len(form.text) - 1) + 1
                if not form.text.isascii() or (self._word(start, end) and not _no_name(self.text[start:end])):
                    yield start, end
        else:
            for start in _finds(self.lowered, form.text):
                if self._stands_alone(start, start + len(form.text)):
                    yield start, start + len(form.text)

    def numbers(self, digits: str) -> Iterator[tuple[int, int]]:
        """Yield the ranges of a telephone number, kanji digits and any separators included."""
        index = self._digit_places
        for at in _finds(self._digits, digits):
            used = index[at : at + len(digits)]
            if all(two - one <= _PHONE_GAP_CHARS_MAX for one, two in pairwise(used)):
                yield used[0], used[-1] + 1

    def beside_honorific(self, end: int) -> bool:
        """Tell whether an honorific follows."""
        return _HONORIFIC.match(self.text, end) is not None

    def _word(self, start: int, end: int) -> bool:
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        cut = after.isascii() and after.isalnum() and not _LATIN_HONORIFIC.match(self.text, end)
        return not (before.isascii() and before.isalnum()) and not cut

    def _stands_alone(self, start: int, end: int) -> bool:
        """Tell whether a part of a name is a word of its own at this place (森 is not in 森林)."""
        surface = self.text[start:end]
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        if surface[0] < _NOT_LATIN or "Ḁ" <= surface[0] <= "ỿ":
            word = surface.lower()
            everyday = word in lexicon.words("capitalised") or word in lexicon.words("everyday_names")
            plain = len(surface) > 2 and not everyday
            return self._word(start, end) and (plain or surface[0].isupper()) and not self._month(word, start, end)
        if is_kanji(surface[0]):
            return self._kanji_alone(start, end, before, after)
        if "ァ" <= surface[0] <= "ヶ":
            alone = len(surface) > 1 and not _kana(before, "ァ", "ー") and not _kana(after, "ァ", "ー")
            # ホンダ技研, リオ五輪: the word of a name inside a longer one.
            return alone and (not after or not is_kanji(after) or _AFTER.match(self.text, end) is not None)
        filled = _FILLER.search(self.text, max(0, start - _FILLER_CHARS_MAX), start) is not None
        if _kana(before, "ぁ", "ん") and start not in self.boundary and not filled:
            return False
        if _LONGER_WORD.match(self.text, end):
            return False
        if len(surface) == 2:
            quoted = bool(before) and before in _QUOTES and _AFTER.match(self.text, end)
            short = quoted or ((not before or filled or before in _OPENS) and _AFTER_SHORT.match(self.text, end))
            return self.beside_honorific(end) or bool(short)
        return len(surface) > 2 and (not _kana(after, "ぁ", "ん") or _AFTER.match(self.text, end) is not None)

    def _month(self, word: str, start: int, end: int) -> bool:
        """Tell whether a name that is a month too is the month here: start in May, April 2027."""
        if word not in _MONTHS:
            return False
        return _BEFORE_MONTH.search(self.text, max(0, start - 12), start) is not None or (
            _AFTER_MONTH.match(self.text, end) is not None
        )

    def _kanji_alone(self, start: int, end: int, before: str, after: str) -> bool:
        left, right = bool(before) and is_kanji(before), bool(after) and is_kanji(after)
        followed = _AFTER.match(self.text, end) is not None
        if _LIKENED.match(self.text, end) or (
            end - start > 1 and _ordinary(self.text[start:end]) and _COMPOUND.match(self.text, end)
        ):
            return False
        if end - start == 1 and self.text[start : end + 1] in _ADVERBS:
            return False
        if end - start == 1:
            return not left and (followed or not after.isalnum())
        if right and not followed and self._in_longer_word(start, end):
            return False
        cut_left, cut_right = left and start not in self.boundary, right and end not in self.boundary and not followed
        return not (cut_left and cut_right) and not _PLACE_BEHIND.match(self.text, end)


@lru_cache(maxsize=4096)
def _ordinary(word: str) -> bool:
    """Tell whether a part of a name is an ordinary word, too: 公平, 温水."""
    return bool(names.kinds(word) & Word.COMMON)


def _is_no_name(word: str) -> bool:
    kinds = names.kinds(word)
    return kinds != Word.NONE and not kinds & names.NAME


def _no_name(words: str) -> bool:
    """Tell whether what reads as a full name is everyday words in small letters, or goes over the end of a sentence."""
    if _SENTENCE_END.search(words):
        return True
    if not words.islower():
        return False
    capitalised, names_too = lexicon.words("capitalised"), lexicon.words("everyday_names")
    return all(word in capitalised or word in names_too for word in _SMALL.findall(words))


def _kana(char: str, first: str, last: str) -> bool:
    return bool(char) and first <= char <= last


def _finds(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + len(wanted))
