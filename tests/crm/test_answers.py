"""What an answer of the agency does: credit, refusal, reversal; and what it cannot do any more."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.errors import NotFound
from core.runtime import Runtime
from crm.agency import agencies
from crm.candidate import registrations
from crm.delivery import referrals
from crm.errors import Refused, WrongState
from crm.referral.referral_states import Answer, Reason, State
from crm.tables import ReferralRow
from tests.crm.world import (
    AGENCY,
    Parties,
    answer,
    clock_of,
    credits_of,
    dump,
    leaves,
    mails_to,
    offer,
    parties,
    register,
    run_jobs,
    shared,
)

DAY_S = 86_400


@pytest.mark.parametrize("together", [2, 6])
def test_workers_acknowledging_at_once_add_one_credit(any_runtime: Runtime, together: int) -> None:
    made = parties(any_runtime)
    _, referral_id = shared(any_runtime, made, "contact")
    barrier, credited = threading.Barrier(together), []

    def run() -> None:
        barrier.wait()
        credited.append(answer(any_runtime, made, referral_id).credited)

    threads = [threading.Thread(target=run) for _ in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(credited) == [False] * (together - 1) + [True]
    assert credits_of(any_runtime, made) == 1
    assert len(dump(any_runtime)["provision"]) == 2


def test_without_contact_consent_an_acceptance_earns_nothing(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made)
    answered = answer(runtime, made, referral_id)
    assert (answered.credited, answered.referral.state) == (False, State.ACKNOWLEDGED)
    assert credits_of(runtime, made) == 0
    with pytest.raises(WrongState, match="not released"), runtime.begin() as tx:
        referrals.contact(tx, made.agency_id, referral_id)


@pytest.mark.parametrize(
    ("given", "days", "reversed_"),
    [(Answer.INELIGIBLE, 0, True), (Answer.DUPLICATE, 7, True), (Answer.DUPLICATE, 8, False)],
)
def test_a_dispute_within_seven_days_of_the_release_reverses_the_credit(
    runtime: Runtime, given: Answer, days: int, reversed_: bool
) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    clock_of(runtime).advance(days * DAY_S)
    if reversed_:
        view = answer(runtime, made, referral_id, given).referral
        assert (view.state, view.reason, view.answer) == (State.REVERSED, Reason(given.value), given)
        answer(runtime, made, referral_id, given)
        assert credits_of(runtime, made) == 0
        with pytest.raises(WrongState, match="was answered"):
            answer(runtime, made, referral_id)
        assert not leaves(runtime, f"referral:{referral_id}:contact")
    else:
        with pytest.raises(WrongState, match="over"):
            answer(runtime, made, referral_id, given)
        assert credits_of(runtime, made) == 1


def test_an_accepted_referral_without_credit_is_disputed_within_seven_days_too(runtime: Runtime) -> None:
    made = parties(runtime)
    _, first = shared(runtime, made, "contact")
    answer(runtime, made, first)
    with runtime.begin() as tx:
        second = agencies.add(tx, made.company_id, replace(AGENCY, name="Other", licence_no="27-ユ-300002"))
    again = Parties(made.company_id, second.agency.id, second.programme.id)
    clock_of(runtime).advance(31 * DAY_S)
    with runtime.begin() as tx:
        row = tx.session.get_one(ReferralRow, first)
        row.state, row.reason, row.counted_at = State.ACKNOWLEDGED.value, Reason.WINDOW.value, None
    with pytest.raises(WrongState, match="over"):
        answer(runtime, made, first, Answer.DUPLICATE)
    with pytest.raises(NotFound):
        answer(runtime, again, first, Answer.DUPLICATE)


@pytest.mark.parametrize("given", [Answer.DUPLICATE, Answer.INELIGIBLE])
def test_a_refusal_ends_a_referral_before_any_contact(runtime: Runtime, given: Answer) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact")
    for _ in range(2):
        view = answer(runtime, made, referral_id, given).referral
    assert (view.state, view.reason) == (State.DISQUALIFIED, Reason(given.value))
    with pytest.raises(WrongState):
        answer(runtime, made, referral_id)
    assert credits_of(runtime, made) == 0
    assert len(mails_to(runtime, AGENCY.mail)) == 1


def test_an_expired_licence_stops_the_hand_over_the_answer_and_the_feed(runtime: Runtime) -> None:
    made = parties(runtime, agency=replace(AGENCY, licence_expires_on=date(2026, 11, 23)))
    _, referral_id = shared(runtime, made, "contact")
    late = register(runtime, offer(runtime, made.company_id, "b@example.com", 2), "b@example.com", "profile")
    clock_of(runtime).advance(3 * DAY_S)
    run_jobs(runtime)
    with runtime.read() as tx:
        [stopped] = referrals.of_registration(tx, late.registration_id)
        assert (stopped.state, stopped.reason) == (State.DISQUALIFIED, Reason.NO_LICENCE)
        assert [view.profile for _, view in referrals.for_agency(tx, made.agency_id)] == [None]
    with pytest.raises(Refused, match="licence"):
        answer(runtime, made, referral_id)
    assert len(mails_to(runtime, AGENCY.mail)) == 1
    with runtime.begin() as tx:
        agencies.renew(tx, made.agency_id, date(2031, 11, 23))
    assert answer(runtime, made, referral_id).credited


def test_consent_withdrawn_before_the_answer_means_no_credit(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    with pytest.raises(WrongState, match="withdrew"):
        answer(runtime, made, referral_id)
    assert credits_of(runtime, made) == 0
    with runtime.read() as tx:
        view = referrals.get(tx, made.agency_id, referral_id)
    assert (view.profile, view.reason) == (None, Reason.WITHDRAWN)


def test_consent_withdrawn_after_the_answer_leaves_the_credit_and_recalls_the_data(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done, referral_id = shared(any_runtime, made, "contact")
    answer(any_runtime, made, referral_id)
    with any_runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    assert credits_of(any_runtime, made) == 1
    recall = mails_to(any_runtime, AGENCY.mail)[-1]
    assert recall.gate_ref == f"referral:{referral_id}:recall"
    assert "連絡先" in recall.body
    assert "見本" not in recall.body
    with pytest.raises(WrongState), any_runtime.begin() as tx:
        referrals.contact(tx, made.agency_id, referral_id)
    for _ in range(2):
        with any_runtime.begin() as tx:
            referrals.acknowledge_recall(tx, made.agency_id, referral_id)
        clock_of(any_runtime).advance(60)
    with any_runtime.read() as tx:
        view = referrals.get(tx, made.agency_id, referral_id)
        assert view.recall_acknowledged_at is not None
        assert view.recall_acknowledged_at < tx.now - timedelta(seconds=60)
        assert view.state is State.COUNTED
