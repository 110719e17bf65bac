"""Which of the words that rules need a text holds, answered for all rules in one go.

Each set of words has a number. All words of all sets, some fifteen thousand, are looked for in one pass over the text
(Aho and Corasick, 1975).
"""

import re
from threading import Lock

from ahocorasick_rs import AhoCorasick

Words = frozenset[str]
"""Words in small letters, as ``folded`` writes them. A text holds a set when it holds one of it."""
ANY_DIGIT, ANY_JAPANESE = "#", "\ufdd0"
"""Words that stand for any digit, those in kanji included, and for any kana or kanji (no text holds that character)."""
ALWAYS = 0
"""The number of the set without words, which every text holds."""
# Words that come later are looked for one by one until they are so many.
_LATE_MAX = 64
# What letters that ``re`` takes for i and s when case does not matter are written as.
_ODD = str.maketrans({"ı": "i", "ſ": "s", "\u0307": ""})
_HALF_PAIR = re.compile("[\ud800-\udfff]")

# All of them constants of the program.
NUMBERS: dict[Words, int] = {frozenset(): ALWAYS}
# Word -> the numbers of the sets that it is in.
_SETS_OF: dict[str, list[int]] = {}
# The same words in the order in which they came.
_WORDS: list[str] = []
_ONE_AT_A_TIME = Lock()


def folded(text: str) -> str:
    """Return ``text`` in small letters, those that ``re`` takes for one when case does not matter as one."""
    lowered = text.lower()
    return lowered if lowered.isascii() else lowered.translate(_ODD) if _is_odd(lowered) else lowered


def _is_odd(lowered: str) -> bool:
    return "ı" in lowered or "ſ" in lowered or "i\u0307" in lowered


def number_of(words: Words) -> int:
    """Return the number under which later texts answer for ``words``."""
    known = NUMBERS.get(words)
    if known is not None:
        return known
    with _ONE_AT_A_TIME:
        number = NUMBERS.get(words, len(NUMBERS))
        for word in words:
            if word not in _SETS_OF:
                _SETS_OF[word] = []
                _WORDS.append(word)
            _SETS_OF[word].append(number)
        # Last: who sees the number finds its words.
        NUMBERS[words] = number
    return number


class _Search:
    """Looks for the words that were known when it was made."""

    def __init__(self) -> None:
        with _ONE_AT_A_TIME:
            words = tuple(_WORDS)
        self.known = len(words)
        self._automaton = AhoCorasick(words)

    def found(self, lowered: str) -> set[str]:
        """Return which words ``lowered`` holds."""
        try:
            return set(self._automaton.find_matches_as_strings(lowered, overlapping=True))
        except UnicodeEncodeError:  # Half of a surrogate pair, which is in no word.
            return set(self._automaton.find_matches_as_strings(_HALF_PAIR.sub(" ", lowered), overlapping=True))


class _Searches:
    """The search in force: made with the first text, and again when many words came later."""

    def __init__(self) -> None:
        self._search: _Search | None = None

    def found(self, lowered: str) -> set[str]:
        """Return which of all words ``lowered`` holds."""
        search = self._search
        if search is None or len(_WORDS) - search.known > _LATE_MAX:
            search = self._search = _Search()
        words = search.found(lowered)
        words.update([word for word in _WORDS[search.known :] if word in lowered])
        return words


_SEARCHES = _Searches()


def held(lowered: str, *, digits: bool, japanese: bool) -> tuple[bytearray, set[str]]:
    """Return by number which of the sets known by now a folded text holds (1) and which not (0), and all words held.

    ``digits`` and ``japanese`` tell whether it has any of these.
    """
    known = len(NUMBERS)
    answers = bytearray(known)
    answers[ALWAYS] = 1
    words = _SEARCHES.found(lowered)
    if digits:
        words.add(ANY_DIGIT)
    if japanese:
        words.add(ANY_JAPANESE)
    for word in words:
        for number in _SETS_OF.get(word, ()):
            if number < known:
                answers[number] = 1
    return answers, words
