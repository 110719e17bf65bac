"""Reads a rule file: the shipped rules, and a company's own in TOML. Every error names file and line.

Every key that is accepted has an effect; everything else is refused, so that no rule lies.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import re2

from core.errors import ConfigError
from rules.company import pattern
from rules.model import AtsStatus, Mode, TextVerdict
from rules.ruleset import Condition, Rule, RuleSet, Words, with_version
from rules.toml_lines import Path, find_lines, line_of

__all__ = ["FILE_CHARS_MAX", "RuleSet", "default_ruleset", "load"]

FILE_CHARS_MAX = 262_144
RULES_MAX = 500
VALUES_MAX = 1_000
PATTERN_CHARS_MAX = 500
ID_CHARS_MAX = 80

_TOP = {"schema", "mode", "thresholds", "ats", "addresses", "rule"}
_WHEN = {
    "sender", "recipient", "subject", "body_new", "header", "text", "min_score", "ats_status", "ats_within_days", "cue",
}  # fmt: skip
_SCORE_MIN, _SCORE_MAX = 1.0, 20.0


@functools.cache
def default_ruleset() -> RuleSet:
    """Return the rules of this version, without any company's own."""
    return with_version(RuleSet())


def load(text: str, file: str) -> RuleSet:
    """Read a rule file from its ``text``; ``file`` is only for messages. Raises ConfigError with every problem."""
    if len(text) > FILE_CHARS_MAX:
        raise ConfigError(f"{file}:1: longer than {FILE_CHARS_MAX} characters")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}:{_line_in(str(error))}: not TOML: {error}") from error
    reader = _Reader(file, find_lines(text))
    rule_set = reader.rule_set(content)
    if reader.problems:
        raise ConfigError(*reader.problems)
    return with_version(rule_set)


def _line_in(message: str) -> str:
    """Return the line that tomllib's message names; the end of the document has none."""
    _, _, rest = message.partition("line ")
    return rest.partition(",")[0] or "end"


