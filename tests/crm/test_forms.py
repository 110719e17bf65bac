"""The form, checked without any database: every problem has its field and its word."""

from dataclasses import replace
from typing import Any

import pytest

from crm.errors import FormRefused, Problem
from crm.profile import forms
from crm.profile.forms import ContactForm, RegistrationForm
from tests.crm.world import PROFILE

GOOD = RegistrationForm(
    mail="hanako.mihon@example.com",
    profile=PROFILE,
    boxes={"profile:1": "a" * 64, "contact:1": "b" * 64},
    adult=True,
    contact=ContactForm("見本 花子", "090-0000-0000"),
)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"adult": False}, ("adult", "adult_required")),
        ({"mail": "not an address"}, ("mail", "mail_wrong")),
        ({"mail": ""}, ("mail", "required")),
        ({"mail": "a@b@example.com"}, ("mail", "mail_wrong")),
        ({"mail": "x@example.com\r\nBcc: y@example.com"}, ("mail", "mail_wrong")),
        ({"mail": "dots..in.row.@example.com"}, ("mail", "mail_unusual")),
        ({"boxes": {}}, ("boxes", "nothing_ticked")),
        ({"boxes": {"tell_company": "0" * 64}}, ("boxes", "nothing_ticked")),
        ({"profile": replace(PROFILE, wanted_job=" ")}, ("wanted_job", "required")),
        ({"profile": replace(PROFILE, wanted_job="x" * 61)}, ("wanted_job", "too_long")),
        ({"profile": replace(PROFILE, prefecture="48")}, ("prefecture", "choice")),
        ({"profile": replace(PROFILE, prefecture="")}, ("prefecture", "required")),
        ({"profile": replace(PROFILE, years=-1)}, ("years", "number")),
        ({"profile": replace(PROFILE, skills=("x",) * 21)}, ("skills", "too_long")),
        ({"profile": replace(PROFILE, skills=("a\nb",))}, ("skills", "too_long")),
        ({"profile": replace(PROFILE, languages=("en:fluent",))}, ("languages", "choice")),
        ({"profile": replace(PROFILE, salary_band="1yen")}, ("salary_band", "choice")),
        ({"contact": None}, ("name", "required")),
        ({"contact": ContactForm("見本 花子", "not a number")}, ("phone", "phone_wrong")),
        ({"profile": replace(PROFILE, skills=("マイナンバー 1234 5678 9018",))}, ("skills", "my_number")),
    ],
)
def test_a_problem_is_named(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(FormRefused) as caught:
        forms.checked(replace(GOOD, **changes))
    assert caught.value.problems == (Problem(*problem),)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(FormRefused) as caught:
        forms.checked(replace(GOOD, adult=False, mail="", profile=replace(PROFILE, years=99, prefecture="")))
    assert {one.code for one in caught.value.problems} == {"adult_required", "required", "number"}


def test_a_good_form_comes_back_trimmed() -> None:
    contact = ContactForm("  見本\u3000花子 ", "０９０－００００－００００")
    clean = forms.checked(replace(GOOD, mail=" hanako.mihon@example.com ", contact=contact))
    assert clean == GOOD


def test_without_a_contact_box_name_and_phone_are_dropped() -> None:
    assert forms.checked(replace(GOOD, boxes={"profile:1": "a" * 64})).contact is None
