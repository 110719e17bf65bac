"""A correction goes to every agency that has the data, under its own record, and to nobody else."""

from dataclasses import replace

import pytest

from core.runtime import Runtime
from crm.agency import agencies, agency_events
from crm.candidate import registrations
from crm.candidate.corrections import CORRECTIONS_A_DAY_MAX
from crm.candidate.registrations import Correction
from crm.consents import provisions
from crm.delivery import desk
from crm.errors import FormRefused, LinkGone, Refused, WrongState
from crm.profile import forms
from crm.profile.forms import ContactForm, ProfileForm
from crm.referral.referral_states import Answer
from tests.crm.world import (
    AGENCY,
    PROFILE,
    answer,
    clock_of,
    hand_over,
    leaves,
    mails_to,
    offer,
    parties,
    register,
    shared,
)

MAIL = "hanako.mihon@example.com"
NEW = replace(PROFILE, wanted_job="総務", skills=("見本 花子", "Word"))


def correct(runtime: Runtime, token: str, profile: ProfileForm = NEW, contact: ContactForm | None = None) -> int:
    with runtime.begin() as tx:
        return registrations.correct(tx, token, Correction(profile, contact))


def test_before_the_hand_over_only_our_copy_changes(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    assert correct(runtime, done.manage_token) == 0
    with pytest.raises(FormRefused):
        correct(runtime, done.manage_token, replace(PROFILE, years=-1))
    with pytest.raises(LinkGone):
        correct(runtime, done.undo_token)
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.profile is not None
    assert (view.profile.wanted_job, view.profile.skills) == ("総務", ("Word",))
    hand_over(runtime)
    [mail] = mails_to(runtime, AGENCY.mail)
    assert "総務" in mail.body


def test_an_agency_that_has_the_profile_gets_the_correction_with_a_record_of_its_own(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made)
    assert correct(any_runtime, done.manage_token) == 1
    update = mails_to(any_runtime, AGENCY.mail)[-1]
    assert "総務" in update.body
    assert update.gate_ref == f"referral:{referral_id}:profile"
    with any_runtime.read() as tx:
        first, second = provisions.of_referral(tx, referral_id)
        events = [one.type.value for one in agency_events.after(tx, made.agency_id, 0)]
    assert (first.step, second.step) == ("profile", "profile.2")
    assert second.consent_id == first.consent_id
    assert second.payload_sha256 != first.payload_sha256
    assert "summary" not in first.items  # nothing was written there, so it was not provided
    assert set(first.items) == set(forms.PROFILE_ITEMS) - {"summary"}
    assert events == ["referral.shared", "profile.corrected"]
    assert correct(any_runtime, done.manage_token) == 0  # nothing changed: nothing is sent


def test_name_and_phone_go_only_to_who_has_them(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    newer = ContactForm("見本 はな", "080-1111-2222")
    assert correct(runtime, done.manage_token, PROFILE, newer) == 0  # accepted by nobody yet
    answer(runtime, made, referral_id, Answer.ACCEPTED)
    assert "080-1111-2222" in mails_to(runtime, AGENCY.mail)[-1].body
    assert correct(runtime, done.manage_token, PROFILE, replace(newer, phone="080-3333-4444")) == 1
    assert "080-3333-4444" in mails_to(runtime, AGENCY.mail)[-1].body
    with runtime.read() as tx:
        assert [one.step for one in provisions.of_referral(tx, referral_id)] == ["profile", "contact", "contact.2"]


def test_without_contact_consent_a_name_is_not_even_kept(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made)
    correct(runtime, done.manage_token, PROFILE, ContactForm("見本 花子", "080-1111-2222"))
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.contact == {"mail": MAIL}


@pytest.mark.parametrize("end", ["withdrawn", "suspended"])
def test_a_correction_leaves_only_while_the_consent_and_the_licence_hold(runtime: Runtime, end: str) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "pool")
    before = len(mails_to(runtime, AGENCY.mail))
    with runtime.begin() as tx:
        if end == "withdrawn":
            registrations.withdraw(tx, done.manage_token, made.agency_id)
            before += 1  # the recall
        else:
            agencies.suspend(tx, made.agency_id)
    assert correct(runtime, done.manage_token) == 0
    assert len(mails_to(runtime, AGENCY.mail)) == before
    assert not leaves(runtime, f"referral:{referral_id}:profile")


def test_an_ended_registration_is_not_corrected(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made)
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    with pytest.raises(WrongState):
        correct(runtime, done.manage_token)


def test_nobody_is_flooded_with_corrections(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made)
    for years in range(CORRECTIONS_A_DAY_MAX):
        correct(runtime, done.manage_token, replace(PROFILE, years=10 + years))
    with pytest.raises(Refused, match="too many"):
        correct(runtime, done.manage_token, replace(PROFILE, years=20))
    clock_of(runtime).advance(86_401)
    assert correct(runtime, done.manage_token, replace(PROFILE, years=20)) == 1


def test_free_text_goes_only_when_this_very_text_was_confirmed(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    typed = replace(PROFILE, summary="営業を6年担当しました。上司は山田太郎です。")
    correct(runtime, done.manage_token, typed)
    with runtime.begin() as tx:
        confirmed = forms.summary_sha256(typed, "ja", MAIL)
        registrations.correct(tx, done.manage_token, Correction(typed, summary_sha256=confirmed))
        view = registrations.manage(tx, done.manage_token)
        steps = [one.step for one in provisions.of_referral(tx, referral_id)]
    assert view is not None
    assert view.profile is not None
    assert view.profile.summary.startswith("営業を6年担当しました。")
    assert "太郎" not in view.profile.summary
    assert steps == ["profile", "profile.2"]  # the unconfirmed text was left out, so the first one changed nothing


@pytest.mark.parametrize("wish", ["each", "digest"])
def test_a_correction_respects_how_an_agency_wants_to_be_told(runtime: Runtime, wish: str) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    with runtime.begin() as tx:
        agencies.set_mails(tx, made.agency_id, wish)
    before = len(mails_to(runtime, AGENCY.mail))
    assert correct(runtime, done.manage_token, contact=ContactForm("見本 華子")) == 1
    assert len(mails_to(runtime, AGENCY.mail)) - before == (2 if wish == "each" else 0)
    with runtime.read() as tx:
        assert [one.step for one in provisions.of_referral(tx, referral_id)][-2:] == ["profile.2", "contact.2"]
    with runtime.begin() as tx:
        assert desk.digest(tx, made.agency_id)
    assert "訂正したもの: 1件" in mails_to(runtime, AGENCY.mail)[-1].body