class _Reader:
    """Walks the parsed file once, collecting problems instead of stopping at the first."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[str] = []

    def wrong(self, path: Path, what: str) -> None:
        self.problems.append(f"{self.file}:{line_of(self.lines, path)}: {what}")

    def rule_set(self, content: Mapping[str, Any]) -> RuleSet:
        self._only(content, _TOP, ())
        if content.get("schema") != 1:
            self.wrong(("schema",), "schema = 1 is missing or another version")
        thresholds = self._table(content, "thresholds", {"inject", "review"})
        ats = self._table(content, "ats", {"within_days"})
        book = self._table(content, "addresses", {"agencies", "clients", "staff"})
        default = RuleSet()
        inject = self._number(thresholds, ("thresholds", "inject"), default.inject_score, _SCORE_MIN, _SCORE_MAX)
        review = self._number(thresholds, ("thresholds", "review"), default.review_score, _SCORE_MIN, _SCORE_MAX)
        if review > inject:
            self.wrong(("thresholds", "review"), "review is higher than inject")
        return RuleSet(
            mode=self._mode(content),
            inject_score=inject,
            review_score=review,
            ats_days_max=self._number(ats, ("ats", "within_days"), default.ats_days_max, 0.0, 90.0),
            agencies=self._addresses(book, ("addresses", "agencies")),
            clients=self._addresses(book, ("addresses", "clients")),
            staff=self._addresses(book, ("addresses", "staff")),
            rules=tuple(self._rules(content)),
        )

    def _rules(self, content: Mapping[str, Any]) -> Iterator[Rule]:
        rows = content.get("rule", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong(("rule",), "write rules as [[rule]] tables")
            return
        if len(rows) > RULES_MAX:
            self.wrong(("rule", RULES_MAX), f"more than {RULES_MAX} rules")
        seen: set[str] = set()
        for number, row in enumerate(rows[:RULES_MAX]):
            path: Path = ("rule", number)
            self._only(row, {"id", "name", "stop", "when", "except", "do"}, path)
            name = self._text(row, (*path, "id"), required=True)
            if name in seen:
                self.wrong((*path, "id"), f"id {name!r} is used twice")
            seen.add(name)
            when = self._condition(row.get("when", {}), (*path, "when"))
            if when.empty:
                self.wrong((*path, "when"), "an empty `when` holds for every mail; name at least one condition")
            yield Rule(
                id=name,
                name=self._text(row, (*path, "name")) or name,
                when=when,
                unless=tuple(self._exceptions(row, path)),
                action=self._action(row, path),
                stop=self._flag(row, (*path, "stop")),
            )

    def _exceptions(self, row: Mapping[str, Any], path: Path) -> Iterator[Condition]:
        """Any one key of ``except`` cancels: each becomes a condition of its own."""
        values = row.get("except", {})
        if not isinstance(values, dict):
            self.wrong((*path, "except"), "`except` is a table")
            return
        whole = self._condition(values, (*path, "except"))
        for key in values:
            if key in _WHEN and key != "ats_within_days":
                kept = {key: getattr(whole, key)}
                if key == "ats_status":
                    kept["ats_within_days"] = whole.ats_within_days
                yield Condition(**kept)

    def _condition(self, values: Any, path: Path) -> Condition:
        if not isinstance(values, dict):
            self.wrong(path, "expected a table of conditions")
            return Condition()
        self._only(values, _WHEN, path)
        if "ats_within_days" in values and "ats_status" not in values:
            self.wrong((*path, "ats_within_days"), "ats_within_days needs ats_status beside it")
        score = self._number(values, (*path, "min_score"), -1.0, 0.0, _SCORE_MAX)
        days = self._number(values, (*path, "ats_within_days"), -1.0, 0.0, 3650.0)
        return Condition(
            sender=self._addresses(values, (*path, "sender")),
            recipient=self._addresses(values, (*path, "recipient")),
            subject=self._words(values, (*path, "subject")),
            body_new=self._words(values, (*path, "body_new")),
            header=self._header(values, (*path, "header")),
            text=tuple(TextVerdict(one) for one in self._choices(values, (*path, "text"), set(TextVerdict))),
            min_score=None if score < 0 else score,
            ats_status=tuple(AtsStatus(one) for one in self._choices(values, (*path, "ats_status"), set(AtsStatus))),
            ats_within_days=None if days < 0 else days,
            cue=self._texts(values, (*path, "cue")),
        )

    def _words(self, values: Mapping[str, Any], path: Path) -> Words | None:
        table = values.get(str(path[-1]))
        if table is None:
            return None
        if not isinstance(table, dict) or not table:
            self.wrong(path, "write { any = [words] } or { regex = [patterns] }")
            return None
        self._only(table, {"any", "regex"}, path)
        regexes = self._texts(table, (*path, "regex"))
        for regex in regexes:
            if len(regex) > PATTERN_CHARS_MAX:
                self.wrong((*path, "regex"), f"pattern longer than {PATTERN_CHARS_MAX} characters")
                continue
            try:
                pattern(regex)
            except re2.error as error:
                self.wrong((*path, "regex"), f"pattern {regex!r} is not RE2: {_words_of(error)}")
        return Words(any=self._texts(table, (*path, "any")), regex=regexes)

    def _header(self, values: Mapping[str, Any], path: Path) -> tuple[tuple[str, str], ...]:
        table = values.get("header", {})
        if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
            self.wrong(path, 'write header = { "X-Name" = "text" }, or "*" for any value')
            return ()
        return tuple((name.lower(), value) for name, value in table.items())

    def _action(self, row: Mapping[str, Any], path: Path) -> Any:
        steps = row.get("do", [])
        if not isinstance(steps, list) or len(steps) != 1 or not isinstance(steps[0], dict):
            self.wrong((*path, "do"), "a rule has exactly one [[rule.do]]")
            return "review"
        where: Path = (*path, "do", 0)
        self._only(steps[0], {"action"}, where)
        action = steps[0].get("action")
        if action not in {"pass", "review"}:
            self.wrong((*where, "action"), f"action {action!r} is not known; pass or review")
            return "review"
        return action

    def _mode(self, content: Mapping[str, Any]) -> Mode:
        word = content.get("mode", Mode.AUTO.value)
        if word not in set(Mode):
            self.wrong(("mode",), f"mode {word!r} is not known; observe, confirm or auto")
            return Mode.OBSERVE
        return Mode(word)

    def _choices(self, values: Mapping[str, Any], path: Path, known: set[Any]) -> tuple[str, ...]:
        found = self._texts(values, path)
        for one in found:
            if one not in known:
                self.wrong(path, f"{one!r} is not known; {', '.join(sorted(known))}")
        return tuple(one for one in found if one in known)

    def _addresses(self, values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        found = self._texts(values, path)
        for one in found:
            if "@" not in one and not one.startswith("."):
                self.wrong(path, f"{one!r} is no address, @domain or .domain")
        return found

    def _texts(self, values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        value = values.get(str(path[-1]), [])
        rows = [value] if isinstance(value, str) else value
        if not isinstance(rows, list) or not all(isinstance(row, str) and row for row in rows):
            self.wrong(path, "expected a text or a list of texts, none empty")
            return ()
        if len(rows) > VALUES_MAX or (str(path[-1]) in values and not rows):
            self.wrong(path, f"expected 1 to {VALUES_MAX} values")
        return tuple(rows[:VALUES_MAX])

    def _text(self, values: Mapping[str, Any], path: Path, *, required: bool = False) -> str:
        value = values.get(str(path[-1]), "")
        if not isinstance(value, str) or len(value) > ID_CHARS_MAX or (required and not value):
            self.wrong(path, f"{path[-1]} is a text of 1 to {ID_CHARS_MAX} characters")
            return ""
        return value

    def _flag(self, values: Mapping[str, Any], path: Path) -> bool:
        value = values.get(str(path[-1]), False)
        if not isinstance(value, bool):
            self.wrong(path, f"{path[-1]} is true or false")
            return False
        return value

    def _number(self, values: Mapping[str, Any], path: Path, default: float, low: float, high: float) -> float:
        if path[-1] not in values:
            return default
        value = values[str(path[-1])]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.wrong(path, f"{path[-1]} is a number from {low:g} to {high:g}")
            return default
        return float(value)

    def _table(self, content: Mapping[str, Any], name: str, known: set[str]) -> Mapping[str, Any]:
        table = content.get(name, {})
        if not isinstance(table, dict):
            self.wrong((name,), f"{name} is a table")
            return {}
        self._only(table, known, (name,))
        return table

    def _only(self, table: Mapping[str, Any], known: set[str], path: Path) -> None:
        for key in table:
            if key not in known:
                self.wrong((*path, key), f"unknown key {key!r}; known here: {', '.join(sorted(known))}")


def _words_of(error: Exception) -> str:
    message = error.args[0] if error.args else ""
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
