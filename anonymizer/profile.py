"""The structured profile an agency gets: closed fields, bands instead of figures, no identifier (domain 3.3, 19).

It is still personal data (LAW3): it leaves only through the consent gate, and nothing here calls it anonymous.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from anonymizer.engine import anonymise
from anonymizer.model import FORBIDDEN, QUASI, Anonymised, Identity
from anonymizer.replace import PREFECTURES, PREFECTURES_EN, prefecture_of
from core.errors import Permanent
from core.lang import Lang

SCHEMA_VERSION = "1.0"
PROVIDER = "CareerRelay Gateway"
SKILLS_MAX = 50
FIELD_CHARS_MAX = 200
SUMMARY_CHARS_MAX = 4_000
_JSON_RESUME_VERSION = "v1.0.0"
# Fewer years than the first figure: the band in ja and en.
_YEAR_BANDS = (
    (1, "1年未満", "under 1 year"),
    (3, "1〜2年", "1-2 years"),
    (6, "3〜5年", "3-5 years"),
    (10, "6〜9年", "6-9 years"),
    (15, "10〜14年", "10-14 years"),
    (20, "15〜19年", "15-19 years"),
)
_MORE_YEARS = ("20年以上", "20 years or more")
_SALARY_STEP_YEN = 1_000_000
_SALARY_TOP_YEN = 15_000_000
_REMOVED = ("〔削除〕", "[removed]")
# No job and no skill is written with so many figures in a row; a telephone, an account or a date of birth without its
# caption is. Quantities have their unit behind them. A day of those years behind a product is no version of it.
_BIRTH_YEAR = r"(?:19[3-9]\d|200\d|2010)"
_FIGURES = re.compile(
    r"(?<!\d)[A-Za-zＡ-Ｚａ-ｚ]?\d{6,}(?!\d|\s?(?:[円件人名個台社本点]|yen|users|rows|PV))"
    r"|(?<!\d)(?=(?:[-‐–—−ー]?\d){9})\d+(?:[-‐–—−ー]\d+)+"
    rf"|(?<![\d.]){_BIRTH_YEAR}\.\d\d?\.\d\d?(?![\d.])|(?<![\d.])\d\d?\.\d\d?\.{_BIRTH_YEAR}(?![\d.])",
    re.IGNORECASE,
)
_NUMBER: Mapping[Lang, str] = {"ja": "〔番号〕", "en": "[id]"}


class ProfileRefused(Permanent):
    """A field holds what may not even be stored (a My Number, 番号法 20条)."""


@dataclass(frozen=True, slots=True)
class CandidateFields:
    """What the candidate filled in or confirmed. Labels are in the language of the profile.

    ``years`` of experience; ``salary_yen`` a year (or ``salary_band`` as chosen from a list); ``languages`` are
    pairs of language and level; ``summary`` is free text that a person confirmed in a side-by-side preview.
    """

    wanted_job: str = ""
    prefecture: str = ""
    years: int | None = None
    skills: tuple[str, ...] = ()
    education_level: str = ""
    employment_type: str = ""
    salary_yen: int | None = None
    salary_band: str = ""
    available_from: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class AgencyProfile:
    """What leaves. Made by ``build`` only, so every string in it has been looked at."""

    pseudonym: str
    consent_id: str
    expires_on: date
    lang: Lang
    wanted_job: str
    prefecture: str
    experience_band: str
    skills: tuple[str, ...]
    education_level: str
    employment_type: str
    salary_band: str
    available_from: str
    languages: tuple[tuple[str, str], ...]
    summary: str = ""

    def to_json(self) -> dict[str, object]:
        """Return a subset of JSON Resume with a ``meta.careerrelay`` block; empty fields are left out."""
        country = "JP" if self.prefecture else ""
        location = _filled({"region": self.prefecture, "countryCode": country})
        basics = _filled({"label": self.wanted_job, "summary": self.summary, "location": location})
        own = {
            "schema_version": SCHEMA_VERSION,
            "provider": PROVIDER,
            "pseudonym": self.pseudonym,
            "consent_id": self.consent_id,
            "expires_on": self.expires_on.isoformat(),
            "lang": self.lang,
            "experience": self.experience_band,
            "employment_type": self.employment_type,
            "salary": self.salary_band,
            "available_from": self.available_from,
        }
        return {
            "basics": basics,
            "education": [{"studyType": self.education_level}] if self.education_level else [],
            "skills": [{"name": skill} for skill in self.skills],
            "languages": [_filled({"language": language, "fluency": level}) for language, level in self.languages],
            "meta": {"version": _JSON_RESUME_VERSION, "careerrelay": _filled(own)},
        }


def without_figures(text: str, lang: Lang) -> str:
    """Take figures that nothing explains out of a short field: a job, a skill."""
    return _FIGURES.sub(_NUMBER[lang], text)


def _filled(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value}


def experience_band(years: int | None, lang: Lang) -> str:
    """Return the band that ``years`` of experience fall into, "" for unknown."""
    if years is None:
        return ""
    for limit, *names in _YEAR_BANDS:
        if years < limit:
            return names[lang == "en"]
    return _MORE_YEARS[lang == "en"]


def salary_band(yen: int | None, lang: Lang) -> str:
    """Return the band of one million yen that a yearly salary falls into, open at the top."""
    if yen is None or yen <= 0:
        return ""
    if yen >= _SALARY_TOP_YEN:
        return (
            f"{_SALARY_TOP_YEN // 10_000}万円以上" if lang == "ja" else f"JPY {_SALARY_TOP_YEN // 1_000_000}M or more"
        )
    low = yen // _SALARY_STEP_YEN
    return f"{low * 100}〜{low * 100 + 100}万円" if lang == "ja" else f"JPY {low}-{low + 1}M"


def build(
    fields: CandidateFields,
    pseudonym: str,
    consent_id: str,
    expires_on: date,
    *,
    lang: Lang = "ja",
    identities: Sequence[Identity] = (),
) -> AgencyProfile:
    """Make the profile: bands for figures, the prefecture alone, every text looked at by the engine.

    A skill or language that names a person, a place or anything forbidden is left out as a whole; an employer
    or school in a text becomes its industry or level. Raises ``ProfileRefused`` for a My Number.
    """
    look = _Look(lang, tuple(identities))
    return AgencyProfile(
        pseudonym=pseudonym,
        consent_id=consent_id,
        expires_on=expires_on,
        lang=lang,
        wanted_job=look.text(fields.wanted_job),
        prefecture=_prefecture(fields.prefecture, lang),
        experience_band=experience_band(fields.years, lang),
        skills=tuple(dict.fromkeys(filter(None, map(look.whole, fields.skills[:SKILLS_MAX])))),
        education_level=look.whole(fields.education_level),
        employment_type=look.whole(fields.employment_type),
        salary_band=salary_band(fields.salary_yen, lang) or look.whole(fields.salary_band),
        available_from=look.whole(fields.available_from),
        languages=tuple(
            (look.whole(language), look.whole(level)) for language, level in fields.languages if look.whole(language)
        ),
        summary=look.text(fields.summary, SUMMARY_CHARS_MAX),
    )


def _prefecture(text: str, lang: Lang) -> str:
    """Keep a prefecture, make an address coarser, drop everything else."""
    if text in PREFECTURES:
        found = text
    elif text in PREFECTURES_EN:
        found = PREFECTURES[PREFECTURES_EN.index(text)]
    else:
        found = prefecture_of(text)
    return PREFECTURES_EN[PREFECTURES.index(found)] if found and lang == "en" else found


class _Look:
    """The engine's eye on one candidate's fields."""

    def __init__(self, lang: Lang, identities: tuple[Identity, ...]) -> None:
        self._lang: Literal["ja", "en"] = lang
        self._identities = identities

    def _anonymised(self, text: str, chars_max: int) -> Anonymised:
        result = anonymise(text[:chars_max], self._identities, self._lang)
        if result.alert:
            raise ProfileRefused("a field of the profile holds a My Number; nothing of it was kept")
        return result

    def text(self, text: str, chars_max: int = FIELD_CHARS_MAX) -> str:
        """Return a text with identifying spans replaced and forbidden ones gone without a trace."""
        found = self._anonymised(text, chars_max).text
        for mark in _REMOVED:
            found = found.replace(mark, "")
        if chars_max != FIELD_CHARS_MAX:
            return found.strip()
        return " ".join(without_figures(found, self._lang).split())

    def whole(self, text: str) -> str:
        """Return a short text as it is, or "" when it names anybody or says anything forbidden."""
        result = self._anonymised(text, FIELD_CHARS_MAX)
        bad = any(found.type not in QUASI or found.type in FORBIDDEN for found in result.findings)
        bad = bad or without_figures(result.text, self._lang) != result.text
        return "" if bad else " ".join(result.text.split())
