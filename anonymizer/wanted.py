"""Which of the words that rules need a text holds, answered for all rules in one go.

Each set of words has a number. A word is looked for only where a rare part of it, its head, occurs: two or four
letters in a row, made into one number each, of which a text has some thousand and the sets together as many.
"""

from array import array
from collections.abc import Iterator
from itertools import chain
from threading import Lock

Words = frozenset[str]
"""Words in small letters, as ``folded`` writes them. A text holds a set when it holds one of it."""
ANY_DIGIT, ANY_JAPANESE = "#", "\ufdd0"
"""Words that stand for any digit, those in kanji included, and for any kana or kanji (no text holds that character)."""
Head = str | int
ALWAYS = 0
"""The number of the set without words, which every text holds."""
_DIGIT = "digit"
_FOUR = 4
_LAST_OF_ONE_UNIT = "\uffff"
# What letters that ``re`` takes for i and s when case does not matter are written as.
_ODD = str.maketrans({"ı": "i", "ſ": "s", "\u0307": ""})
# Small letters by how seldom they are in English; any other character is seldom.
_BY_RARITY = "etaoinsrhldcumfpgwybvk"
_RARITY = {" ": 0} | {char: number for number, char in enumerate(_BY_RARITY)}

# All of them constants of the program: a few thousand words.
NUMBERS: dict[Words, int] = {frozenset(): ALWAYS}
_HEADS: set[Head] = set()
# Head -> words with it, what else each must have among its parts, and the numbers of the sets that it is in.
_BY_HEAD: dict[Head, list[tuple[str, Head, list[int]]]] = {}
# Word -> the same numbers.
_SETS_OF: dict[str, list[int]] = {}
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
                for head, other in _heads_of(word):
                    _BY_HEAD.setdefault(head, []).append((word, other, _SETS_OF[word]))
                    _HEADS.update((head, other))
            _SETS_OF[word].append(number)
        # Last: who sees the number finds its heads.
        NUMBERS[words] = number
    return number


def held(lowered: str, *, digits: bool, japanese: bool) -> tuple[bytearray, set[str]]:
    """Return by number which of the sets known by now a folded text holds (1) and which not (0), and all words held.

    ``digits`` and ``japanese`` tell whether it has any of these.
    """
    known = len(NUMBERS)
    answers, words = bytearray(known), set()
    answers[ALWAYS] = 1
    present = _HEADS.intersection(_parts(lowered))
    if digits:
        present.add(_DIGIT)
    if japanese:
        present.add(ANY_JAPANESE)
    for head in present:
        for word, other, numbers in _BY_HEAD.get(head, ()):
            # Of a short word its head is all.
            if not other or (other in present and word in lowered):
                words.add(word)
                for number in numbers:
                    if number < known:
                        answers[number] = 1
    return answers, words


def _parts(text: str) -> Iterator[Head]:
    """Yield each character of ``text``, and any two and four in a row as one number: a third of what strings cost."""
    data = text.encode("utf-16-le", "surrogatepass")
    size = len(data)
    pairs = [array("I", data[at : size - (size - at) % 4]) for at in (0, 2)]
    fours = [array("Q", data[at : size - (size - at) % 8]) for at in (0, 2, 4, 6)]
    # Three are four with nothing at the end; two more stand for the end of the text.
    data += bytes(2)
    threes = []
    for at in (0, 2, 4, 6):
        part = bytearray(data[at : len(data) - (len(data) - at) % 8])
        part[6::8] = part[7::8] = bytes(len(part) // 8)
        threes.append(array("Q", part))
    return chain(set(text), *pairs, *threes, *fours)


def _heads_of(word: str) -> tuple[tuple[Head, Head], ...]:
    """Return the rarest part of ``word`` and another one, which is empty where the first is the whole word.

    What any digit is written as has more than one pair.
    """
    if word == ANY_DIGIT:
        return ((word, ""), (_DIGIT, ""))
    if len(word) == 1 or max(word) > _LAST_OF_ONE_UNIT:
        return ((max(word), "" if len(word) == 1 else max(word)),)
    if len(word) <= _FOUR:
        return ((_number(word), ""),)
    rare = [_RARITY.get(char, len(_BY_RARITY)) for char in word]
    sums = [sum(rare[at : at + _FOUR]) for at in range(len(word) - _FOUR + 1)]
    first = sums.index(max(sums))
    # The farther from it, the more it says; what overlaps says little.
    _, _, other = max((min(abs(at - first), _FOUR), each, -at) for at, each in enumerate(sums))
    return ((_number(word[first : first + _FOUR]), _number(word[-other : -other + _FOUR])),)


def _number(part: str) -> int:
    return int.from_bytes(part.encode("utf-16-le", "surrogatepass"), "little")
