"""Mails that come together are judged and stored together, and each gets what it would have got alone."""

import smtplib
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest

from core.runtime import Runtime
from gateway import server, traffic
from gateway.judgement import judge
from gateway.judgement.judging import Judging, Ready
from gateway.traffic import DOTS
from gateway.work import Work
from tests.gateway import rig
from tests.gateway.sink import Got, Sink

POISON = "毒"
NAMES = ("edited", "poisoned", "passed", "other", "again", "unknown")


class Noted(Judging):
    """Notes how many mails were judged at once."""

    sizes: list[int]

    async def prepare(self, works: Sequence[Work]) -> list[Ready | Exception]:
        Noted.sizes.append(len(works))
        return await super().prepare(works)


class Failing(Noted):
    """Fails with the first group of two or more."""

    async def prepare(self, works: Sequence[Work]) -> list[Ready | Exception]:
        if len(works) > 1:
            raise ZeroDivisionError
        return await super().prepare(works)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails always come fast enough for a group, and it waits for all that were begun."""
    monkeypatch.setattr(Noted, "sizes", [], raising=False)
    monkeypatch.setattr(traffic, "DOTS_S", 60.0)
    monkeypatch.setattr(traffic, "SOON_S", 10.0)


def address(name: str) -> str:
    return f"{name}@example.com"


@cache
def letter(name: str) -> bytes:
    body = {"passed": "こんにちは\r\n", "poisoned": f"{rig.REJECTION}{POISON}\r\n"}.get(name, rig.REJECTION)
    return rig.message(body, to=address(name))


def send_together(
    gateway: rig.Gateway, names: Sequence[str], leaving: str = "", before_dots: Callable[[], None] = lambda: None
) -> list[tuple[int, bytes]]:
    """Send a mail for each name, all of them begun before the first ends; the replies to the dots.

    ``leaving``: the first client, who resets its connection when it has sent its dot and hears nothing.
    """
    for _ in range(DOTS):
        gateway.send(rig.message("こんにちは\r\n"))
    with ExitStack() as open_clients:
        clients = [open_clients.enter_context(gateway.client()) for _ in names]
        for client, name in zip(clients, names, strict=True):
            client.ehlo("client.example.net")
            client.mail(rig.HR, ["BODY=8BITMIME"])
            client.rcpt(address(name))
            assert client.docmd("DATA")[0] == 354
            client.send(letter(name))
        before_dots()
        for client, name in zip(clients, names, strict=True):
            client.send(b".\r\n")
            if name == leaving:
                reset(client)
        return [client.getreply() for client, name in zip(clients, names, strict=True) if name != leaving]


def reset(client: smtplib.SMTP) -> None:
    """End a connection without a farewell when the gateway has read all of it, and give it the time to notice."""
    assert client.sock is not None
    time.sleep(0.1)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    time.sleep(0.1)


def by_name(got: Sequence[Got], names: Sequence[str]) -> dict[str, bytes]:
    wanted = {address(name): name for name in names}
    return {wanted[each.recipients[0]]: each.raw for each in got if each.recipients[0] in wanted}


def test_each_of_a_group_gets_what_is_its_own(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    company = rig.rejecting_company(runtime)
    for name in NAMES[:-1]:
        rig.ats_says(runtime, company.id, recipient=address(name))
    monkeypatch.setattr(server, "Judging", Noted)
    read = judge.read

    def read_unless_poisoned(raw: Any, *more: Any) -> Any:
        if POISON.encode() in raw:
            raise ZeroDivisionError
        return read(raw, *more)

    monkeypatch.setattr(judge, "read", read_unless_poisoned)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        replies = send_together(gateway, NAMES)
        got = by_name(sink.wait(DOTS + len(NAMES)), NAMES)
        gateway.wait_until_finished()
        notes = {mail.queue_id: mail.note for mail in gateway.mails()}
    assert Noted.sizes[-1] == len(NAMES)
    assert {code for code, _ in replies} == {250}
    links = {name: rig.LINK.findall(raw) for name, raw in got.items()}
    assert {name for name, found in links.items() if found} == {"edited", "other", "again"}
    assert len({found[0] for found in links.values() if found}) == 3
    for name in ("poisoned", "passed", "unknown"):
        assert rig.without_received(got[name]) == letter(name)
    queue_ids = [reply.decode().split()[-1] for _, reply in replies]
    assert [notes[queue_id] for queue_id in queue_ids] == ["edited", "fault", "", "edited", "edited", ""]


def test_a_fault_in_judging_a_group_lets_all_originals_out(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    company = rig.rejecting_company(runtime)
    for name in NAMES:
        rig.ats_says(runtime, company.id, recipient=address(name))
    monkeypatch.setattr(server, "Judging", Failing)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        replies = send_together(gateway, NAMES)
        got = by_name(sink.wait(DOTS + len(NAMES)), NAMES)
        gateway.wait_until_finished()
    assert {code for code, _ in replies} == {250}
    assert {name: rig.without_received(raw) for name, raw in got.items()} == {name: letter(name) for name in NAMES}


def test_the_same_applicant_twice_in_a_group_has_one_link(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    company = rig.rejecting_company(runtime)
    rig.ats_says(runtime, company.id, recipient=address("edited"))
    monkeypatch.setattr(server, "Judging", Noted)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        replies = send_together(gateway, ["edited", "edited", "passed"])
        got = sink.wait(DOTS + 3)
        gateway.wait_until_finished()
    assert Noted.sizes[-1] == 3
    assert {code for code, _ in replies} == {250}
    first, second = (rig.LINK.findall(each.raw) for each in got if each.recipients[0] == address("edited"))
    assert first == second != []


def test_whoever_leaves_behind_his_dot_harms_nobody(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    company = rig.rejecting_company(runtime)
    names = ("edited", "other", "passed")
    for name in names:
        rig.ats_says(runtime, company.id, recipient=address(name))
    monkeypatch.setattr(server, "Judging", Noted)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        replies = send_together(gateway, names, leaving="edited")
        got = by_name(sink.wait(DOTS + len(names)), names)
        gateway.wait_until_finished()
        assert len(sink.wait(0)) == DOTS + len(names)
    assert Noted.sizes[-1] == len(names)
    assert [code for code, _ in replies] == [250, 250]
    assert rig.LINK.search(got["edited"])  # it was at its dot: it is stored, judged and sent like the others
    assert rig.LINK.search(got["other"])
    assert rig.without_received(got["passed"]) == letter("passed")
