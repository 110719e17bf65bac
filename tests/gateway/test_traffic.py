"""When a mail waits for company, and that nobody who has gone is waited for."""

import socket
import time
from collections.abc import Callable

import pytest

from core.runtime import Runtime
from gateway import server
from gateway.traffic import ALONE_MAX, DOTS, DOTS_S, SOON_S, Traffic
from tests.gateway import rig
from tests.gateway.sink import Sink


def traffic_of(dots_s: list[float], *, begun: int, now_s: float = 100.0) -> Traffic:
    """The traffic at ``now_s``, after dots so long before it."""
    clock = {"s": 0.0}
    traffic = Traffic(lambda: clock["s"])
    for _ in range(begun):
        traffic.begin()
    for before_s in dots_s:
        clock["s"] = now_s - before_s
        traffic.dot()
    clock["s"] = now_s
    return traffic


FAST = [DOTS_S * (DOTS - number) / (DOTS + 1) for number in range(DOTS)]


@pytest.mark.parametrize(
    ("dots_s", "begun", "under_way", "waits"),
    [
        ([], 1, 1, False),
        (FAST, 1, 1, False),  # one client, however fast: nobody else is on the way
        (FAST, 2, 1, True),
        (FAST[1:], 2, 1, False),
        ([2 * DOTS_S, *FAST[1:]], 2, 1, False),
        ([], 2, ALONE_MAX, False),
        ([], 2, ALONE_MAX + 1, True),  # a burst
    ],
)
def test_a_mail_waits_where_others_are_on_the_way(dots_s: list[float], begun: int, under_way: int, waits: bool) -> None:
    traffic = traffic_of(dots_s, begun=begun)
    assert traffic.patience_s(under_way) == (SOON_S if waits else 0.0)


def test_nobody_is_on_the_way_when_all_that_were_begun_are_here() -> None:
    traffic = traffic_of([], begun=3)
    assert not traffic.all_here(2)
    assert traffic.all_here(3)
    traffic.end()
    assert traffic.all_here(2)


class Counted(Traffic):
    """Counts what was begun and has ended."""

    begun = ended = 0

    def begin(self) -> None:
        super().begin()
        Counted.begun += 1

    def end(self) -> None:
        super().end()
        Counted.ended += 1


def _stored(gateway: rig.Gateway) -> None:
    with gateway.client() as client:
        client.sendmail(rig.HR, [rig.CANDIDATE], rig.message(rig.REJECTION))
        client.sendmail(rig.HR, [rig.CANDIDATE], rig.message(rig.REJECTION))


def _begun_anew(gateway: rig.Gateway) -> None:
    with gateway.client() as client:
        client.ehlo("client.example.net")
        client.mail(rig.HR)
        client.rset()
        client.mail(rig.HR)
        client.ehlo("client.example.net")
        client.mail(rig.HR)


def _refused(gateway: rig.Gateway) -> None:
    with gateway.client() as client:
        client.ehlo("client.example.net")
        client.mail(rig.HR)
        client.mail(rig.HR)  # nested
        client.rcpt("nobody")
        client.docmd("DATA")


def _gone(gateway: rig.Gateway, words: str) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as client:
        client.sendall(f"EHLO client.example.net\r\nMAIL FROM:<{rig.HR}>\r\n{words}".encode())
        while b"250 2.1.0" not in client.recv(4096):
            pass


def _gone_before_data(gateway: rig.Gateway) -> None:
    _gone(gateway, "")


def _gone_in_data(gateway: rig.Gateway) -> None:
    _gone(gateway, f"RCPT TO:<{rig.CANDIDATE}>\r\nDATA\r\nSubject: x\r\n")


@pytest.mark.parametrize("client", [_stored, _begun_anew, _refused, _gone_before_data, _gone_in_data])
def test_whoever_has_ended_or_gone_is_waited_for_no_more(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, client: Callable[[rig.Gateway], None]
) -> None:
    monkeypatch.setattr(server, "Traffic", Counted)
    monkeypatch.setattr(Counted, "begun", 0)
    monkeypatch.setattr(Counted, "ended", 0)
    rig.add_company(runtime)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        client(gateway)
        deadline_s = time.monotonic() + 10
        while not Counted.begun == Counted.ended > 0:
            assert time.monotonic() < deadline_s, (Counted.begun, Counted.ended)
            time.sleep(0.01)
        gateway.wait_until_finished()
