"""Kana turned into kana, and Latin spellings with and without their long vowels. Needs nothing else."""

import re

_LONG = re.compile(r"ou|oo|uu")
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_TO_HIRAGANA = {katakana: hiragana for hiragana, katakana in _TO_KATAKANA.items()}
# Forms and old systems write ヨウ for ョウ.
_BIG = str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ")
_TO_BIG_HIRAGANA = {**_BIG, **{katakana: _BIG.get(code, code) for katakana, code in _TO_HIRAGANA.items()}}


def katakana(text: str) -> str:
    """Return ``text`` with hiragana turned into katakana, one for one."""
    return text.translate(_TO_KATAKANA)


def hiragana(text: str) -> str:
    """Return ``text`` with katakana turned into hiragana, one for one."""
    return text.translate(_TO_HIRAGANA)


def without_small_kana(text: str) -> str:
    """Return ``text`` in hiragana without small letters, one for one: シヨウタ and ショウタ become しようた."""
    return text.translate(_TO_BIG_HIRAGANA)


def without_long_vowels(word: str) -> str:
    """Return a Latin spelling as most people write it: satou is sato."""
    return _LONG.sub(lambda match: match.group()[0], word)


def with_h(word: str) -> str:
    """Return a Latin spelling as passports write it: satou is satoh."""
    return word.replace("ou", "oh").replace("oo", "oh")
