"""What stands in the place of a finding: a label, or the same fact made coarser.

Placeholders are written in 〔〕 (ja) or [] (en) around a fixed vocabulary, so that a second run knows
them and leaves them alone, and a reader at the agency sees at once what was taken out.
"""

import re
from collections.abc import Callable

from anonymizer import lexicon
from anonymizer.model import FORBIDDEN, Kind, Span
from anonymizer.numerals import to_int
from core.lang import Lang

PREFECTURES = tuple(ja for ja, _ in lexicon.rows("prefectures"))
PREFECTURES_EN = tuple(en for _, en in lexicon.rows("prefectures"))
_ENGLISH = dict(zip(PREFECTURES, PREFECTURES_EN, strict=True))
_PREFECTURE_EN = re.compile(rf"\b(?:{'|'.join(PREFECTURES_EN)})\b", re.IGNORECASE)

_LABELS: dict[Kind, tuple[str, str]] = {
    Kind.PHONE: ("電話番号", "phone"), Kind.EMAIL: ("メール", "email"), Kind.POSTAL_CODE: ("郵便番号", "postcode"),
    Kind.ADDRESS: ("住所", "address"), Kind.BIRTH_DATE: ("生年月日", "date of birth"), Kind.AGE: ("年齢", "age"),
    Kind.MY_NUMBER: ("番号", "id"), Kind.ID_NUMBER: ("番号", "id"), Kind.BANK: ("口座", "bank account"),
    Kind.CARD: ("カード番号", "card number"), Kind.IBAN: ("口座", "bank account"),
    Kind.IP: ("IPアドレス", "IP address"), Kind.URL: ("URL", "link"), Kind.HANDLE: ("アカウント", "account"),
    Kind.EMPLOYER: ("勤務先", "employer"), Kind.SCHOOL: ("学校", "school"),
}  # fmt: skip
_REMOVED = ("削除", "removed")
_ROLES = {
    "candidate": ("候補者", "Candidate"),
    "recruiter": ("採用担当", "Recruiter"),
    "interviewer": ("面接官", "Interviewer"),
    "referrer": ("紹介者", "Referrer"),
    "": ("人物", "Person"),
}
_INDUSTRY = tuple((re.compile(pattern), (ja, en)) for pattern, ja, en in lexicon.rows("industries"))
_FIELD = tuple((re.compile(pattern), (ja, en)) for pattern, ja, en in lexicon.rows("fields"))
_LEVELS = (
    ("大学院", "graduate school"), ("短期大学", "junior college"), ("短大", "junior college"), ("大学", "university"),
    ("高等専門学校", "technical college"), ("高専", "technical college"), ("高等学校", "high school"),
    ("高校", "high school"), ("専門学校", "vocational school"), ("中学", "junior high school"), ("学校", "school"),
)  # fmt: skip
_LEVELS_BY_WORD = (
    ("graduate", ("大学院", "graduate school")), ("high school", ("高校", "high school")),
    ("college", ("大学", "university")), ("universi", ("大学", "university")), ("institute", ("大学", "university")),
)  # fmt: skip


def _vocabulary() -> str:
    """Return a pattern of everything that may stand inside our brackets, ja and en."""
    fields = [word for _, names in _FIELD for word in names]
    levels = [word for pair in _LEVELS for word in pair]
    fixed = {word for pair in (*_LABELS.values(), _REMOVED) for word in pair}
    fixed |= {*PREFECTURES, *PREFECTURES_EN, *fields, *levels, "GitHub", "LinkedIn"}
    fixed |= {word for _, names in _INDUSTRY for word in names}
    roles = "|".join(word for pair in _ROLES.values() for word in pair)
    study = rf"(?:{'|'.join(map(re.escape, levels))})(?:・|, )(?:{'|'.join(map(re.escape, fields))})"
    bands = r"[1-9]0代(?:前半|後半)?|[1-9]0s|(?:early|late) [1-9]0s"
    return "|".join(
        (*sorted(map(re.escape, fixed), key=len, reverse=True), rf"(?:{roles}) ?[A-Z]{{0,3}}", bands, study)
    )


_FACULTY = re.compile(r"[^\s大学院]{1,12}(?:学部|学科|学府|研究科|専攻|科)|(?:of|in) [A-Z][\w ]+")
# English ones stand in square brackets; [生年月日] is the caption of somebody's form.
PLACEHOLDER = re.compile(rf"〔(?:{_vocabulary()})〕|\[(?=[ -~]+\])(?:{_vocabulary()})\]")


