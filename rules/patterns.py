"""Patterns that an admin writes: they run on RE2, whose time grows with the text only, and are kept simple as well.

A pattern that other engines would take for ever with is refused, too: it says less than its writer believes, and a file
moved to another product must not hang it.
"""

from __future__ import annotations

import functools
import re

import re2

from rules.lexicon import PATTERN_MEMORY_BYTES

PATTERN_CHARS_MAX = 500
#: A part that repeats without end may be repeated so often; ten `.*` in a row already take 10**10 steps elsewhere.
REPEATS_MAX = 9

_BOUNDS = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_NESTED = "repeats a part that repeats itself, such as (a+)+; write the repetition once, such as a+"
_TWINS = "repeats alternatives of which one begins like another, such as (a|ab)*; leave one of them out"


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> re2._Regexp:
    """Compile an admin's pattern for RE2, ignoring case; raises ``re2.error`` on what RE2 does not know."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(pattern, options)


def problem(pattern: str) -> str:
    """Return why a pattern is refused and what to do about it; empty when it may be used."""
    if len(pattern) > PATTERN_CHARS_MAX:
        return f"pattern longer than {PATTERN_CHARS_MAX} characters; write it shorter or as several patterns"
    try:
        found = compiled(pattern)
    except re2.error as error:
        return f"pattern {pattern!r} is not RE2 (no look-around, no back references): {_words_of(error)}"
    if said := explodes(pattern):
        return f"pattern {pattern!r} {said}"
    if found.search("") is not None:
        return f"pattern {pattern!r} is found in every text, even an empty one; say what must stand there"
    return ""


def explodes(pattern: str) -> str:
    """Return what in a pattern would take exponential time on an engine that goes back; empty for none."""
    return _Walk(pattern).said


class _Walk:
    """One pass over a pattern's groups. RE2 has accepted it, so brackets are known to fit."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.said = ""
        self._group()

    def _group(self) -> tuple[bool, bool, list[str]]:
        """Read up to the closing bracket: (repeats without end and has nothing fixed beside it, repeats, branches)."""
        loose = repeats = False
        branch_repeats = branch_fixed = False
        branches, began = [], self._at
        while self._at < len(self._pattern) and self._pattern[self._at] != ")":
            if self._pattern[self._at] == "|":
                loose = loose or (branch_repeats and not branch_fixed)
                branches.append(self._pattern[began : self._at])
                self._at += 1
                began, branch_repeats, branch_fixed = self._at, False, False
                continue
            anything = self._pattern[self._at] == "."
            endless, fixed = self._piece()
            loose = loose or (anything and endless)  # it may stand for what is fixed beside it, too
            repeats = repeats or endless
            branch_repeats = branch_repeats or endless
            branch_fixed = branch_fixed or fixed
        branches.append(self._pattern[began : self._at])
        return loose or (branch_repeats and not branch_fixed), repeats, branches

    def _piece(self) -> tuple[bool, bool]:
        """Read one letter, class or group with what repeats it: (may be endless, must stand there as it is)."""
        inner_loose = inner_repeats = False
        branches: list[str] = []
        if self._pattern[self._at] == "(":
            self._at += 1
            opening = re.compile(r"\?(?:P?<\w+>|[imsU-]*:?)").match(self._pattern, self._at)
            self._at = opening.end() if opening else self._at
            inner_loose, inner_repeats, branches = self._group()
            self._at += 1
        else:
            self._at = _atom_end(self._pattern, self._at)
        low, high = self._bounds()
        if high > 1 and (high > REPEATS_MAX or high == _ENDLESS) and branches:
            if inner_loose or (inner_repeats and high != _ENDLESS):
                self.said = self.said or _NESTED
            elif high == _ENDLESS and len(branches) > 1 and _twins(branches):
                self.said = self.said or _TWINS
        endless = high == _ENDLESS or inner_repeats
        return endless, low > 0 and high != _ENDLESS and not inner_loose

    def _bounds(self) -> tuple[int, int]:
        """How often the piece just read may stand there."""
        sign = self._pattern[self._at : self._at + 1]
        counted = _BOUNDS.match(self._pattern, self._at)
        low, high = {"*": (0, _ENDLESS), "+": (1, _ENDLESS), "?": (0, 1)}.get(sign, (1, 1))
        if counted is not None:
            low = int(counted[1])
            high = low if counted[2] is None else int(counted[3]) if counted[3] else _ENDLESS
            self._at = counted.end()
        elif sign in ("*", "+", "?") and sign:
            self._at += 1
        if (counted is not None or sign) and self._pattern[self._at : self._at + 1] == "?" and (low, high) != (1, 1):
            self._at += 1  # the lazy form of the same
        return low, high


_ENDLESS = 1_000_000


def _atom_end(pattern: str, at: int) -> int:
    if pattern[at] == "\\":
        if pattern.startswith("\\Q", at):
            end = pattern.find("\\E", at)
            return len(pattern) if end < 0 else end + 2
        named = re.compile(r"\\(?:[pP]\{[^}]*\}|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|.)", re.DOTALL).match(pattern, at)
        return named.end() if named else at + 1
    if pattern[at] != "[":
        return at + 1
    at += 1 + pattern.startswith("^", at + 1)
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        if pattern.startswith("[:", at):
            at = pattern.find(":]", at) + 2
        else:
            at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _twins(branches: list[str]) -> bool:
    """Whether one alternative begins like another, or may be empty: the same text could be read in many ways."""
    if any(compiled(f"^(?:{branch})$").search("") is not None for branch in branches):
        return True
    return any(
        one.startswith(other) for i, one in enumerate(branches) for j, other in enumerate(branches) if i != j and other
    )


def _words_of(error: Exception) -> str:
    message = error.args[0] if error.args else ""
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
