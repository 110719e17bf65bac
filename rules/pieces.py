"""Cuts a joined piece of text into sentences in canonical spelling.

Companies send the same mail with other names, so most pieces come again. What a piece holds depends on its letters
alone, and is remembered.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rules.spelling import Edit, respell

SENTENCE_CHARS_MAX = 600
#: A longer piece is no paragraph of a letter, and is read anew each time.
REMEMBERED_CHARS_MAX = 800
REMEMBERED_PIECES = 2_048

GOES_ON = re.compile(r"[がのをにへとはもでやかけしてばなり、。,)」』】〉]|から|ので|こと|よう|ため|もの|けれど")
_HONORIFICS = ("様", "さま", "殿", "さん", "くん", "御中")


class Spelled(NamedTuple):
    """One sentence in canonical spelling, without the blanks that Japanese does not need.

    ``at`` holds for every character *before* the ``edits`` of `respell` its offset in the piece. ``quoted``: it begins
    inside a quotation that an earlier sentence of the piece opened.
    """

    text: str
    at: Sequence[int]
    edits: tuple[Edit, ...]
    quoted: bool


def sentences(piece: str) -> Iterator[Spelled]:
    """Yield the sentences of ``piece``, a run of lines in normalised spelling of any length."""
    return iter(_remembered(piece)) if len(piece) <= REMEMBERED_CHARS_MAX else _read(piece)


@functools.lru_cache(maxsize=REMEMBERED_PIECES)
def _remembered(piece: str) -> tuple[Spelled, ...]:
    """Return the sentences of ``piece``, from memory when it was read lately.

    Mail text may be held here: it stays in this process and is never written, at most `REMEMBERED_PIECES` pieces of
    `REMEMBERED_CHARS_MAX` characters stay (12 kB each at the very most, under 1 kB as a rule), and those not seen for
    the longest time leave first.
    """
    return tuple(_read(piece))


def _read(piece: str) -> Iterator[Spelled]:
    flat, at = squeeze(piece)
    last_closing = max(flat.rfind("」"), flat.rfind("』"))
    first = depth = 0
    for stop in _stops(flat):
        quoted = depth > 0
        depth = _depth(flat, first, stop, depth, last_closing)
        for cut in range(first, stop, SENTENCE_CHARS_MAX):
            part = flat[cut : min(stop, cut + SENTENCE_CHARS_MAX)]
            words = part.lstrip()
            text, edits = respell(words)
            if text.strip():
                end = cut + len(part)
                yield Spelled(text, at[end - len(words) : end], edits, quoted)
        first = stop


# --- blanks --------------------------------------------------------------------------------------------------------

#: Every run of blanks but a single one between two ASCII characters, which stays where it is.
_GAP = re.compile(r"\s(?:\s+|(?<=[^\x00-\x7f]\s)|(?![\x00-\x7f]))")
_BLANK = re.compile(r"\s")


def squeeze(text: str) -> tuple[str, Sequence[int]]:
    """Drop blanks beside Japanese characters, keep one between words; a blank after 様 becomes NUL.

    Return what is left, and the offset in ``text`` of each of its characters.
    """
    body = text.strip()
    lead = len(text) - len(text.lstrip())
    pieces: list[str] = []
    at = array("I")
    done = 0
    tail = ""  # the last two characters kept
    for found in _GAP.finditer(body):
        start, end = found.span()
        words = _BLANK.sub(" ", body[done:start])
        pieces.append(words)
        at.extend(range(lead + done, lead + start))
        tail = (tail + words[-2:])[-2:]
        mark = _instead(tail, body[end])
        if mark:
            pieces.append(mark)
            at.append(lead + end - 1)
            tail = tail[-1:] + mark
        done = end
    words = _BLANK.sub(" ", body[done:])
    if not done:
        return words, range(lead, lead + len(body))
    pieces.append(words)
    at.extend(range(lead + done, lead + len(body)))
    return "".join(pieces), at


def _instead(before: str, after: str) -> str:
    """Return what stands for the blanks between ``before`` and ``after``."""
    if after.isascii() and before[-1:].isascii():
        return " "
    return "\x00" if before.endswith(_HONORIFICS) and not GOES_ON.match(after) else ""


# --- ends of sentences ---------------------------------------------------------------------------------------------

_STOPPING = re.compile(r"[。!?.\x00](?:(?<=[。!?])[。!?]*[」』)]?|(?<=\.)(?=\s|$)|(?<=\x00))")
_ABBREVIATION = re.compile(r"\b(co|ltd|inc|corp|mr|mrs|ms|dr|prof|no|st|e\.g|i\.e|vs|dept|approx)\.$", re.IGNORECASE)


def _stops(text: str) -> Iterator[int]:
    last = 0
    for found in _STOPPING.finditer(text):
        if found.group() == "." and _ABBREVIATION.search(text, max(last, found.end() - 8), found.end()):
            continue
        last = found.end()
        yield last
    if last < len(text):
        yield len(text)


def _depth(text: str, start: int, end: int, depth: int, last_closing: int) -> int:
    """Return how many 「 are open at ``end``; one that never closes in this piece opens nothing."""
    opened = text.count("「", start, end) + text.count("『", start, end)
    if opened == depth == 0:
        return 0
    closed = text.count("」", start, end) + text.count("』", start, end)
    if opened > closed and last_closing < end:
        return 0
    return max(0, depth + opened - closed)
