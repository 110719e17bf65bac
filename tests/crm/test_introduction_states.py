"""The table of steps of an introduction: what leads where, for whom, and what becomes of the slot."""

from itertools import product

import pytest

from crm.errors import WrongState
from crm.slots.introduction_states import (
    AFTER_TIME,
    BEFORE_INTERVIEW,
    STEPS,
    Act,
    Side,
    SlotAct,
    State,
    fee_yen,
    slot_states,
    step,
)


def test_every_other_step_is_refused_and_changes_nothing() -> None:
    sides: tuple[Side, ...] = ("company", "agency")
    for state, act, side in product(State, Act, sides):
        found = STEPS.get((state, act))
        if found is not None and side in found.sides:
            assert step(state, act, side, over=act in AFTER_TIME) == found
        else:
            with pytest.raises(WrongState):
                step(state, act, side, over=act in AFTER_TIME)


def test_the_slot_follows_from_the_table_of_steps() -> None:
    """Used exactly when the interview is held; given back on every way out before it; kept everywhere else."""
    for (state, act), found in STEPS.items():
        if found.to in BEFORE_INTERVIEW:
            expected = SlotAct.KEEP
        elif found.to is State.HELD:
            expected = SlotAct.USE
        else:
            expected = SlotAct.GIVE_BACK if state in BEFORE_INTERVIEW else SlotAct.KEEP
        assert found.slot is expected, (state, act)
        held = state not in BEFORE_INTERVIEW or found.to is State.HELD
        fits = {
            SlotAct.KEEP: "redeemed" if held else "reserved",
            SlotAct.USE: "redeemed",
            SlotAct.GIVE_BACK: "released",
        }
        assert fits[found.slot] in slot_states(found.to, held=held)


@pytest.mark.parametrize(
    ("basis", "rate_bp", "fee"),
    [(5_000_000, 3_500, 1_750_000), (4_999_999, 3_500, 1_749_999), (1, 9_999, 0), (6_000_000, 0, 0)],
)
def test_a_fee_is_whole_yen_rounded_down(basis: int, rate_bp: int, fee: int) -> None:
    assert fee_yen(basis, rate_bp) == fee
