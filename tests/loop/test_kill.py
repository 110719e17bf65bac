"""kill -9 of a gateway process under load: nothing that got 250 is lost; copies come only from SMTP's own window."""

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from difflib import ndiff
from pathlib import Path

import pytest

from tests.gateway.sink import Got, Sink
from tests.loop.installation import Installation, serving
from tests.torture.conftest import Say
from tests.torture.load import Load, wait_until

MAILS_BETWEEN_KILLS = 20
KILLS_A_LINE = 50
# A next hop's 250 becomes a done-mark in the next commit; a kill in between sends the mail once more (RFC 1047).
WINDOW_S = 2.0


class TimedSink(Sink):
    """Remembers when each mail arrived."""

    def keep(self, got: Got) -> None:
        self.arrivals.setdefault(got.recipients[0], []).append(time.monotonic())
        super().keep(got)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.arrivals: dict[str, list[float]] = {}


def add_company(installation: Installation) -> None:
    words = ("company", "add", "--name", "例示株式会社", "--sender-domain", "example.jp", "--network", "127.0.0.0/8")
    company = installation.json(*words, "--recruiting-sender", "@example.jp", "--mode", "auto")["id"]
    words = ("agency", "add", "--company", str(company), "--name", "例示キャリア", "--licence", "13-ユ-300001")
    installation.command(*words, "--licence-expires", "2099-03-31", "--email", "desk@agency.example.jp")


def kill_some(installation: Installation, load: Load, count: int, tell: Callable[[int], None]) -> list[float]:
    """Kill a gateway process ``count`` times, each at a random moment while mails are being taken; when each was."""
    chance, moments = random.Random(20261121), list[float]()
    while len(moments) < count:
        wait_until(load.takes(MAILS_BETWEEN_KILLS), "no mail is taken any more")
        time.sleep(chance.uniform(0, 0.2))
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(chance.choice(installation.children("gateway")), signal.SIGKILL)
            moments.append(time.monotonic())
        if len(moments) % KILLS_A_LINE == 0:
            tell(len(moments))
    return moments


def lines_of(octets: bytes) -> list[str]:
    return octets.decode("utf-8", "replace").split("\r\n")


def check(acked: list[str], sink: TimedSink, kills: list[float]) -> int:
    """Assert the law; how many copies there were beyond the first."""
    wait_until(lambda: set(acked) <= set(sink.arrivals), "a mail that got 250 is lost")
    bodies: dict[str, set[bytes]] = {}
    for got in sink.got:
        bodies.setdefault(got.recipients[0], set()).add(got.raw)
    for recipient, moments in sink.arrivals.items():
        first, *others = bodies[recipient]
        differing = [line for other in others for line in ndiff(lines_of(first), lines_of(other)) if line[0] in "+-"]
        assert not others, f"{recipient}: a retry sent other bytes: {differing}"
        for moment in moments[:-1]:
            near = [kill for kill in kills if moment - 0.1 <= kill <= moment + WINDOW_S]
            assert near, f"{recipient} was sent again though no process was killed after its 250"
    edited = Counter(b"/r/" in body for found in bodies.values() for body in found)
    assert edited[True] > 0, "the load must go the whole way, with decision and edit"
    return sum(len(moments) - 1 for moments in sink.arrivals.values())


@pytest.mark.parametrize("kills", [10, pytest.param(1000, marks=pytest.mark.torture)])
def test_no_acknowledged_mail_is_lost_by_kill_9(
    tmp_path: Path, kills: int, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(count: int) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {count} of {kills} processes killed")
            sys.stdout.flush()

    with TimedSink() as sink, serving(
        tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", GATEWAY__PROCESSES="2"
    ) as installation:  # fmt: skip
        add_company(installation)
        with Load(installation.smtp_port) as load:
            moments = kill_some(installation, load, kills, tell)
        assert len(load.acked) > kills
        copies = check(load.acked, sink, moments)
    say(f"{kills} kills, {len(load.acked)} mails answered 250, 0 lost, {copies} sent again after a kill")
