"""A credit that is taken back by hand takes its referral along; the daily look at slots uses what has ripened."""

import pytest

from core.errors import NotFound
from core.jobs import Claimed
from core.runtime import Runtime
from crm.referral import credits as crm_credits
from crm.referral.referral_states import State
from crm.slots import introductions, slot_care
from crm.tables import ReferralRow
from ledger.policy import Reason
from tests.crm.slots import DAY_S, balance, company, earn, scheduled
from tests.crm.world import answer, clock_of, credits_of, parties, shared


def test_taking_a_credit_back_changes_book_and_referral_together(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    _, referral_id = shared(any_runtime, made, "contact")
    assert answer(any_runtime, made, referral_id).credited
    clock_of(any_runtime).advance(30 * DAY_S)
    for repeated in (False, True):
        with any_runtime.begin() as tx:
            done = crm_credits.take_back(tx, made.programme_id, referral_id, Reason.WRONG_PERSON, "user:1")
        assert done.repeated is repeated
    assert credits_of(any_runtime, made) == 0
    with any_runtime.read() as tx:
        row = tx.session.get_one(ReferralRow, referral_id)
        assert (row.state, row.reversed_at is not None) == (State.REVERSED, True)


def test_what_an_agency_or_a_candidate_says_is_not_said_by_hand(runtime: Runtime) -> None:
    made = parties(runtime)
    for reason in (Reason.DUPLICATE, Reason.INELIGIBLE, Reason.WITHDRAWN):
        with pytest.raises(ValueError, match="by hand"), runtime.begin() as tx:
            crm_credits.take_back(tx, made.programme_id, "r1", reason, "user:1")
    with pytest.raises(NotFound), runtime.begin() as tx:
        crm_credits.take_back(tx, made.programme_id, "r1", Reason.FRAUD, "user:1")


def test_the_daily_look_uses_a_slot_whose_credits_have_ripened(runtime: Runtime) -> None:
    made = parties(runtime)
    earn(runtime, made)
    one = scheduled(runtime, made)
    clock_of(runtime).advance(2 * DAY_S)
    with runtime.begin() as tx:
        introductions.held(tx, one.id, company(made))
    used = []
    for _ in range(8):
        slot_care.look_after(runtime, Claimed(1, slot_care.SLOTS_JOB, "k", {}, 1, "test"))
        used.append(balance(runtime, made).slots_used)
        clock_of(runtime).advance(DAY_S)
    assert used == [0, 0, 0, 0, 0, 1, 1, 1]
