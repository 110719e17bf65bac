"""The cells of a line of data."""

from collections.abc import Iterator

COLUMNS_MAX = 40


def cells(line: str, start: int, separator: str) -> Iterator[tuple[int, int]]:
    """Yield where each cell of a line begins and ends, without blanks and quotes around it.

    ``start``: where the line begins in its page; the offsets are the page's. At most `COLUMNS_MAX` cells.
    """
    at = start
    for cell in line.split(separator)[:COLUMNS_MAX]:
        inner = cell.strip(" \t\"'")
        left = at + cell.find(inner) if inner else at
        yield left, left + len(inner)
        at += len(cell) + len(separator)
