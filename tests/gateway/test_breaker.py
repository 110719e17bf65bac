"""The circuit breaker and the throttle of one next hop, without a network."""

import asyncio

import pytest

from gateway import outcome
from gateway.delivery.breaker import FAILURES_MAX, PAUSE_MAX_S, PAUSE_S, Breaker
from gateway.outcome import Reply
from gateway.wire import throttle
from gateway.wire.throttle import SAME_MOMENT_S, SLOW_S, WAIT_MAX_S, Gentleness, Pace, Slots, asks_to_slow_down


def opened(breaker: Breaker, now_s: float = 0.0) -> Breaker:
    for _ in range(FAILURES_MAX):
        breaker.failed(now_s)
    return breaker


def middle() -> float:
    return 0.5


def test_failures_in_a_row_open_it_and_only_those() -> None:
    breaker = Breaker(middle)
    for _ in range(3):
        assert [breaker.failed(0.0) for _ in range(FAILURES_MAX - 1)] == [False] * (FAILURES_MAX - 1)
        assert not breaker.succeeded()
    assert not breaker.is_open
    assert [breaker.failed(0.0) for _ in range(FAILURES_MAX + 2)].count(True) == 1
    assert breaker.is_open


def test_pauses_between_probes_double_up_to_the_longest() -> None:
    breaker, now_s, pauses = opened(Breaker(middle)), 0.0, []
    for _ in range(10):
        began_s = now_s
        while not breaker.probe_is_due(now_s):
            now_s += 1.0
        pauses.append(now_s - began_s)
        breaker.probed(now_s, False)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert (pauses[0], pauses[-1]) == (PAUSE_S, PAUSE_MAX_S)


@pytest.mark.parametrize(("random", "pause_s"), [(0.0, 4.0), (1.0, 6.0)])
def test_pauses_differ_a_little(random: float, pause_s: float) -> None:
    breaker = opened(Breaker(lambda: random))
    assert not breaker.probe_is_due(pause_s - 0.01)
    assert breaker.probe_is_due(pause_s + 0.01)


def test_after_an_answered_probe_one_failure_is_enough() -> None:
    breaker = opened(Breaker(middle))
    breaker.probed(5.0, True)
    assert not breaker.is_open
    assert breaker.failed(5.0)
    assert not breaker.probe_is_due(14.9)  # and the pause goes on growing
    assert breaker.probe_is_due(15.0)


def test_a_probe_can_be_hurried() -> None:
    breaker = opened(Breaker(middle))
    breaker.hurry(1.0)
    assert breaker.probe_is_due(1.0)
    closed = Breaker(middle)
    closed.hurry(1.0)
    assert not closed.probe_is_due(1.0)


def test_a_mail_that_came_through_forgets_everything() -> None:
    breaker = opened(Breaker(middle))
    assert breaker.succeeded()
    assert [breaker.failed(0.0) for _ in range(FAILURES_MAX)] == [False] * (FAILURES_MAX - 1) + [True]
    assert breaker.probe_is_due(PAUSE_S)


@pytest.mark.parametrize(
    ("code", "status", "text", "slower"),
    [
        (421, "4.7.0", "mx.example.net Error: too many connections from 192.0.2.1", True),
        (421, "", "closing", True),
        (451, "4.7.500", "Server busy. Please try again later", True),
        (450, "4.7.1", "Error: too much mail from 192.0.2.1", True),
        (451, "4.7.0", "our system has detected an unusual rate of mail", True),
        (450, "4.7.1", "Greylisted, see https://greylist.example.org", False),
        (452, "4.5.3", "too many recipients", False),
        (450, "4.2.1", "the user is receiving mail at a rate that", False),
        (550, "5.7.1", "too many connections", False),
        (250, "2.0.0", "ok, at this rate", False),
    ],
)
def test_who_asks_us_to_slow_down(code: int, status: str, text: str, slower: bool) -> None:
    assert asks_to_slow_down(Reply(code, status, text)) is slower


def test_what_we_say_ourselves_is_no_complaint() -> None:
    assert not asks_to_slow_down(outcome.throttled(1.0))


def test_connections_are_halved_and_come_back() -> None:
    gentle = Gentleness(8)
    assert gentle.complained(0.0)
    assert not gentle.complained(SAME_MOMENT_S - 0.1)  # the same moment, over another connection
    assert gentle.connections == 4
    for moment in range(1, 5):
        gentle.complained(moment * 10.0)
    assert gentle.connections == 1
    seen = [gentle.connections for moment in range(6) if gentle.relax(40.0 + moment * SLOW_S) or True]
    assert seen == [1, 2, 4, 8, 8, 8]


def test_no_pace_means_no_waiting() -> None:
    assert [Pace(0).wait_s(0.0) for _ in range(100)] == [0.0] * 100


def test_a_pace_spreads_mails_and_sends_the_rest_back_one_after_the_other() -> None:
    pace = Pace(60)
    waits = [pace.wait_s(100.0) for _ in range(12)]
    assert waits[:6] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert waits[6:] == [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    assert all(wait > WAIT_MAX_S for wait in waits[6:])
    assert pace.wait_s(106.0) == 0.0  # whoever comes back then has its turn


def test_slots_are_given_in_order_and_their_number_may_change() -> None:
    async def run() -> list[int]:
        slots, order = throttle.Slots(2), []

        async def one(number: int) -> None:
            await slots.take()
            order.append(number)

        tasks = [asyncio.create_task(one(number)) for number in range(6)]
        await asyncio.sleep(0)
        assert (order, slots.taken) == ([0, 1], 2)
        slots.set_limit(1)
        slots.give_back()
        await asyncio.sleep(0)
        assert order == [0, 1]
        slots.set_limit(3)
        await asyncio.sleep(0)
        tasks[4].cancel()
        for _ in range(3):
            slots.give_back()
            await asyncio.sleep(0)
        await asyncio.wait(tasks)
        return order

    assert asyncio.run(run()) == [0, 1, 2, 3, 5]


def test_a_turn_that_comes_with_its_cancellation_is_not_lost() -> None:
    async def run() -> None:
        slots = Slots(1)
        await slots.take()
        waiting = asyncio.create_task(slots.take())
        await asyncio.sleep(0)
        slots.give_back()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert slots.taken == 0
        assert slots.free

    asyncio.run(run())
