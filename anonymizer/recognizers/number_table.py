"""Numbers in data: the cells below a header for a personal number, an account, a telephone or a date of birth.

The cells below a header for the id of a candidate or an applicant are none of these (``anonymizer.pseudonyms``).
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers import spaced_table
from anonymizer.recognizers.cells import cells, marks

T = TypeVar("T")
_HEADER_CHARS_MAX = 400
_MARKS_MORE_MAX = 3
# In small letters; number, no and id may stand behind, and points, strokes or nothing where a blank is.
_HEADS = {
    Kind.ID_NUMBER: (
        "社員|社員コード|従業員|職員|学籍|学生|生徒|受験|受検|会員|組合員|旅券|パスポート|在留カード|在留|免許証|免許|保険証|被保険者"
        "|基礎年金|年金|マイナンバー|個人|passport|mynumber|ssn|nino|ni|employee|emp|staff|student|badge|national|id|licence"
        "|license|payroll|personnel|matriculation|exam|examinee|examination"
        "|national insurance|social security|driving licence"
        "|職番|社番|学番|乗務員|運転者|研修生|実習生|技能実習生|受講者|受講生|スタッフ|登録スタッフ|派遣スタッフ|派遣社員|パート"
        "|看護師|保育士|介護福祉士|修了証|合格証|登録証|資格証|認定証|免状"
        "|worker|works|carer|nurse|driver|trainee|learner|volunteer|contractor|crew|membership|member|visa"
        "|work permit|residence permit|dbs|nmc|hcpc"
    ),
    Kind.BANK: "口座|振込口座|bank account|account|acct|iban|sort code",
    Kind.PHONE: "電話|携帯|携帯電話|連絡先|tel|phone|mobile|cell|telephone",
    Kind.BIRTH_DATE: "生年月日|誕生日|生年|dob|birthdate|date of birth|birthday|birth|born",
}
_KIND_BY_HEAD = {head.replace(" ", ""): kind for kind, heads in _HEADS.items() for head in heads.split("|")}
# These count only with a word for a number behind: what stands below "staff" or "account" alone may be a name.
_BARE = frozenset(
    ("社員", "従業員", "職員", "学生", "生徒", "会員", "組合員", "個人", "在留", "乗務員", "運転者", "研修生",
     "実習生", "技能実習生", "受講者", "受講生", "スタッフ", "登録スタッフ", "派遣スタッフ", "派遣社員", "パート",
     "看護師", "保育士", "介護福祉士", "修了証", "合格証", "登録証", "資格証", "認定証", "免状", "national", "id",
     "employee", "emp", "staff", "student", "account", "worker", "works", "carer", "nurse", "driver", "trainee",
     "learner", "volunteer", "contractor", "crew", "membership", "member", "visa", "workpermit",
     "residencepermit", "dbs", "nmc", "hcpc")
)  # fmt: skip
_NUMBER_WORD = re.compile(r"(?:番号|コード|cd|no|number|num|nr|id|code|#)\Z")
# Nearly every page holds these letters; with the first of "number" behind them they are rare.
_ANYWHERE = frozenset(("ni", "id"))


def _needs() -> frozenset[str]:
    """Return words of which a page with such a header holds one."""
    heads = [head for row in _HEADS.values() for head in row.split("|")]
    forms = {head.replace(" ", joint) for head in heads for joint in ("", " ", "_", "-")} - _ANYWHERE
    forms |= {f"{head}{joint}n" for head in _ANYWHERE for joint in " _-"}
    return frozenset(form for form in forms if not any(other in form for other in forms - {form}))


_NEEDS = _needs()
_PSEUDONYM = re.compile(
    r"(?:応募|応募者|応募受付|候補者|エントリー|candidate|applicant|application|entry|ats)(?:管理|受付|登録|識別|整理)?"
    r"(?:番号|コード|cd|no|number|num|nr|id|code|#|ref|reference){1,2}"
)
_PSEUDONYM_NEEDS = frozenset(("応募", "候補者", "エントリー", "candidate", "applica", "entry", "ats_i", "ats番"))
_SEPARATORS = ("\t", "|", ";", ",", " / ")
_JOINTS = re.compile(r"[ _.()\"'-]")
_MOBILE = re.compile(r"0[5789]0[ -]?[0-9]{4}[ -]?[0-9]{4}")
_CELL = re.compile(r"(?=(?:[^0-9]{0,8}[0-9]){3})[0-9A-Za-z〇一二三四五六七八九年月日第号+() ./'-]{3,30}")


def _is_pseudonym(head: str) -> bool:
    return _PSEUDONYM.fullmatch(_JOINTS.sub("", head.lower())) is not None


def _kind(head: str) -> Kind | None:
    plain = _JOINTS.sub("", head.lower())
    word = _NUMBER_WORD.search(plain)
    stem = plain[: word.start()] if word else plain
    if plain in _KIND_BY_HEAD and plain not in _BARE:
        return _KIND_BY_HEAD[plain]
    return _KIND_BY_HEAD.get(stem) if word else None


def _columns(line: str, read: Callable[[str], T | None]) -> tuple[dict[int, T], str, int]:
    """Return the columns of a header that ``read`` knows, what parts its cells, and how often."""
    if len(line) <= _HEADER_CHARS_MAX and not any(char.isdigit() for char in line):
        for separator in _SEPARATORS:
            width = marks(line, separator)
            if width:
                known = {
                    number: read(line[left:right]) for number, (left, right) in enumerate(cells(line, 0, separator))
                }
                return {number: each for number, each in known.items() if each}, separator, width
    return {}, "", 0


def _below(page: Page, read: Callable[[str], T | None]) -> Iterator[tuple[T, int, int]]:
    """Yield the cells below the headers that ``read`` knows, as long as lines have as many cells."""
    start, columns, separator, width = 0, dict[int, T](), "", 0
    for line in page.text.split("\n"):
        found = marks(line, separator) if columns else 0
        if columns and width <= found <= width + _MARKS_MORE_MAX:
            for number, (left, right) in enumerate(cells(line, start, separator)):
                # March 1, 1973 in a cell moves those behind it: the first and the last stay where they are.
                place = number if found == width or number == 0 else width if number == found else -1
                if place in columns:
                    yield columns[place], left, right
        elif line:
            columns, separator, width = _columns(line, read)
        start += len(line) + 1


def find(page: Page, name: str) -> Iterator[Span]:
    """Yield the cells with three digits or more below such headers."""
    if "\n" in page.text and page.holds(_NEEDS):
        for kind, left, right in _below(page, _kind):
            if _CELL.fullmatch(page.text, left, right):
                yield Span(kind, left, right, 0.85, name, "cell below a header for numbers")
        for cell in spaced_table.cells(page):
            head = _kind(cell.head)
            if head and _CELL.fullmatch(page.text, cell.start, cell.end):
                yield Span(head, cell.start, cell.end, 0.85, name, "cell below a header for numbers")


def pseudonyms(page: Page) -> Iterator[tuple[int, int]]:
    """Yield where the cells below a header for the id of a candidate or an applicant stand."""
    if "\n" in page.text and page.holds(_PSEUDONYM_NEEDS):
        for _, left, right in _below(page, _is_pseudonym):
            if not _MOBILE.fullmatch(page.text, left, right):
                yield left, right
