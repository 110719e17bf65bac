"""Reads values out of a parsed TOML file; remembers every problem with its line instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rules.toml_lines import Path, line_of

VALUES_MAX = 1_000
TEXT_CHARS_MAX = 80
ADDRESS_CHARS_MAX = 254


class TomlReader:
    """``lines``: where each key stands (`toml_lines.find_lines`); ``problems``: ``file:line: what to do``."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[str] = []

    def wrong(self, path: Path, what: str) -> None:
        self.problems.append(f"{self.file}:{self.line(path)}: {what}")

    def line(self, path: Path) -> int:
        return line_of(self.lines, path)

    def only(self, table: Mapping[str, Any], known: Collection[str], path: Path) -> None:
        """Refuse every key that is not ``known``: what is accepted has an effect."""
        for key in table:
            if key not in known:
                self.wrong((*path, key), f"unknown key {key!r}; known here: {', '.join(sorted(known))}")

    def table(self, content: Mapping[str, Any], name: str, known: Collection[str]) -> Mapping[str, Any]:
        table = content.get(name, {})
        if not isinstance(table, dict):
            self.wrong((name,), f"{name} is a table; write [{name}]")
            return {}
        self.only(table, known, (name,))
        return table

    def texts(self, values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        """One text or a list of them; without the key none."""
        value = values.get(str(path[-1]), [])
        rows = [value] if isinstance(value, str) else value
        if not isinstance(rows, list) or not all(isinstance(row, str) and row for row in rows):
            self.wrong(path, "expected a text or a list of texts, none empty")
            return ()
        if len(rows) > VALUES_MAX or (str(path[-1]) in values and not rows):
            self.wrong(path, f"expected 1 to {VALUES_MAX} values")
        return tuple(rows[:VALUES_MAX])

    def choices(self, values: Mapping[str, Any], path: Path, known: Collection[str]) -> tuple[str, ...]:
        """Values of a closed list; all of them at once would ask nothing and are refused."""
        found = self.texts(values, path)
        for one in found:
            if one not in known:
                self.wrong(path, f"{one!r} is not known; {', '.join(sorted(known))}")
        if set(found) >= set(known):
            self.wrong(path, f"{path[-1]} names every value and so holds for every mail; leave it out or name fewer")
        return tuple(one for one in found if one in known)

    def addresses(self, values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        """Whole addresses, ``@domain`` or ``.domain`` (its sub-domains)."""
        found = self.texts(values, path)
        for one in found:
            if ("@" not in one and not one.startswith(".")) or len(one) > ADDRESS_CHARS_MAX:
                self.wrong(path, f"{one!r} is no address, @domain or .domain")
        return found

    def text(
        self, values: Mapping[str, Any], path: Path, *, required: bool = False, chars_max: int = TEXT_CHARS_MAX
    ) -> str:
        value = values.get(str(path[-1]), "")
        if not isinstance(value, str) or len(value) > chars_max or (required and not value):
            self.wrong(path, f"{path[-1]} is a text of 1 to {chars_max} characters")
            return ""
        return value

    def flag(self, values: Mapping[str, Any], path: Path) -> bool:
        value = values.get(str(path[-1]), False)
        if not isinstance(value, bool):
            self.wrong(path, f"{path[-1]} is true or false")
            return False
        return value

    def number(self, values: Mapping[str, Any], path: Path, default: float, low: float, high: float) -> float:
        if path[-1] not in values:
            return default
        value = values[str(path[-1])]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.wrong(path, f"{path[-1]} is a number from {low:g} to {high:g}")
            return default
        return float(value)
