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

from core.lang import Lang
from rules.needles import Sieve

PhraseKind = Literal["no", "soft", "yes", "unsure", "elsewhere", "veto", "context", "support", "closing"]
Then = Literal["pass", "weak", "review", "quiet"]

#: RE2 falls back from its DFA to simulation under this limit: memory stays flat on hostile text, time stays linear.
PATTERN_MEMORY_BYTES = 262_144
#: Up to this many characters a sentence is read by `re`: hardly any sentence of a letter is longer.
SHORT_CHARS_MAX = 240
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
    """All phrases, compiled; `find` names every phrase in a sentence.

    Two engines read one pattern alike. RE2 is linear whatever the text, but on words it has not met it builds states
    for up to a millisecond a sentence. `re` is several times faster there, but backtracks: so it reads only sentences
    short enough to bound that (the worst found took 0.2 ms for a phrase), RE2 the others.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        self._sieve = Sieve([phrase.pattern for phrase in self.phrases])
        self._long = [_linear(phrase.pattern) for phrase in self.phrases]
        self._short = [re.compile(phrase.pattern, re.ASCII) for phrase in self.phrases]
        self._unless = [_linear(phrase.unless) if phrase.unless else None for phrase in self.phrases]

    def find(self, text: str) -> Iterator[Found]:
        """Yield every phrase that occurs in ``text``, at most `PLACES_MAX` places each, in the order of the files."""
        patterns = self._short if len(text) <= SHORT_CHARS_MAX else self._long
        for index in self._sieve.may_match(text):
            pattern = patterns[index]
            if pattern.search(text) is None:  # most are not there, and asking so is the cheaper way
                continue
            unless = self._unless[index]
            for match in itertools.islice(pattern.finditer(text), PLACES_MAX):
                if unless is None or unless.search(match.group()) is None:
                    yield Found(self.phrases[index], match.start(), match.end())


def _linear(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True  # only where a phrase stands is asked
    return re2.compile(pattern, options)


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
