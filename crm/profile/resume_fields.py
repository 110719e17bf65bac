"""What of the short profile can be read from a résumé: plain rules, pure. The candidate corrects what they miss."""

import re
import unicodedata

from anonymizer import lexicon
from anonymizer.model import Anonymised
from core.lang import Lang
from crm.profile import choices
from crm.profile.forms import (
    SKILL_CHARS_MAX,
    SKILLS_MAX,
    SUMMARY_CHARS_MAX,
    WANTED_JOB_CHARS_MAX,
    YEARS_MAX,
    ProfileForm,
)

_WANTED = re.compile(
    r"(?:希望職種|応募職種|希望する職種|Desired position|Objective)[ \t:：]*\n?[ \t]*([^\n]{2,60})", re.IGNORECASE
)
_HOME = re.compile(r"(?:現住所|住\s*所|希望勤務地|Address)[^\n]{0,30}", re.IGNORECASE)
_YEARS = (
    re.compile(r"(?:経験|歴|実務)[^0-9\n]{0,8}([0-9]{1,2})\s*年"),
    re.compile(r"([0-9]{1,2})\s*年(?:間|以上)?(?:の|、)?[^0-9\n]{0,16}(?:経験|従事|担当)"),
    re.compile(r"([0-9]{1,2})\+?\s*years?\b[^\n]{0,30}experience", re.IGNORECASE),
)
# The first that occurs counts: the highest.
_EDUCATION = (
    ("doctor", r"博士(?:課程|号|\()|Ph\.?D"),
    ("master", r"修士|大学院[^\n]{0,20}(?:修了|卒)|Master"),
    ("bachelor", r"(?<!短期)大学[^\n院]{0,30}卒|学士|Bachelor|B\.?[AS]\.? in"),
    ("college", r"短期大学|短大|高等専門学校|高専"),
    ("vocational", r"専門学校|専修学校"),
    ("high_school", r"高等学校|高校[^\n]{0,10}卒|High School"),
)
_LANGUAGES = (("en", r"英語|English"), ("zh", r"中国語|Chinese"), ("ko", r"韓国語|Korean"), ("vi", r"ベトナム語"))
_LEVELS = (
    ("native", r"母語|ネイティブ|native"),
    ("business", r"ビジネス|業務|交渉|会議|business|fluent"),
    ("daily", r"日常|conversation|everyday"),
)
_TOEIC = re.compile(r"TOEIC[^0-9\n]{0,16}([0-9]{3})", re.IGNORECASE)
_TOEIC_BUSINESS = 730
# Heading of a section: the line says this and little else.
_SKILL_HEADING = re.compile(
    r"[\s■◆●○【\[<・*#]*(?:保有)?(?:資格|免許|スキル|使用言語|Skills?|Certifications?)", re.IGNORECASE
)
_SUMMARY_HEADING = re.compile(r"[\s■◆●○【\[<・*#]*(?:職務要約|職務概要|要約|自己PR|Summary|Profile)", re.IGNORECASE)
HEADING_CHARS_MAX = 24
_MARKED = re.compile(r"[〔\[]")  # something was taken out of it
_DELETED = re.compile(r"〔削除〕|\[removed\]")
_SEPARATORS = re.compile(r"[、,，;；・／/|\t]| {2,}")
_DATE = re.compile(r"(?:(?:昭和|平成|令和)?[0-9]{1,4}\s*[年./]\s*)?(?:[0-9]{1,2}\s*月?)?\s*(?=\S)")
# Words that are skills in a list of skills and anything else in a sentence; and employers.
_AMBIGUOUS = frozenset(
    re.split(
        " ",
        "go r c rest spring word line access teams office oracle express julia ruby apple google amazon microsoft meta "
        "facebook twitter instagram youtube tiktok ibm accenture rust swift dart elixir spark notion slack outlook "
        "unity sketch xd git freee sap zoom sas sass stata hsk fp mba cfa 医師 弁護士 sansan workday",
    )
)


def fill(text: str, stripped: Anonymised, lang: Lang) -> ProfileForm:
    """Return the form as far as the text says it; free fields come from the de-identified text only."""
    plain, clean = unicodedata.normalize("NFKC", text), stripped.text
    return ProfileForm(
        wanted_job=_wanted(clean),
        prefecture=_prefecture(plain),
        years=_years(plain),
        skills=_skills(clean),
        education=next((code for code, pattern in _EDUCATION if re.search(pattern, plain, re.IGNORECASE)), ""),
        languages=_languages(plain, lang),
        summary=_DELETED.sub("", _section(clean, _SUMMARY_HEADING))[:SUMMARY_CHARS_MAX].strip(),
    )


def _wanted(text: str) -> str:
    found = _WANTED.search(text)
    return " ".join(found.group(1).split())[:WANTED_JOB_CHARS_MAX] if found else ""


def _prefecture(text: str) -> str:
    for line in [*(found.group() for found in _HOME.finditer(text)), text]:
        at = {line.find(labels["ja"]): code for code, labels in choices.PREFECTURES.items() if labels["ja"] in line}
        if at:
            return at[min(at)]
    return ""


def _years(text: str) -> int:
    found = [int(match.group(1)) for pattern in _YEARS for match in pattern.finditer(text)]
    return max((years for years in found if years <= YEARS_MAX), default=-1)


def _skills(text: str) -> tuple[str, ...]:
    listed = [
        _DATE.sub("", " ".join(part.split()), count=1)
        for line in _section(text, _SKILL_HEADING).splitlines()
        for part in _SEPARATORS.split(line)
    ]
    named = {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9.+#-]*|[ァ-ヶー]{3,}|[一-鿿]{2,12}士?", text)}
    known = lexicon.words("skills") - _AMBIGUOUS
    surfaces = {word.lower(): word for word in re.findall(r"[A-Za-z][A-Za-z0-9.+#-]*", text)}
    also = [surfaces.get(word, word) for word in sorted(named & known)]
    said = " ".join(listed).lower()
    more = [word for word in also if word.lower() not in said]
    kept = [skill for skill in [*listed, *more] if 1 < len(skill) <= SKILL_CHARS_MAX and not _MARKED.search(skill)]
    unique = {skill.lower(): skill for skill in reversed(kept)}
    return tuple(reversed(unique.values()))[:SKILLS_MAX]


def _languages(text: str, lang: Lang) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for code, pattern in _LANGUAGES:
        for line in text.splitlines():
            if re.search(pattern, line, re.IGNORECASE):
                level = next((level for level, words in _LEVELS if re.search(words, line, re.IGNORECASE)), "")
                if level:
                    found.setdefault(code, level)
    toeic = _TOEIC.search(text)
    if toeic and "en" not in found:
        found["en"] = "business" if int(toeic.group(1)) >= _TOEIC_BUSINESS else "daily"
    return tuple(f"{code}:{level}" for code, level in found.items())


def _section(text: str, heading: re.Pattern[str]) -> str:
    """The lines below the first such heading, up to the next heading or an empty line behind a text."""
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if len(line) <= HEADING_CHARS_MAX and heading.match(line)), None)
    if start is None:
        return ""
    found: list[str] = []
    for line in lines[start + 1 :]:
        if not line.strip() and not found:
            continue
        if not line.strip() or re.match(r"\s*[■◆●【\[<#]", line):
            break
        found.append(line.strip())
    return "\n".join(found)
