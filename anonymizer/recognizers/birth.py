"""Dates of birth and ages.

A complete date is a birth date when the words around it say so, when it stands beside a name or an age, or
when its year is long gone and nothing says it is a date of joining, founding or passing. Interview and
project dates stay, and so do 平均年齢, 20代, 定年 and 18歳以上.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from anonymizer.model import Kind, Span
from anonymizer.numerals import to_int
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "birth"
_BIRTH_YEAR_MIN, _BIRTH_YEAR_MAX = 1930, 2012
_UNSAID_YEAR_MAX = 2004
# In a cell of a row with a mail address: who applies for work is 18 or older.
_CELL_YEAR_MAX = 2008
_CELL_MARKS = frozenset("<>|,\t")
_BEFORE_CHARS, _AFTER_CHARS, _LINE_CHARS = 30, 24, 40
# How far behind a word for birth its date may stand, how far a second one, and a date of which a part is told.
_AFTER_BIRTH_CHARS, _AGAIN_CHARS, _NEAR_CHARS, _QUESTION_CHARS = 90, 40, 20, 24
_WHOLE = 3
_DATES_MAX = 8
_DATES = tuple(name for name in load(NAME).patterns if name.startswith("DATE_"))
_ERA_START = {"昭": 1925, "S": 1925, "s": 1925, "平": 1988, "H": 1988, "h": 1988, "令": 2018, "R": 2018,
              "大": 1911, "T": 1911, "明": 1867}  # fmt: skip
_WORDS = ("BIRTH_WORD_JA", "BIRTH_WORD_EN")


def _year(match: re.Match[str]) -> int | None:
    """Return the western year of a date, None where it is written in two digits."""
    groups = match.groupdict()
    if groups.get("year"):
        return to_int(groups["year"])
    if groups.get("era"):
        years = to_int(groups["era"])
        return None if years is None else _ERA_START.get(match.group().lstrip()[0], 0) + years
    return None


def _dates(page: Page) -> Iterator[Span]:
    text, rules = page.text, load(NAME)
    patterns = rules.patterns
    for name in _DATES:
        for match in matches(rules, page, name):
            year = _year(match)
            if year is not None and not _BIRTH_YEAR_MIN <= year <= _BIRTH_YEAR_MAX:
                continue
            before = text[max(0, match.start() - _BEFORE_CHARS) : match.start()]
            after = text[match.end() : match.end() + _AFTER_CHARS]
            if patterns["BORN_BEFORE"].search(before) or patterns["BORN_AFTER"].search(after):
                yield Span(Kind.BIRTH_DATE, *match.span(), 0.95, NAME, "date beside a word for birth")
            elif (
                year is None or year <= _UNSAID_YEAR_MAX or (year <= _CELL_YEAR_MAX and _is_cell(text, match))
            ) and not patterns["EVENT"].search(_line(text, match)):
                yield Span(Kind.BIRTH_DATE, *match.span(), 0.7, NAME, "complete date long ago, no event named")


def _is_cell(text: str, match: re.Match[str]) -> bool:
    """Tell whether a date is a cell of its own, in a row with a mail address."""
    start, end = match.span()
    beside = text[start - 1 : start], text[end : end + 1]
    if not (beside[0] in _CELL_MARKS and beside[1] in _CELL_MARKS):
        return False
    stop = text.find("\n", end)
    return "@" in text[text.rfind("\n", 0, start) + 1 : stop if stop >= 0 else len(text)]


def _line(text: str, match: re.Match[str]) -> str:
    """Return the words around a date that may name an event: its line, at most 40 characters each way."""
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _LINE_CHARS)
    end = text.find("\n", match.end(), match.end() + _LINE_CHARS)
    return text[start : end if end >= 0 else match.end() + _LINE_CHARS]


def _beside_birth(page: Page) -> Iterator[Span]:
    """Yield the dates, however they are told, that stand beside a word for birth."""
    rules = load(NAME)
    patterns, text = rules.patterns, page.text
    words = sorted(chain(*(matches(rules, page, name) for name in _WORDS)), key=re.Match.start)
    dates = [date for window in _windows(text, words) for date in patterns["ANY_DATE"].finditer(text, *window)]
    first = done = 0
    for word in words if dates else ():
        if word.end() < done:
            continue
        while first < len(dates) and dates[first].start() < word.end():
            first += 1
        behind = list(_behind(text, word.end(), dates[first : first + _DATES_MAX]))
        yield from (Span(Kind.BIRTH_DATE, *date.span(), 0.97, NAME, "date behind a word for birth") for date in behind)
        if behind:
            done = behind[-1].end()
        elif first and dates[first - 1].start() >= max(text.rfind("\n", 0, word.start()), word.start() - _LINE_CHARS):
            date = dates[first - 1]
            if (
                not _is_code(date)
                and date.end() <= word.start()
                and _says_birth(date, near=word.start() - date.end() <= 1)
            ):
                yield Span(Kind.BIRTH_DATE, *date.span(), 0.97, NAME, "date before a word for birth")


def _windows(text: str, words: Iterable[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which a date may belong to one of ``words``, those that overlap as one."""
    start = stop = 0
    for word in words:
        line = text.rfind("\n", 0, word.start())
        begin = max(line if _ends_line(text, line) else 0, word.start() - _LINE_CHARS, 0)
        if stop and begin > stop:
            yield start, stop
        if not stop or begin > stop:
            start = begin
        end = _window_end(text, word.end())
        stop = max(stop, end if _ends_line(text, end) else word.end() + 2 * _AFTER_BIRTH_CHARS)
    if stop:
        yield start, stop


