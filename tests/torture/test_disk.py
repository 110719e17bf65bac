"""A disk that is full or broken: 452 or 451, never a 250 without the mail; and it goes on by itself afterwards."""

import errno
import gc
import itertools
import smtplib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

import gateway.process
import gateway.sweep
from core.clock import ManualClock
from core.runtime import Runtime
from gateway.store.spool import NewMail, directory_of
from gateway.work import Work
from tests.gateway.rig import HR, REJECTION, Gateway, ats_says, message, rejecting_company, without_received
from tests.gateway.sink import Sink
from tests.torture.conftest import Say
from tests.torture.faults import CALLS, Disk

INLINE_BYTES_MAX = 4096
LARGE = REJECTION + "補足：応募書類は責任をもって破棄いたします。\r\n" * 120
PASSED = "面接のご案内です。\r\n"
#: Mails that go different ways: edited in a row and beside a file, passed on, refused with a report to the sender,
#: deferred once, for review (two applicants), edited with a copy for a colleague.
WAYS = {
    "edited": REJECTION,
    "large": LARGE,
    "passed": PASSED,
    "refused": REJECTION,
    "deferred": REJECTION,
    "review": REJECTION,
    "copied": REJECTION,
    "large copied": LARGE,
}
CHIEF = "chief{}@kigyo.example.jp"
PREFIX = {"refused": "rcpt550.", "deferred": "rcpt450x1."}
BESIDE = {"review": "hanako{}@example.com", "copied": CHIEF, "large copied": CHIEF}
QUICK = ((errno.ENOSPC, True), (errno.EIO, False))
FULL = tuple(itertools.product((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT), (False, True)))
#: The first pause after a refusal for now.
PAUSE_S = 61
REFUSED_MAILS = 300


def send(server: Gateway, raw: bytes, *recipients: str) -> int:
    """The reply code to the whole mail."""
    try:
        server.send(raw, recipients)
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code
    return 250


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at every second is looked at more often: how long it waits is not tested here."""
    monkeypatch.setattr(gateway.process, "WRITE_RETRY_S", 0.02)
    monkeypatch.setattr(gateway.sweep, "SWEEP_S", 0.05)


@dataclass
class Trial:
    """Sends one mail after the other, each with one fault on its way."""

    runtime: Runtime
    clock: ManualClock
    company_id: int
    sink: Sink
    server: Gateway
    disk: Disk
    codes: Counter[int] = field(default_factory=Counter)
    reports: int = 0
    number: int = 0

    def meets(self, way: str, call: str, nth: int, error: int, lasting: bool) -> bool:
        """One mail; was there an ``nth`` call to fail? The law is asserted on the way."""
        self.number += 1
        recipient = f"{PREFIX.get(way, '')}taro{self.number}@example.com"
        ats_says(self.runtime, self.company_id, recipient=recipient)
        raw, what = message(WAYS[way], to=recipient), f"{way}: {call} {nth} {errno.errorcode[error]} lasting={lasting}"
        self.disk.fail(call, nth=nth, error=error, lasting=lasting)
        recipients = [recipient, *([BESIDE[way].format(self.number)] if way in BESIDE else [])]
        code = send(self.server, raw, *recipients)
        if code == 250 and not lasting:
            self._finish(way)
        met = self.disk.heal() > 0
        self.codes[code] += 1
        assert code in (250, 451, 452), what
        if code != 250:
            assert not self.server.count_open(), f"{what}: refused, yet it is there"
            assert send(self.server, raw, *recipients) == 250, f"{what}: refused after the disk was well again"
        self._finish(way)
        for each in recipients:
            self._check(way, each, raw, f"{what}: answered {code}")
        return met

    def _finish(self, way: str) -> None:
        if way == "deferred":
            self.server.wait_for(lambda: not self.server.count_open() or self._waits())
            self.clock.advance(PAUSE_S)
        self.server.wait_until_finished()

    def _waits(self) -> bool:
        last = self.server.deliveries()[-1]
        return bool(last.state == "waiting" and last.tries > 0)

    def _check(self, way: str, recipient: str, raw: bytes, what: str) -> None:
        copies = self.sink.to(recipient)
        if way == "refused":
            self.reports += 1
            self.server.wait_for(lambda: len(self.sink.to(HR)) >= self.reports)
            self.server.wait_until_finished()
            assert (len(self.sink.to(HR)), len(copies)) == (self.reports, 0), what
            return
        assert len(copies) == 1, f"{what}: {len(copies)} copies"
        arrived = without_received(copies[0].raw)
        assert arrived == raw or ("taro" in recipient and b"/r/" in arrived), what


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("ways", "faults", "points"),
    [(("large", "refused"), QUICK, 40), pytest.param(tuple(WAYS), FULL, 400, marks=pytest.mark.torture)],
    ids=["quick", "full"],
)
def test_every_write_may_fail_once_or_for_a_time(
    runtime: Runtime,
    clock: ManualClock,
    ways: Sequence[str],
    faults: Sequence[tuple[int, bool]],
    points: int,
    say: Say,
) -> None:
    company = rejecting_company(runtime)
    with (
        Sink() as sink,
        Gateway(runtime, sink.port, SPOOL__INLINE_BYTES_MAX=str(INLINE_BYTES_MAX)) as server,
        Disk(server.runtime) as disk,
    ):
        trial, met = Trial(runtime, clock, company.id, sink, server, disk), 0
        for way, call, (error, lasting) in itertools.product(ways, CALLS, faults):
            for nth in itertools.count(1):
                if not trial.meets(way, call, nth, error, lasting):
                    break
                met += 1
        assert server.error is None
    assert met >= points
    assert min(trial.codes[250], trial.codes[451]) > 10
    say(f"{met} faults at a write, mails answered {dict(trial.codes)}, 0 lost, 0 twice")


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_stays_full_costs_no_memory_and_loses_nothing(runtime: Runtime, say: Say) -> None:
    company = rejecting_company(runtime)
    ats_says(runtime, company.id, recipient="slow.taro@example.com")
    with Sink() as sink, Gateway(runtime, sink.port) as server, Disk(server.runtime) as disk:
        server.send(message(REJECTION), ["slow.taro@example.com"])
        sink.wait(1)  # the next hop has it, its mark is not written yet
        disk.fail("commit", nth=1, error=errno.ENOSPC, lasting=True)
        codes = Counter(send(server, message(), f"r{number}@example.com") for number in range(REFUSED_MAILS))
        assert set(codes) <= {451, 452}
        gc.collect()
        in_memory = sum(isinstance(each, Work | NewMail) for each in gc.get_objects())
        assert in_memory <= 3, "what was refused is still held"
        assert disk.heal() > REFUSED_MAILS
        server.wait_until_finished()
        assert send(server, message(), "after@example.com") == 250
        server.wait_until_finished()
        assert Counter(got.recipients[0] for got in sink.got) == {"slow.taro@example.com": 1, "after@example.com": 1}
    assert not list(directory_of(runtime.settings).glob("*"))
    say(f"{REFUSED_MAILS} mails while the disk is full: {dict(codes)}, {in_memory} mails in memory behind them")
