"""A running installation whose disk fills up under load and gets space again, many times."""

import contextlib
import os
import resource
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gateway.sink import Sink
from tests.loop.installation import Installation, serving
from tests.loop.test_kill import add_company
from tests.torture.conftest import Say
from tests.torture.load import Load, wait_until

DISK_BYTES = 64 * 1024 * 1024
BLOCK = bytes(65_536)
MAILS_BETWEEN = 40
REFUSALS = 40
#: What a process may hold more than after its first mails: caches, not the mails that it refused.
GROWTH_KB_MAX = 40_000

Switch = Callable[[Installation, bool], None]


@contextmanager
def small_disk(folder: Path) -> Iterator[Switch]:
    """A disk of ``DISK_BYTES`` at ``folder`` and the function that fills it and frees it again.

    Who may not mount gets no file written beyond a few bytes instead: a limit on the processes, set from outside.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield _limit
        return
    try:
        yield lambda _, full: _fill(folder / "filler") if full else (folder / "filler").unlink()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(BLOCK)
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"0")


def _limit(installation: Installation, full: bool) -> None:
    for pid in installation.children("gateway"):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (512 if full else hard, hard))


def resident_kb(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.torture)])
def test_mail_is_deferred_while_the_disk_is_full_and_taken_afterwards(tmp_path: Path, times: int, say: Say) -> None:
    with small_disk(tmp_path / "disk") as switch, Sink() as sink, serving(
        tmp_path / "disk" / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", RELAY__RETRY_S="1"
    ) as installation:  # fmt: skip
        add_company(installation)
        with Load(installation.smtp_port) as load:
            wait_until(load.takes(MAILS_BETWEEN), "no mail is taken")
            first = {pid: resident_kb(pid) for pid in installation.children("gateway")}
            for _ in range(times):
                switch(installation, True)
                wait_until(load.refuses(REFUSALS), "mail is taken on a full disk")
                switch(installation, False)
                wait_until(load.takes(MAILS_BETWEEN), "no mail is taken after there is space again")
            growth_kb = {pid: resident_kb(pid) - kb for pid, kb in first.items() if Path(f"/proc/{pid}").exists()}
        assert set(growth_kb) == set(first), "a gateway process died of the full disk"
        wait_until(lambda: {*load.acked} <= {got.recipients[0] for got in sink.got}, "a mail that got 250 is lost")
    copies = Counter(got.recipients[0] for got in sink.got)
    assert max(copies.values()) == 1
    assert set(load.refused) <= {451, 452}
    assert max(growth_kb.values()) < GROWTH_KB_MAX
    say(
        f"full {times} times, {len(load.acked)} mails answered 250, others {dict(load.refused)}, 0 lost, 0 twice, "
        f"a process grew by at most {max(growth_kb.values()) // 1024} MB"
    )
