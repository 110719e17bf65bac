"""Names in data: the value of a key, the cells below a header, and who speaks line after line."""

import re
from collections import Counter
from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME, Word
from anonymizer.page import Page
from anonymizer.recognizers import spaced_table
from anonymizer.recognizers.cells import cells, marks
from anonymizer.recognizers.japanese import not_a_person
from anonymizer.recognizers.person_frames import everyday_latin, explained, thing
from anonymizer.recognizers.rulefile import load, matches
from anonymizer.recognizers.spans import Recogniser

NAME_ID = "person-table"
_RULES = load("person_table")
_TURNS_MIN = 2
_SPEAKER_CHARS_MAX = 36
# What a page with such a header holds, or it is not searched for one.
_HEADERS = frozenset(
    ("name", "名", "カナ", "かな", "フリガナ", "面接官", "担当", "候補者", "応募者", "紹介者", "回答者", "申込者",
     "参加者", "出席者", "受験者", "推薦者", "kana", "読み", "性別", "年齢", "現職", "勤務先", "国籍", "出身",
     "first", "セイ", "gender", "age", "nationality", "employer", "linkedin", "skype")
)  # fmt: skip
# What a column holds, by its header, beside those that the list of names' columns tells.
_COLUMN_KINDS = {
    Kind.PERSON: "氏",
    Kind.GENDER: "性別 gender sex",
    Kind.AGE: "年齢 歳 年 age",
    Kind.EMPLOYER: "現職 現職企業 勤務先 現勤務先 会社名 現所属 前職 employer current_employer current_company",
    Kind.NATIONALITY: "国籍 nationality citizenship",
    Kind.ORIGIN: "出身 出身地 本籍 birthplace",
    Kind.FAMILY: "家族 家族構成 配偶者 婚姻 扶養 marital_status family",
    Kind.SCHOOL: "出身校 学校 学校名 最終学歴校 出身大学 在籍校 school university college",
    Kind.HANDLE: "linkedin linkedin_id skype skype_id line line_id twitter x_account instagram github wechat",
}
_KIND_BY_HEAD = {head: kind for kind, heads in _COLUMN_KINDS.items() for head in heads.split(" ")}
_CELL_CHARS_MAX = 40
_SEPARATORS = ("\t", "|", ";", " / ", ",")


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME_ID, why)


def _keys(page: Page) -> Iterator[Span]:
    """Yield the values of keys that a name belongs to: "yomi": "...", last_name=..., FN:..."""
    known = lexicon.latin_names()
    for match in matches(_RULES, page, "TAG"):
        if not _RULES.patterns["EMPTY"].fullmatch(match.group("x")):
            yield _span(*match.span("x"), 0.8, "between the tags of a name")
    for name in ("KEY", "CARD"):
        for match in matches(_RULES, page, name):
            value = match.group("x")
            # name="viewport" and the like: a name in small letters is one of the lists, or none.
            small = value.isascii() and value.islower() and lexicon.plain(value.split(" ")[0]) not in known
            if not small and _cell_is_name(value):
                yield _span(*match.span("x"), 0.8, "value of a key for a name")


def _cell_is_name(cell: str) -> bool:
    """Tell whether a cell below a header for names holds one: letters, and not only everyday words."""
    if not 1 <= len(cell) <= _CELL_CHARS_MAX or not _RULES.patterns["CELL"].fullmatch(cell):
        return False
    if _RULES.patterns["EMPTY"].fullmatch(cell):
        return False
    if cell.isascii():
        return not all(everyday_latin(word) for word in re.split(r"[ ,.]+", cell) if word)
    known = names.kinds(cell)
    loan = "ァ" <= cell[0] <= "ヶ" and known & Word.COMMON and not known & NAME
    listed = cell in lexicon.words("not_people") or cell in lexicon.words("name_columns")
    return not (listed or loan or thing(cell))


def _table(page: Page) -> Iterator[Span]:
    """Yield the cells below the headers for names and other personal facts, as long as lines have as many cells."""
    start, columns, separator, width = 0, dict[int, Kind](), "", 0
    heads = _RULES.patterns["HEAD"]
    for line in page.text.split("\n"):
        found = marks(line, separator) if separator else 0
        if columns and found >= max(1, width - 1):
            for number, (left, right) in enumerate(cells(line, start, separator)):
                kind = columns.get(number)
                # An address with a comma moves the cells behind it; a name is known among others, an age is not.
                if kind and kind is not Kind.PERSON and found != width:
                    continue
                if kind and _fits(page, kind, left, right):
                    why = "cell below a header for names" if kind is Kind.PERSON else "cell below a header"
                    yield Span(kind, left, right, 0.8, NAME_ID, why)
        elif any(mark in line for mark in _SEPARATORS) and heads.search(line):
            columns, separator, width = _header(line, start, page.text)
        start += len(line) + 1


