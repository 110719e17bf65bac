"""Tells line by line what a mail's writer says now from what is quoted or signed.

Nearly every line goes on with the section it stands in; `lines` tells which ones may not.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rules.lines import DELIMITERS, Look, look

Kind = Literal["new", "quote", "signature", "disclaimer"]

SIGNATURE_LINES_MAX = 14
DELIMITED_LINES_MAX = 60
REMEMBERED_CHARS_MAX = 600
REMEMBERED_SIGNATURES = 512


class Line(NamedTuple):
    """One line of the normalised text: its span, the section it belongs to, and what it tells by itself."""

    start: int
    end: int
    kind: Kind
    look: Look


_HEADER = re.compile(
    r"[*>\s]{0,4}(from|sent|date|to|cc|subject|reply-to|差出人|送信者|送信元|発信者|送信日時|送信日"
    r"|受信日時|日時|日付|宛先|件名|題名)"
    r"\*?\s{0,3}:",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"tel\b|fax\b|phone|電話|〒|https?:|www\.|@|株式会社|有限会社|合同会社|\(株\)|\(有\)|co\., ?ltd"
    r"|\binc\b|\bllc\b|\bgmbh\b"
    r"|人事|採用担当|採用チーム|担当\s?[::]|住所|e-?mail|法人|営業時間",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(ます|ました|ません|です|でした|ください|下さい)[。.!]|\w{2,} \w{2,} \w{2,}[^.!?\n]{0,200}[.!?](\s|$)"
)


def sections(text: str) -> list[Line]:
    """Return every line of ``text`` with the section it belongs to. One pass, a bounded look ahead."""
    lines = text.splitlines(keepends=True)
    looks = list(map(look, lines))
    found: list[Line] = []
    index = start = 0
    kind: Kind = "new"
    while index < len(lines):
        seen, here, taken = looks[index], kind, 1
        if not seen.plain and kind != "quote":
            if seen.opens and _starts_quote(looks, index):
                here = kind = "quote"
            elif seen.quoted:
                here = "quote"
            elif seen.words in DELIMITERS and index and len(lines) - index <= DELIMITED_LINES_MAX:
                here = kind = "signature"
            elif seen.afterthought:
                here = kind = "new"
            elif kind == "new" and seen.rule:
                lasts = _signature_lines(looks, index)
                here, taken = ("signature", lasts) if lasts else ("new", 1)
        for _ in range(taken):
            end = start + len(lines[index])
            found.append(Line(start, end, here, looks[index]))
            start, index = end, index + 1
    return found


def _starts_quote(looks: Sequence[Look], index: int) -> bool:
    """Tell whether an earlier mail begins here and runs to the end of the text."""
    opens = looks[index].opens
    if opens in ("", "divider"):
        return bool(opens)
    nearby = [near.words for near in looks[index : index + 14] if near.words][:9]
    if opens == "sender":
        return sum(1 for words in nearby if _HEADER.match(words)) >= 2
    if opens == "attribution" or any("wrote" in words for words in nearby[1:3]):
        return len(nearby) > 1 and not any(words.startswith((">", "|")) for words in nearby[1:3])
    return False


def _signature_lines(looks: Sequence[Look], index: int) -> int:
    """Return how many lines from the decorated line ``index`` on are a signature; 0: none."""
    last = min(len(looks), index + 1 + SIGNATURE_LINES_MAX)
    end = next((i for i in range(index + 1, last) if looks[i].decor), None)
    if end is None:
        rest = next((i for i in range(index + 1, last) if _starts_quote(looks, i)), None)
        if rest is None and last < len(looks):
            return 0
        end = (last if rest is None else rest) - 1
    block = "\n".join([near.words for near in looks[index + 1 : end + 1]])
    signs = _signs_remembered if len(block) <= REMEMBERED_CHARS_MAX else _signs
    return end + 1 - index if signs(block) else 0


def _signs(block: str) -> bool:
    """Tell whether the lines say where somebody can be reached, and hardly a sentence."""
    return _CONTACT.search(block) is not None and len(_FINAL.findall(block)) <= 1


#: Signatures recur; what is kept stays in this process, `REMEMBERED_SIGNATURES` blocks, the oldest leave first.
_signs_remembered = functools.lru_cache(maxsize=REMEMBERED_SIGNATURES)(_signs)
