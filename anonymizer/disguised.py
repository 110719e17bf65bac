"""Known names in disguise: K嶋 for 鹿嶋, k o w a l s k i, しょーじ for しょうじ, コクフ"ン, ミンジュン, りおぴ.

What gives a disguise away (a lone capital before kanji, letters set apart, a long vowel, a rare ending) is looked for
once in a text; only where it stands are names compared.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from anonymizer import lexicon, names
from anonymizer.kana import hiragana, katakana
from anonymizer.names import Word
from anonymizer.page import once
from anonymizer.recognizers.japanese import is_kanji
from anonymizer.romaji import spellings

_APART_SURE_MIN, _SPOKEN_KEY_MIN, _LONG_KANA_MIN = 6, 4, 3
_MASKED = re.compile(r"(?<![A-Za-z0-9一-鿿々ァ-ヶー])(?P<letter>[A-Z])(?P<rest>[一-鿿々]{1,2})(?![一-鿿々])")
_APART = re.compile(r"(?<![A-Za-z0-9])[A-Za-z](?:[ ]{1,2}[A-Za-z]|[.・_-][A-Za-z]){3,40}(?![A-Za-z0-9])")
_APART_KANJI = re.compile(r"[一-鿿々](?<![一-鿿々]{2})(?:[ ・|][一-鿿々]){1,5}(?![一-鿿々])")
_GAPS = re.compile(r"[ .・|_-]+")
_DETACHED = re.compile(r"[ァ-ヶーぁ-ん]{1,8}(?:[\"″]|[ ]?\u3099)[ァ-ヶーぁ-ん]{1,8}")
_MARK = re.compile('["″]|[ ]?\u3099')
# Endings that hardly a word has, so that a name may stand directly behind another word: あとりおぴいま.
_PET = re.compile(r"(?<=[ぁ-ん])(?:っち(?![ゃゅょまた])|っぺ|ぴ(?:ょん)?(?![っかんょゅくたり])|にゃん)")
_LONG_O = re.compile(r"(?<=[おこそとのほもよろごぞどぼぽょ])[うお]|(?<=[うくすつぬふむゆるぐずぶぷゅ])う")
_KATAKANA = re.compile(r"(?<![ァ-ヶー])[ァ-ヶー]{3,10}(?![ァ-ヶー])")
_WRITTEN = re.compile("で|と書|って書|です|ね|、|。|$")
_HONORIFIC = re.compile(r"[ ]?(?:さん|さま|様|氏|君|くん|ちゃん|殿)")
# Latin letters as Japanese ears tell them apart.
_HEARD = (("ph", "f"), ("th", "s"), ("ck", "k"), ("ce", "se"), ("ci", "si"), ("ch", "C"), ("c", "k"), ("C", "ch"),
          ("l", "r"), ("v", "b"), ("ah", "a"), ("yeo", "yo"), ("eo", "o"), ("eu", "u"), ("oo", "u"),
          ("ee", "i"))  # fmt: skip
_FILLED = re.compile(r"(?<=[^aeiou])u(?=[^aeiouy]|\Z)|(?<=[td])o(?=[^aeiouy]|\Z)|(?<=i)y(?=a)|[^a-z]")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=8192)
def _key(latin: str) -> str:
    """Return a Latin word (small letters) as Japanese ears tell it: catherine is katherine, kimu is kim."""
    for written, heard in _HEARD:
        latin = latin.replace(written, heard)
    return _TWICE.sub(r"\1", _FILLED.sub("", latin))


@lru_cache(maxsize=4096)
def _heard(run: str) -> str:
    """Return what a word in katakana is in Latin letters, as far as both tell; empty for a word of every day."""
    if names.kinds(run) & Word.COMMON:
        return ""
    return _key(spellings(run)[0]) if spellings(run) else ""


@lru_cache(maxsize=4096)
def _short(run: str) -> str:
    """Return a word in katakana without long vowels; empty for a word of every day."""
    return "" if names.kinds(run) & Word.COMMON else run.replace("ー", "")


def _finds(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = text.find(wanted)
    while at >= 0:
        yield at, at + len(wanted)
        at = text.find(wanted, at + len(wanted))


class Disguises:
    """What in a text (a reading view) may be a name in disguise, looked for once for all participants."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._japanese = not text.isascii()

    @once
    def _masked(self) -> list[tuple[str, str, tuple[int, int]]]:
        found = _MASKED.finditer(self.text) if self._japanese else ()
        return [(match.group("letter").lower(), match.group("rest"), match.span()) for match in found]

    @once
    def _apart(self) -> list[tuple[str, list[int]]]:
        """Runs of letters set apart: the letters, small, and where each stands."""
        runs = [*_APART.finditer(self.text), *(_APART_KANJI.finditer(self.text) if self._japanese else ())]
        found = []
        for run in runs:
            places = [at for at in range(*run.span()) if not _GAPS.match(self.text[at])]
            found.append(("".join(self.text[at] for at in places).lower(), places))
        return found

    @once
    def _detached(self) -> list[tuple[str, tuple[int, int]]]:
        found = _DETACHED.finditer(self.text) if self._japanese else ()
        return [
            (katakana(unicodedata.normalize("NFC", _MARK.sub("\u3099", match.group()))), match.span())
            for match in found
        ]

    @once
    def _pets(self) -> list[tuple[int, int]]:
        return [match.span() for match in _PET.finditer(self.text)] if self._japanese else []

    @once
    def _words(self) -> list[tuple[str, tuple[int, int]]]:
        """Words in katakana."""
        return [(match.group(), match.span()) for match in _KATAKANA.finditer(self.text)] if self._japanese else []

    def masked(self, family: str, letters: frozenset[str]) -> Iterator[tuple[int, int]]:
        """Yield where the first letter (one of ``letters``) stands for the first character of a family name."""
        if len(family) > 1 and is_kanji(family[0]):
            yield from (span for letter, rest, span in self._masked if rest == family[1:] and letter in letters)

    def apart(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield parts of a name (Latin, small letters; kanji) whose letters are set apart."""
        for letters, places in self._apart:
            held = [part for part in parts if part in letters]
            # A short name may stand inside another word: m a r k e t.
            rest = letters
            for part in held:
                rest = rest.replace(part, "")
            for part in held:
                if len(part) >= _APART_SURE_MIN or not rest or part == letters:
                    yield from ((places[one], places[end - 1] + 1) for one, end in _finds(letters, part))

    def told_apart(self, family: str, given: str) -> Iterator[tuple[int, int]]:
        """Yield family and given name of two characters whose writing is told: 東に泉で東泉さん."""
        for joint in "にと" if len(family) == len(given) == 1 else "":
            for start, end in _finds(self.text, family + joint + given):
                if _WRITTEN.match(self.text, end):
                    yield start, start + 1
                    yield end - 1, end

    def in_kana(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield parts of a name (hiragana) with marks set apart, long vowels written so, or a pet ending."""
        for run, span in self._detached:
            yield from (span for part in parts if hiragana(run) == part)
        for start, end in self._pets:
            for part in parts:
                if len(part) > 1 and self.text.endswith(part, 0, start):
                    yield start - len(part), end
        for part in parts if "ー" in self.text else ():
            long = _LONG_O.sub("ー", part)
            if long == part or len(long) < _LONG_KANA_MIN:
                continue
            yield from _finds(self.text, long)
            # コーチ is no 河内 without more.
            yield from (span for span in _finds(self.text, katakana(long)) if _HONORIFIC.match(self.text, span[1]))

    def in_katakana(self, latin: Sequence[str], parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield words in katakana that are a part of a Latin name by ear, or of ``parts`` but for long vowels."""
        if not self._words:
            return
        keys = {_key(part) for part in latin if not _everyday(part)}
        keys = {key for key in keys if len(key) >= _SPOKEN_KEY_MIN}
        short = {part.replace("ー", "") for part in parts}
        short = {part for part in short if len(part) >= _LONG_KANA_MIN}
        for run, span in self._words:
            if run not in parts and ((keys and _heard(run) in keys) or _short(run) in short):
                yield span


def _everyday(word: str) -> bool:
    """Tell whether a Latin word means something else, too."""
    return any(word in lexicon.words(name) for name in ("capitalised", "everyday_names", "skills"))
