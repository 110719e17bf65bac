"""A next hop that hangs or is down: mail is accepted as before, memory is bounded, all leaves soon after its return."""

import time
from collections import Counter
from datetime import timedelta

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from gateway import hands
from gateway.backlog import queue
from gateway.delivery import pool, recovery
from gateway.delivery.breaker import FAILURES_MAX
from tests.gateway.chaos_hop import Hop, Hops, message_ids
from tests.gateway.rig import HR, Gateway, add_company, message

IN_HAND, LATER = 100, 30
CONNECTIONS_MAX = 8


def send_many(gateway: Gateway, count: int, recipient: str = "taro@example.com") -> None:
    with gateway.client() as client:
        for _ in range(count):
            client.sendmail(HR, [recipient], message(), ["BODY=8BITMIME"])


@pytest.mark.parametrize("fault", ["greet hang", "dot hang"])
def test_a_hung_next_hop_stops_no_acceptance(runtime: Runtime, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hands.MAILS_MAX == 400
    monkeypatch.setattr(hands, "MAILS_MAX", IN_HAND)
    add_company(runtime)
    hop = Hop(fault)
    with Hops(hop) as hops, Gateway(runtime, hop.port) as gateway:
        send_many(gateway, IN_HAND + LATER)
        states = Counter((each.state, each.tries) for each in gateway.deliveries())
        assert states == {("sending", 1): IN_HAND, ("waiting", 0): LATER}  # the rest is in the database only
        assert hop.open_most <= CONNECTIONS_MAX
        hops.heal()
        gateway.wait_until_finished(30)
    assert Counter(message_ids(hop.got)).most_common(1)[0][1] == 1
    assert len(hop.got) == IN_HAND + LATER


def test_nobody_waits_for_a_next_hop_that_is_down_and_all_leave_when_it_is_back(
    any_runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "WAKE_MAX", 4)
    add_company(any_runtime)
    hop = Hop("rcpt mixed")
    limits = {"RELAY__CONNECT_TIMEOUT_S": "0.3", "RELAY__RETRY_S": "36000"}
    with Hops(hop) as hops, Gateway(any_runtime, hop.port, **limits) as gateway:
        send_many(gateway, 1, "450@example.com")
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        clock.advance(60)  # long enough for the kept connection to be given up
        hop.fault = "greet hang"
        send_many(gateway, FAILURES_MAX)
        gateway.wait_for(lambda: all(each.state == "waiting" for each in gateway.deliveries()))
        connections = hop.connections
        send_many(gateway, 10)
        gateway.wait_for(lambda: all(each.state == "waiting" for each in gateway.deliveries()))
        assert hop.connections == connections
        assert {(each.code, each.status) for each in gateway.deliveries()[1:]} == {(451, "4.4.1")}
        clock.advance(7)
        gateway.wait_for(lambda: hop.connections == connections + 1)  # one probe, without any mail
        hops.heal()
        began_at = clock.now()
        while len(hop.got) < FAILURES_MAX + 10:  # their schedule says: in ten hours
            assert clock.now() < began_at + timedelta(minutes=15)
            clock.advance(10)
            time.sleep(0.1)
        gateway.wait_for(lambda: gateway.count_open() == 1)
        # What its own server put off keeps its pause: that had nothing to do with the next hop.
        assert [each.state for each in gateway.deliveries() if each.recipient] == ["waiting"]
        assert "MAIL FROM:<>" in hop.commands
    assert Counter(message_ids(hop.got)).most_common(1)[0][1] == 1


def test_an_operator_who_has_mended_it_need_not_wait(runtime: Runtime) -> None:
    add_company(runtime)
    hop = Hop("greet 554")
    with Hops(hop) as hops, Gateway(runtime, hop.port, RELAY__RETRY_S="36000") as gateway:
        send_many(gateway, FAILURES_MAX + 5)
        gateway.wait_for(lambda: {each.state for each in gateway.deliveries()} == {"waiting"})
        hops.heal()
        with gateway.runtime.begin() as tx:
            queue.retry(tx, gateway.mails()[0].id, by="test")
        gateway.wait_until_finished()  # the clock stands still: no pause of the schedule has passed
    assert len(hop.got) == FAILURES_MAX + 5


def test_nobody_waits_long_behind_mails_that_do_not_move(
    runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "STALL_S", 0.3)
    add_company(runtime)
    hop = Hop("mail hang")
    with Hops(hop) as hops, Gateway(runtime, hop.port, RELAY__RETRY_S="1") as gateway:
        send_many(gateway, CONNECTIONS_MAX + 4)
        gateway.wait_for(lambda: [each.state for each in gateway.deliveries()].count("waiting") == 4)
        waiting = [each for each in gateway.deliveries() if each.state == "waiting"]
        assert {(each.code, each.status) for each in waiting} == {(451, "4.4.1")}
        assert hop.open_most == CONNECTIONS_MAX
        hops.heal()
        end_s = time.monotonic() + 60
        while gateway.count_open():  # a busy machine may take longer than STALL_S again: then another second is waited
            assert time.monotonic() < end_s
            clock.advance(1)
            gateway.wait_for(lambda: all(each.state != "sending" for each in gateway.deliveries()))
            time.sleep(0.05)
    assert Counter(message_ids(hop.got)).most_common(1)[0][1] == 1
    assert len(hop.got) == CONNECTIONS_MAX + 4


def test_mails_of_other_companies_pass_a_next_hop_that_is_down(runtime: Runtime) -> None:
    hop, good = Hop("greet 554"), Hop()
    with Hops(hop, good):
        add_company(runtime, next_hop=f"smtp://127.0.0.1:{hop.port}")
        add_company(runtime, name="good", sender_domains=("good.example.jp",), recruiting_senders=())
        with Gateway(runtime, good.port) as gateway:
            send_many(gateway, FAILURES_MAX + 1)
            gateway.send(message(), sender="hr@good.example.jp")
            gateway.wait_for(lambda: len(good.got) == 1)
            gateway.wait_for(lambda: gateway.count_open() == FAILURES_MAX + 1)
            assert not hop.got
