"""One spelling for every way a phrase can be written, with the way back to the original offsets.

Half-width kana, full-width letters, zero-width characters, old spellings (御縁, 貴意に副えず, 出来兼ねます)
and English short forms (won't, we're) come out alike, so that a phrase needs one pattern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d"
    "\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufe00\ufe01\ufe0e\ufe0f\ufeff\uffa0"
)
_VOICING = frozenset("\uff9e\uff9f\u3099\u309a")
_LIKE_ASCII = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-"}
    | {"\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u3000": " ", "\u00a0": " ", "\t": " "}
)
#: Characters that come out as one character whatever stands behind them but a voicing mark: ASCII, Latin letters,
#: kana, the common marks and kanji; full-width ASCII becomes ASCII. All others are looked up one by one.
_EVEN_CHARS = (
    r"\t\n\r -~\u00a0\u00c0-\u00ff\u2010-\u2014\u2018\u2019\u201c\u201d\u203b\u2190-\u2193\u2500-\u25ff"
    r"\u3000-\u3003\u3005-\u301b\u3041-\u3096\u309d\u309e\u30a1-\u30fe\u4e00-\u9fff\uff01-\uff5e"
)
_EVEN = re.compile(rf"[{_EVEN_CHARS}]+(?![{''.join(_VOICING)}])")
_UNEVEN = re.compile(rf"[^{_EVEN_CHARS}]")
_HALF_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_HALF_WIDTH |= {chr(code): to for code, to in _LIKE_ASCII.items() if re.match(rf"[{_EVEN_CHARS}]", chr(code))}
_FULL_WIDTH = re.compile(f"[{''.join(map(re.escape, _HALF_WIDTH))}]")

_GO = (
    "縁 期待 希望 要望 意向 応募 活躍 健勝 多幸 連絡 案内 通知 報告 理解 了承 容赦 足労 参加 選考 面接 "
    "経歴 提案 推薦 紹介 検討 辞退 内定 意 応 厚意 好意 返事 返答 回答 高配 発展 健闘 成功 武運 期 "
    "送付 迷惑 採用 用意 対応 提示 提出 縁談 遠慮 縁組"
)

_VARIANTS: dict[str, str] = {
    **{f"御{word}": f"ご{word}" for word in _GO.split()},
    **{f"頂{end}": f"いただ{end}" for end in "きくけいこかっ"},
    **{f"戴{end}": f"いただ{end}" for end in "きくけいこかっ"},
    **{f"そ{end}": f"添{end}" for end in ("えず", "えな", "えま", "いかね")},
    "そい兼ね": "添いかね",
    **{f"{old}{end}": f"添{end}" for old in ("沿", "副") for end in ("え", "い", "う", "わ", "っ", "お")},
    **{f"叶{end}": f"かな{end}" for end in "わいえうっ"},
    **{f"適{end}": f"かな{end}" for end in ("いませ", "わず", "わな", "いかね")},
    **{f"致{end}": f"いた{end}" for end in "しすさせ"},
    **{f"{end}事{mark}": f"{end}こと{mark}" for end in "るたいす" for mark in "にとがはをも、。"},
    "下さ": "くださ",
    "出来": "でき",
    "有難う": "ありがとう",
    "有り難う": "ありがとう",
    "有難": "ありがた",
    "有り難": "ありがた",
    "御座": "ござ",
    "ご座": "ござ",
    "無く": "なく",
    "無い": "ない",
    "無か": "なか",
    "無し": "なし",
    "見合せ": "見合わせ",
    "みあわせ": "見合わせ",
    "みおくり": "見送り",
    "みおくら": "見送ら",
    "みおくる": "見送る",
    "見おくり": "見送り",
    "見おくら": "見送ら",
    "見送くり": "見送り",
    "到ら": "至ら",
    "到り": "至り",
    "いたらず": "至らず",
    "いたらな": "至らな",
    "いたりませ": "至りませ",
    "いたらなかった": "至らなかった",
    "兼ね": "かね",
    "兼ねま": "かねま",
    "ごえん": "ご縁",
    "取消": "取り消",
    "取り消": "取り消",
    "取りけ": "取り消",
    "取止め": "取りやめ",
    "取り止め": "取りやめ",
    "打切": "打ち切",
    "締切": "締め切",
    "〆切": "締め切",
    "お断わり": "お断り",
    "決っ": "決まっ",
    "繋が": "つなが",
    "宜し": "よろし",
    "良い": "よい",
    "良く": "よく",
    "申上": "申し上",
    "申しあげ": "申し上げ",
    "もうしあげ": "申し上げ",
    "此の": "この",
    "此度": "この度",
    "このたび": "この度",
    "難かし": "難し",
    "むずかし": "難し",
    "むつかし": "難し",
    "ざんねん": "残念",
    "もうしわけ": "申し訳",
    "申しわけ": "申し訳",
    "申訳": "申し訳",
    "ふさいよう": "不採用",
    "ふごうかく": "不合格",
    "さいようでき": "採用でき",
    "さいようしま": "採用しま",
    "めんせつ": "面接",
    "おうぼ": "応募",
    "けっか": "結果",
    "埋り": "埋まり",
    "終り": "終わり",
    "終ら": "終わら",
    "行な": "行",
    "おこな": "行",
    "送らして": "送らせて",
    "合わさせて": "合わせさせて",
    "can't": "cannot",
    "can not": "cannot",
    "won't": "will not",
    "shan't": "will not",
    "n't": " not",
    "'re ": " are ",
    "'ve ": " have ",
    "'ll ": " will ",
    "i'm ": "i am ",
    "we've ": "we have ",
    "e-mail": "email",
    "short-list": "shortlist",
    "short list": "shortlist",
    "curriculum vitae": "cv",
    "résumé": "resume",
}


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for the longest of ``words`` at a place: 「いたらなかった」, not 「いたらな」 and a rest.

    Shared beginnings are written once: `re` tries the branches one by one, and there are two hundred words.
    """
    tree: dict[str, Any] = {}
    for word in words:
        branch = tree
        for char in word:
            branch = branch.setdefault(char, {})
        branch[""] = {}
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    return "|".join(re.escape(char) + _grouped(below) for char, below in tree.items() if char)


