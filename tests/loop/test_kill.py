"""kill -9 of a gateway process under load: nothing that got 250 is lost; copies come only from SMTP's own window."""

import contextlib
import os
import random
import signal
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tests.gateway.sink import Got, Sink
from tests.loop.installation import Installation, serving

SENDERS = 4
MAILS_BETWEEN_KILLS = 20
# A next hop's 250 becomes a done-mark in the next commit; a kill in between sends the mail once more (RFC 1047).
WINDOW_S = 2.0
ALL_ARRIVED_S = 120.0
MAIL = """\
From: saiyo@example.jp\r
To: {recipient}\r
Subject: =?utf-8?b?6YG46ICD57WQ5p6c44Gu44GU6YCj57Wh?=\r
Message-ID: <{recipient}>\r
X-CareerRelay: rejection\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
このたびはご応募いただき、誠にありがとうございました。\r
慎重に検討いたしました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r
"""


class TimedSink(Sink):
    """Remembers when each mail arrived."""

    def keep(self, got: Got) -> None:
        self.arrivals.setdefault(got.recipients[0], []).append(time.monotonic())
        super().keep(got)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.arrivals: dict[str, list[float]] = {}


class Load:
    """Sends mails as fast as they are taken, and remembers which ones were answered 250."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acked: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def takes(self, more: int) -> Callable[[], bool]:
        """Whether ``more`` mails have been answered 250 since now."""
        goal = len(self.acked) + more
        return lambda: len(self.acked) >= goal

    def _send(self, sender: int) -> None:
        number = 0
        while not self._stop.is_set():
            with (
                contextlib.suppress(OSError, smtplib.SMTPException),
                smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client,
            ):
                while not self._stop.is_set():
                    number += 1
                    recipient = f"c{sender}-{number}@example.org"
                    client.sendmail("saiyo@example.jp", [recipient], MAIL.format(recipient=recipient).encode())
                    self.acked.append(recipient)
                    time.sleep(0.005)


def add_company(installation: Installation) -> None:
    words = ("company", "add", "--name", "例示株式会社", "--sender-domain", "example.jp", "--network", "127.0.0.0/8")
    company = installation.json(*words, "--recruiting-sender", "@example.jp", "--mode", "auto")["id"]
    words = ("agency", "add", "--company", str(company), "--name", "例示キャリア", "--licence", "13-ユ-300001")
    installation.command(*words, "--licence-expires", "2099-03-31", "--email", "desk@agency.example.jp")
    installation.wait_until_open_for("saiyo@example.jp")


def kill_some(installation: Installation, load: Load, count: int) -> list[float]:
    """Kill a gateway process ``count`` times, each at a random moment while mails are being taken; when each was."""
    chance, moments = random.Random(20261121), list[float]()
    while len(moments) < count:
        wait_until(load.takes(MAILS_BETWEEN_KILLS), "no mail is taken any more")
        time.sleep(chance.uniform(0, 0.2))
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(chance.choice(installation.children("gateway")), signal.SIGKILL)
            moments.append(time.monotonic())
    return moments


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + ALL_ARRIVED_S
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


def check(acked: list[str], sink: TimedSink, kills: list[float]) -> None:
    wait_until(lambda: set(acked) <= set(sink.arrivals), "a mail that got 250 is lost")
    bodies: dict[str, set[bytes]] = {}
    for got in sink.got:
        bodies.setdefault(got.recipients[0], set()).add(got.raw)
    for recipient, moments in sink.arrivals.items():
        assert len(bodies[recipient]) == 1, f"{recipient}: a retry sent other bytes"
        for moment in moments[:-1]:
            near = [kill for kill in kills if moment - 0.1 <= kill <= moment + WINDOW_S]
            assert near, f"{recipient} was sent again though no process was killed after its 250"
    edited = Counter(b"/r/" in body for found in bodies.values() for body in found)
    assert edited[True] > 0, "the load must go the whole way, with decision and edit"


@pytest.mark.parametrize("kills", [25, pytest.param(200, marks=pytest.mark.torture)])
def test_no_acknowledged_mail_is_lost_by_kill_9(tmp_path: Path, kills: int) -> None:
    with TimedSink() as sink, serving(
        tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", GATEWAY__PROCESSES="2"
    ) as installation:  # fmt: skip
        add_company(installation)
        with Load(installation.smtp_port) as load:
            moments = kill_some(installation, load, kills)
        assert len(load.acked) > kills
        check(load.acked, sink, moments)
