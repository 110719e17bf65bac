"""Tells line by line what a mail's writer says now from what is quoted or signed.

Every line meets a dozen patterns, and nearly none fits: each is asked only where a cheap look at the line's ends
leaves it a chance.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Kind = Literal["new", "quote", "signature", "disclaimer"]

SIGNATURE_LINES_MAX = 14
DELIMITED_LINES_MAX = 60
REMEMBERED_CHARS_MAX = 600
REMEMBERED_SIGNATURES = 512


class Line(NamedTuple):
    """One line of the normalised text: its span, the section it belongs to, and its words without outer blanks.

    ``decor``: nothing but a rule or a row of stars.
    """

    start: int
    end: int
    kind: Kind
    words: str
    decor: bool


_DIVIDER = re.compile(
    r"-{2,12}\s{0,2}(original (message|appointment)|forwarded (message|by)|元のメッセージ"
    r"|転送メッセージ|転送されたメッセージ"
    r"|ここから引用|reply message)|begin forwarded message|-{2,12}\s{0,2}(forwarded|original)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[*>\s]{0,4}(from|sent|date|to|cc|subject|reply-to|差出人|送信者|送信元|発信者|送信日時|送信日"
    r"|受信日時|日時|日付|宛先|件名|題名)"
    r"\*?\s{0,3}:",
    re.IGNORECASE,
)
_SENDER = re.compile(r"[*>\s]{0,4}(from|差出人|送信者|送信元|発信者)\*?\s{0,3}:", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"(^|\s)(wrote|schrieb|a écrit)\s{0,2}:$|(さん|様|氏|殿|>)?\s{0,2}(は"
    r"|が)(次のように)?書きました(\s{0,2}:|。)?$"
    r"|さん(は|が|の)[^。]{0,20}(書|言い|メール)[^。]{0,6}:$"
    r"|^\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}.{0,60}(<[^<>\s]{3,80}>|@\S{3,60})\s?:$"
    r"|^on .{6,120}(wrote|said)\s{0,2}:$",
    re.IGNORECASE,
)
#: How every line ends that `_ATTRIBUTION` fits.
_ATTRIBUTION_ENDS = (":", "書きました", "書きました。")
_WROTE_WRAPPED = re.compile(r"^on .{6,120}(<\S{3,80}>|,)$", re.IGNORECASE)
#: Only lines with such an end or such a beginning can open a quotation that runs to the end of the text.
_QUOTE_ENDS = (*_ATTRIBUTION_ENDS, ">", ",")
_QUOTE_STARTS = ("-", "b", "B")
DECOR_CHARS = 4
_DECOR = re.compile(r"[\s*=_~#+.・･\-‐―─━═—–…★☆■□◆◇●○◎※♪＊＝♦•▲▼△▽<>《》〇|:;]+")
_RULES = frozenset({"--", "- -", "---", "***", "===", "___"})
_CONTACT = re.compile(
    r"tel\b|fax\b|phone|電話|〒|https?:|www\.|@|株式会社|有限会社|合同会社|\(株\)|\(有\)|co\., ?ltd"
    r"|\binc\b|\bllc\b|\bgmbh\b"
    r"|人事|採用担当|採用チーム|担当\s?[::]|住所|e-?mail|法人|営業時間",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(ます|ました|ません|です|でした|ください|下さい)[。.!]|\w{2,} \w{2,} \w{2,}[^.!?\n]{0,200}[.!?](\s|$)"
)
_AFTERTHOUGHT_STARTS = ("追", "p", "P")
_AFTERTHOUGHT = re.compile(r"(追伸|追記|p\.?\s?s\.?\b)", re.IGNORECASE)


def sections(text: str) -> Iterator[Line]:
    """Yield every line of ``text`` with the section it belongs to. One pass, a bounded look ahead."""
    lines = text.splitlines(keepends=True)
    words = [line.strip() for line in lines]
    decor = [len(word) >= DECOR_CHARS and _DECOR.fullmatch(word) is not None for word in words]
    index = start = 0
    kind: Kind = "new"
    while index < len(lines):
        word, here, taken = words[index], kind, 1
        if word and kind != "quote":
            opens = ":" in word or word.endswith(_QUOTE_ENDS) or word.startswith(_QUOTE_STARTS)
            if opens and _starts_quote(words, index):
                here = kind = "quote"
            elif word.startswith((">", "|")) or (opens and _attributes(word)):
                here = "quote"
            elif word in {"--", "- -"} and index and len(lines) - index <= DELIMITED_LINES_MAX:
                here = kind = "signature"  # RFC 3676 4.3
            elif word.startswith(_AFTERTHOUGHT_STARTS) and _AFTERTHOUGHT.match(word):
                here = kind = "new"
            elif kind == "new" and (decor[index] or word in _RULES):
                lasts = _signature_lines(words, decor, index)
                here, taken = ("signature", lasts) if lasts else ("new", 1)
        for line in range(index, index + taken):
            end = start + len(lines[line])
            yield Line(start, end, here, words[line], decor[line])
            start = end
        index += taken


def _attributes(word: str) -> bool:
    return word.endswith(_ATTRIBUTION_ENDS) and _ATTRIBUTION.search(word) is not None


def _starts_quote(words: Sequence[str], index: int) -> bool:
    """Tell whether an earlier mail begins here and runs to the end of the text."""
    word = words[index]
    if ":" not in word and not word.endswith(_QUOTE_ENDS) and not word.startswith(_QUOTE_STARTS):
        return False
    if _DIVIDER.match(word):
        return True
    sender, attributes = _SENDER.match(word), _attributes(word)
    if not sender and not attributes and not _WROTE_WRAPPED.match(word):
        return False
    nearby = [w for w in words[index : index + 14] if w][:9]
    if sender:
        return sum(1 for w in nearby if _HEADER.match(w)) >= 2
    if attributes or any("wrote" in w for w in nearby[1:3]):
        return len(nearby) > 1 and not any(w.startswith((">", "|")) for w in nearby[1:3])
    return False


def _signature_lines(words: Sequence[str], decor: Sequence[bool], index: int) -> int:
    """Return how many lines from the decorated line ``index`` on are a signature; 0: none."""
    last = min(len(words), index + 1 + SIGNATURE_LINES_MAX)
    end = next((i for i in range(index + 1, last) if decor[i]), None)
    if end is None:
        rest = next((i for i in range(index + 1, last) if _starts_quote(words, i)), None)
        if rest is None and last < len(words):
            return 0
        end = (last if rest is None else rest) - 1
    block = "\n".join(words[index + 1 : end + 1])
    signs = _signs_remembered if len(block) <= REMEMBERED_CHARS_MAX else _signs
    return end + 1 - index if signs(block) else 0


def _signs(block: str) -> bool:
    """Tell whether the lines say where somebody can be reached, and hardly a sentence."""
    return _CONTACT.search(block) is not None and len(_FINAL.findall(block)) <= 1


#: Signatures recur; what is kept stays in this process, `REMEMBERED_SIGNATURES` blocks, the oldest leave first.
_signs_remembered = functools.lru_cache(maxsize=REMEMBERED_SIGNATURES)(_signs)
