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
from anonymizer.page import Page, heads_of, once
from anonymizer.recognizers.skipping import compiled

_MACRO = re.compile(r"%([A-Z][A-Z0-9_]*)%")
_GROUPS = ("x", "y", "z")


@dataclass(frozen=True)
class Rule:
    """A pattern whose group ``x``, ``y`` or ``z`` (else the whole match) is a ``kind`` with ``score``."""

    kind: Kind
    source: str
    score: float
    why: str
    needs: frozenset[str]
    not_after: str
    """A class of characters that must not stand before the match, or nothing; checked behind the search, which then
    skips by its first character."""

    @once
    def pattern(self) -> re.Pattern[str]:
        """The compiled source, when a text first needs it: to compile all would be a third of the start."""
        return compiled(self.source, self.needs)[0]

    @once
    def groups(self) -> tuple[str, ...]:
        """Those of x, y, z that the pattern has."""
        return tuple(group for group in _GROUPS if group in self.pattern.groupindex)

    @once
    def before(self) -> re.Pattern[str] | None:
        return re.compile(f"[{self.not_after}]") if self.not_after else None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules and the named patterns of one file."""

    rules: tuple[Rule, ...]
    always: tuple[int, ...]
    """The rules that need no word."""
    heads: frozenset[str]
    by_head: dict[str, tuple[tuple[str, int], ...]]
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
    """Read the text of a rules file.

    Raises ``ValueError``, ``KeyError`` or ``re.error`` for a file that is wrong; a rule's own pattern is compiled, and
    found wrong, when a text first needs it.
    """
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
            words = _words(wanted) or compiled(source)[1]
            rules.append(Rule(Kind[kind], source, float(score), why, words, before))
        else:
            raise ValueError(f"unknown block {head!r}")
    by_head = _by_head(rules)
    always = tuple(number for number, rule in enumerate(rules) if not rule.needs)
    return Rules(tuple(rules), always, frozenset(by_head), by_head, patterns, needs)


def _by_head(rules: Iterable[Rule]) -> dict[str, tuple[tuple[str, int], ...]]:
    found: dict[str, list[tuple[str, int]]] = {}
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
            if rule.before and match.start() and rule.before.match(page.text, match.start() - 1):
                continue
            if start < end:
                yield Span(rule.kind, start, end, rule.score, recogniser, rule.why)