def _ends_line(text: str, at: int) -> bool:
    """Tell whether a line ends at ``at`` that no date goes on behind: 4 / 月."""
    return text.startswith("\n", at) and text[at + 1 : at + 3].lstrip(" ")[:1] not in ("年", "月", "日")


def _behind(text: str, start: int, dates: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield those of ``dates`` that a word for birth, which ends at ``start``, is said of."""
    other = load(NAME).patterns["OTHER_DATE"]
    stop, at, told = _window_end(text, start), start, False
    for date in dates:
        between = date.start() - at
        far = between > _AGAIN_CHARS if told else date.end() > stop
        if far or (told and "\n" in text[at : date.start()]) or other.search(text, at, date.start()):
            break
        if (
            not _is_code(date)
            and not other.match(text, date.end())
            and _says_birth(date, near=between <= _NEAR_CHARS and not told)
        ):
            yield date
            at, told = date.end(), True


def _is_code(date: re.Match[str]) -> bool:
    """Tell whether digits belong to a number of something: C-118204, #118204."""
    return date.start() > 0 and date.string[date.start() - 1] in "-#_" and date.group().isdecimal()


def _window_end(text: str, start: int) -> int:
    """Return how far a word for birth reaches: the rest of its line, and the next when the first holds no more."""
    end = text.find("\n", start, start + _AFTER_BIRTH_CHARS)
    if 0 <= end <= start + _QUESTION_CHARS:
        end = text.find("\n", end + 1, start + _AFTER_BIRTH_CHARS)
    return end if end >= 0 else min(start + _AFTER_BIRTH_CHARS, len(text))


def _says_birth(match: re.Match[str], *, near: bool) -> bool:
    """Tell whether a row of parts of a date is a date of birth: whole, or right beside the word (``near``) in part."""
    patterns, told = load(NAME).patterns, match.group()
    numbers = len(patterns["PART_NUMBER"].findall(told))
    month, year = patterns["PART_MONTH"].search(told), patterns["PART_YEAR"].search(told)
    written = year and year.group("year")
    if written and not (_BIRTH_YEAR_MIN <= int(written) <= _BIRTH_YEAR_MAX or written < "1500"):
        return False
    whole = (numbers >= _WHOLE and (month or year)) or (month and year and numbers > 1)
    if whole or patterns["PART_WHOLE"].fullmatch(told):
        return True
    return near and bool((month and numbers) or (year and (numbers or written)) or patterns["PART_DAY"].fullmatch(told))


def find(page: Page) -> Iterator[Span]:
    """Yield dates of birth and ages."""
    if page.has_digits or page.holds(load(NAME).needs["DATE_KANA"]):
        yield from _dates(page)
    yield from _beside_birth(page)
    yield from apply(load(NAME), page, NAME)


RECOGNISER = Recogniser(NAME, (Kind.BIRTH_DATE, Kind.AGE), find)
