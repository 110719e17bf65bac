"""What an agency reads: every choice of every list arrives as a label, and nothing identifying arrives at all."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.model import Identity
from core.lang import Lang
from crm.profile import choices, forms, profiles
from crm.profile.choices import Choices
from tests.crm.world import PROFILE

EXPIRES = date(2027, 11, 21)
LISTS: dict[str, Choices] = {
    "prefecture": choices.PREFECTURES,
    "education": choices.EDUCATION,
    "employment": choices.EMPLOYMENT,
    "salary_band": choices.SALARY_BANDS,
    "available": choices.AVAILABLE,
}


def shown(profile: forms.ProfileForm, lang: Lang = "ja") -> dict[str, str]:
    return dict(profiles.lines(profiles.payload(profile, lang, "CR-0", "c1", EXPIRES), lang))


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("field", LISTS)
def test_every_choice_arrives_as_its_label(field: str, lang: Lang) -> None:
    name = choices.label(choices.ITEMS, field, lang)
    for code, labels in LISTS[field].items():
        assert shown(replace(PROFILE, **{field: code}), lang)[name] == labels[lang]  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_language_arrives_with_its_level(lang: Lang) -> None:
    name = choices.label(choices.ITEMS, "languages", lang)
    for language, labels in choices.LANGUAGES.items():
        for level, level_labels in choices.LANGUAGE_LEVELS.items():
            made = shown(replace(PROFILE, languages=(f"{language}:{level}",)), lang)
            assert made[name] == f"{labels[lang]} ({level_labels[lang]})"


def test_the_sheet_has_one_line_an_item() -> None:
    assert list(shown(PROFILE)) == [
        choices.label(choices.ITEMS, item, "ja") for item in forms.PROFILE_ITEMS if item != "summary"
    ]
    assert shown(PROFILE)["経験年数"] == "3〜5年"  # a band, not the figure


def test_what_was_not_said_is_left_out() -> None:
    bare = forms.ProfileForm(wanted_job="経理", prefecture="13", years=0)
    assert list(shown(bare)) == ["希望職種", "希望勤務地", "経験年数"]


def test_the_payload_names_pseudonym_consent_and_expiry_and_no_contact() -> None:
    made = profiles.payload(PROFILE, "ja", "CR-0", "c1", EXPIRES)
    own = made["meta"]["careerrelay"]
    assert (own["pseudonym"], own["consent_id"], own["expires_on"]) == ("CR-0", "c1", "2027-11-21")
    assert not {"name", "email", "phone", "url", "profiles"} & set(made["basics"])


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(
        ["見本 花子", "090-1234-5678", "hanako.mihon@example.com", "〒100-0001 東京都千代田区千代田1-1", "うつ病"]
    ),
    st.sampled_from(["簿記2級", "Excel", "Python", "法人営業"]),
    st.integers(0, 2),
)
def test_identifying_text_never_reaches_the_payload(secret: str, skill: str, place: int) -> None:
    known = Identity(name="見本 花子", phone="090-1234-5678", email="hanako.mihon@example.com")
    skills = [skill, skill + "検定", "Word"]
    skills.insert(place, secret)
    typed = replace(PROFILE, wanted_job=f"経理 {secret}", skills=tuple(skills))
    made = repr(profiles.payload(typed, "ja", "CR-0", "c1", EXPIRES, (known,)))
    assert secret not in made
    assert skill in made


def test_forms_survive_being_stored() -> None:
    assert forms.ProfileForm.from_json(forms.stored(PROFILE)) == PROFILE


def test_a_name_typed_after_the_preview_is_taken_out_of_what_was_shown() -> None:
    written = replace(PROFILE, summary="山田商事で法人営業を6年。担当は山田。")
    shown = forms.cleaned(written, "ja", mail="taro@example.com").summary
    given = forms.cleaned(written, "ja", forms.ContactForm("山田 太郎"), "taro@example.com").summary
    assert "商事" not in shown
    assert "商事" not in given
    assert "山田" not in given
    assert given.split("。")[0] == shown.split("。")[0]
