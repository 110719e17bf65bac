"""What a page must hold for a pattern of the rules files to be searched for.

To read that off a pattern (``required``) costs as much as to compile it, so it is done beforehand: ``needs.json``
holds it for every pattern. After a change of a rules file ``python -m anonymizer.recognizers.needs`` prints it anew;
until then a pattern that is not in it is worked out at the start.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import blake2s
from importlib import resources
from typing import Any

from anonymizer.page import Page
from anonymizer.recognizers.required import Near, Required
from anonymizer.recognizers.skipping import parsed, told
from anonymizer.wanted import Words, number_of

_FILE = "needs.json"
_KEY_BYTES = 8


class Needs:
    """What a page must hold: one of ``words``, which may be written in the rules file, and what the pattern tells."""

    def __init__(self, written: Words, source: str) -> None:
        more = _beforehand().get(_key(source)) or told(parsed(source))
        self.words = written or frozenset().union(*more.words[:1])
        self.first = number_of(self.words)
        """The number of these words (``wanted``)."""
        self.near: Near | None = more.near
        """Where matches begin, as far as it is known."""

        near = (more.near.words,) if more.near else ()
        # All of them are known before a page is read: a later one has the page read again.
        rest = dict.fromkeys(words for words in (*more.words, *near) if words != self.words)
        self._numbers = tuple(map(number_of, rest))
        self.last = max((self.first, *self._numbers))
        """The greatest number of what is needed."""

        self._shapes = more.shapes

    def may_match(self, page: Page) -> bool:
        """Tell whether a page that holds ``words`` holds the rest, too."""
        return self.rest_in(page.held_up_to(self.last), page)

    def rest_in(self, held: bytearray, page: Page) -> bool:
        """Do the same with what the page holds, by number at least up to ``last``."""
        for number in self._numbers:
            if not held[number]:
                return False
        return not self._shapes or all(map(page.has_shape, self._shapes))


def _key(source: str) -> str:
    return blake2s(source.encode(), digest_size=_KEY_BYTES).hexdigest()


@cache
def _beforehand() -> dict[str, Required]:
    path = resources.files(__package__ or "").joinpath(_FILE)
    return unpacked(path.read_text(encoding="utf-8")) if path.is_file() else {}


def unpacked(text: str) -> dict[str, Required]:
    """Return what ``packed`` wrote, by the key of the pattern."""
    content = json.loads(text)
    sets: list[Words] = [frozenset(words) for words in content["sets"]]
    found = {}
    for key, words, shapes, near in content["patterns"]:
        needed, looks = tuple(sets[number] for number in words), tuple(sets[number] for number in shapes)
        found[key] = Required(needed, looks, Near(sets[near[0]], near[1]) if near else None)
    return found


def packed(sources: Iterator[str]) -> str:
    """Return what patterns need as JSON, each set of words once, a line for each set and each pattern."""
    numbers: dict[Words, int] = {}
    patterns: dict[str, list[Any]] = {}

    def number(words: Words) -> int:
        return numbers.setdefault(words, len(numbers))

    for source in sources:
        needed = told(parsed(source))
        near = [number(needed.near.words), needed.near.before] if needed.near else None
        patterns[_key(source)] = [list(map(number, needed.words)), list(map(number, needed.shapes)), near]
    sets = ",\n".join(json.dumps(sorted(words), ensure_ascii=False) for words in numbers)
    rows = ",\n".join(json.dumps([key, *rest]) for key, rest in sorted(patterns.items()))
    return f'{{"sets": [\n{sets}\n], "patterns": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    from anonymizer.recognizers.rulefile import all_sources

    sys.stdout.write(packed(all_sources()))
