"""The cells of a line of data."""

import re
from collections.abc import Iterator

COLUMNS_MAX = 40
# RFC 4180, 2.5-2.7: a cell in double quotes may hold commas, and a double quote as two.
_QUOTED = re.compile(r'(?:^|(?<=,))(?:[ \t]*"(?:[^"]|"")*"[ \t]*(?=,|\Z)|[^,]*)')


def parted(line: str, separator: str) -> list[str]:
    """Return the cells of a line as they stand there, with their blanks and quotes."""
    return _QUOTED.findall(line) if separator == "," and '"' in line else line.split(separator)


def marks(line: str, separator: str) -> int:
    """Return how many separators part the cells of a line."""
    return len(parted(line, separator)) - 1 if separator == "," and '"' in line else line.count(separator)


def cells(line: str, start: int, separator: str) -> Iterator[tuple[int, int]]:
    """Yield where each cell of a line begins and ends, without blanks and quotes around it.

    ``start``: where the line begins in its page; the offsets are the page's. At most `COLUMNS_MAX` cells.
    """
    at = start
    for cell in parted(line, separator)[:COLUMNS_MAX]:
        inner = cell.strip(" \t\"'")
        left = at + cell.find(inner) if inner else at
        yield left, left + len(inner)
        at += len(cell) + len(separator)
