"""Rules as data: ``NAME.rules`` beside this file holds the patterns of one recogniser, so that they can be read.

A file is a list of blocks. ``let NAME`` names a fragment, ``%NAME%`` puts it in; ``use NAME`` takes the fragments of
another file, which holds nothing else. ``rule KIND SCORE why`` and ``pattern NAME`` are made of the indented lines
below them, joined without the line ends. ``needs a|b`` says which of these (small letters; ``#`` is any digit) a page
must hold for the pattern to be tried at all: most patterns are skipped by a plain search for a word. Without ``needs``
they are read off the pattern, as far as it tells them; what else it tells (``required``) is asked for, too.
``not-after CLASS`` says which characters must not stand before a match. Blank lines and lines that begin with # are
comments.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import compress
from operator import itemgetter

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.needs import Needs
from anonymizer.recognizers.required import Near
from anonymizer.recognizers.skipping import compiled
from anonymizer.wanted import ALWAYS

_MACRO = re.compile(r"%([A-Z][A-Z0-9_]*)%")
_GROUPS = ("x", "y", "z")
# To try a pattern at one place costs about so much more than for a search to pass over it.
_PLACES_SHARE = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose group ``x``, ``y`` or ``z`` (else the whole match) is a ``kind`` with ``score``."""

    kind: Kind
    pattern: re.Pattern[str]
    score: float
    why: str
    needs: Needs
    groups: tuple[str, ...]
    """Those of x, y, z that the pattern has."""
    not_after: re.Pattern[str] | None
    """What must not stand before the match; checked behind the search, which then skips by its first character."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules and the named patterns of one file."""

    rules: tuple[Rule, ...]
    first: Callable[[bytearray], tuple[int, ...]]
    """Of what a page holds, by number -> whether it holds the first words of each rule, in order."""
    last: int
    """The greatest number of what the rules need."""
    patterns: dict[str, re.Pattern[str]]
    needs: dict[str, frozenset[str]]
    """Words of which a page must hold one for each named pattern."""
    all_needs: dict[str, Needs]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield (head line, joined body) of each block."""
    head, body = "", ""
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            body += line.strip()
        else:
            if head:
                yield head, body
            head, body = line.strip(), ""
    if head:
        yield head, body


def _words(needs: str) -> frozenset[str]:
    return frozenset(needs.split("|")) if needs else frozenset()


def _definitions(text: str, fragments: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield word, rest of the head line and pattern of each rule and named pattern; raises ``ValueError``.

    Its fragments are added to ``fragments``.
    """
    for head, body in _blocks(text):
        word, _, rest = head.partition(" ")
        source = _MACRO.sub(lambda match: fragments[match.group(1)], body)
        if word == "let" and rest in fragments:
            raise ValueError(f"{rest} is named twice")
        if word == "let":
            fragments[rest] = f"(?:{source})" if "|" in source else source
        elif word == "use":
            fragments.update(_shared(rest))
        elif word in ("pattern", "rule"):
            yield word, rest, source
        else:
            raise ValueError(f"unknown block {head!r}")


@cache
def _shared(name: str) -> dict[str, str]:
    """Return the fragments of ``NAME.rules``; raises ``ValueError`` when the file holds more than these."""
    fragments: dict[str, str] = {}
    if any(_definitions(_text(name), fragments)):
        raise ValueError(f"{name}.rules is used for its fragments and holds rules")
    return fragments


def _text(name: str) -> str:
    return resources.files(__package__ or "").joinpath(f"{name}.rules").read_text(encoding="utf-8")


def all_sources() -> Iterator[str]:
    """Yield the patterns of all rules files of the package."""
    here = resources.files(__package__ or "")
    for folder in (here, here.joinpath("..")):
        for path in sorted(folder.iterdir(), key=lambda path: path.name):
            if path.name.endswith(".rules"):
                yield from (source for *_, source in _definitions(path.read_text(encoding="utf-8"), {}))


