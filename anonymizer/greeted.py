"""Where only a name stands, though it is a word of every day or short: hi hope, will - can you, [bo] done."""

import re
from collections.abc import Iterator

_DOES = (
    r"(?:says?|said|asks?|asked|wrote|writes|pls|please|here|thinks?|told|mentioned|called|rang|confirmed|replied"
    r"|wants?|wanted|does|joined|owes|speaks|lives|knows|agrees|agreed|\((?:that['’]?s|thats|her|his|she|he)(?![a-z]))"
)
# At the head of a sentence an everyday word and a verb are somebody: long is fine with it, so may can start.
_IS = (
    r"(?:is|was|has|had|can|could|will|would|did|needs|asked|starts|left|cannot|(?:ca|co?uld|wo|is|was|does|did|has)n['’]?t"
    r"|late(?=[ ]?(?:[.,;!\n]|\Z)))"
)
_GREETS = "hi|hey|hiya|hello|dear|thanks|thx|cheers|from|@|cc|ask|tell|told|ping|love|with|its|this[ ]is"
_GREETS += "|rang|phoned|texted|emailed|met"
_BEFORE_CHARS_MAX = 12
# A full name of everyday words is none behind a word of grammar: the mark price, they will may.
_NO_NAME_BEHIND = re.compile(
    r"(?:(?<![A-Za-z])(?i:the|an?|this|that|our|your|my|his|her|their|its|we|you|i|he|she|it|they|who|which|what|to|no"
    r"|any|each)[ ]|[A-Za-z0-9@._/-])\Z"
)
_NAME_ENDS = re.compile(r"(?:['’]?s)?(?![A-Za-z0-9@_-])")
_SIDES = tuple(
    (re.compile(before), re.compile(behind))
    for before, behind in (
        (
            r"(?:\A|\n|,[ ]|so[ ]|but[ ])[ \t>]{0,3}[\[<]?\Z",
            rf"[ ]?(?:[\]>:,]|-[ ]|\n|[ ](?:{_DOES}|{_IS})(?![a-z]))",
        ),
        (
            rf"(?<![A-Za-z])(?i:{_GREETS})[ ]\Z",
            r"[ ]?(?:[:,!.;)]|\n|\Z|-[ ])|[ ](?:again|back|today|yesterday)(?![a-z])",
        ),
        (
            r"(?<![A-Za-z])(?<!the[ ])(?<!this[ ])(?<!our[ ])\Z",
            rf"[ ]{_DOES}(?![a-z])|-san|[ ]?(?:さん|様|氏|くん|ちゃん|san(?![a-z]))",
        ),
    )
)


def places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Yield where ``word`` (small letters) stands in ``text`` as somebody's name; twice in a row is one place."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        low = max(0, start - _BEFORE_CHARS_MAX)
        # What lies before the stretch that is looked at is no beginning of the text.
        before = ("." if low else "") + text[low:start]
        twice = text.startswith(f" {word}", end) and not text[end + len(word) + 1 : end + len(word) + 2].isalpha()
        if twice and not before[-1:].isalpha():
            end += len(word) + 1
            yield start, end
        elif any(behind.match(text, end) and left.search(before) for left, behind in _SIDES):
            yield start, end
        start = text.find(word, end)


def in_full(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where a full name of everyday words (small letters) stands as it is given: met rose park."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        left = _NO_NAME_BEHIND.search(text, max(0, start - _BEFORE_CHARS_MAX), start)
        if not left and _NAME_ENDS.match(text, end):
            yield start, end
        start = text.find(name, end)