def _fits(page: Page, kind: Kind, left: int, right: int) -> bool:
    """Tell whether a cell holds what its header says."""
    cell = page.text[left:right]
    if kind is Kind.PERSON:
        kana = bool(cell) and "ァ" <= cell[0] <= "ヶ"
        return _cell_is_name(cell) and (kana or not explained(page, left, right))
    facts = _RULES.patterns
    if kind is Kind.HANDLE:
        return facts["HANDLE_CELL"].fullmatch(cell) is not None
    if kind is Kind.AGE:
        return facts["AGE_CELL"].fullmatch(cell) is not None
    return (
        0 < len(cell) <= _CELL_CHARS_MAX
        and not facts["PLACEHOLDER"].search(cell)
        and not facts["EMPTY"].fullmatch(cell)
        and not facts["RULER"].match(cell)
    )


def _header(line: str, start: int, text: str) -> tuple[dict[int, Kind], str, int]:
    """Return the columns of a line that is a header and what they hold, what parts its cells and how often."""
    for separator in _SEPARATORS:
        width = marks(line, separator)
        if width:
            heads = [text[left:right].lower().replace(" ", "_") for left, right in cells(line, start, separator)]
            columns = {
                number: Kind.PERSON if head in lexicon.words("name_columns") else _KIND_BY_HEAD[head]
                for number, head in enumerate(heads)
                if head in lexicon.words("name_columns") or head in _KIND_BY_HEAD
            }
            # フリガナ,サイオンジ is a caption and its value, no header; 年齢 alone is a caption, too.
            enough = Kind.PERSON in columns.values() or len(columns) > 1
            if enough and not any(char.isdigit() for char in line) and all(map(_can_be_head, heads)):
                return columns, separator, width
    return {}, "", 0


def _can_be_head(head: str) -> bool:
    """Tell whether a cell can stand in a header: an identifier, a thing, or a compound that ends with one."""
    known = names.kinds(head)
    compound = known == Word.NONE and bool(names.kinds(head[-2:]) & Word.COMMON)
    return (
        head.isascii()
        or head in _KIND_BY_HEAD
        or head in lexicon.words("name_columns")
        or bool(known & Word.COMMON)
        or compound
    )


def _speakers(page: Page) -> Iterator[Span]:
    """Yield who speaks: the same words before a colon, an arrow or a time at the head of two lines or more."""
    for quote in matches(_RULES, page, "QUOTE"):
        before = max(0, quote.start() - _SPEAKER_CHARS_MAX)
        match = _RULES.patterns["QUOTED_SPEAKER"].search(page.text, before, quote.start())
        if match and _can_speak(match.group("x")):
            yield _span(*match.span("x"), 0.66, "says what is quoted behind")
    turns = [(name, match) for name in ("TURN", "TURN_TIME") for match in matches(_RULES, page, name)]
    count = Counter((name, match.group("x")) for name, match in turns)
    talk = any(name == "TURN_TIME" and number >= _TURNS_MIN for (name, _), number in count.items())
    # [10:02] tak: ...: a line that opens with a time is somebody's, however often they speak.
    timed = sum(match.group().lstrip(" *\t").startswith("[") for _, match in turns) >= _TURNS_MIN
    for name, match in turns:
        often = count[name, match.group("x")] >= _TURNS_MIN or (talk and name == "TURN_TIME")
        often = often or (timed and match.group().lstrip(" *\t").startswith("["))
        # standup 9:20: ...: what one word does at a time is no talk.
        alone = match.group("x").isascii() and " " not in match.group("x")
        often = often and not (name == "TURN_TIME" and alone and match.group().endswith(": "))
        if often and _can_speak(match.group("x")):
            yield _span(*match.span("x"), 0.68, "speaks line after line")


def _can_speak(words: str) -> bool:
    parts = words.split(" ")
    if words[0] < "ぁ":
        known = lexicon.latin_names()
        fits = [lexicon.plain(part) in known or not everyday_latin(part) for part in parts]
        # Dev Malhotra: the second of two capitalised words tells.
        return all(fits) or (len(parts) > 1 and fits[-1] and parts[0][1:].islower())
    if not_a_person(words) or any(part in lexicon.words("not_people") for part in parts):
        return False
    known_as = names.kinds(words)
    return bool(known_as & (NAME | Word.PLACE)) or known_as == Word.NONE


def find(page: Page) -> Iterator[Span]:
    """Yield names in keys, tables and talks."""
    yield from _keys(page)
    if page.holds(_HEADERS):
        yield from _table(page)
        for cell in spaced_table.cells(page):
            words = page.text[cell.start : cell.end]
            # "dvorak m" is somebody, a word or two in small letters hardly.
            small = words.isascii() and words.islower() and words[-2:-1] != " "
            if cell.is_name and not small and _cell_is_name(words):
                yield _span(cell.start, cell.end, 0.8, "cell below a header for names")
    yield from _speakers(page)


RECOGNISER = Recogniser(NAME_ID, tuple(_COLUMN_KINDS), find)
