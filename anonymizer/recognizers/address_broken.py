"""Addresses with the end of a line in the middle: 新潟市中央区万代1-6 / の4; 2209 W Sycamore / St #11.

A few lines around such an end are read again as one; only what reaches over an end is news.
"""

from collections.abc import Callable, Iterable, Iterator

from anonymizer.model import Span
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load, matches

_RULES = "address_broken"
_LINES_AFTER = 4
_LINE_CHARS_MAX = 80
_BEFORE_CHARS_MAX = 64

# No mail has so many; a text made to be slow to read could have one a line.
_WINDOWS_MAX = 8

Find = Callable[[Page], Iterable[Span]]


def _line(text: str, at: int) -> tuple[int, int]:
    """Return the line that ``at`` lies in, cut to what an address can take of it."""
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return max(start, at - _LINE_CHARS_MAX), min(len(text) if end < 0 else end, at + _LINE_CHARS_MAX)


def _as_one(text: str, at: int, joint: str) -> tuple[str, list[int]]:
    """Return the lines around the line end at ``at`` as one, and where each character of it stands in ``text``."""
    patterns = load(_RULES).patterns
    start, end = _line(text, at)
    if joint and start:  # The number of a flat may stand on a line of its own.
        start = _line(text, start - 1)[0]
        end = text.find("\n", start)
    places = list(range(start, end))
    pieces = [text[start:end]]
    for _ in range(_LINES_AFTER):
        indent = patterns["LINE_END"].match(text, end)
        if not indent:
            break
        stop = _line(text, indent.end())[1]
        places += [*([end] * len(joint)), *range(indent.end(), stop)]
        pieces += (joint, text[indent.end() : stop])
        end = stop
    return "".join(pieces), places


def find(page: Page, find_in: Find) -> Iterator[Span]:
    """Yield what ``find_in`` finds across line ends."""
    text = page.text
    if "\n" not in text:
        return
    patterns = load(_RULES).patterns
    for name, before, joint in (("JAPANESE", "JAPANESE_LEFT", ""), ("LATIN", "LATIN_LEFT", " ")):
        read = windows = 0
        for match in matches(load(_RULES), page, name):
            low = max(read, match.start() - _BEFORE_CHARS_MAX)
            if match.start() < read or not patterns[before].search(text, low, match.start()):
                continue
            windows += 1
            if windows > _WINDOWS_MAX:
                break
            whole, places = _as_one(text, match.start(), joint)
            for span in find_in(Page(whole)):
                start, end = places[span.start], places[span.end - 1] + 1
                if start < match.start() < end:
                    read = max(read, end)
                    yield span.at(start, end)
