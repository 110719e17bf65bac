"""Reads the invented cases: one mail a line, `|` for a line end, an optional [tag] in front."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rules.mail import Mail
from tests.rules.eml import mail_of

CASES = Path(__file__).parent / "cases"
#: Kinds of mail that a recruiting address sends under the very subject of a rejection.
_SAME_SUBJECT = {"offer", "pass", "invite", "receipt", "agency", "withdraw", "others", "part", "past", "denied", "cond"}
_SAME_SUBJECT |= {"", "hard", "quoted", "visit", "faq"}


def lines(name: str) -> list[str]:
    """Return the lines of a case file without its comments."""
    text = (CASES / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def cases(*names: str) -> Iterator[tuple[str, str, Mail]]:
    """Yield tag, line and mail of each case in these files."""
    for name in names:
        for line in lines(name):
            tag, _, text = line[1:].partition("] ") if line.startswith("[") else ("", "", line)
            result = "選考結果のご連絡" if name.endswith("ja") else "Update"
            other = "ご連絡" if name.endswith("ja") else "Hello"
            yield tag, line, mail_of(text.replace("|", "\n"), result if tag in _SAME_SUBJECT else other)
