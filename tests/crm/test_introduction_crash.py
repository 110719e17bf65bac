"""A process that dies anywhere in a step of an introduction leaves the whole step or none of it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from core.clock import ManualClock
from core.runtime import Runtime, Tx
from crm.slots import introductions
from crm.slots.introductions import IntroductionView
from tests.crm.slots import DAY_S, NEED, agency, agree, balance, company, earn, proposed, scheduled
from tests.crm.world import COMPANY, Parties, parties
from tests.ledger.test_crash import dies_at

_Before = Callable[[Runtime, Parties], IntroductionView | None]
_Step = Callable[[Tx, Parties, str], object]
# What is done before, how many days later the step is taken, and the step; an interview is declined before its time.
_STEPS: dict[str, tuple[_Before, int, _Step]] = {
    "open_need": (
        lambda _runtime, _made: None,
        2,
        lambda tx, made, _: introductions.open_need(tx, made.programme_id, NEED, company(made), introduction_id="new"),
    ),
    "accept": (proposed, 2, lambda tx, made, one: introductions.accept(tx, one, company(made))),
    "held": (scheduled, 2, lambda tx, made, one: introductions.held(tx, one, company(made))),
    "decline": (
        scheduled,
        0,
        lambda tx, made, one: introductions.decline(tx, one, agency(made), by_candidate=True),
    ),
}
_OFTEN = (("runtime", "held"),)
_CRASHES = [
    pytest.param(
        database, name, id=f"{database}-{name}", marks=() if (database, name) in _OFTEN else pytest.mark.torture
    )
    for database, name in product(("runtime", "pg_runtime"), _STEPS)
]


@pytest.mark.parametrize(("database", "name"), _CRASHES)
def test_a_kill_between_book_and_flow_never_leaves_them_apart(
    request: pytest.FixtureRequest, clock: ManualClock, database: str, name: str
) -> None:
    runtime: Runtime = request.getfixturevalue(database)
    found = parties(runtime, replace(COMPANY, contact_mail="jinji@example.jp"))
    earn(runtime, found)
    clock.advance(8 * DAY_S)
    prepare, days, act = _STEPS[name]
    one = prepare(runtime, found)
    clock.advance(days * DAY_S)
    before, deaths = balance(runtime, found), 0
    while dies_at(runtime, lambda tx: act(tx, found, one.id if one else ""), deaths):
        deaths += 1
        assert deaths < 60
        assert balance(runtime, found) == before
        agree(runtime)
    assert deaths >= 5
    assert name == "accept" or balance(runtime, found) != before
    agree(runtime)
