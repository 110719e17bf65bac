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
from typing import Any

import regex

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
# What Presidio imports for its engines with a model; thinc is spaCy's.
_SPACY = (
    "spacy", "spacy.language", "spacy.pipeline", "spacy.tokens", "spacy.util", "spacy.vocab", "thinc", "thinc.api",
)  # fmt: skip
#: What Presidio's recognisers of mail and telephone ask, which are not ours (`frame.py`): 60 ms, requests and all.
_ASKED = ("tldextract", "phonenumbers", "phonenumbers.phonenumberutil")
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


class _Anything(type):
    """A class whose attributes are classes of its kind, for whatever an import of spaCy asks for."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (_Nothing,), {})


class _Nothing:
    """Also a decorator, with any arguments, that leaves what it decorates as it is."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take what is given."""

    def __call__(self, decorated: object) -> object:
        return decorated


class _Absent(ModuleType):
    """A module in which everything can be found, and nothing of it works."""

    def __getattr__(self, name: str) -> type:
        return getattr(_Anything("absent", (_Nothing,), {}), name)  # type: ignore[no-any-return]


class _Later:
    """A pattern that is compiled when somebody uses it."""

    def __init__(self, *how: Any, **more: Any) -> None:
        self._how, self._more = how, more

    def __getattr__(self, name: str) -> Any:
        return getattr(regex.compile(*self._how, **self._more), name)


@contextmanager
def _lightly() -> Iterator[None]:
    """Let Presidio import stand-ins for spaCy and `_ASKED`: 0.4 s and 40 MB for what we do not use.

    Its engines with a model and its recognisers of mail and telephone do not work in this process then; what was left
    out can itself be imported afterwards. Nor are the patterns of its 170 recognisers compiled, of which we use three.
    """
    absent = [] if "spacy" in sys.modules else list(_SPACY)
    absent += [name for name in _ASKED if name not in sys.modules]
    for name in absent:
        sys.modules[name] = _Absent(name)
    compile_now, regex.compile = regex.compile, _Later
    try:
        yield
    finally:
        regex.compile = compile_now
        for name in absent:
            del sys.modules[name]


def load() -> None:
    """Load ``anonymizer.frame`` with all that it needs; once a process, whichever thread comes first."""
    with _ONE_AT_A_TIME:
        _load()


@cache
def _load() -> None:
    with _at_rest():
        with _lightly():
            from anonymizer import frame
        page = Page(normalise(_SAMPLE).text)
        drop = drop_protected(page, [*frame.recognise([page])[0], *frame.recognise_again([page])[0]], frozenset())
        propagate.forms(page.text, list(drop))
