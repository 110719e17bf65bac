"""What a candidate types, checked: pure. Every field is a choice from a list or a short, bounded text."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from email_validator import EmailNotValidError, validate_email

from anonymizer.model import QUASI, Anonymised, Identity
from core.lang import Lang
from crm.errors import FormRefused, Problem
from crm.profile import choices
from crm.profile.choices import Choices

WANTED_JOB_CHARS_MAX = 60
SKILLS_MAX = 20
SKILL_CHARS_MAX = 40
SUMMARY_CHARS_MAX = 800
YEARS_MAX = 60
LANGUAGES_MAX = 6
NAME_CHARS_MAX = 80
MAIL_CHARS_MAX = 254
USER_AGENT_CHARS_MAX = 200
_PHONE = re.compile(r"\+?[0-9][0-9() -]{7,18}[0-9]\Z")
# What a mail can be written to: no dots in odd places of the domain, and before the @ what RFC 5322 can quote; letters
# outside ASCII there would need SMTPUTF8 all the way (RFC 6531), and "=?" is the beginning of an encoded word.
_MAIL_SHAPE = re.compile(r"(?!.*=\?)[!#-+\--:=?A-~-]{1,64}@(?=.{1,189}\Z)[\w-]+(?:\.[\w-]+)*\Z")

CONTACT_ITEMS = ("name", "phone", "mail")


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """The short profile. All but ``wanted_job``, ``years``, ``skills`` and ``summary`` are codes of
    `crm/profile/choices.py`; an empty string or tuple is "not said". ``languages`` are "LANGUAGE:LEVEL" pairs;
    ``summary`` is free text, kept only when the candidate confirmed it beside its de-identified form."""

    wanted_job: str
    prefecture: str
    years: int
    skills: tuple[str, ...] = ()
    education: str = ""
    employment: str = ""
    salary_band: str = ""
    available: str = ""
    languages: tuple[str, ...] = ()
    summary: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ProfileForm":
        """Rebuild what ``asdict`` wrote."""
        return cls(**{**stored, "skills": tuple(stored["skills"]), "languages": tuple(stored["languages"])})


# Consent names exactly what leaves: the fields of the form, no more and no less.
PROFILE_ITEMS = tuple(one.name for one in fields(ProfileForm))
STRIKABLE = tuple(name for name in PROFILE_ITEMS if name not in ("wanted_job", "prefecture", "years"))


@dataclass(frozen=True, slots=True)
class ContactForm:
    """Who the candidate is: only for the second step, and only stored when a contact box is ticked."""

    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows later that a person gave consent: a shortened address of the browser and its name."""

    ip_prefix: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """One POST of the candidate. ``boxes``: name of each ticked box -> hash of the text that stood beside it.

    ``mail_sure``: the candidate says that an unusual address is right. ``adult``: the box "I am 18 or older".
    ``summary_sha256``: the hash of the de-identified summary that the candidate confirmed beside the original; without
    it, or for another text, no free text is kept. An empty ``mail`` is the confirmed one of an arrival.
    """

    mail: str
    profile: ProfileForm
    boxes: Mapping[str, str]
    adult: bool
    lang: Lang = "ja"
    contact: ContactForm | None = None
    mail_sure: bool = False
    summary_sha256: str = ""
    evidence: Evidence = field(default_factory=Evidence)


def checked(form: RegistrationForm) -> RegistrationForm:
    """Return the form with blanks trimmed and identifying text taken out of the free fields.

    Raises:
        FormRefused: with every problem (codes: ``required too_long choice number adult_required mail_unusual
            mail_wrong phone_wrong my_number nothing_ticked``).
    """
    problems = [*mail_problems(form.mail.strip(), sure=form.mail_sure), *_profile_problems(form.profile)]
    if not form.adult:
        problems.append(Problem("adult", "adult_required"))
    if not any(name.startswith("profile:") for name in form.boxes):
        problems.append(Problem("boxes", "nothing_ticked"))
    wants_contact = any(name.startswith("contact:") for name in form.boxes)
    contact = contact_checked(form.contact or ContactForm(""), problems) if wants_contact else None
    if problems:
        raise FormRefused(tuple(problems))
    evidence = replace(form.evidence, user_agent=form.evidence.user_agent[:USER_AGENT_CHARS_MAX])
    mail = form.mail.strip()
    wanted = with_confirmed_summary(form.profile, form.summary_sha256, form.lang, mail)
    profile = cleaned(wanted, form.lang, form.contact, mail)
    return replace(form, mail=mail, profile=profile, contact=contact, evidence=evidence)


def summary_sha256(profile: ProfileForm, lang: Lang, mail: str = "") -> str:
    """Name the summary as it is shown for confirmation, de-identified."""
    return hashlib.sha256(cleaned(profile, lang, mail=mail).summary.encode()).hexdigest()


def with_confirmed_summary(profile: ProfileForm, confirmed_sha256: str, lang: Lang, mail: str) -> ProfileForm:
    """Leave the free text out unless this very text, de-identified, was confirmed."""
    confirmed = profile.summary and confirmed_sha256 == summary_sha256(profile, lang, mail)
    return profile if confirmed else without(profile, ("summary",))


