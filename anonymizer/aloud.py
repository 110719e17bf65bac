"""Known names that are said in pieces or letter by letter: so tah, bee ay bee ay, sierra uniform mike india."""

import re
from collections.abc import Iterator, Sequence

from anonymizer import lexicon
from anonymizer.alike import GRAMMAR, Words, everyday_word
from anonymizer.page import once

_PART_CHARS_MIN = 4
_PIECES, _PIECE_CHARS_MAX, _TOLD_MIN = (2, 3), 5, 2
_LONG_H = re.compile(r"(?<=[aeiou])h(?![aeiou])")
# What letters are called, by themselves and on the telephone.
_LETTER_NAMES = {
    name: letter
    for letter, said in (
        ("a", "ay eh alpha alfa a"), ("b", "bee be bravo b"), ("c", "cee see sea charlie c"), ("d", "dee delta d"),
        ("e", "ee echo e"), ("f", "eff ef foxtrot f"), ("g", "gee jee golf g"), ("h", "aitch haitch hotel h"),
        ("i", "eye aye india i"), ("j", "jay juliet juliett j"), ("k", "kay kei kilo k"), ("l", "el ell lima l"),
        ("m", "em mike m"), ("n", "en november n"), ("o", "oh oscar o"), ("p", "pee papa p"),
        ("q", "cue queue quebec q"), ("r", "are ar romeo r"), ("s", "ess es sierra s"), ("t", "tee tea tango t"),
        ("u", "you yu uniform u"), ("v", "vee victor v"), ("w", "whiskey whisky w"), ("x", "ex xray x"),
        ("y", "why wye yankee y"), ("z", "zee zed zulu z"),
    )
    for name in said.split()
}  # fmt: skip


def _plain(word: str) -> bool:
    return everyday_word(word) or word in GRAMMAR or word in lexicon.words("little_en")


class Aloud:
    """What in a text may be a name that is said aloud, looked for once for all participants."""

    def __init__(self, words: Words) -> None:
        self._words = words

    @once
    def _joined(self) -> dict[str, list[tuple[str, int, int]]]:
        """Two or three short words in a row as one, without the h of a long vowel: so tah is sota."""
        found: dict[str, list[tuple[str, int, int]]] = {}
        for row in self._words.rows:
            for size in _PIECES:
                for at in range(len(row) - size + 1):
                    words = [word for word, _, _ in row[at : at + size]]
                    if max(map(len, words)) <= _PIECE_CHARS_MAX:
                        joined = "".join(words)
                        place = (" ".join(words), row[at][1], row[at + size - 1][2])
                        found.setdefault(_LONG_H.sub("", joined), []).append(place)
        return found

    def in_pieces(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield names of four letters or more that are said in pieces, not all of them everyday words: so tah."""
        for part in parts if self._words.rows else ():
            if len(part) >= _PART_CHARS_MIN and part.isalpha() and self._begins(part):
                for words, start, end in self._joined.get(_LONG_H.sub("", part), ()):
                    if not all(map(_plain, words.split(" "))):
                        yield start, end

    def _begins(self, part: str) -> bool:
        """Tell whether a short word is the beginning of a name: most names fail here."""
        words = self._words.in_rows
        return any(part[:size] in words or f"{part[:size]}h" in words for size in range(1, _PIECE_CHARS_MAX + 1))

    @once
    def _letters_told(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Rows of what letters are called: the letters, and where the word for each stands."""
        found: list[tuple[str, list[tuple[int, int]]]] = []
        if len(_LETTER_NAMES.keys() & self._words.in_rows) < _TOLD_MIN:
            return found
        for row in self._words.rows:
            letters, places = "", list[tuple[int, int]]()
            for word, start, end in (*row, ("", 0, 0)):
                if word in _LETTER_NAMES:
                    letters, places = letters + _LETTER_NAMES[word], [*places, (start, end)]
                    continue
                if len(letters) > _TOLD_MIN:
                    found.append((letters, places))
                letters, places = "", []
        return found

    def told_by_letter(self, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield names whose letters are said one by one: gee are ay you, sierra uniform mike india."""
        for letters, places in self._letters_told:
            for part in parts:
                at = letters.find(part) if len(part) > _TOLD_MIN else -1
                if at >= 0:
                    yield places[at][0], places[at + len(part) - 1][1]
