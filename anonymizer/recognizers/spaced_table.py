"""Tables whose columns blanks alone part: 受験番号 氏名 区分, and a row for each person below."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from anonymizer import lexicon, names
from anonymizer.names import Word
from anonymizer.page import Page

_HEADS_MAX, _HEADER_CHARS_MAX = 10, 160
_HEAD_ENDS = frozenset("番号名日別数額率欄")
_NEEDS = frozenset(("氏名 ", "名前 ", "者名 ", "name ", " 氏名", " 名前", " name"))
_NAME = re.compile(r"(?:(?:お|ご)?(?:氏名|名前)|(?:候補|応募|受験)者名?|[Nn]ame|NAME)")
_HEADER = re.compile(rf"^[^0-9:\n]*?(?<![^ \t\n]){_NAME.pattern}(?=[ \t]|$)[^0-9:\n]*\n", re.MULTILINE)
_TOKEN = re.compile(r"[^ \t]+")
_TWO_PARTS = re.compile(
    r"[一-鿿々ヶぁ-んァ-ヶー]{1,6} [一-鿿々ヶぁ-んァ-ヶー]{1,6}"
    r"|[A-ZÀ-Þ][A-Za-zÀ-ɏ'’.-]{0,20} [A-ZÀ-Þ][A-Za-zÀ-ɏ'’.-]{0,20}|[a-z]{2,14} [a-z]"
)
# "Exam no.", "Staff ID": two words head one column where more than one blank follows.
_TWO_WORDS = re.compile(r"(?<![^ ])([A-Za-z]+)[ ](?=(?i:no|number|id|code)\b\.?[ ]{2})")


class Cell(NamedTuple):
    """A cell: what heads its column, where it stands, and whether it is the name."""

    head: str
    start: int
    end: int
    is_name: bool


def cells(page: Page) -> Iterator[Cell]:
    """Yield the cells of such tables; a name has two words where the row has more words than the header."""
    text, taken = page.text, 0
    for header in _HEADER.finditer(text) if "\n" in text and page.holds(_NEEDS) else ():
        heads = _TWO_WORDS.sub(r"\1_", header.group()).split()
        named = [at for at, head in enumerate(heads) if _NAME.fullmatch(head)]
        fits = 1 < len(heads) <= _HEADS_MAX and len(named) == 1 and all(map(_can_be_head, heads))
        at = header.end()
        while fits and taken <= at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            row = [*_TOKEN.finditer(text, at, min(end, at + _HEADER_CHARS_MAX))]
            if len(row) < len(heads):
                break
            yield from _row(heads, named[0], row)
            at = taken = end + 1


def _can_be_head(head: str) -> bool:
    """Tell whether a word can head a column: in Latin letters, or a thing."""
    listed = head in lexicon.words("name_columns")
    known = names.kinds(head) | names.kinds(head[-2:])
    return head.isascii() or listed or head[-1] in _HEAD_ENDS or (bool(known & Word.COMMON) and not _full_name(head))


def _full_name(word: str) -> bool:
    """Tell whether a word is a surname and a given name: then it stands beside its caption, and is no head."""
    return any(names.kinds(word[:size]) & Word.SURNAME and names.kinds(word[size:]) & Word.GIVEN for size in (1, 2, 3))


def _row(heads: Sequence[str], name: int, row: Sequence[re.Match[str]]) -> Iterator[Cell]:
    both = " ".join(part.group() for part in row[name : name + 2])
    two = len(row) > len(heads) and _TWO_PARTS.fullmatch(both) is not None
    for number, head in enumerate(heads):
        at = number + (two and number > name)
        yield Cell(head, row[at].start(), row[at + (two and number == name)].end(), number == name)
