"""The wish to talk: an agency asks, the candidate decides, and silence is told to all three."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import NotFound
from core.runtime import Runtime
from crm.agency import agencies
from crm.candidate import registrations
from crm.delivery import referrals
from crm.errors import FormRefused, WrongState
from crm.profile.forms import ContactForm
from crm.referral.referral_states import State
from crm.registry import companies
from crm.rights import retention
from tests.crm.world import (
    AGENCY,
    answer,
    clock_of,
    credits_of,
    dump,
    leaves,
    links_in,
    mails,
    mails_to,
    parties,
    run_jobs,
    shared,
)

DAY_S = 86_400


def test_an_agency_asks_to_talk_and_the_candidate_agrees(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made)
    for _ in range(2):
        with any_runtime.begin() as tx:
            referrals.ask_to_talk(tx, made.agency_id, referral_id)
    asked = mails_to(any_runtime, "hanako.mihon@example.com")[1:]
    assert [mail.gate_ref for mail in asked] == [f"talk:{referral_id}"]
    assert links_in(asked[0].body, "/m/") == [done.manage_token]
    with any_runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
        box = referrals.talk_box(tx, done.manage_token, referral_id, "ja")
    assert view is not None
    assert view.steps[0].next_step == "you_answer"
    assert box is not None
    contact = ContactForm("見本 花子", "090-0000-0000")
    for wrong in (("0" * 64, contact), (box.text_sha256, ContactForm(" "))):
        with pytest.raises(FormRefused), any_runtime.begin() as tx:
            referrals.agree_to_talk(tx, done.manage_token, referral_id, wrong[1], wrong[0], "ja")
    with any_runtime.begin() as tx:
        assert referrals.agree_to_talk(tx, done.manage_token, referral_id, contact, box.text_sha256, "ja")
    assert credits_of(any_runtime, made) == 1
    released = mails_to(any_runtime, AGENCY.mail)[-1]
    assert released.gate_ref == f"referral:{referral_id}:contact"
    for shown in ("見本 花子", "090-0000-0000", "hanako.mihon@example.com"):
        assert shown in released.body
    with any_runtime.begin() as tx:
        assert referrals.contact(tx, made.agency_id, referral_id).name == "見本 花子"
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is None
    with pytest.raises(WrongState), any_runtime.begin() as tx:
        referrals.agree_to_talk(tx, done.manage_token, referral_id, contact, box.text_sha256, "ja")


def test_asking_somebody_who_agreed_beforehand_releases_at_once(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact")
    with runtime.begin() as tx:
        view = referrals.ask_to_talk(tx, made.agency_id, referral_id)
    assert (view.state, view.talk_asked_at) == (State.COUNTED, None)


def test_a_candidate_may_decline_to_talk(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    with pytest.raises(WrongState), runtime.begin() as tx:
        referrals.decline_talk(tx, done.manage_token, referral_id)  # nobody has asked
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
    with runtime.begin() as tx:
        referrals.decline_talk(tx, done.manage_token, referral_id)
    with pytest.raises(WrongState, match="declined"), runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
    with runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.steps[0].next_step == "declined"
    assert credits_of(runtime, made) == 0


@pytest.mark.parametrize("refusal", ["agency_suspended", "company_suspended", "licence_lapsed"])
def test_agreeing_while_the_gate_refuses_keeps_nothing(any_runtime: Runtime, refusal: str) -> None:
    with any_runtime.read() as tx:
        month = (tx.now + timedelta(days=30)).date()
    made = parties(any_runtime, agency=replace(AGENCY, licence_expires_on=month))
    done, referral_id = shared(any_runtime, made)
    with any_runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
        box = referrals.talk_box(tx, done.manage_token, referral_id, "ja")
    assert box is not None
    with any_runtime.begin() as tx:
        if refusal == "agency_suspended":
            agencies.suspend(tx, made.agency_id)
        elif refusal == "company_suspended":
            companies.suspend(tx, made.company_id)
        else:
            clock_of(any_runtime).advance(32 * DAY_S)
    before = dump(any_runtime)
    with pytest.raises(WrongState) as refused, any_runtime.begin() as tx:
        contact = ContactForm("見本 花子", "090-0000-0000")
        referrals.agree_to_talk(tx, done.manage_token, referral_id, contact, box.text_sha256, "ja")
    assert refused.value.code == "talk_impossible"
    assert dump(any_runtime) == before


def test_after_the_data_were_deleted_agreeing_is_not_offered_and_refused(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made)
    with any_runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
        box = referrals.talk_box(tx, done.manage_token, referral_id, "ja")
    assert box is not None
    clock_of(any_runtime).advance(366 * DAY_S)
    with any_runtime.begin() as tx:
        assert retention.purge(tx)
    with any_runtime.read() as tx:
        view = registrations.manage(tx, done.manage_token)
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is None
    assert view is not None
    assert view.state == "expired"
    contact = ContactForm("見本 花子", "090-0000-0000")
    with pytest.raises(WrongState) as refused, any_runtime.begin() as tx:
        referrals.agree_to_talk(tx, done.manage_token, referral_id, contact, box.text_sha256, "ja")
    assert refused.value.code == "talk_impossible"


def test_nobody_answers_for_another_candidate(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made)
    other, _ = shared(runtime, made, mail="other@example.com", mail_id=2)
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
    with pytest.raises(NotFound), runtime.begin() as tx:
        referrals.decline_talk(tx, other.manage_token, referral_id)
    with runtime.read() as tx:
        assert referrals.talk_box(tx, other.manage_token, referral_id, "ja") is None


def test_seven_days_of_silence_are_told_to_all_three_once(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        companies.change(tx, made.company_id, contact_mail="hr@example.jp")
    _, silent = shared(any_runtime, made)
    _, answered = shared(any_runtime, made, mail="b@example.com", mail_id=2)
    answer(any_runtime, made, answered)
    before = len(mails(any_runtime))
    clock_of(any_runtime).advance(7 * DAY_S)
    assert run_jobs(any_runtime) == 2
    told = mails(any_runtime)[before:]
    assert sorted(str(mail.gate_ref) for mail in told) == sorted(
        [f"silence:{silent}:agency", f"silence:{silent}:candidate", f"company:{made.company_id}:silence"]
    )
    assert all(leaves(any_runtime, str(mail.gate_ref)) for mail in told)
    answer(any_runtime, made, silent)
    assert not leaves(any_runtime, f"silence:{silent}:agency")


def test_nobody_is_asked_to_agree_while_the_agency_is_suspended(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made)
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is not None
        agencies.suspend(tx, made.agency_id)
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is None
        agencies.suspend(tx, made.agency_id, on=False)
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is not None


@pytest.mark.parametrize("meanwhile", ["nothing", "declined", "withdrawn", "agency suspended"])
def test_a_question_names_its_day_and_stays_open_behind_it(runtime: Runtime, meanwhile: str) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        companies.change(tx, made.company_id, contact_mail="hr@example.jp")
    done, referral_id = shared(runtime, made)
    with runtime.begin() as tx:
        referrals.ask_to_talk(tx, made.agency_id, referral_id)
        view = registrations.manage(tx, done.manage_token)
    assert view is not None
    assert view.steps[0].next_by == clock_of(runtime).now() + timedelta(days=7)
    assert "2026年11月28日(土) までにお返事ください" in mails_to(runtime, "hanako.mihon@example.com")[-1].body
    with runtime.begin() as tx:
        if meanwhile == "declined":
            referrals.decline_talk(tx, done.manage_token, referral_id)
        elif meanwhile == "withdrawn":
            registrations.withdraw(tx, done.manage_token)
        elif meanwhile == "agency suspended":
            agencies.suspend(tx, made.agency_id)
    before = mails(runtime)
    clock_of(runtime).advance(7 * DAY_S)
    run_jobs(runtime)
    told = [mail for mail in mails(runtime) if mail not in before]
    if meanwhile != "nothing":
        assert told == []
        return
    assert [mail.gate_ref for mail in told] == [
        f"talk:{referral_id}", f"talk:{referral_id}:agency", f"company:{made.company_id}:silence"
    ]  # fmt: skip
    assert all(leaves(runtime, str(mail.gate_ref)) for mail in told)
    assert not [mail for mail in told[1:] if "hanako" in mail.body or "見本" in mail.body]
    with runtime.begin() as tx:
        assert referrals.talk_box(tx, done.manage_token, referral_id, "ja") is not None  # an answer may still come
        referrals.decline_talk(tx, done.manage_token, referral_id)
    assert not leaves(runtime, f"talk:{referral_id}:agency")
