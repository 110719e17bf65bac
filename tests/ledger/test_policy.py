"""When a counted referral stays counted."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.policy import Policy, Reason, Stays

EARNED = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("reason", "days_later", "stays"),
    [
        (Reason.DUPLICATE, 0, None),
        (Reason.DUPLICATE, 7, None),
        (Reason.DUPLICATE, 7.01, Stays.DISPUTE_WINDOW_OVER),
        (Reason.INELIGIBLE, 6.9, None),
        (Reason.INELIGIBLE, 8, Stays.DISPUTE_WINDOW_OVER),
        (Reason.WITHDRAWN, 0, Stays.WITHDRAWN_AFTER_ACKNOWLEDGEMENT),
        (Reason.WITHDRAWN, 90, Stays.WITHDRAWN_AFTER_ACKNOWLEDGEMENT),
        (Reason.WRONG_PERSON, 90, None),
        (Reason.BOUNCED, 90, None),
        (Reason.FRAUD, 400, None),
        (Reason.MERGED, 30, None),
    ],
)
def test_what_takes_a_credit_back_and_until_when(reason: Reason, days_later: float, stays: Stays | None) -> None:
    assert Policy().why_it_stays(reason, EARNED, EARNED + days_later * DAY) is stays


def test_the_window_of_a_person_is_365_days() -> None:
    assert Policy().counts_again_from(EARNED) == EARNED + 365 * DAY
    assert Policy(window_days=30).counts_again_from(EARNED) == EARNED + 30 * DAY


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"version": 0}, {"dispute_days": -1}, {"window_days": 0}])
def test_terms_that_cannot_hold_do_not_exist(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Policy(**wrong)