def contact_checked(contact: ContactForm, problems: list[Problem]) -> ContactForm:
    """Return the contact with its text in one form; what is wrong with it is added to ``problems``."""
    name = " ".join(contact.name.split())
    phone = unicodedata.normalize("NFKC", contact.phone).strip()
    if not name:
        problems.append(Problem("name", "required"))
    elif len(name) > NAME_CHARS_MAX or not name.isprintable():
        problems.append(Problem("name", "too_long"))
    if phone and not _PHONE.match(phone):
        problems.append(Problem("phone", "phone_wrong"))
    return ContactForm(name, phone)


def cleaned(profile: ProfileForm, lang: Lang, contact: ContactForm | None = None, mail: str = "") -> ProfileForm:
    """Take identifying and forbidden text out of the free fields, before it is stored or shown (domain LAW8, LAW9).

    The preview shows the same result, so nothing vanishes behind the candidate's back. A skill that names a person,
    an address or something special-care is dropped as a whole; an employer in it becomes its industry.
    """
    known = (Identity(name=contact.name if contact else "", phone=contact.phone if contact else "", email=mail),)
    # The text is confirmed before the name is typed: the name is taken out of what was shown, not of the original, or
    # "山田商事", shown as an industry, would be given as "〔人物A〕商事".
    shown = _anonymised(profile.summary, lang, (Identity(email=mail),)).text.strip()
    skills = (_stripped(skill, lang, known, whole=True) for skill in profile.skills)
    return replace(
        profile,
        wanted_job=_stripped(profile.wanted_job, lang, known, whole=False),
        skills=tuple(dict.fromkeys(skill for skill in skills if skill)),
        summary=_anonymised(shown, lang, known).text.strip() if contact else shown,
    )


def without(profile: ProfileForm, struck: Collection[str]) -> ProfileForm:
    """Leave out the fields that the candidate struck; the first three are the least that a profile needs."""
    blank: dict[str, Any] = {"skills": (), "languages": ()}
    return replace(profile, **{name: blank.get(name, "") for name in STRIKABLE if name in struck})


def profile_problems(profile: ProfileForm) -> tuple[Problem, ...]:
    """Return what is wrong with a profile alone, for the preview."""
    return tuple(_profile_problems(profile))


def stored(profile: ProfileForm) -> dict[str, Any]:
    """Return the profile as JSON values; ``ProfileForm.from_json`` reads them."""
    return asdict(profile)


def _stripped(text: str, lang: Lang, known: Sequence[Identity], *, whole: bool) -> str:
    from anonymizer.profile import without_figures  # as below

    found = _anonymised(text, lang, known)
    plain = without_figures(found.text, lang)
    if whole and (plain != found.text or any(finding.type not in QUASI for finding in found.findings)):
        return ""
    return " ".join(plain.split())


def _anonymised(text: str, lang: Lang, known: Sequence[Identity] = ()) -> Anonymised:
    from anonymizer.engine import anonymise  # the mail path imports this floor, and needs no recognisers

    return anonymise(text, known, lang)


def mail_problems(mail: str, *, sure: bool) -> list[Problem]:
    """email-validator asks, never refuses: old carrier addresses break its rules and work (decisions 22)."""
    if len(mail) > MAIL_CHARS_MAX or not _MAIL_SHAPE.match(mail):
        return [Problem("mail", "mail_wrong" if mail else "required")]
    if not sure:
        try:
            validate_email(mail, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return [Problem("mail", "mail_unusual")]
    return []


def _profile_problems(profile: ProfileForm) -> list[Problem]:
    problems = []
    if not profile.wanted_job.strip():
        problems.append(Problem("wanted_job", "required"))
    if not 0 <= profile.years <= YEARS_MAX:
        problems.append(Problem("years", "number"))
    problems += _text_problems("wanted_job", (profile.wanted_job,), 1, WANTED_JOB_CHARS_MAX)
    problems += _text_problems("skills", profile.skills, SKILLS_MAX, SKILL_CHARS_MAX)
    problems += _summary_problems(profile.summary)
    if not profile.prefecture:
        problems.append(Problem("prefecture", "required"))
    return problems + _choice_problems(profile)


def _summary_problems(summary: str) -> list[Problem]:
    if len(summary) > SUMMARY_CHARS_MAX or not all(line.isprintable() for line in summary.split("\n")):
        return [Problem("summary", "too_long")]
    return [Problem("summary", "my_number")] if summary and _anonymised(summary, "ja").alert else []


def _text_problems(name: str, texts: tuple[str, ...], count_max: int, chars_max: int) -> list[Problem]:
    if len(texts) > count_max or any(len(text) > chars_max or not text.isprintable() for text in texts):
        return [Problem(name, "too_long")]
    if any(_anonymised(text, "ja").alert for text in texts):
        return [Problem(name, "my_number")]  # 番号法 20条: not even stored
    return []


_LISTS: Mapping[str, Choices] = {
    "prefecture": choices.PREFECTURES,
    "education": choices.EDUCATION,
    "employment": choices.EMPLOYMENT,
    "salary_band": choices.SALARY_BANDS,
    "available": choices.AVAILABLE,
}


def _choice_problems(profile: ProfileForm) -> list[Problem]:
    problems = [
        Problem(name, "choice")
        for name, allowed in _LISTS.items()
        if getattr(profile, name) and getattr(profile, name) not in allowed
    ]
    pairs = [language.partition(":") for language in profile.languages]
    known = all(name in choices.LANGUAGES and level in choices.LANGUAGE_LEVELS for name, _, level in pairs)
    if not known or len(pairs) > LANGUAGES_MAX:
        problems.append(Problem("languages", "choice"))
    return problems