def _letters(index: int) -> str:
    """Return A..Z, AA..ZZ, ... for 0, 1, ... so that many people stay apart."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def age_band(years: int, lang: Lang) -> str:
    """Return the five-year band of an age: 34 is 30代前半 / early 30s."""
    if years < 20:
        return "10代" if lang == "ja" else "10s"
    decade, rest = years // 10 * 10, years % 10
    if lang == "ja":
        return f"{decade}代{'前半' if rest < 5 else '後半'}"
    return f"{'early' if rest < 5 else 'late'} {decade}s"


def prefecture_of(text: str) -> str:
    """Return the prefecture an address lies in, "" when neither it nor a known city is named."""
    for prefecture in PREFECTURES:
        if prefecture in text[:24] or (text.startswith(prefecture[:-1]) and prefecture != "北海道"):
            return prefecture
    # The longest: 大津市 is not 津市.
    place = max(
        (row for row in lexicon.rows("places") if row[0] in text[:16]), key=lambda row: len(row[0]), default=("", "")
    )[1]
    named = _PREFECTURE_EN.findall(text)
    if place or not named:
        return place
    return PREFECTURES[PREFECTURES_EN.index(named[-1].capitalize())]


def _address(text: str, lang: Lang) -> str:
    prefecture = prefecture_of(text)
    if prefecture:
        return prefecture if lang == "ja" else _ENGLISH[prefecture]
    return _LABELS[Kind.ADDRESS][lang == "en"]


def _age(text: str, lang: Lang) -> str:
    match = re.search(r"[0-9]{1,3}|[〇零一二三四五六七八九十]{1,3}", text)
    years = to_int(match.group()) if match else None
    if years is None or not 10 <= years <= 99:
        return _LABELS[Kind.AGE][lang == "en"]
    return age_band(years, lang)


def _employer(text: str, lang: Lang) -> str:
    names = next((names for pattern, names in _INDUSTRY if pattern.search(text)), _LABELS[Kind.EMPLOYER])
    return names[lang == "en"]


def _school(text: str, lang: Lang) -> str:
    lowered = text.lower()
    level = next((pair for pair in _LEVELS if pair[0] in text), None) or next(
        (names for word, names in _LEVELS_BY_WORD if word in lowered), _LABELS[Kind.SCHOOL]
    )
    faculty = _FACULTY.search(text)
    field = next((names for pattern, names in _FIELD if faculty and pattern.search(faculty.group())), None)
    if field is None or level == _LABELS[Kind.SCHOOL]:
        return level[lang == "en"]
    return f"{level[0]}・{field[0]}" if lang == "ja" else f"{level[1]}, {field[1]}"


def _url(text: str, lang: Lang) -> str:
    lowered = text.lower()
    for host, name in (("github", "GitHub"), ("linkedin", "LinkedIn")):
        if host in lowered:
            return name
    return _LABELS[Kind.URL][lang == "en"]


_COARSER: dict[Kind, Callable[[str, Lang], str]] = {
    Kind.ADDRESS: _address, Kind.AGE: _age, Kind.EMPLOYER: _employer, Kind.SCHOOL: _school, Kind.URL: _url,
}  # fmt: skip


class Replacer:
    """Chooses replacements for one document; the same person gets the same letter throughout."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._people: dict[str, str] = {}
        self._used: dict[str, int] = {}

    def replacement(self, span: Span, text: str, role: str = "") -> str:
        """Return the placeholder for ``span``, whose reading view is ``text``; ``role`` is the person's, if known."""
        if span.kind == Kind.PERSON:
            inner = self._person(span.label or text, role)
        elif span.kind in FORBIDDEN:
            inner = _REMOVED[self._lang == "en"]
        elif span.kind in _COARSER:
            inner = _COARSER[span.kind](text, self._lang)
        else:
            inner = _LABELS[span.kind][self._lang == "en"]
        return f"〔{inner}〕" if self._lang == "ja" else f"[{inner}]"

    def _person(self, who: str, role: str) -> str:
        if who not in self._people:
            word = _ROLES.get(role, _ROLES[""])[self._lang == "en"]
            number = self._used.get(word, 0)
            self._used[word] = number + 1
            letter = "" if role == "candidate" and number == 0 else _letters(number)
            self._people[who] = f"{word} {letter}".rstrip() if self._lang == "en" else word + letter
        return self._people[who]
