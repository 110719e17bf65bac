"""Rules as data: ``NAME.rules`` beside this file holds the patterns of one recogniser, so that they can be read.

A file is a list of blocks. ``let NAME`` names a fragment, ``%NAME%`` puts it in. ``rule KIND SCORE why`` and
``pattern NAME`` are made of the indented lines below them, joined without the line ends. ``needs a|b`` says which of
these (small letters; ``#`` is any digit) a page must hold for the pattern to be tried at all: most patterns are skipped
by a plain search for a word. Without ``needs`` they are read off the pattern, as far as it tells them. ``not-after
CLASS`` says which characters must not stand before a match. Blank lines and lines that begin with # are comments.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from anonymizer.model import Kind, Span
from anonymizer.page import Head, Page, heads_of
from anonymizer.recognizers.skipping import compiled

_MACRO = re.compile(r"%([A-Z][A-Z0-9_]*)%")
_GROUPS = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose group ``x``, ``y`` or ``z`` (else the whole match) is a ``kind`` with ``score``."""

    kind: Kind
    pattern: re.Pattern[str]
    score: float
    why: str
    needs: frozenset[str]
    groups: tuple[str, ...]
    """Those of x, y, z that the pattern has."""
    not_after: re.Pattern[str] | None
    """What must not stand before the match; checked behind the search, which then skips by its first character."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules and the named patterns of one file."""

    rules: tuple[Rule, ...]
    always: tuple[int, ...]
    """The rules that need no word."""
    heads: frozenset[Head]
    by_head: dict[Head, tuple[tuple[str, int], ...]]
    """Head of a needed word (``Page.heads``) -> what to look for then and the rules that need it."""
    patterns: dict[str, re.Pattern[str]]
    needs: dict[str, frozenset[str]]
    """What a page must hold for each named pattern."""


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


def parse(text: str) -> Rules:
    """Read the text of a rules file; raises ``ValueError`` or ``re.error`` for a file that is wrong."""
    fragments: dict[str, str] = {}
    rules: list[Rule] = []
    patterns: dict[str, re.Pattern[str]] = {}
    needs: dict[str, frozenset[str]] = {}
    for head, body in _blocks(text):
        word, _, rest = head.partition(" ")
        source = _MACRO.sub(lambda match: fragments[match.group(1)], body)
        if word == "let":
            fragments[rest] = f"(?:{source})" if "|" in source else source
        elif word == "pattern":
            name, _, wanted = rest.partition(" needs ")
            patterns[name], needs[name] = compiled(source, _words(wanted))
        elif word == "rule":
            kind, score, why = rest.split(" ", 2)
            why, _, wanted = why.partition(" needs ")
            why, _, before = why.partition(" not-after ")
            pattern, words = compiled(source, _words(wanted))
            groups = tuple(group for group in _GROUPS if group in pattern.groupindex)
            not_after = re.compile(f"[{before}]") if before else None
            rules.append(Rule(Kind[kind], pattern, float(score), why, words, groups, not_after))
        else:
            raise ValueError(f"unknown block {head!r}")
    by_head = _by_head(rules)
    always = tuple(number for number, rule in enumerate(rules) if not rule.needs)
    return Rules(tuple(rules), always, frozenset(by_head), by_head, patterns, needs)


def _by_head(rules: Iterable[Rule]) -> dict[Head, tuple[tuple[str, int], ...]]:
    found: dict[Head, list[tuple[str, int]]] = {}
    for number, rule in enumerate(rules):
        for word in rule.needs:
            for head, rest in heads_of(word):
                found.setdefault(head, []).append((rest, number))
    return {head: tuple(words) for head, words in found.items()}


def _possible(rules: Rules, page: Page) -> list[int]:
    """Return the rules to try, in order: those that need no word, and those that ``page`` holds a word of."""
    found, lowered = set(rules.always), page.lowered
    for head in rules.heads & page.heads:
        for word, number in rules.by_head[head]:
            if number not in found and word in lowered:
                found.add(number)
    return sorted(found)


@cache
def load(name: str) -> Rules:
    """Return the rules of ``NAME.rules``."""
    return parse(resources.files(__package__ or "").joinpath(f"{name}.rules").read_text(encoding="utf-8"))


def matches(rules: Rules, page: Page, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a named pattern, which is searched for only where ``page`` holds what it needs."""
    return rules.patterns[name].finditer(page.text) if page.holds(rules.needs[name]) else iter(())


def apply(rules: Rules, page: Page, recogniser: str) -> Iterator[Span]:
    """Yield a span for every match of every rule whose needed words the page holds."""
    for number in _possible(rules, page):
        rule = rules.rules[number]
        for match in rule.pattern.finditer(page.text):
            group: int | str = next((name for name in rule.groups if match.start(name) >= 0), 0)
            start, end = match.span(group)
            if rule.not_after and match.start() and rule.not_after.match(page.text, match.start() - 1):
                continue
            if start < end:
                yield Span(rule.kind, start, end, rule.score, recogniser, rule.why)
