"""The shape of a text: of each character only what it is.

0 stands for any digit, A and a for Latin letters, J for kana and kanji, x for the rest beyond ASCII; what else is in
ASCII stands for itself. A search for a code of two capitals and seven digits need not begin where AA0000000 is not.
"""

import re

DIGITS = frozenset("0123456789〇零一二三四五六七八九十")
ASCII = 0x80
ROUND_ZEROS = frozenset("○◯")
"""Circles that stand for zeros in telephone numbers; of the shape of a text they are digits, too."""
JAPANESE = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF))


class _Shapes(dict[int, str]):
    """What ``str.translate`` needs to make the shape of a text."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code < ASCII:
            shape = "A" if char.isupper() else "a" if char.islower() else "0" if char.isdigit() else char
        elif char in DIGITS or char in ROUND_ZEROS:
            shape = "0"
        else:
            shape = "J" if any(low <= code <= high for low, high in JAPANESE) else "x"
        self[code] = shape
        return shape


SHAPES = _Shapes()
BESIDE_CHARS = 6
"""How much before and behind a digit belongs to a shape."""
_FAR = re.compile(rf"[^{''.join(sorted(DIGITS | ROUND_ZEROS))}]{{{2 * BESIDE_CHARS + 2},}}")


def shape_of(text: str) -> str:
    """Return the shape of ``text``, without what is far from any digit."""
    return _FAR.sub(_ends, text).translate(SHAPES)


def _ends(far: re.Match[str]) -> str:
    return f"{far.group()[:BESIDE_CHARS]}\0{far.group()[-BESIDE_CHARS:]}"
