"""One spelling for every way a phrase can be written, with the way back to the original offsets.

Half-width kana, full-width letters, zero-width characters, old spellings (御縁, 貴意に副えず, 出来兼ねます)
and English short forms (won't, we're) come out alike, so that a phrase needs one pattern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d"
    "\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufe00\ufe01\ufe0e\ufe0f\ufeff\uffa0"
)
_VOICING = frozenset("\uff9e\uff9f\u3099\u309a")
_LIKE_ASCII = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-"}
    | {"\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u3000": " ", "\u00a0": " ", "\t": " "}
)
_PLAIN = re.compile(r"[\x20-\x7e\n\r]*")

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
# Longest first, so that 「いたらなかった」 is not read as 「いたらな」 plus a rest.
_VARIANT = re.compile("|".join(re.escape(word) for word in sorted(_VARIANTS, key=len, reverse=True)))


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
    """Return ``text`` in NFKC, without invisible characters, quotes and dashes as ASCII; offsets kept."""
    if _PLAIN.fullmatch(text):
        return Mapped(text, range(len(text) + 1))
    chars: list[str] = []
    at: list[int] = []
    known: dict[str, str] = {}
    index, size = 0, len(text)
    while index < size:
        char = text[index]
        after = index + 1
        if after < size and text[after] in _VOICING:
            char += text[after]  # ｶ and ﾞ are one character, ガ
            after += 1
        plain = known.get(char)
        if plain is None:
            plain = known[char] = _plain_char(char)
        chars.append(plain)
        at.extend([index] * len(plain))
        index = after
    at.append(size)
    return Mapped("".join(chars), at)


def _plain_char(char: str) -> str:
    if char in _INVISIBLE or 0xD800 <= ord(char[0]) <= 0xDFFF:
        return ""  # a lone surrogate cannot be encoded for RE2
    return unicodedata.normalize("NFKC", char).translate(_LIKE_ASCII)


def canonical(mapped: Mapped) -> Mapped:
    """Return ``mapped`` in lower case with every known variant replaced by its one spelling."""
    lower = mapped.text.lower()
    if len(lower) != len(mapped.text):  # a capital dotted İ becomes two characters
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in mapped.text)
    pieces: list[str] = []
    at: list[int] = []
    done = 0
    for found in _VARIANT.finditer(lower):
        start, end = found.span()
        word = _VARIANTS[found.group()]
        pieces += (lower[done:start], word)
        at.extend(mapped.at[done:start])
        first, last = mapped.at[start], mapped.at[end - 1]
        at.extend(min(first + step, last) for step in range(len(word)))
        done = end
    if not done:
        return Mapped(lower, mapped.at)
    pieces.append(lower[done:])
    at.extend(mapped.at[done:])
    return Mapped("".join(pieces), at)
