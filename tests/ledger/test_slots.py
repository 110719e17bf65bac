"""The business rule in numbers, as the contract between company and agency has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.slots import MOVES, Balance, Bucket, Kind, NotEnoughCredits, Tally, slots_earned


def book(*steps: tuple[Kind, int]) -> Tally:
    """A tally after ``steps``; an adjustment below 0 takes credits away."""
    tally = Tally()
    for kind, amount in steps:
        source, target = MOVES[kind][1 if amount < 0 else 0]
        tally.move(kind, source, target, abs(amount))
    return tally


def earned(referrals: int) -> list[tuple[Kind, int]]:
    return [(Kind.EARN, 1)] * referrals


@pytest.mark.parametrize(
    ("referrals", "free", "progress", "to_next"),
    [
        (0, 0, 0, 10),
        (1, 0, 1, 9),
        (9, 0, 9, 1),
        (10, 1, 0, 10),
        (11, 1, 1, 9),
        (19, 1, 9, 1),
        (20, 2, 0, 10),
        (30, 3, 0, 10),
        (39, 3, 9, 1),
        (600, 60, 0, 10),
    ],
)
def test_ten_referrals_earn_one_slot_and_the_rest_carries_over(
    referrals: int, free: int, progress: int, to_next: int
) -> None:
    balance = book(*earned(referrals)).balance(10)
    assert (balance.slots_free, balance.progress, balance.to_next_slot) == (free, progress, to_next)
    assert balance.slots_granted == slots_earned(referrals)


@pytest.mark.parametrize(("price", "referrals", "free"), [(1, 7, 7), (5, 9, 1), (10, 9, 0), (20, 39, 1)])
def test_the_threshold_is_what_the_contract_says(price: int, referrals: int, free: int) -> None:
    assert book(*earned(referrals)).balance(price).slots_free == free


def test_a_reserved_slot_is_free_again_after_its_release() -> None:
    tally = book(*earned(12), (Kind.RESERVE, 10))
    assert (tally.balance(10).slots_free, tally.balance(10).slots_reserved) == (0, 1)
    tally.move(Kind.RELEASE, Bucket.HELD, Bucket.AVAILABLE, 10)
    assert (tally.balance(10).slots_free, tally.balance(10).slots_reserved) == (1, 0)


def test_a_used_slot_is_never_taken_back_and_the_next_referrals_pay_the_debt() -> None:
    tally = book(*earned(10), (Kind.RESERVE, 10), (Kind.REDEEM, 10), (Kind.REVERSE, 1), (Kind.REVERSE, 1))
    balance = tally.balance(10)
    assert (balance.slots_used, balance.slots_granted, balance.debt, balance.to_next_slot) == (1, 1, 2, 12)
    for kind, amount in earned(11):
        tally.move(kind, *MOVES[kind][0], amount)
    assert (tally.balance(10).slots_free, tally.balance(10).to_next_slot) == (0, 1)


@pytest.mark.parametrize(
    "steps",
    [
        [*earned(9), (Kind.RESERVE, 10)],
        [*earned(10), (Kind.RESERVE, 10), (Kind.RESERVE, 10)],
        [*earned(10), (Kind.REDEEM, 10)],
        [*earned(10), (Kind.RELEASE, 10)],
        [*earned(10), (Kind.RESERVE, 10), (Kind.REDEEM, 10), (Kind.RELEASE, 10)],
        [*earned(3), (Kind.ADJUST, -4)],
        [*earned(10), (Kind.REVERSE, 1), (Kind.RESERVE, 10)],
    ],
)
def test_nobody_takes_credits_that_are_not_there(steps: list[tuple[Kind, int]]) -> None:
    with pytest.raises(NotEnoughCredits):
        book(*steps)


@pytest.mark.parametrize(
    ("kind", "source", "target", "amount"),
    [
        (Kind.EARN, Bucket.OUTSIDE, Bucket.AVAILABLE, 0),
        (Kind.EARN, Bucket.OUTSIDE, Bucket.AVAILABLE, -1),
        (Kind.EARN, Bucket.AVAILABLE, Bucket.OUTSIDE, 1),
        (Kind.REDEEM, Bucket.AVAILABLE, Bucket.CONSUMED, 10),
        (Kind.RELEASE, Bucket.CONSUMED, Bucket.AVAILABLE, 10),
        (Kind.REVERSE, Bucket.CONSUMED, Bucket.REVERSED, 1),
    ],
)
def test_a_kind_makes_only_its_own_moves(kind: Kind, source: Bucket, target: Bucket, amount: int) -> None:
    with pytest.raises(ValueError, match="cannot move"):
        book(*earned(20)).move(kind, source, target, amount)


GOOD = {"earned": 25, "adjusted": 2, "reversed": 1, "available": 6, "held": 10, "consumed": 10}
GOOD |= {"slots_reserved": 1, "slots_used": 1, "price": 10}


@pytest.mark.parametrize(
    "wrong",
    [
        {"available": 7},
        {"earned": 26},
        {"reversed": 0},
        {"held": 0, "available": 16},
        {"slots_used": 0},
        {"slots_used": 11},
        {"slots_reserved": -1},
        {"price": 0},
        {"earned": -1, "available": -20},
        {"available": -4, "held": 20},
    ],
)
def test_a_balance_that_cannot_be_true_does_not_exist(wrong: dict[str, int]) -> None:
    Balance(**GOOD)
    with pytest.raises(ValueError):
        Balance(**(GOOD | wrong))


@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(1, 12), st.booleans()), max_size=60))
def test_credits_are_conserved_at_every_prefix(steps: list[tuple[Kind, int, bool]]) -> None:
    tally = Tally()
    for kind, amount, second in steps:
        source, target = MOVES[kind][-1 if second else 0]
        moved = {Kind.ADJUST: amount, Kind.EARN: 1, Kind.REVERSE: 1}.get(kind, 10)
        before = (tally.available, tally.held + tally.consumed)
        if kind is Kind.REVERSE and tally.reversed >= tally.earned:
            continue
        try:
            tally.move(kind, source, target, moved)
        except NotEnoughCredits:
            assert (tally.available, tally.held + tally.consumed) == before
            continue
        buckets = (tally.outside, tally.available, tally.held, tally.consumed, tally.reversed)
        assert sum(buckets) == 0
        balance = tally.balance(10)
        spent = balance.slots_used + balance.slots_reserved
        valid = balance.available + balance.held + balance.consumed
        assert balance.held == 10 * balance.slots_reserved
        if not balance.debt:
            assert balance.slots_granted == valid // 10
            assert balance.slots_free == valid // 10 - spent
        if balance.held + balance.consumed > before[1]:
            assert balance.available >= 0
