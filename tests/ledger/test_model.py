"""The book against a model of twenty lines that is too simple to be wrong, by random programs on both databases."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.clock import ManualClock
from core.errors import Permanent
from core.runtime import Runtime
from ledger import book
from ledger.book import AlreadyCounted, Earned, NotReversed, Reversed
from ledger.check import check_book
from ledger.slots import NotEnoughCredits

PRICE = 2
DAY = timedelta(days=1)
PEOPLE = [f"i1:{letter}" for letter in "abcdefgh"]
REFERRALS = st.integers(0, 7)
_books = count(1)


@dataclass
class Model:
    """Two programmes of one company, as the contract reads. Credits are listed, never counted up."""

    #: programme -> referral -> when it was earned
    credits: dict[int, dict[str, datetime]] = field(default_factory=dict)
    taken_back: dict[int, set[str]] = field(default_factory=dict)
    by_hand: dict[int, int] = field(default_factory=dict)
    #: slot -> (programme, state)
    slots: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: groups of addresses known as one person, with the moment they counted and the referral
    counted: list[tuple[set[str], datetime, str]] = field(default_factory=list)

    def valid(self, programme: int) -> list[datetime]:
        gone = self.taken_back[programme]
        return [at for referral, at in self.credits[programme].items() if referral not in gone]

    def slots_in(self, programme: int, state: str) -> int:
        return sum(1 for owner, found in self.slots.values() if (owner, found) == (programme, state))

    def available(self, programme: int) -> int:
        spent = self.slots_in(programme, "reserved") + self.slots_in(programme, "redeemed")
        return len(self.valid(programme)) + self.by_hand[programme] - PRICE * spent


class BookMachine(RuleBasedStateMachine):
    """Each run has programmes and a company of its own in the shared database."""

    runtime: Runtime
    clock: ManualClock

    def __init__(self) -> None:
        super().__init__()
        self.company = next(_books)
        self.programmes = (2 * self.company, 2 * self.company + 1)
        self.model = Model()
        self.numbers = count(1)
        #: programmes whose balance has to be looked at: a step moves one book, and the end looks at both
        self.moved = set(self.programmes)
        with self.runtime.begin() as tx:
            for programme in self.programmes:
                book.open_programme(tx, programme, PRICE)
                self.model.credits[programme] = {}
                self.model.taken_back[programme] = set()
                self.model.by_hand[programme] = 0

    @rule(
        second=st.booleans(),
        referral=REFERRALS,
        people=st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=2),
    )
    def earn(self, second: bool, referral: int, people: set[str]) -> None:
        self.book_earn(second, f"r{referral}-{second}", people)

    def programme(self, second: bool) -> int:
        """The programme that a step is about to move."""
        found = self.programmes[second]
        self.moved.add(found)
        return found

    def book_earn(self, second: bool, referral_id: str, people: set[str]) -> None:
        programme, now = self.programme(second), self.clock.now()
        with self.runtime.begin() as tx:
            found = book.earn(
                tx,
                programme_id=programme,
                referral_id=referral_id,
                company_id=self.company,
                subject_indexes=sorted(people),
            )
        model = self.model
        model.counted = [known for known in model.counted if known[1] + 365 * DAY > now]
        same = [known for known in model.counted if known[0] & people]
        if referral_id in model.credits[programme]:
            assert isinstance(found, Earned)
            assert found.repeated
        elif same:
            assert isinstance(found, AlreadyCounted)
            others = set().union(*(known[0] for known in model.counted))
            same[0][0].update(people - others)
        else:
            assert isinstance(found, Earned)
            assert not found.repeated
            model.credits[programme][referral_id] = now
            model.counted.append((set(people), now, referral_id))

    @rule(second=st.booleans(), newcomers=st.integers(1, 3))
    def earn_from_newcomers(self, second: bool, newcomers: int) -> None:
        for _ in range(newcomers):
            number = next(self.numbers)
            self.book_earn(second, f"new{number}", {f"i1:new{number}"})

    @rule(second=st.booleans(), data=st.data(), reason=st.sampled_from(["duplicate", "fraud", "withdrawn"]))
    def reverse(self, second: bool, data: st.DataObject, reason: str) -> None:
        programme = self.programme(second)
        referral_id = data.draw(st.sampled_from([*self.model.credits[programme], "never"]))
        with self.runtime.begin() as tx:
            found = book.reverse(tx, programme, referral_id, reason, "agency:1")
        earned_at = self.model.credits[programme].get(referral_id)
        late = earned_at is not None and self.clock.now() - earned_at > 7 * DAY
        if referral_id in self.model.taken_back[programme]:
            assert isinstance(found, Reversed)
            assert found.repeated
        elif earned_at is None or reason == "withdrawn" or (reason == "duplicate" and late):
            assert isinstance(found, NotReversed)
        else:
            assert isinstance(found, Reversed)
            self.model.taken_back[programme].add(referral_id)
            self.model.counted = [known for known in self.model.counted if known[2] != referral_id]

    @rule(second=st.booleans(), slot=st.integers(0, 6))
    def reserve(self, second: bool, slot: int) -> None:
        programme, slot_id = self.programme(second), f"s{self.company}-{slot}-{second}"
        possible = slot_id in self.model.slots or self.model.available(programme) >= PRICE
        try:
            with self.runtime.begin() as tx:
                book.reserve(tx, programme, "engineer", "user:1", slot_id=slot_id)
        except NotEnoughCredits:
            assert not possible
        else:
            assert possible
            self.model.slots.setdefault(slot_id, (programme, "reserved"))

    @precondition(lambda self: self.model.slots)
    @rule(data=st.data(), use=st.booleans())
    def settle(self, data: st.DataObject, use: bool) -> None:
        slot_id = data.draw(st.sampled_from(sorted(self.model.slots)))
        programme, state = self.model.slots[slot_id]
        self.moved.add(programme)
        old = [at for at in self.model.valid(programme) if at <= self.clock.now() - 7 * DAY]
        used = self.model.slots_in(programme, "redeemed")
        ripe = PRICE * (used + 1) <= len(old) + self.model.by_hand[programme]
        wanted = "redeemed" if use else "released"
        possible = state == wanted or (state == "reserved" and (ripe or not use))
        try:
            with self.runtime.begin() as tx:
                (book.redeem if use else book.release)(tx, slot_id, "user:1")
        except Permanent:
            assert not possible
        else:
            assert possible
            self.model.slots[slot_id] = (programme, wanted)

    @rule(second=st.booleans(), delta=st.integers(-3, 3).filter(bool))
    def adjust(self, second: bool, delta: int) -> None:
        programme = self.programme(second)
        possible = delta > 0 or self.model.available(programme) + delta >= 0
        try:
            with self.runtime.begin() as tx:
                book.adjust(tx, programme, delta, reason="correction", actor="user:1", approver="user:2")
        except NotEnoughCredits:
            assert not possible
        else:
            assert possible
            self.model.by_hand[programme] += delta

    @rule(days=st.sampled_from([0.5, 3, 7, 8, 200, 365]))
    def time_passes(self, days: float) -> None:
        self.clock.advance(days * DAY.total_seconds())

    @invariant()
    def the_balance_is_the_models(self) -> None:
        with self.runtime.read() as tx:
            for programme in self.moved:
                found = book.balance(tx, programme)
                assert found.available == self.model.available(programme)
                assert found.earned == len(self.model.credits[programme])
                assert found.reversed == len(self.model.taken_back[programme])
                assert found.adjusted == self.model.by_hand[programme]
                assert found.slots_reserved == self.model.slots_in(programme, "reserved")
                assert found.slots_used == self.model.slots_in(programme, "redeemed")
                assert found.slots_free == max(self.model.available(programme), 0) // PRICE
        self.moved.clear()

    def teardown(self) -> None:
        self.moved.update(self.programmes)
        self.the_balance_is_the_models()
        with self.runtime.begin() as tx:
            for programme in self.programmes:
                assert check_book(tx, programme).problems == ()


@pytest.mark.parametrize(
    ("database", "programs", "steps"),
    [
        pytest.param("runtime", 165, 16, id="sqlite-some"),
        pytest.param("pg_runtime", 35, 16, id="postgresql-some"),
        pytest.param("runtime", 2000, 50, id="sqlite-full", marks=pytest.mark.torture),
        pytest.param("pg_runtime", 2000, 50, id="postgresql-full", marks=pytest.mark.torture),
    ],
)
def test_every_program_of_operations_does_what_the_model_does(
    request: pytest.FixtureRequest, clock: ManualClock, database: str, programs: int, steps: int
) -> None:
    runtime: Runtime = request.getfixturevalue(database)
    machine = type("Machine", (BookMachine,), {"runtime": runtime, "clock": clock})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=programs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
