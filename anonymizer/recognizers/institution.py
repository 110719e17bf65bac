"""Where the name of a school, a bank or a firm begins that has a hiragana word in it: 北浜みらい銀行.

A row of kanji ends at hiragana because particles are hiragana; a noun of the dictionary is none.
"""

import re

from anonymizer import lexicon, names
from anonymizer.names import NAME, Word

_LOOK_BACK_CHARS = 16
_HIRAGANA = re.compile(r"[ぁ-ん]{2,7}\Z")
_KANJI = re.compile(r"(?<![一-鿿々ァ-ヶーA-Za-z])[一-鿿々ァ-ヶー]{1,6}\Z")
_NOUN = NAME | Word.PLACE | Word.PROPER | Word.COMMON
# What ends a word that is said before a name and is no part of it: 卒業校|さくら高校.
_SAID_BEFORE = re.compile(r"(?:後|中|先|前|時|元|現|在|校|歴|職|社|名|年|月|日|卒|業|務|学|籍)\Z")
_PARTICLES = "のはがでにともをへや"


def start_with_hiragana(text: str, start: int) -> int:
    """Return where a name begins whose later part begins at ``start``: at its hiragana noun or the kanji before."""
    run = _HIRAGANA.search(text, max(0, start - _LOOK_BACK_CHARS), start)
    if run is None:
        return start
    # あの赤い屋根の|ひだまり: what stands behind a particle may be a name by itself.
    heads = [run.start(), *(at + 1 for at in range(run.start(), start - 2) if text[at] in _PARTICLES)]
    for head in heads:
        word = text[head:start]
        known = names.kinds(word)
        if word in lexicon.words("grammar_nouns") or not known & _NOUN or known & Word.PARTICLE:
            continue
        before = _KANJI.search(text, max(0, head - _LOOK_BACK_CHARS), head) if head == run.start() else None
        return before.start() if before and not _SAID_BEFORE.search(before.group()) else head
    return start
