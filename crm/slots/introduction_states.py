"""The way of one introduction, from a company's need to a hire, and what each step does to its slot. Pure.

    requested -> proposed -> accepted_by_company -> interview_scheduled -> interview_held
    -> offered -> hired -> retained

Branches: declined_by_candidate, declined_by_company, no_show, closed. The slot is reserved when the need is stated,
used when the interview was held, and given back when it comes to none (domain 0; 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from crm.errors import WrongState

#: Hundredths of a percent: a fee of 35 % of the yearly pay is 3500.
BASIS_POINTS = 10_000


class State(StrEnum):
    REQUESTED = "requested"
    PROPOSED = "proposed"
    ACCEPTED = "accepted_by_company"
    SCHEDULED = "interview_scheduled"
    HELD = "interview_held"
    OFFERED = "offered"
    HIRED = "hired"
    RETAINED = "retained"
    DECLINED_BY_CANDIDATE = "declined_by_candidate"
    DECLINED_BY_COMPANY = "declined_by_company"
    NO_SHOW = "no_show"
    CLOSED = "closed"


class Act(StrEnum):
    """What somebody does. ``close`` ends a need nobody was proposed for, or one whose interview led to no hire;
    ``no_show`` says that an interview did not take place, whoever stayed away."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    SCHEDULE = "schedule"
    HELD = "held"
    NO_SHOW = "no_show"
    DECLINE_BY_CANDIDATE = "decline_by_candidate"
    DECLINE_BY_COMPANY = "decline_by_company"
    OFFER = "offer"
    HIRE = "hire"
    RETAIN = "retain"
    CLOSE = "close"


class SlotAct(StrEnum):
    """What a step does to the slot."""

    KEEP = "keep"
    USE = "use"
    GIVE_BACK = "give_back"


Side = Literal["company", "agency"]

#: Nothing more can happen to these.
ENDED = frozenset({State.RETAINED, State.DECLINED_BY_CANDIDATE, State.DECLINED_BY_COMPANY, State.NO_SHOW, State.CLOSED})
#: The interview is still ahead, so the slot is reserved.
BEFORE_INTERVIEW = frozenset({State.REQUESTED, State.PROPOSED, State.ACCEPTED, State.SCHEDULED})
#: What can be said of an interview once its time has come, and what only until then: whoever met somebody and says
#: "declined" would have the slot back.
AFTER_TIME = frozenset({Act.HELD, Act.NO_SHOW})
BEFORE_TIME = frozenset({Act.DECLINE_BY_CANDIDATE, Act.DECLINE_BY_COMPANY})
#: The company may know who it is.
NAMED = frozenset({State.ACCEPTED, State.SCHEDULED, State.HELD, State.OFFERED, State.HIRED, State.RETAINED})


@dataclass(frozen=True, slots=True)
class Step:
    """Where an act leads and what it does to the slot; ``sides``: who may do it."""

    to: State
    slot: SlotAct
    sides: frozenset[Side]


_BOTH: frozenset[Side] = frozenset({"company", "agency"})
_COMPANY: frozenset[Side] = frozenset({"company"})
_AGENCY: frozenset[Side] = frozenset({"agency"})

_OFF_BEFORE = {
    (state, act): Step(to, SlotAct.GIVE_BACK, sides)
    for state in (State.PROPOSED, State.ACCEPTED, State.SCHEDULED)
    for act, to, sides in (
        (Act.DECLINE_BY_CANDIDATE, State.DECLINED_BY_CANDIDATE, _BOTH),
        (Act.DECLINE_BY_COMPANY, State.DECLINED_BY_COMPANY, _COMPANY),
    )
}
STEPS: Mapping[tuple[State, Act], Step] = {
    (State.REQUESTED, Act.PROPOSE): Step(State.PROPOSED, SlotAct.KEEP, _AGENCY),
    (State.PROPOSED, Act.ACCEPT): Step(State.ACCEPTED, SlotAct.KEEP, _COMPANY),
    (State.ACCEPTED, Act.SCHEDULE): Step(State.SCHEDULED, SlotAct.KEEP, _BOTH),
    (State.SCHEDULED, Act.SCHEDULE): Step(State.SCHEDULED, SlotAct.KEEP, _BOTH),
    (State.SCHEDULED, Act.HELD): Step(State.HELD, SlotAct.USE, _BOTH),
    (State.HELD, Act.OFFER): Step(State.OFFERED, SlotAct.KEEP, _COMPANY),
    (State.HELD, Act.HIRE): Step(State.HIRED, SlotAct.KEEP, _BOTH),
    (State.OFFERED, Act.HIRE): Step(State.HIRED, SlotAct.KEEP, _BOTH),
    (State.HIRED, Act.RETAIN): Step(State.RETAINED, SlotAct.KEEP, _BOTH),
    **_OFF_BEFORE,
    (State.SCHEDULED, Act.NO_SHOW): Step(State.NO_SHOW, SlotAct.GIVE_BACK, _BOTH),
    (State.REQUESTED, Act.CLOSE): Step(State.CLOSED, SlotAct.GIVE_BACK, _BOTH),
    (State.HELD, Act.CLOSE): Step(State.CLOSED, SlotAct.KEEP, _BOTH),
    (State.OFFERED, Act.CLOSE): Step(State.CLOSED, SlotAct.KEEP, _BOTH),
}


def step(state: State, act: Act, side: Side, *, over: bool) -> Step:
    """What ``act`` of ``side`` does to an introduction in ``state``; ``over``: it has an interview whose time has come.

    Raises:
        WrongState: it is not possible there (``introduction_state``), not for this side (``introduction_side``), or the
            time of the interview has not come (``too_early``) or has (``interview_over``).
    """
    found = STEPS.get((state, act))
    if found is None:
        raise WrongState("introduction_state", f"{act} is not possible for an introduction that is {state}")
    if side not in found.sides:
        raise WrongState("introduction_side", f"{act} is not for the {side} to say")
    if act in AFTER_TIME and not over:
        raise WrongState("too_early", "the time of the interview has not come")
    if act in BEFORE_TIME and over:
        raise WrongState("interview_over", "the time of the interview has come: it was held, or it was not")
    return found


def possible(state: State, side: Side, *, over: bool) -> tuple[Act, ...]:
    """What ``side`` can do now, for buttons and the API."""
    barred = BEFORE_TIME if over else AFTER_TIME
    found = ((act, one) for (at, act), one in STEPS.items() if at is state)
    return tuple(act for act, one in found if side in one.sides and act not in barred)


def slot_states(state: State, *, held: bool) -> frozenset[str]:
    """Which states of the slot fit an introduction in ``state``; more than one only while a used slot waits for its
    credits to ripen (`ledger.reservations.TooYoung`)."""
    if state in BEFORE_INTERVIEW:
        return frozenset({"reserved"})
    return frozenset({"reserved", "redeemed"}) if held else frozenset({"released"})


def fee_yen(basis_yen: int, rate_bp: int) -> int:
    """The fee for a yearly pay of ``basis_yen`` at ``rate_bp``; a fraction of a yen is dropped (円未満切捨て)."""
    return basis_yen * rate_bp // BASIS_POINTS
