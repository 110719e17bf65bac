"""The register of purposes: what personal data is used for, by whom, how long, and on which ground (domain LAW5)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.lang import Lang
from core.runtime import Tx
from crm import wording
from crm.agency import agencies
from crm.registry import companies

LANGS: Mapping[str, Lang] = {"ja": "ja", "en": "en"}


@dataclass(frozen=True, slots=True)
class Words:
    """One purpose in one language: short phrases."""

    name: str
    data: str
    recipient: str
    until: str
    basis: str


@dataclass(frozen=True, slots=True)
class PurposeEntry:
    """One entry of the register. ``consent``: the box that must be ticked for it, or ""; ``days``: 0 without end;
    ``tables``: where its data lie."""

    code: str
    consent: str
    days: int
    tables: tuple[str, ...]
    words: Mapping[Lang, Words]


@cache
def register() -> tuple[PurposeEntry, ...]:
    """Return the register, in the order of the file."""
    text = resources.files("crm.consents").joinpath("purposes.toml").read_text(encoding="utf-8")
    return tuple(_entry(code, stored) for code, stored in tomllib.loads(text).items())


def paragraph(tx: Tx, company_id: int, lang: Lang) -> str:
    """Write what a company puts into its privacy policy, with the agencies of today.

    Raises:
        NotFound: no such company.
    """
    company = companies.get(tx, company_id)
    values: dict[str, object] = {
        "company": company.name,
        "contact": company.contact_mail,
        "agencies": [{"name": one.name, "licence_no": one.licence_no} for one in agencies.licensed(tx, company_id)],
        "purposes": [one.words[lang] for one in register()],
    }
    return wording.render("texts", f"privacy_paragraph.{lang}.txt", values)


def _entry(code: str, stored: Mapping[str, Any]) -> PurposeEntry:
    names = ("name", "data", "recipient", "until", "basis")
    return PurposeEntry(
        code=code,
        consent=stored.get("consent", ""),
        days=stored["days"],
        tables=tuple(stored["tables"]),
        words={lang: Words(**{name: stored[name][lang] for name in names}) for lang in LANGS.values()},
    )
