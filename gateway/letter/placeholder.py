"""The mark ``{{careerrelay}}`` / ``{{キャリアリレー}}`` by which the writer of a mail says where the block goes."""

import re
from itertools import islice
from typing import NamedTuple

from gateway.letter.doubt import Doubt

_MARKS_MAX = 50

_NAMES = ("careerrelay", "キャリアリレー", "ｷｬﾘｱﾘﾚｰ")
# One of these stands in every placeholder, the last two where the first letter is a reference.
_HINTS = (*_NAMES, "&#12461;", "30ad;")
_SPACE = " \t\u3000"
_TEXT = re.compile(rf"[{{｛]{{2}}[{_SPACE}]*+(?:{'|'.join(_NAMES)})[{_SPACE}]*+[}}｝]{{2}}", re.IGNORECASE)


def _html_letter(letter: str) -> str:
    code = ord(letter)
    return letter if letter.isascii() else rf"(?:{letter}|&#{code};|&#x0*{code:x};)"


def _html_pattern() -> re.Pattern[str]:
    # Editors put tags inside the braces and write letters as references.
    gap = r"(?:\s|&nbsp;|<[^<>]{0,200}>){0,8}"
    names = "|".join("".join(map(_html_letter, name)) for name in _NAMES)
    return re.compile(rf"[{{｛]{gap}[{{｛]{gap}(?:{names}){gap}[}}｝]{gap}[}}｝]", re.IGNORECASE)


_HTML = _html_pattern()
_TAG = re.compile(r"<[^<>]*>")


class Mark(NamedTuple):
    """Where a placeholder stands, with the spaces around it. ``kept``: tags inside it, which must stay."""

    start: int
    end: int
    kept: str = ""


def in_text(text: str, end: int) -> list[Mark]:
    """Return the placeholders of a plain text before character ``end``, but for those in lines marked as quoted."""
    marks: list[Mark] = []
    floor = 0
    for found in _found(_TEXT, text, end):
        start, stop = found.span()
        if text.startswith(">", text.rfind("\n", 0, start) + 1):
            continue
        while start > floor and text[start - 1] in _SPACE:
            start -= 1
        while stop < len(text) and text[stop] in _SPACE:
            stop += 1
        floor = stop
        marks.append(Mark(start, stop))
    return marks


def in_html(html: str, end: int) -> list[Mark]:
    """Return the placeholders of an HTML text before character ``end``."""
    return [Mark(*found.span(), "".join(_TAG.findall(found[0]))) for found in _found(_HTML, html, end)]


def _found(pattern: re.Pattern[str], text: str, end: int) -> list[re.Match[str]]:
    if "{" not in text and "｛" not in text:
        return []
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return []
    found = list(islice(pattern.finditer(text, 0, end), _MARKS_MAX + 1))
    if len(found) > _MARKS_MAX:
        raise Doubt(f"more than {_MARKS_MAX} placeholders")
    return found
