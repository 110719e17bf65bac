"""The start of the anonymiser: Presidio, patterns and lists are loaded on first use, about a second and 100 MB.

What is loaded lives as long as the process, so the garbage collector need not look for cycles while it comes in,
nor ever again at these half a million objects: each full collection would cost as much as ten kB of text.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from types import ModuleType

from anonymizer import propagate
from anonymizer.normalise import normalise
from anonymizer.page import Page
from anonymizer.protect import drop_protected

# A mail in both languages with a bit of everything: read once, so that what later texts need is there.
_SAMPLE = """From: John Smith <john@example.com>
氏名: 山田 太郎 (やまだ たろう) 様
〒150-0041 東京都渋谷区神南1-2-3, Tel. 090-1234-5678
Dear Ms. Jane Doe, I am priya becker, born 1 May 1990 and worked at Sample Trading Inc.
○○大学を卒業、前職は株式会社サンプル。面接官: 佐藤さん、サトウさん。
"""
_COMMAND_LINE = ("spacy.cli", "spacy.cli.info")
_ONE_AT_A_TIME = Lock()


@contextmanager
def _at_rest() -> Iterator[None]:
    """Keep the garbage collector from running inside, and from looking at what is there by then."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


@contextmanager
def _without_command_line() -> Iterator[None]:
    """Keep spaCy, which Presidio imports, from importing its commands: 230 modules for downloads and projects."""
    if "spacy" in sys.modules:
        yield
        return
    for name in _COMMAND_LINE:
        sys.modules[name] = ModuleType(name)
    sys.modules[_COMMAND_LINE[-1]].info = None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name in _COMMAND_LINE:
            del sys.modules[name]


def load() -> None:
    """Load ``anonymizer.frame`` with all that it needs; once a process, whichever thread comes first."""
    with _ONE_AT_A_TIME:
        _load()


@cache
def _load() -> None:
    with _at_rest():
        with _without_command_line():
            from anonymizer import frame
        page = Page(normalise(_SAMPLE).text)
        drop = drop_protected(page, [*frame.recognise(page), *frame.recognise_again(page)], frozenset())
        propagate.forms(page.text, list(drop))
