"""Numbers as they are written in Japanese: 三十四, 二〇二四, 元, ３４ (already folded to 34)."""

import re

_VALUE = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
          "壱": 1, "壹": 1, "弐": 2, "参": 3, "肆": 4, "伍": 5}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "廿": 20, "卅": 30, "百": 100}
_DIGITS = re.compile("[0-9〇零一二三四五六七八九]+")
_AS_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def ascii_digits(text: str) -> str:
    """Return the digits of ``text`` in order, positional kanji digits included, everything else dropped."""
    return "".join(_DIGITS.findall(text)).translate(_AS_DIGITS)


def to_int(text: str) -> int | None:
    """Read an Arabic, positional kanji (二〇二四) or multiplicative kanji number (三十四, 四拾, 廿八); 元 is 1."""
    if text == "元":
        return 1
    positional = text.translate(_AS_DIGITS)
    if positional.isascii() and positional.isdecimal():
        return int(positional[:9])
    if not text or any(char not in _VALUE and char not in _TENS for char in text) or len(text) > 6:
        return None
    total = unit = 0
    for char in text:
        if char in _TENS:
            total += (unit or 1) * _TENS[char]
            unit = 0
        else:
            unit = unit * 10 + _VALUE[char]
    return total + unit
