"""The gate: what leaves about a person needs a live consent for that purpose, recipient and items."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from core.runtime import Runtime, Tx
from crm.agency import agencies
from crm.candidate import registrations
from crm.consents import consent, consent_texts
from crm.consents.consent_texts import ITEMS_OF, Purpose
from crm.delivery import referrals
from crm.invitation import opt_outs
from crm.profile import forms
from crm.referral.referral_states import Answer
from crm.registry import companies, programmes
from crm.tables import ConsentRow, RegistrationRow
from tests.crm.world import (
    AGENCY,
    Parties,
    clock_of,
    hand_over,
    mails,
    offer,
    parties,
    referral_ids,
    register,
    token_of,
)

MAIL = "hanako.mihon@example.com"


def full_loop(runtime: Runtime) -> tuple[Parties, str, str, str]:
    """Everything agreed, handed over, accepted: returns ids of registration and referral, and the manage token."""
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact", "tell_company")
    hand_over(runtime)
    [referral_id] = referral_ids(runtime, done.registration_id)
    with runtime.begin() as tx:
        referrals.answer(tx, made.agency_id, referral_id, Answer.ACCEPTED)
    return made, done.registration_id, referral_id, done.manage_token


def leaves(runtime: Runtime, *gate_refs: str) -> list[bool]:
    with runtime.read() as tx:
        return [consent.may_leave(tx, gate_ref) for gate_ref in gate_refs]


def test_with_consent_everything_that_was_written_may_leave(any_runtime: Runtime) -> None:
    full_loop(any_runtime)
    assert all(leaves(any_runtime, *(str(mail.gate_ref) for mail in mails(any_runtime))))


def test_without_a_matching_consent_nothing_leaves(runtime: Runtime) -> None:
    made, _, referral_id, _ = full_loop(runtime)
    start = clock_of(runtime).now()
    for purpose, other in ((Purpose.PROFILE, "contact"), (Purpose.CONTACT, "profile")):
        mine = ConsentRow.purpose == purpose.value
        damages: dict[str, dict[str, Any] | None] = {
            "no row": None,
            "withdrawn": {"withdrawn_at": start},
            "expired": {"expires_at": start},
            "not yet": {"given_at": start + timedelta(seconds=1)},
            "other recipient": {"recipient": f"agency:{made.agency_id + 1}"},
            "other registration": {"purpose": "tell_company"},
            "fewer items": {"items": list(ITEMS_OF[purpose][1:])},
        }
        for damage, values in damages.items():
            with tried(runtime) as tx:
                change = delete(ConsentRow) if values is None else update(ConsentRow).values(**values)
                tx.session.execute(change.where(mine))
                assert not consent.may_leave(tx, f"referral:{referral_id}:{purpose.value}"), (purpose, damage)
                assert consent.may_leave(tx, f"referral:{referral_id}:{other}"), (purpose, damage)
        assert leaves(runtime, f"referral:{referral_id}:{purpose.value}") == [True]


def test_a_registration_that_has_ended_hands_nothing_over(runtime: Runtime) -> None:
    _, registration_id, referral_id, _ = full_loop(runtime)
    for state in ("erased", "withdrawn", "undone", "started", "expired"):
        with tried(runtime) as tx:
            tx.session.get_one(RegistrationRow, registration_id).state = state
            tx.session.flush()
            for ref in (f"referral:{referral_id}:profile", f"referral:{referral_id}:contact", f"talk:{referral_id}"):
                assert not consent.may_leave(tx, ref), (state, ref)


@contextmanager
def tried(runtime: Runtime) -> Iterator[Tx]:
    """A transaction whose changes are taken back, so that one world serves many trials."""
    with runtime.begin() as tx:
        nested = tx.session.begin_nested()
        yield tx
        nested.rollback()
        tx.session.expire_all()


@pytest.mark.parametrize("act", ["licence", "agency", "company", "programme"])
def test_an_agency_that_may_not_work_receives_nothing(runtime: Runtime, act: str) -> None:
    agency = replace(AGENCY, licence_expires_on=date(2026, 11, 22)) if act == "licence" else AGENCY
    made = parties(runtime, agency=agency)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile", "contact")
    hand_over(runtime)
    [referral_id] = referral_ids(runtime, done.registration_id)
    assert leaves(runtime, f"referral:{referral_id}:profile") == [True]
    clock_of(runtime).advance(2 * 86_400 if act == "licence" else 1)
    with runtime.begin() as tx:
        if act == "agency":
            agencies.suspend(tx, made.agency_id)
        elif act == "company":
            companies.suspend(tx, made.company_id)
        elif act == "programme":
            programmes.end(tx, made.programme_id, date(2026, 11, 20))
    assert leaves(runtime, f"referral:{referral_id}:profile") == [False]
    assert leaves(runtime, f"receipt:{done.registration_id}") == [True]  # about the candidate's own act


UNKNOWN = (
    "",
    ":",
    "referral",
    "referral:",
    "referral::profile",
    "referral:{r}",
    "referral:{r}:",
    "referral:{r}:profil",
    "referral:{r}:profile:x",
    "referral:{r}:everything",
    "Referral:{r}:profile",
    "referral:{g}:profile",
    "receipt:{r}",
    "receipt:{g}:x",
    "company:0:digest",
    "company:{r}:digest",
    "company:１:digest",
    "company:99:digest",
    "newsletter:{g}",
    "invitation:{g}",
    "webhook:{r}:profile",
)


def test_an_unknown_reference_never_leaves(runtime: Runtime) -> None:
    _, registration_id, referral_id, _ = full_loop(runtime)
    refs = [gate_ref.format(r=referral_id, g=registration_id) for gate_ref in UNKNOWN]
    assert [ref for ref, left in zip(refs, leaves(runtime, *refs), strict=True) if left] == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_opens_an_empty_gate(runtime: Runtime, gate_ref: str) -> None:
    with runtime.read() as tx:
        assert not consent.may_leave(tx, gate_ref.replace("\x00", ""))


def test_suppressed_people_get_only_mails_about_their_own_act(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    done = register(any_runtime, first, MAIL, "profile")
    hand_over(any_runtime)
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    own = [f"receipt:{done.registration_id}", f"code:{done.registration_id}", f"ended:{done.registration_id}"]
    other = [f"talk:{referral_id}", f"silence:{referral_id}:candidate", f"invitation:{first.invitation_id}"]
    assert leaves(any_runtime, *own, *other) == [True] * 6
    with any_runtime.begin() as tx:
        opt_outs.stop(tx, token_of(first.optout_url))
    assert leaves(any_runtime, *own, *other) == [True] * 3 + [False] * 3
    assert leaves(any_runtime, f"referral:{referral_id}:profile") == [True]  # that consent was not withdrawn
    with any_runtime.begin() as tx:
        registrations.erase(tx, done.manage_token)
    assert leaves(any_runtime, *own, *other, f"referral:{referral_id}:profile") == [False] * 7
    assert leaves(any_runtime, f"referral:{referral_id}:recall") == [True]


def test_a_consent_covers_its_items_only(runtime: Runtime) -> None:
    made, registration_id, _, _ = full_loop(runtime)
    recipient = f"agency:{made.agency_id}"
    with runtime.read() as tx:
        for items, covered in (((), True), (("name",), True), (("name", "phone", "mail"), True), (("age",), False)):
            found = consent.live(tx, registration_id, Purpose.CONTACT, recipient, items)
            assert (found is not None) == covered


def test_a_withdrawal_is_final_and_its_time_stays(any_runtime: Runtime) -> None:
    _, registration_id, _, manage_token = full_loop(any_runtime)
    with any_runtime.begin() as tx:
        registrations.withdraw(tx, manage_token)
        first = tx.now
    clock_of(any_runtime).advance(60)
    with any_runtime.begin() as tx:
        assert consent.withdraw(tx, registration_id) == 0
        assert set(tx.session.scalars(select(ConsentRow.withdrawn_at))) == {first}


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_text_names_company_recipient_items_and_the_way_back(runtime: Runtime, purpose: Purpose, lang: str) -> None:
    made = parties(runtime, agency=replace(AGENCY, postal_address="東京都見本区1-1"))
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.read() as tx:
        page = registrations.page(tx, token, "en" if lang == "en" else "ja")
    assert page is not None
    [box] = [one for one in page.boxes if one.purpose is purpose]
    assert "株式会社サンプル工業" in box.text
    if purpose not in consent_texts.OF_COMPANY:
        assert AGENCY.name in box.text
        assert AGENCY.licence_no in box.text
        assert "東京都見本区1-1" in box.text
    assert ("撤回" if lang == "ja" else "withdraw") in box.text
    assert "365" in box.text
    assert box.text_sha256 == consent_texts.sha256(box.text)
    assert "匿名加工情報" not in box.text


def test_the_items_of_the_profile_are_the_fields_of_the_form() -> None:
    assert ITEMS_OF[Purpose.PROFILE] == forms.PROFILE_ITEMS
    assert not set(forms.PROFILE_ITEMS) & set(forms.CONTACT_ITEMS)
