"""Where words of the lists of names stand in small letters: priya, becker, tom.

A page has some hundred words in small letters and one or two of these: only there is looked what stands beside them.
"""

import re
from typing import NamedTuple

from anonymizer import lexicon
from anonymizer.page import Page

_WORD = re.compile("[a-z]+")


class Small(NamedTuple):
    """A word of the lists in small letters; offsets within the page."""

    start: int
    end: int
    word: str


def small_names(page: Page) -> list[Small]:
    """Return the words in small letters that a list of names has, in order; no letter a to z stands beside them."""
    text, found = page.text, list[Small]()
    for word in lexicon.latin_names().intersection(_WORD.findall(text)):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if not ("a" <= text[end : end + 1] <= "z" or (start and "a" <= text[start - 1] <= "z")):
                found.append(Small(start, end, word))
            start = text.find(word, end)
    return sorted(found)