def parse(text: str) -> Rules:
    """Read the text of a rules file; raises ``ValueError`` or ``re.error`` for a file that is wrong."""
    rules: list[Rule] = []
    patterns: dict[str, re.Pattern[str]] = {}
    needs: dict[str, Needs] = {}
    for word, rest, source in _definitions(text, {}):
        if word == "pattern":
            name, _, wanted = rest.partition(" needs ")
            patterns[name] = compiled(source)
            needs[name] = Needs(_words(wanted), source)
        else:
            kind, score, why = rest.split(" ", 2)
            why, _, wanted = why.partition(" needs ")
            why, _, before = why.partition(" not-after ")
            pattern = compiled(source)
            groups = tuple(group for group in _GROUPS if group in pattern.groupindex)
            not_after = re.compile(f"[{before}]") if before else None
            asked = Needs(_words(wanted), source)
            rules.append(Rule(Kind[kind], pattern, float(score), why, asked, groups, not_after))
    first = [rule.needs.first for rule in rules]
    return Rules(
        tuple(rules),
        # Two more, for a tuple comes only of two.
        itemgetter(*first, ALWAYS, ALWAYS),
        max((rule.needs.last for rule in rules), default=ALWAYS),
        patterns,
        {name: each.words for name, each in needs.items()},
        needs,
    )


def _possible(rules: Rules, page: Page) -> list[int]:
    """Return the rules to try, in order: those that ``page`` holds all of what they need."""
    held = page.held_up_to(rules.last)
    tried = compress(range(len(rules.rules)), rules.first(held))
    return [number for number in tried if rules.rules[number].needs.rest_in(held, page)]


@cache
def load(name: str) -> Rules:
    """Return the rules of ``NAME.rules``."""
    return parse(_text(name))


def matches(rules: Rules, page: Page, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a named pattern, which is searched for only where ``page`` holds what it needs."""
    needs = rules.all_needs[name]
    held = page.held_up_to(needs.last)
    if held[needs.first] and needs.rest_in(held, page):
        return found(rules.patterns[name], needs, page)
    return iter(())


def found(pattern: re.Pattern[str], needs: Needs, page: Page) -> Iterator[re.Match[str]]:
    """Return what ``finditer`` does, tried only where a match can begin, if these places are few."""
    text, near = page.text, needs.near
    starts = _starts(near, page) if near and len(page.lowered) == len(text) else None
    return pattern.finditer(text) if starts is None else _tried(pattern, text, starts)


def _tried(pattern: re.Pattern[str], text: str, starts: Iterable[range]) -> Iterator[re.Match[str]]:
    end = 0
    for some in starts:
        for start in some:
            if start >= end and (match := pattern.match(text, start)):
                yield match
                end = match.end()


def _starts(near: Near, page: Page) -> list[range] | None:
    """Return the places where a match can begin, in order, none when they are too many."""
    lowered, places = page.lowered, []
    for word in page.held_of(near.words):
        at = lowered.find(word)
        while at >= 0:
            places.append(at)
            at = lowered.find(word, at + 1)
        if len(places) * near.before * _PLACES_SHARE > len(lowered):
            return None
    starts: list[range] = []
    done = 0
    for place in sorted(places):
        starts.append(range(max(place - near.before, done), place + 1))
        done = place + 1
    return starts


def apply(rules: Rules, page: Page, recogniser: str) -> Iterator[Span]:
    """Yield a span for every match of every rule whose needed words the page holds."""
    for number in _possible(rules, page):
        rule = rules.rules[number]
        for match in found(rule.pattern, rule.needs, page):
            group: int | str = next((name for name in rule.groups if match.start(name) >= 0), 0)
            start, end = match.span(group)
            if rule.not_after and match.start() and rule.not_after.match(page.text, match.start() - 1):
                continue
            if start < end:
                yield Span(rule.kind, start, end, rule.score, recogniser, rule.why)
