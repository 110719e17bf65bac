"""Guessing passwords: only so many tries are looked at, for an address and for what lies around it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.runtime import Runtime
from gateway.replies import Deferral
from gateway.session.auth import Authenticator, Credentials
from gateway.session.auth_limits import DAY_S, MINUTE_S, AuthLimits, FailureLimit
from tests.gateway.rig import PASSWORD, add_company, add_user, with_settings

GOOD = Credentials("kigyo", PASSWORD)


class Counted(Authenticator):
    """Counts the tries for which a password is really looked at (argon2 runs)."""

    evaluated = 0

    async def _ask_database(self, credentials: Credentials) -> int | None:
        self.evaluated += 1
        return await super()._ask_database(credentials)


def wrong(number: int) -> Credentials:
    return Credentials("kigyo", f"guess {number}")


def test_of_ten_thousand_guesses_only_ten_are_looked_at(runtime: Runtime, clock: ManualClock) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)

    async def run() -> None:
        authenticator = Counted(with_settings(runtime))
        for at in range(0, 10_000, 100):
            guesses = (authenticator.check(wrong(number), "203.0.113.9") for number in range(at, at + 100))
            results = await asyncio.gather(*guesses, return_exceptions=True)
            assert all(result is None or isinstance(result, Deferral) for result in results)
        assert authenticator.evaluated == 10
        for _ in range(10):  # and fifty a day
            clock.advance(MINUTE_S + 1)
            await asyncio.gather(
                *(authenticator.check(wrong(n), "203.0.113.9") for n in range(20)), return_exceptions=True
            )
        assert authenticator.evaluated == 50
        with pytest.raises(Deferral):  # not even the right one is looked at: that would tell it apart
            await authenticator.check(GOOD, "203.0.113.9")
        assert await authenticator.check(GOOD, "198.51.100.1") == company.id  # somebody else is not punished
        clock.advance(DAY_S)
        assert await authenticator.check(GOOD, "203.0.113.9") == company.id

    asyncio.run(run())


@pytest.mark.parametrize(
    ("addresses", "limit"),
    [
        ([f"203.0.113.{last}" for last in range(1, 41)], 30),  # a /24: three times one address
        ([f"203.0.{third}.{last}" for third in range(10) for last in range(1, 13)], 90),  # a /16: nine times
        ([f"2001:db8:1:1::{last:x}" for last in range(1, 31)], 10),  # a /64 is one host
        ([f"2001:db8:1:{net:x}::1" for net in range(1, 41)], 30),  # a /48
        ([f"2001:db8:{site:x}:{net:x}::1" for site in range(12) for net in range(12)], 90),  # a /32
        ([f"::ffff:203.0.113.{last}" for last in range(1, 41)], 30),  # IPv4 by a dual-stack listener
    ],
)
def test_a_network_fails_together_in_the_end(addresses: list[str], limit: int) -> None:
    limits = AuthLimits(10, 50)
    taken = 0
    for peer in addresses * 3:
        if not limits.address_exceeded(peer, 0.0) and not limits.network_exceeded(peer, 0.0):
            limits.failed(peer, 0.0)
            taken += 1
    assert taken == limit


def test_processes_share_the_limit() -> None:
    limits = [AuthLimits(10, 50, processes=4) for _ in range(4)]
    taken = 0
    for number in range(1000):
        one = limits[number % 4]
        if not one.address_exceeded("203.0.113.9", 0.0):
            one.failed("203.0.113.9", 0.0)
            taken += 1
    assert taken <= 10


def test_a_server_goes_on_while_its_neighbours_guess(runtime: Runtime) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)

    async def run() -> None:
        authenticator = Authenticator(with_settings(runtime, SMTP__AUTH_FAILURES_PER_MINUTE_MAX="2"))
        assert await authenticator.check(GOOD, "192.0.2.10") == company.id
        for number in range(6):
            assert await authenticator.check(wrong(number), f"192.0.2.{20 + number // 2}") is None
        with pytest.raises(Deferral):
            await authenticator.check(GOOD, "192.0.2.11")
        assert await authenticator.check(GOOD, "192.0.2.10") == company.id

    asyncio.run(run())


def test_a_server_that_opens_many_connections_at_once_is_asked_about_once(runtime: Runtime) -> None:
    company = add_company(runtime)
    add_user(runtime, company.id)
    for number in range(12):
        add_user(runtime, company.id, f"user{number}")

    async def run() -> None:
        authenticator = Counted(with_settings(runtime, SMTP__AUTH_FAILURES_PER_MINUTE_MAX="2"))
        found = await asyncio.gather(*(authenticator.check(GOOD, "192.0.2.10") for _ in range(50)))
        assert (set(found), authenticator.evaluated) == ({company.id}, 1)
        # Many users behind one address: those not answered yet do not make the others fail.
        users = [Credentials(f"user{number}", PASSWORD) for number in range(12)]
        found = await asyncio.gather(*(authenticator.check(user, "192.0.2.11") for user in users))
        assert set(found) == {company.id}

    asyncio.run(run())


def test_failures_are_forgotten_in_time_and_their_memory_is_bounded() -> None:
    limit = FailureLimit(3, 100, sources_max=2)
    for at_s in range(3):
        assert not limit.exceeded("a", at_s)
        limit.failed("a", at_s)
    assert limit.exceeded("a", 3.0)
    assert not limit.exceeded("a", 62.0)
    limit.failed("b", 3.0)
    limit.failed("c", 3.0)  # memory is bounded: the oldest source is forgotten
    assert not limit.exceeded("a", 3.0)
    assert len(limit) == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 30)), max_size=60))
def test_no_window_ever_holds_more_than_the_limit(steps: list[tuple[str, bool, float]]) -> None:
    limit, now_s, failures = FailureLimit(3, 5), 0.0, list[tuple[str, float]]()
    for source, good, wait_s in steps:
        now_s += wait_s
        if limit.exceeded(source, now_s):
            continue
        limit.failed(source, now_s)
        if good:
            limit.forgive(source)
            continue
        failures.append((source, now_s))
        assert sum(1 for who, at_s in failures if who == source and at_s > now_s - MINUTE_S) <= 3
        assert sum(1 for who, at_s in failures if who == source and at_s > now_s - DAY_S) <= 5
