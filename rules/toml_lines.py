"""Where a key of a TOML text stands: `tomllib` gives values without lines, and an error needs its line."""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""\s*(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_STRING = re.compile(r"""'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"(?:\\.|[^"\\\n])*"|#[^\n]*""")


def find_lines(text: str) -> Mapping[Path, int]:
    """Return the line (from 1) of every table and key; the n-th ``[[rule]]`` is ``("rule", n - 1)``."""
    found: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    depth = 0
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if depth == 0:
            head = _TABLE.match(line)
            if head is not None:
                table = _table(head.group(2), head.group(1) == "[[", counts)
                found.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key is not None:
                path = (*table, *_parts(key.group("key")))
                found.setdefault(path, number)
        bare = _STRING.sub("", line)
        closing = next((mark for mark in ("'''", '"""') if bare.count(mark) % 2), "")
        depth = max(0, depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"))
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of ``path``, or of the nearest table that holds it."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _parts(key: str) -> Path:
    return tuple(a or b or c for a, b, c in _PART.findall(key))


def _table(name: str, array: bool, counts: dict[Path, int]) -> Path:
    """Return the path of a table header; names of arrays on the way get the number of their last element."""
    path: Path = ()
    parts = _parts(name)
    for position, part in enumerate(parts):
        path = (*path, part)
        if array and position == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