def _grouped(tree: dict[str, Any]) -> str:
    rest = _branches(tree)
    return rest and f"(?:{rest}){'?' if '' in tree else ''}"


_VARIANT = re.compile(any_of(_VARIANTS))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A text and, for every character, its offset in the text it came from (one more for the end)."""

    text: str
    at: Sequence[int]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that ``text[start:end]`` came from."""
        if start >= end:
            return self.at[start], self.at[start]
        return self.at[start], self.at[end - 1] + 1


def normalise(text: str) -> Mapped:
    """Return ``text`` in NFKC, without invisible characters, quotes and dashes as ASCII; offsets kept.

    Each character is looked at alone, with a half-width voicing mark behind it. Nearly all text is made of characters
    that stay or become one other: it is copied as a whole, and only what lies between is taken one by one.
    """
    if _UNEVEN.search(text) is None:
        return Mapped(_even(text), range(len(text) + 1))
    pieces: list[str] = []
    at: list[int] = []
    known: dict[str, str] = {}
    done = 0
    for found in _EVEN.finditer(text):
        start, end = found.span()
        _one_by_one(text, done, start, pieces, at, known)
        pieces.append(_even(found.group()))
        at.extend(range(start, end))
        done = end
    _one_by_one(text, done, len(text), pieces, at, known)
    at.append(len(text))
    return Mapped("".join(pieces), at)


def _even(text: str) -> str:
    """Return ``text``, all of whose characters stay or become one other, in NFKC."""
    for char in set(_FULL_WIDTH.findall(text)):
        text = text.replace(char, _HALF_WIDTH[char])
    return text


def _one_by_one(text: str, start: int, end: int, pieces: list[str], at: list[int], known: dict[str, str]) -> None:
    index = start
    while index < end:
        char = text[index]
        after = index + 1
        if after < end and text[after] in _VOICING and char not in _INVISIBLE:
            char += text[after]  # ｶ and ﾞ are one character, ガ
            after += 1
        plain = known.get(char)
        if plain is None:
            plain = known[char] = _plain_char(char)
        pieces.append(plain)
        at.extend([index] * len(plain))
        index = after


def _plain_char(char: str) -> str:
    if char in _INVISIBLE or 0xD800 <= ord(char[0]) <= 0xDFFF:
        return ""  # a lone surrogate cannot be encoded for RE2
    return unicodedata.normalize("NFKC", char).translate(_LIKE_ASCII)


class Edit(NamedTuple):
    """``size`` characters of a canonical text, from ``start`` on, stand for ``first:end`` of the text before."""

    start: int
    size: int
    first: int
    end: int


def respell(text: str) -> tuple[str, tuple[Edit, ...]]:
    """Return ``text`` in lower case with every known variant replaced by its one spelling, and where that was."""
    lower = text.lower()
    if len(lower) != len(text):  # a capital dotted İ becomes two characters
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    pieces: list[str] = []
    edits: list[Edit] = []
    done = shift = 0
    for found in _VARIANT.finditer(lower):
        start, end = found.span()
        word = _VARIANTS[found.group()]
        pieces += (lower[done:start], word)
        edits.append(Edit(start + shift, len(word), start, end))
        shift += len(word) - (end - start)
        done = end
    if not done:
        return lower, ()
    pieces.append(lower[done:])
    return "".join(pieces), tuple(edits)


def plain(text: str) -> str:
    """Return ``text`` in canonical spelling, for words that nobody needs to find again in the mail."""
    return respell(normalise(text).text)[0]
