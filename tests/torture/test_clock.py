"""The clock is set while mails wait, are held, are sent: nothing storms, nothing is late for ever, leases stand."""

import dataclasses
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Self

import pytest

import gateway.sweep
from core import processes
from core.runtime import Runtime
from rules.model import Mode
from tests.gateway.rig import CANDIDATE, HR, REJECTION, Gateway, add_company, message, rejecting_company
from tests.gateway.sink import Sink
from tests.torture.clock import SettableClock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = [HOUR, -HOUR, DAY, -DAY]
MAILS = 20
RETRY_S = 2
#: Some looks at the queue.
A_WHILE_S = 0.5


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def settable(runtime: Runtime, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The installation by that clock, looking at its queue often."""
    monkeypatch.setattr(gateway.sweep, "SWEEP_S", 0.05)
    return dataclasses.replace(runtime, clock=clock)


@pytest.mark.parametrize("jump", JUMPS)
def test_waiting_mails_leave_once_and_within_the_longest_pause(
    settable: Runtime, clock: SettableClock, jump: timedelta
) -> None:
    add_company(settable)
    recipients = [f"rcpt450x1.r{number}@example.com" for number in range(MAILS)]
    with Sink() as sink, Gateway(settable, sink.port, RELAY__RETRY_S=str(RETRY_S)) as server:
        for recipient in recipients:
            server.send(message(), [recipient])
        server.wait_for(lambda: all(each.state == "waiting" and each.tries == 1 for each in server.deliveries()))
        clock.jump(jump)
        server.wait_until_finished()
        clock.jump(-jump)
        time.sleep(A_WHILE_S)
        assert [each.tries for each in server.deliveries()] == [2] * MAILS
    assert sorted(got.recipients[0] for got in sink.got) == sorted(recipients)


class Silent:
    """A next hop that takes connections and never says a word."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._taken: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._taken.append(self._listener.accept()[0])

    def hang_up(self) -> None:
        self._listener.close()
        for connection in self._taken:
            connection.close()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_living_process_keeps_its_leases(
    settable: Runtime, clock: SettableClock, jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "BEAT_S", 0.1)
    monkeypatch.setattr(processes, "DEAD_AFTER_S", 1.0)
    add_company(settable)
    with Silent() as silent, Gateway(settable, silent.port) as first, Gateway(settable, silent.port) as second:
        first.send(message())
        (before,) = first.deliveries()
        assert before.state == "sending"
        for by in (jump, -jump, jump):
            clock.jump(by)
            time.sleep(A_WHILE_S)
        (after,) = first.deliveries()
        assert (after.state, after.tries, after.leased_by) == ("sending", 1, before.leased_by)
        assert (first.error, second.error) == (None, None)
        silent.hang_up()


@pytest.mark.parametrize("jump", [HOUR, DAY])
def test_a_held_mail_is_released_once(settable: Runtime, clock: SettableClock, jump: timedelta) -> None:
    rejecting_company(settable, mode=Mode.CONFIRM, hold_minutes=30)
    with Sink() as sink, Gateway(settable, sink.port) as server:
        server.send(message(REJECTION))
        server.wait_for(lambda: server.mails()[0].state == "held")
        clock.jump(-jump)
        if jump >= DAY:  # beyond the longest hold there is, nobody can know, and the mail leaves
            sink.wait(1)
        else:  # the time for an answer is not over
            time.sleep(A_WHILE_S)
            assert not sink.got
        clock.jump(2 * jump)
        (got,) = sink.wait(1)
        clock.jump(-jump)
        time.sleep(A_WHILE_S)
        server.wait_until_finished()
    assert b"/r/" not in got.raw
    assert len(sink.got) == 1


def test_the_sender_hears_of_a_delay_and_of_the_end_once(settable: Runtime, clock: SettableClock) -> None:
    add_company(settable)
    with Sink() as sink, Gateway(settable, sink.port, RELAY__RETRY_S="1") as server:
        server.send(message(), ["rcpt450.taro@example.com"])
        server.wait_for(lambda: server.deliveries()[0].state == "waiting")
        for by in (DAY, -DAY, DAY, -DAY, HOUR, -HOUR):
            clock.jump(by)
            time.sleep(A_WHILE_S)
        server.wait_for(lambda: len(sink.to(HR)) >= 1)
        assert [b"Action: delayed" in got.raw for got in sink.to(HR)] == [True]
        clock.jump(6 * DAY)
        server.wait_until_finished()
        clock.jump(-6 * DAY)
        time.sleep(A_WHILE_S)
    assert [b"Action: failed" in got.raw for got in sink.to(HR)] == [False, True]
    assert not sink.to("rcpt450.taro@example.com")
    assert not sink.to(CANDIDATE)
