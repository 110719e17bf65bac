"""Reads a rule file: the shipped rules, and a company's own in TOML. Every error names file, line and what to do.

Every key that is accepted has an effect; everything else is refused, so that no rule lies. No file can make the gateway
less careful than it is without one: thresholds only rise, and the ATS's word only gets shorter of breath.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from core.errors import ConfigError
from rules import actions
from rules.conditions import ConditionReader, always_cancelled, shadows
from rules.model import Mode
from rules.ruleset import GoldenCases, Rule, RuleSet, with_version
from rules.toml_lines import Path, find_lines
from rules.toml_reader import TomlReader

__all__ = ["FILE_CHARS_MAX", "RuleSet", "default_ruleset", "load"]

FILE_CHARS_MAX = 262_144
RULES_MAX = 500

_TOP = {"schema", "mode", "thresholds", "ats", "addresses", "rule", "test"}
_RULE = {"id", "name", "stop", "mode", "when", "except", "do"}
_SCORE_MIN, _SCORE_MAX = 1.0, 20.0


@functools.cache
def default_ruleset() -> RuleSet:
    """Return the rules of this version, without any company's own."""
    return with_version(RuleSet())


def load(text: str, file: str, *, blocks: Collection[str] | None = None) -> RuleSet:
    """Read a rule file from its ``text``; ``file`` is only for messages. Its golden cases are not run here.

    ``blocks``: the tones that exist for the company; None leaves the names of blocks unchecked.

    Raises:
        ConfigError: every problem at once, each as ``file:line: what to do``.
    """
    if len(text) > FILE_CHARS_MAX:
        raise ConfigError(f"{file}:1: longer than {FILE_CHARS_MAX} characters")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}:{_line_in(str(error), text)}: not TOML: {error}") from error
    except RecursionError:
        raise ConfigError(f"{file}:1: nested too deeply") from None
    reader = TomlReader(file, find_lines(text))
    rule_set = _rule_set(reader, content, blocks)
    if reader.problems:
        raise ConfigError(*reader.problems)
    return with_version(rule_set)


def _line_in(message: str, text: str) -> str:
    """Return the line that tomllib's message names; where it names none, the text's last."""
    _, _, rest = message.partition("line ")
    return rest.partition(",")[0] or str(max(1, len(text.splitlines())))


def _rule_set(reader: TomlReader, content: Mapping[str, Any], blocks: Collection[str] | None) -> RuleSet:
    reader.only(content, _TOP, ())
    if content.get("schema") != 1:
        reader.wrong(("schema",), "schema = 1 is missing or another version; write schema = 1 at the top")
    thresholds = reader.table(content, "thresholds", {"inject", "review"})
    ats = reader.table(content, "ats", {"within_days"})
    book = reader.table(content, "addresses", {"agencies", "clients", "staff", "crm"})
    tests = reader.table(content, "test", {"inject", "review", "never"})
    least = RuleSet()
    inject = reader.number(thresholds, ("thresholds", "inject"), least.inject_score, least.inject_score, _SCORE_MAX)
    review = reader.number(thresholds, ("thresholds", "review"), least.review_score, _SCORE_MIN, _SCORE_MAX)
    if review > inject:
        reader.wrong(("thresholds", "review"), "review is higher than inject; make it at most as high")
    rule_set = RuleSet(
        mode=_mode(reader, content, ("mode",)),
        inject_score=inject,
        review_score=review,
        ats_days_max=reader.number(ats, ("ats", "within_days"), least.ats_days_max, 0.0, least.ats_days_max),
        agencies=reader.addresses(book, ("addresses", "agencies")),
        clients=reader.addresses(book, ("addresses", "clients")),
        staff=reader.addresses(book, ("addresses", "staff")),
        crm=reader.addresses(book, ("addresses", "crm")),
        rules=tuple(_rules(reader, content, blocks)),
        tests=GoldenCases(
            inject=_case_files(reader, tests, "inject"),
            review=_case_files(reader, tests, "review"),
            never=_case_files(reader, tests, "never"),
        ),
    )
    _refuse_idle_rules(reader, rule_set.rules)
    return rule_set


def _rules(reader: TomlReader, content: Mapping[str, Any], blocks: Collection[str] | None) -> Iterator[Rule]:
    rows = content.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        reader.wrong(("rule",), "write rules as [[rule]] tables")
        return
    if len(rows) > RULES_MAX:
        reader.wrong(("rule", RULES_MAX), f"more than {RULES_MAX} rules")
    conditions = ConditionReader(reader)
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[:RULES_MAX]):
        path: Path = ("rule", number)
        reader.only(row, _RULE, path)
        name = reader.text(row, (*path, "id"), required=True)
        if name in seen:
            reader.wrong((*path, "id"), f"id {name!r} is used twice; the first stands in line {seen[name]}")
        seen.setdefault(name, reader.line((*path, "id")))
        if not row.get("do") and "mode" not in row:
            reader.wrong(path, "the rule does nothing; add a [[rule.do]] with an action")
        yield Rule(
            id=name,
            name=reader.text(row, (*path, "name")) or name,
            when=conditions.when(row, path),
            unless=tuple(conditions.exceptions(row, path)),
            actions=actions.read(reader, row, path, blocks),
            stop=reader.flag(row, (*path, "stop")),
            mode=_mode(reader, row, (*path, "mode")),
        )


def _refuse_idle_rules(reader: TomlReader, rules: tuple[Rule, ...]) -> None:
    """Refuse rules that can do nothing: an earlier one always ends the search, or an exception always cancels."""
    if reader.problems:
        return  # what could not be read looks wider than it is
    for number, rule in enumerate(rules):
        if always_cancelled(rule):
            reader.wrong(("rule", number, "except"), f"rule {rule.id!r} never holds: an exception cancels whatever its "
                         "conditions let through; take that exception out")  # fmt: skip
        for above in range(number):
            if shadows(rules[above], rule):
                other = f"rule {rules[above].id!r} (line {reader.line(('rule', above))})"
                reader.wrong(("rule", number), f"rule {rule.id!r} is never asked: {other} holds for all its mails and "
                             "ends the search; put it above that rule, or narrow the other")  # fmt: skip
                break


def _mode(reader: TomlReader, content: Mapping[str, Any], path: Path) -> Mode:
    word = content.get("mode", Mode.AUTO.value)
    if word not in set(Mode):
        reader.wrong(path, f"mode {word!r} is not known; observe, confirm or auto")
        return Mode.OBSERVE
    return Mode(word)


def _case_files(reader: TomlReader, tests: Mapping[str, Any], key: str) -> tuple[str, ...]:
    path: Path = ("test", key)
    found = reader.texts(tests, path)
    for pattern in found:
        if pattern.startswith("/") or ".." in pattern.split("/") or "\\" in pattern or "\0" in pattern:
            reader.wrong(path, f"{pattern!r}: name files beside the rule file, such as cases/offer-*.eml")
    return found
