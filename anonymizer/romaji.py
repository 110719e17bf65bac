"""Kana to the Latin spellings people use for it, and a test whether a Latin word can be Japanese at all."""

import re
from functools import lru_cache

from anonymizer import lexicon
from anonymizer.kana import katakana, without_long_vowels

_KANA = {row[0]: row[1] for row in lexicon.rows("kana")}
_SYLLABLE = (r"(?:(?:k|g|s|z|t|d|n|h|b|p|m|r)[aiueo]|(?:ky|gy|sh|j|ch|ny|hy|by|py|my|ry|ts|f|y|w)[aiueo]"
             r"|[aiueo]|n(?![aiueoy])|m(?=[bmp]))")  # fmt: skip
_WORD = re.compile(
    rf"(?:{_SYLLABLE}|(?:kk|ss|tt|pp|tch|ssh)(?=[aiueoyhs])[hs]?[aiueo]|h(?![aiueoy])){{2,9}}", re.IGNORECASE
)
_LONG = re.compile(r"ou|oo|uu")


def _hepburn(kana: str) -> str:
    out = ""
    geminate = False
    at = 0
    while at < len(kana):
        pair = _KANA.get(kana[at : at + 2]) if at + 1 < len(kana) else None
        part = pair or _KANA.get(kana[at], "")
        if kana[at] == "ッ":
            geminate = True
        elif part:
            out += ("t" if part.startswith("ch") else part[0]) + part if geminate else part
            geminate = False
        at += 2 if pair else 1
    return out


@lru_cache(maxsize=4096)
def spellings(kana: str) -> tuple[str, ...]:
    """Return the lower-case Latin spellings of a kana name: Hepburn with and without long vowels, and Kunrei.

    "オオノ ショウイチ" parts are given one by one; "ショウ" gives shou, sho, shoh, syou ...
    """
    base = _hepburn(katakana(kana))
    short = without_long_vowels(base)
    found = {base, short, _LONG.sub("oh", base) if "uu" not in base else base}
    found |= {re.sub(r"n(?=[bmp])", "m", word) for word in found}
    for new, old in (
        ("shi", "si"),
        ("tsu", "tu"),
        ("chi", "ti"),
        ("fu", "hu"),
        ("ji", "zi"),
        ("sh", "sy"),
        ("j", "zy"),
    ):
        found |= {word.replace(new, old) for word in (base, short) if new in word}
    return tuple(sorted(word for word in found if word))


@lru_cache(maxsize=16_384)
def can_be_japanese(word: str) -> bool:
    """Tell whether a Latin word splits into Japanese syllables (sato, KENJI, Shinichi), at least two of them."""
    return len(word) <= 20 and _WORD.fullmatch(word) is not None
