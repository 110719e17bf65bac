"""When an attempt is repeated, when the sender hears of a delay, when it is over (RFC 5321 4.5.4.1)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.retry import Schedule, uncertain_delay_s

RECEIVED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SCHEDULE = Schedule((60, 300, 900), give_up_s=7200, delay_notice_s=3600)


@pytest.mark.parametrize(("tries", "delay_s"), [(1, 60), (2, 300), (3, 900), (4, 900), (50, 900)])
def test_the_last_pause_repeats(tries: int, delay_s: int) -> None:
    assert SCHEDULE.next_try(tries, RECEIVED, RECEIVED) == RECEIVED + timedelta(seconds=delay_s)


@pytest.mark.parametrize(
    ("age_s", "next_age_s"),
    [(0, 900), (6299, 7199), (6300, 7200), (7000, 7200), (7199, 7200), (7200, None), (99999, None)],
)
def test_the_last_attempt_falls_on_the_end_and_not_behind_it(age_s: int, next_age_s: int | None) -> None:
    due_at = SCHEDULE.next_try(9, RECEIVED, RECEIVED + timedelta(seconds=age_s))
    assert due_at == (None if next_age_s is None else RECEIVED + timedelta(seconds=next_age_s))


@pytest.mark.parametrize(
    ("age_s", "told", "expected"), [(3599, False, False), (3600, False, True), (3600, True, False), (9999, False, True)]
)
def test_a_delay_is_told_once(age_s: int, told: bool, expected: bool) -> None:
    assert SCHEDULE.delay_is_due(RECEIVED, RECEIVED + timedelta(seconds=age_s), told) is expected


def test_there_is_an_attempt_when_the_delay_notice_is_due() -> None:
    """Else a mail whose pauses are long would tell its sender of the delay hours later."""
    schedule = Schedule((60, 300, 900, 1800, 3600, 7200, 14400), give_up_s=432_000, delay_notice_s=14_400)
    now, tries, ages_s = RECEIVED, 0, []
    while (now - RECEIVED).total_seconds() < 86_400:
        tries += 1
        due_at = schedule.next_try(tries, RECEIVED, now)
        assert due_at is not None
        now = due_at
        ages_s.append((now - RECEIVED).total_seconds())
    assert ages_s[:8] == [60, 360, 1260, 3060, 6660, 13_860, 14_400, 28_800]


@pytest.mark.parametrize(("age_s", "wait_s", "next_age_s"), [(0, 7.0, 7), (0, 3700.0, 3600), (7195, 60.0, 7200)])
def test_a_pause_that_is_not_the_schedules(age_s: int, wait_s: float, next_age_s: int) -> None:
    due_at = SCHEDULE.next_try(1, RECEIVED, RECEIVED + timedelta(seconds=age_s), wait_s)
    assert due_at == RECEIVED + timedelta(seconds=next_age_s)


@given(st.lists(st.integers(1, 10_000), min_size=1), st.integers(1, 100_000), st.integers(1, 200))
def test_attempts_end(pauses: list[int], give_up_s: int, tries: int) -> None:
    schedule = Schedule(pauses, give_up_s, 60)
    now = RECEIVED
    due_at = schedule.next_try(tries, RECEIVED, now)
    assert due_at is not None
    assert now < due_at <= RECEIVED + timedelta(seconds=give_up_s)


def test_a_mail_that_keeps_killing_its_process_waits_longer_each_time() -> None:
    delays = [uncertain_delay_s(crashes) for crashes in range(12)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (3, 900)
