"""The candidate's side: the form, the proof of the address, the hour to undo, the way back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.runtime import Runtime
from crm.agency import agencies
from crm.candidate import registrations
from crm.candidate.registrations import AlreadyRegistered, Registered
from crm.errors import FormRefused, LinkGone
from crm.invitation import invitations, opt_outs
from crm.profile import forms
from crm.profile.forms import Evidence, RegistrationForm
from crm.tables import ConsentRow, RegistrationRow
from tests.conftest import START
from tests.crm.world import (
    AGENCY,
    PROFILE,
    clock_of,
    dump,
    form,
    links_in,
    mails,
    mails_to,
    offer,
    parties,
    register,
    run_jobs,
    token_of,
)

MAIL = "hanako.mihon@example.com"
OTHER = "private.mihon@example.org"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_page_says_who_and_what_and_names_nobody(runtime: Runtime, lang: str) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.read() as tx:
        page = registrations.page(tx, token, "en" if lang == "en" else "ja")
    assert page is not None
    assert (page.company, page.threshold, page.registered) == ("株式会社サンプル工業", 10, False)
    assert [one.licence_no for one in page.agencies] == [AGENCY.licence_no]
    assert [box.name for box in page.boxes] == [
        f"profile:{made.agency_id}",
        f"contact:{made.agency_id}",
        "pool",
        "job_mails",
        "tell_company",
        "outcome",
    ]
    assert all(page.company in box.text for box in page.boxes)
    assert "hanako" not in repr(page)


def test_consents_are_one_row_a_purpose_with_items_and_the_text_that_was_shown(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done = register(any_runtime, offer(any_runtime, made.company_id, MAIL), MAIL, "profile", "contact", "tell_company")
    with any_runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
        rows = {row.purpose: row for row in tx.session.scalars(select(ConsentRow))}
    assert view is not None
    assert {name: row.recipient for name, row in rows.items()} == {
        "profile": f"agency:{made.agency_id}",
        "contact": f"agency:{made.agency_id}",
        "tell_company": f"company:{made.company_id}",
    }
    assert rows["contact"].items == ["name", "phone", "mail"]
    assert set(rows["profile"].items) == set(forms.PROFILE_ITEMS)
    assert all(len(one.text) > 100 for one in view.consents)


def test_the_receipt_has_both_links_and_nothing_leaves_for_an_hour(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    assert done.hand_over_at == START + timedelta(minutes=60)
    [receipt] = mails(runtime)
    assert receipt.recipient == MAIL
    assert links_in(receipt.body, "/m/undo/") == [done.undo_token]
    assert links_in(receipt.body, "/m/") == [done.manage_token]
    clock_of(runtime).advance(3599)
    assert run_jobs(runtime) == 0
    clock_of(runtime).advance(1)
    assert run_jobs(runtime) == 1
    assert len(mails_to(runtime, AGENCY.mail)) == 1


def test_a_second_registration_with_the_same_link_changes_nothing(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    first = offer(any_runtime, made.company_id, MAIL)
    register(any_runtime, first, MAIL, "profile")
    before = dump(any_runtime)
    with any_runtime.begin() as tx:
        again = registrations.submit(
            tx, token_of(first.relay_url), form(tx, token_of(first.relay_url), MAIL, "profile")
        )
    assert again == AlreadyRegistered(START)
    assert dump(any_runtime) == before


def test_a_form_with_a_problem_stores_nothing(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    before = dump(runtime)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"adult": False}, "adult_required"),
        ({"boxes": {"profile:99": "0" * 64}}, "unknown"),
    )
    for changes, problem in wrong:
        with pytest.raises(FormRefused, match=problem), runtime.begin() as tx:
            registrations.submit(tx, token, form(tx, token, MAIL, "profile", "contact", **changes))
    assert dump(runtime) == before


def test_an_unusual_address_is_asked_about_and_then_believed(runtime: Runtime) -> None:
    carrier = "dots..in.row.@example.com"
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, carrier).relay_url)
    with runtime.begin() as tx:
        done = registrations.submit(tx, token, form(tx, token, carrier, "profile", mail_sure=True))
    assert isinstance(done, Registered)
    [receipt] = mails(runtime)
    assert receipt.recipient == carrier
    assert b"\nTo: dots..in.row.@example.com\r\n" in receipt.raw


def test_nobody_agrees_to_a_text_that_changed_meanwhile(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.read() as tx:
        shown = form(tx, token, MAIL, "profile")
    with runtime.begin() as tx:
        agencies.renew(tx, made.agency_id, AGENCY.licence_expires_on, licence_no="13-ユ-399999")
    with pytest.raises(FormRefused, match="text_changed"), runtime.begin() as tx:
        registrations.submit(tx, token, shown)


def test_contact_without_profile_makes_no_sense(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.begin() as tx:
        second = agencies.add(tx, made.company_id, replace(AGENCY, name="Other", licence_no="27-ユ-300002")).agency
    with runtime.read() as tx:
        filled = form(tx, token, MAIL, "profile", "contact")
    boxes = {name: text for name, text in filled.boxes.items() if name != f"profile:{second.id}"}
    with pytest.raises(FormRefused, match="contact_needs_profile"), runtime.begin() as tx:
        registrations.submit(tx, token, replace(filled, boxes=boxes))


def test_names_and_forbidden_text_in_free_fields_are_not_even_stored(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    skills = ("簿記2級", "見本 花子", "090-1234-5678", "うつ病で休職")
    with runtime.begin() as tx:
        filled = form(tx, token, MAIL, "profile", "contact", profile=replace(PROFILE, skills=skills))
        done = registrations.submit(tx, token, filled)
        assert isinstance(done, Registered)
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.profile is not None
    assert view.profile.skills == ("簿記2級",)


def test_a_my_number_is_refused(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with pytest.raises(FormRefused, match="my_number"), runtime.begin() as tx:
        typed = replace(PROFILE, skills=("マイナンバー 1234 5678 9018",))
        registrations.submit(tx, token, form(tx, token, MAIL, "profile", profile=typed))


def test_name_and_phone_are_kept_only_for_the_second_step(runtime: Runtime) -> None:
    made = parties(runtime)
    done = register(runtime, offer(runtime, made.company_id, MAIL), MAIL, "profile")
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.contact == {"mail": MAIL}


@pytest.mark.parametrize("end", ["expired", "opted_out", "reported_wrong", "unknown"])
def test_a_dead_link_registers_nobody(runtime: Runtime, end: str) -> None:
    made = parties(runtime)
    first = offer(runtime, made.company_id, MAIL, mail_id=5)
    token = token_of(first.relay_url)
    with runtime.read() as tx:
        filled = form(tx, token, MAIL, "profile")
    if end == "expired":
        clock_of(runtime).advance(91 * 86_400)
    with runtime.begin() as tx:
        if end == "opted_out":
            opt_outs.stop(tx, token_of(first.optout_url))
        elif end == "reported_wrong":
            invitations.report_wrong(tx, 5, actor="user:1")
    token = "x" * 22 if end == "unknown" else token
    with runtime.read() as tx:
        assert registrations.page(tx, token, "ja") is None
    with pytest.raises(LinkGone), runtime.begin() as tx:
        registrations.submit(tx, token, filled)
    with pytest.raises(LinkGone), runtime.read() as tx:
        registrations.preview(tx, token, PROFILE)


def test_the_evidence_of_a_consent_is_sealed(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.begin() as tx:
        filled: RegistrationForm = form(tx, token, MAIL, "profile", evidence=Evidence("192.0.2.0/24", "Browser " * 100))
        done = registrations.submit(tx, token, filled)
        assert isinstance(done, Registered)
        sealed = tx.session.get_one(RegistrationRow, done.registration_id).evidence_sealed
        assert sealed is not None
        opened = tx.keys.open_text(f"registration.evidence_sealed:{done.registration_id}", sealed)
    assert "192.0.2.0/24" in opened
    assert len(opened) < 300
