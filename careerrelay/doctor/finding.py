"""What a check finds, and the words for it: `words.toml` holds every text in Japanese and English."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from core.lang import Lang


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. ``text`` names its words, ``about`` the company, domain or server it is about."""

    check: str
    level: Level
    text: str
    about: str = ""
    company_id: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)


def ok(check: str, text: str, about: str = "", company_id: int | None = None, **values: object) -> Finding:
    return Finding(check, Level.OK, text, about, company_id, values)


def warn(check: str, text: str, about: str = "", company_id: int | None = None, **values: object) -> Finding:
    return Finding(check, Level.WARN, text, about, company_id, values)


def fail(check: str, text: str, about: str = "", company_id: int | None = None, **values: object) -> Finding:
    return Finding(check, Level.FAIL, text, about, company_id, values)


@cache
def words() -> dict[str, Any]:
    """The texts: table ``check`` with titles, ``reason`` with why a mail stayed unchanged, ``find.CHECK.TEXT``."""
    return tomllib.loads(resources.files("careerrelay.doctor").joinpath("words.toml").read_text(encoding="utf-8"))


def title(finding: Finding, lang: Lang) -> str:
    return str(words()["check"][finding.check][lang])


def meaning(finding: Finding, lang: Lang) -> str:
    """What was found, for a person."""
    return _filled(finding, lang, "")


def to_do(finding: Finding, lang: Lang) -> str:
    """What to do about it; empty when there is nothing to do."""
    return _filled(finding, lang, "do_")


def reason_words(note: str, lang: Lang) -> str:
    """Why a mail left unchanged, for the word in ``mail.note``; a word we do not know stands for itself."""
    found = words()["reason"].get(note)
    return str(found[lang]) if found else note


def _filled(finding: Finding, lang: Lang, prefix: str) -> str:
    texts = words()["find"][finding.check][finding.text]
    values = {"about": finding.about, "about_id": finding.company_id, **finding.values}
    if "note" in values:
        values["note"] = reason_words(str(values["note"]), lang)
    return str(texts.get(prefix + lang, "")).format_map(values)
