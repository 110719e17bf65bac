"""Where written forms of known names stand in a text, whatever blanks and dots were put between their letters.

Plain searches in prepared views of the text; no pattern is compiled for a document, so a list of
participants costs next to nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from anonymizer import lexicon
from anonymizer.model import Kind
from anonymizer.numerals import ascii_digits
from anonymizer.recognizers.japanese import is_kanji

_GAPS = frozenset(" \t\r\n・.,_='’-")
_PHONE_GAP_CHARS_MAX = 4
# What may follow a name directly: particles, honorifics, punctuation.
_AFTER = re.compile(
    r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿|先生|先輩|部長|課長|係長|主任|社長|マネ|リーダー"
    r"|曰く|いわく|本人|自身|より|から|です|っす|って|だ|携帯|電話|直通|内線|宛|[のはがにとをへもや、。・/)」:,\n\]]|$)"
)
_HONORIFIC = re.compile(r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿|先生|[- ]san)")


@dataclass(frozen=True, slots=True)
class Form:
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


# One for one, so that offsets stay: é is e, ø and ß have no accent to lose.
_NO_ACCENTS = _Table(
    (code, unicodedata.normalize("NFD", chr(code))[0])
    for code in (*range(0xE0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.combining(unicodedata.normalize("NFD", chr(code))[-1])
)
_NO_GAPS = _Table((ord(char), None) for char in _GAPS)


def unaccented(text: str) -> str:
    """Return ``text`` in small letters, Latin ones without their accents."""
    return text.lower().translate(_NO_ACCENTS)


def squeezed(text: str) -> str:
    """Return ``text`` in small letters without accents and the gaps that people put into names."""
    return unaccented(text).translate(_NO_GAPS)


@dataclass(frozen=True)
class View:
    """The reading view of a text, prepared for searches; ``boundary``: where morphemes begin or end."""

    text: str
    boundary: Collection[int]

    @cached_property
    def lowered(self) -> str:
        """The text in small letters without Latin accents, of the same length (İ would grow, so it stays)."""
        lowered = self.text.lower().translate(_NO_ACCENTS)
        return lowered if len(lowered) == len(self.text) else "".join(
            char.lower() if len(char.lower()) == 1 else char for char in self.text).translate(_NO_ACCENTS)  # fmt: skip

    @cached_property
    def _kept(self) -> list[int]:
        return [at for at, char in enumerate(self.lowered) if char not in _GAPS]

    @cached_property
    def _squeezed(self) -> str:
        return self.lowered.translate(_NO_GAPS)

    @cached_property
    def _digit_places(self) -> list[int]:
        return [at for at, char in enumerate(self.text) if ascii_digits(char)]

    def places(self, form: Form) -> Iterator[tuple[int, int]]:
        """Yield the ranges where ``form`` stands as words of its own."""
        if form.whole:
            index = self._kept
            for at in _finds(self._squeezed, form.text):
                start, end = index[at], index[at + len(form.text) - 1] + 1
                if not form.text.isascii() or self._word(start, end):
                    yield start, end
        else:
            for start in _finds(self.lowered, form.text):
                if self._stands_alone(start, start + len(form.text)):
                    yield start, start + len(form.text)

    def numbers(self, digits: str) -> Iterator[tuple[int, int]]:
        """Yield the ranges of a telephone number, kanji digits and any separators included."""
        index = self._digit_places
        for at in _finds("".join(ascii_digits(self.text[place]) for place in index), digits):
            used = index[at : at + len(digits)]
            if all(two - one <= _PHONE_GAP_CHARS_MAX for one, two in pairwise(used)):
                yield used[0], used[-1] + 1

    def beside_honorific(self, end: int) -> bool:
        """Tell whether an honorific follows."""
        return _HONORIFIC.match(self.text, end) is not None

    def _word(self, start: int, end: int) -> bool:
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())

    def _stands_alone(self, start: int, end: int) -> bool:
        """Tell whether a part of a name is a word of its own at this place (森 is not in 森林)."""
        surface = self.text[start:end]
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        if surface.isascii():
            word = surface.lower()
            everyday = word in lexicon.words("capitalised") or word in lexicon.words("everyday_names")
            plain = len(surface) > 2 and not everyday
            return self._word(start, end) and (plain or surface[0].isupper())
        if is_kanji(surface[0]):
            return self._kanji_alone(start, end, before, after)
        if "ァ" <= surface[0] <= "ヶ":
            alone = len(surface) > 1 and not _kana(before, "ァ", "ー") and not _kana(after, "ァ", "ー")
            # ホンダ技研, リオ五輪: the word of a name inside a longer one.
            return alone and (not after or not is_kanji(after) or _AFTER.match(self.text, end) is not None)
        if _kana(before, "ぁ", "ん") and start not in self.boundary:
            return False
        if len(surface) == 2:
            return self.beside_honorific(end)
        return len(surface) > 2 and (not _kana(after, "ぁ", "ん") or _AFTER.match(self.text, end) is not None)

    def _kanji_alone(self, start: int, end: int, before: str, after: str) -> bool:
        left, right = bool(before) and is_kanji(before), bool(after) and is_kanji(after)
        followed = _AFTER.match(self.text, end) is not None
        if end - start == 1:
            return not left and (followed or not after.isalnum())
        cut_left, cut_right = left and start not in self.boundary, right and end not in self.boundary and not followed
        return not (cut_left and cut_right) and not (after and after in "市区県駅町村")


def _kana(char: str, first: str, last: str) -> bool:
    return bool(char) and first <= char <= last


def _finds(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + len(wanted))
