"""From the candidate's form to what an agency reads: labels for codes, then the anonymiser's profile, then lines."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from anonymizer.model import Identity
from core.lang import Lang
from crm.profile import choices
from crm.profile.choices import ITEMS, label
from crm.profile.forms import ProfileForm


def payload(
    form: ProfileForm,
    lang: Lang,
    pseudonym: str,
    consent_id: str,
    expires_on: date,
    identities: Sequence[Identity] = (),
) -> dict[str, Any]:
    """Return the JSON that leaves (JSON Resume subset with ``meta.careerrelay``), labels in ``lang``.

    Codes become labels of closed lists; the free fields pass the anonymiser once more, with ``identities`` known.
    """
    from anonymizer import profile  # the mail path imports this floor, and needs no recognisers

    fields = profile.CandidateFields(
        wanted_job=form.wanted_job,
        prefecture=label(choices.PREFECTURES, form.prefecture, "ja"),
        years=form.years,
        skills=form.skills,
        education_level=label(choices.EDUCATION, form.education, lang),
        employment_type=label(choices.EMPLOYMENT, form.employment, lang),
        salary_band=label(choices.SALARY_BANDS, form.salary_band, lang),
        available_from=label(choices.AVAILABLE, form.available, lang),
        languages=tuple(_language(pair, lang) for pair in form.languages),
        summary=form.summary,
    )
    built = profile.build(fields, pseudonym, consent_id, expires_on, lang=lang, identities=identities)
    made: dict[str, Any] = dict(built.to_json())
    if form.prefecture == "overseas":  # the anonymiser keeps Japanese prefectures only
        made["basics"]["location"] = {"region": label(choices.PREFECTURES, "overseas", lang)}
    return made


def lines(made: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """Return what the payload says as (label, value) for mails and pages; what was not said is left out."""
    return [(label(ITEMS, name, lang), value) for name, value in items(made, lang)]


def items(made: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """Return the same as (name of the field, value)."""
    own, basics = made["meta"]["careerrelay"], made["basics"]
    comma = "、" if lang == "ja" else ", "
    values = {
        "wanted_job": basics.get("label", ""),
        "prefecture": basics.get("location", {}).get("region", ""),
        "years": own.get("experience", ""),
        "skills": comma.join(skill["name"] for skill in made["skills"]),
        "education": comma.join(one["studyType"] for one in made["education"]),
        "employment": own.get("employment_type", ""),
        "salary_band": own.get("salary", ""),
        "available": own.get("available_from", ""),
        "languages": comma.join(f"{one['language']} ({one['fluency']})" for one in made["languages"]),
        "summary": basics.get("summary", ""),
    }
    return [(name, str(value)) for name, value in values.items() if value]


def _language(pair: str, lang: Lang) -> tuple[str, str]:
    language, _, level = pair.partition(":")
    return label(choices.LANGUAGES, language, lang), label(choices.LANGUAGE_LEVELS, level, lang)
