"""What is handed to an agency of people who write their name, number and address wherever a form lets them.

The same steps as on the page and in the hand-over: the form is checked, its words are cleaned, the payload is made of
it with name, mail and phone known, and read as JSON, as CSV and as the lines of a mail.
"""

import random
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from anonymizer.model import Identity
from core.lang import Lang
from crm import wording
from crm.errors import FormRefused
from crm.profile import forms, profile_files, profiles
from crm.profile.forms import ContactForm, ProfileForm, RegistrationForm
from crm.profile.profile_sheet import ProfileSheet
from tests.anonymizer import wide
from tests.anonymizer.records import parse, pool

EXPIRES = date(2027, 11, 21)
JOBS = {"ja": ("法人営業", "経理", "バックエンドエンジニア", "店長"), "en": ("Sales", "Accountant", "Data engineer")}
SKILLS = {"ja": ("Excel", "簿記2級", "普通自動車免許"), "en": ("Excel", "Java 11", "TOEIC 850")}
#: How people put what nobody asked for into a field for a job or a skill.
FRAMES = ("{job} {secret}", "{job}（{secret}）", "{secret} {job}", "{job}、{secret}", "{job}/{secret}")
MAKERS = (wide.phone, wide.mail, wide.postcode, wide.address, wide.birth, wide.bank, wide.number)
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
#: So many figures of a number in a row give it away.
RUN = 5
SEED = 7


@dataclass(frozen=True)
class Candidate:
    """One person: the form they sent; their own name, address and telephone; whatever else they typed into it."""

    form: RegistrationForm
    own: tuple[str, ...]
    secrets: tuple[str, ...]


def candidates(seed: int, count: int) -> Iterator[Candidate]:
    """Invented people; every text of a form holds something that names them."""
    rng = random.Random(seed)
    for number in range(count):
        yield _candidate(rng, "en" if number % 4 == 3 else "ja", number)


def _candidate(rng: random.Random, lang: Lang, number: int) -> Candidate:
    family, kana, latin = rng.choice(pool("families")).split()
    given, given_kana, given_latin = rng.choice(pool("givens")).split()
    name = f"{family} {given}" if lang == "ja" else f"{given_latin} {latin}"
    names = (f"{family}{given}", f"{kana} {given_kana}") if lang == "ja" else (f"{given_latin} {latin}",)
    mail = f"{given_latin}.{latin}{number}@example.com".lower()
    phone = f"0{rng.choice('789')}0-{rng.randrange(10_000):04}-{rng.randrange(10_000):04}"
    # The page makes one space of every blank.
    secrets = [" ".join(parse(maker(rng))[0].split()) for maker in MAKERS] + [mail, phone, rng.choice(names), name]
    rng.shuffle(secrets)
    short = [one for one in secrets if len(one) <= 30]
    hello = f"{name}です。" if lang == "ja" else f"I am {name}.\n"
    skills = [*SKILLS[lang], *short[:4], f"{rng.choice(SKILLS[lang])} {short[4]}"]
    rng.shuffle(skills)
    job = rng.choice(FRAMES).format(job=rng.choice(JOBS[lang]), secret=short[5])
    profile = ProfileForm(
        wanted_job=job, prefecture="13", years=rng.randrange(30), skills=tuple(skills), education="bachelor",
        employment="permanent", salary_band="400_500", available="3_months", languages=("en:business",),
        summary=hello + "\n".join(secrets[:6]),
    )  # fmt: skip
    contact = ContactForm(name, phone)
    sha256 = forms.summary_sha256(profile, lang, mail)
    form = RegistrationForm(mail, profile, {"profile:1": "x", "contact:1": "x"}, True, lang, contact, True, sha256)
    parts = [one for one in (family, given) if len(one) > 1] if lang == "ja" else [given_latin, latin]
    return Candidate(form, (*names, *parts, mail, phone), tuple(secrets))


def handed_over(given: RegistrationForm) -> ProfileSheet:
    """What is made of a form that was checked, as `crm.delivery.hand_overs` makes it."""
    contact = given.contact or ContactForm("")
    known = Identity(name=contact.name, phone=contact.phone, email=given.mail)
    made = profiles.payload(given.profile, given.lang, "CR-0", "c", EXPIRES, (known,))
    values = dict(profiles.items(made, given.lang))
    shared_at = datetime(2026, 11, 21, tzinfo=UTC)
    return ProfileSheet(
        "r", "CR-0", given.lang, shared_at, "A", "C", "", "", "c", "", (*values,), EXPIRES, made, values
    )


def outward(sheet: ProfileSheet) -> str:
    """All that an agency can read of it: JSON, CSV and the lines of a mail, without what we say ourselves."""
    lines = "\n".join(value for _, value in sheet.lines)
    text = "\n".join((profile_files.as_json(sheet).decode(), profile_files.csv([sheet], sheet.lang).decode(), lines))
    return text.replace(EXPIRES.isoformat(), "").replace(wording.moment(sheet.shared_at, sheet.lang), "")


def found(secrets: Iterable[str], text: str) -> list[str]:
    """Which of them can be read in ``text``, however they are written there."""
    plain = _plain(text)
    words = re.findall(r"[a-z]+", unicodedata.normalize("NFKC", text).lower())
    return [
        one for one in secrets if (one.lower() in words if one.isalpha() and one.isascii() else _stands(one, plain))
    ]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower().translate(_KANJI_DIGITS)
    return re.sub(r"[\W_]+", "", folded)


def _stands(secret: str, plain: str) -> bool:
    """Whether the secret, or a run of its figures, is there."""
    folded = _plain(secret)
    runs = re.findall(rf"\d{{{RUN},}}", folded)
    return folded in plain or any(run[at : at + RUN] in plain for run in runs for at in range(len(run) - RUN + 1))


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=pytest.mark.torture)])
def test_what_generated_candidates_hand_over_names_none_of_them(count: int) -> None:
    refusals: list[set[str]] = []
    left = []
    for number, candidate in enumerate(candidates(SEED, count)):
        try:
            checked = forms.checked(candidate.form)
        except FormRefused as error:
            refusals.append({problem.code for problem in error.problems})
            continue
        sheet = handed_over(checked)
        left += [(number, one) for one in found(candidate.own, sheet.values["summary"])]
        secrets = (*candidate.own, *candidate.secrets)
        left += [(number, one) for one in found(secrets, outward(without_summary(sheet)))]
    assert left == []
    assert len(refusals) < count // 4
    assert all(codes == {"my_number"} for codes in refusals)  # that is not even stored


def without_summary(sheet: ProfileSheet) -> ProfileSheet:
    """The closed and the short fields alone: free text leaves only as its writer has seen and confirmed it."""
    basics = {name: value for name, value in sheet.profile["basics"].items() if name != "summary"}
    values = {name: value for name, value in sheet.values.items() if name != "summary"}
    return replace(sheet, profile={**sheet.profile, "basics": basics}, values=values)
