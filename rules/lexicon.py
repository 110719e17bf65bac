"""The shipped phrases: read from `phrases/*.toml`, compiled for RE2, found in a sentence in linear time."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal, cast

import re2

from rules.model import Lang

PhraseKind = Literal["no", "soft", "yes", "unsure", "elsewhere", "veto", "context", "support", "closing"]
Then = Literal["pass", "weak", "review", "quiet"]

#: RE2 falls back from its DFA to simulation under this limit: memory stays flat on hostile text, time stays linear.
PATTERN_MEMORY_BYTES = 262_144
PLACES_MAX = 3
FILES = ("ja_no", "ja_around", "ja_yes", "ja_other", "en_no", "en_around", "en_yes", "en_other")
_WORD = re.compile(r"<([A-Z_]+)>")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way of saying something. ``own``: it names the job or the selection itself.

    What ``unless`` finds within the place of ``pattern`` is no hit (RE2 has no look-ahead).

    ``then`` says what a veto makes of the mail: ``pass``; ``weak`` pass, review beside an own "no"; ``review``;
    ``quiet`` pass, nothing beside an own "no".
    """

    id: str
    kind: PhraseKind
    lang: Lang
    pattern: str
    unless: str
    weight: float
    own: bool
    cue: str
    then: Then
    where: Literal["text", "subject"]
    example: str
    counter: str


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase at ``start:end`` of a sentence's canonical text."""

    phrase: Phrase
    start: int
    end: int


class Lexicon:
    """All phrases, compiled; `find` names every phrase in a sentence."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        options = re2.Options()
        options.max_mem = PATTERN_MEMORY_BYTES
        options.log_errors = False
        self._filter = re2.Filter()
        for phrase in self.phrases:
            self._filter.Add(phrase.pattern, options)
        self._filter.Compile()
        self._patterns = [self._filter.re(index) for index in range(len(self.phrases))]
        self._unless = [re2.compile(phrase.unless, options) if phrase.unless else None for phrase in self.phrases]

    def find(self, text: str) -> Iterator[Found]:
        """Yield every phrase that occurs in ``text``, at most `PLACES_MAX` places each, in the order of the files."""
        for index in self._filter.Match(text) or ():
            for match in itertools.islice(self._patterns[index].finditer(text), PLACES_MAX):
                unless = self._unless[index]
                if unless is None or unless.search(match.group()) is None:
                    yield Found(self.phrases[index], match.start(), match.end())


@functools.cache
def shipped() -> Lexicon:
    """Return the phrases of this version, read and compiled once a process."""
    return Lexicon(tuple(_read_all()))


def _read_all() -> Iterator[Phrase]:
    folder = resources.files("rules") / "phrases"
    words = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    for name in FILES:
        content = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        for row in content["phrase"]:
            kind = row.get("kind", content.get("kind"))
            yield Phrase(
                id=row["id"],
                kind=cast("PhraseKind", kind),
                lang=content["lang"],
                pattern=_unfold(row["pattern"], words),
                unless=_unfold(row.get("unless", ""), words),
                weight=float(row.get("weight", 0.0)),
                own=bool(row.get("own", False)),
                cue=row.get("cue", kind),
                then=row.get("then", "review"),
                where=row.get("where", "text"),
                example=row["example"],
                counter=row["counter"],
            )


def _unfold(pattern: str, words: dict[str, str]) -> str:
    while _WORD.search(pattern):
        pattern = _WORD.sub(lambda found: words[found.group(1)], pattern)
    return pattern
