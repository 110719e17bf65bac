"""Memory of a whole `careerrelay serve`: what each of its processes adds, idle, after small mails, with large ones.

    python -m benchmarks.memory --mails 2000 --large 4
    python -m benchmarks.memory --role gateway

Proportional set size (PSS, proc(5) `smaps_rollup`): a page shared by n processes counts 1/n in each, so the sum over
the tree is what the installation takes from the machine. Of it, "data" is what no file holds. The rest, code and
libraries, counts less while other programs run the same Python (up to 12 MB): compare trees by their data. `--trace`
also lists, for each gateway process, the lines of code that hold most of what it allocated itself (tracemalloc; all
other figures are then too high).
"""

import argparse
import os
import signal
import smtplib
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from benchmarks.mail_rate import message
from benchmarks.slow_sink import SlowSink
from tests.loop.installation import Installation

SAMPLE_S = 0.05
SETTLE_S = 3.0
TRACE_LINES = 25
#: Loaded by every Python of the installation when it lies on its path. In a child made by fork it follows what the
#: child itself allocates, and writes that down on SIGUSR2.
TRACER = """
import os, signal, tracemalloc
def dump(number, frame):
    tracemalloc.take_snapshot().dump(os.path.join(os.environ["TRACES"], str(os.getpid())))
def begin():
    tracemalloc.start()
    signal.signal(signal.SIGUSR2, dump)
os.register_at_fork(after_in_child=begin)
"""


def tree(root: int) -> dict[int, str]:
    """Process id -> a short name, of ``root`` and its children."""
    found = {root: "supervisor"}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) != root:
                continue
            words = (path.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # ended while we looked
        role = next((word for word in words if word in {"gateway", "worker", "web", "scheduler"}), "?")
        found[int(path.parent.name)] = role
    return found


def memory_kb(pid: int) -> tuple[int, int, int]:
    """PSS, what is private to the process, and the part of the PSS that is no file, in kB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0, 0
    figures = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return figures["Pss"], figures["Private_Dirty"] + figures["Private_Clean"], figures["Pss_Anon"]


class Sampler:
    """Looks at the tree's PSS every 50 ms from a thread of its own; keeps the highest."""

    def __init__(self, root: int) -> None:
        self._root, self.peak_kb, self._over = root, 0, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.peak_kb = max(self.peak_kb, sum(memory_kb(pid)[0] for pid in tree(self._root)))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def show(title: str, root: int, peak_kb: int = 0) -> None:
    rows = [(name, *memory_kb(pid)) for pid, name in tree(root).items()]
    parts = ", ".join(f"{name} {pss / 1024:.0f} ({own / 1024:.0f} own)" for name, pss, own, _ in rows)
    peak = f", peak {peak_kb / 1024:.0f}" if peak_kb else ""
    total, data = sum(row[1] for row in rows) / 1024, sum(row[3] for row in rows) / 1024
    print(f"{title:34} {total:6.1f} MB PSS ({data:.1f} data){peak}: {parts}", flush=True)


def send(port: int, mail: bytes, recipients: list[str]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as client:
        for recipient in recipients:
            client.sendmail("saiyo@example.jp", [recipient], mail)


def send_all(port: int, mail: bytes, count: int, sessions: int, name: str) -> None:
    """``count`` mails over ``sessions`` connections; each recipient is a new person, so that each mail is edited."""
    recipients = [f"{name}{number}@example.org" for number in range(count)]
    with ThreadPoolExecutor(sessions) as pool:
        for done in [pool.submit(send, port, mail, recipients[start::sessions]) for start in range(sessions)]:
            done.result()


def until(condition: Callable[[], bool], what: str, timeout_s: float = 120.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise SystemExit(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.02)


def furnish(installation: Installation) -> None:
    """A company in mode auto with an agency: every mail of the benchmark is edited."""
    words = ("--name", "例示", "--sender-domain", "example.jp", "--recruiting-sender", "@example.jp")
    added = installation.json("company", "add", *words, "--network", "127.0.0.0/8", "--mode", "auto")
    words = ("--company", str(added["id"]), "--name", "例示キャリア", "--licence", "13-ユ-300001")
    installation.command(
        "agency", "add", *words, "--licence-expires", "2030-03-31", "--email", "desk@agency.example.jp"
    )


def show_traces(folder: Path, root: int) -> None:
    """What each gateway process has allocated since its birth and still holds, by line of code."""
    gateways = [pid for pid, name in tree(root).items() if name == "gateway"]
    for pid in gateways:
        os.kill(pid, signal.SIGUSR2)
        until((folder / str(pid)).exists, "trace")
    time.sleep(SETTLE_S)
    for pid in gateways:
        snapshot = tracemalloc.Snapshot.load(str(folder / str(pid)))
        (folder / str(pid)).unlink()
        held = snapshot.statistics("lineno")
        print(f"gateway {pid} holds {sum(line.size for line in held) / 1_048_576:.1f} MB of its own, most of it here:")
        for line in held[:TRACE_LINES]:
            print(f"  {line.size / 1024:8.0f} kB {line.count:7} {line.traceback[0]}")


def measure(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cr-memory-")))
        sink = stack.enter_context(SlowSink())
        installation = Installation(
            folder / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", GATEWAY__PROCESSES="2"
        )
        if arguments.trace:
            (folder / "tracer").mkdir()
            (folder / "tracer" / "sitecustomize.py").write_text(TRACER)
            installation.environment |= {"PYTHONPATH": f"{folder / 'tracer'}:{Path.cwd()}", "TRACES": str(folder)}
        installation.command("migrate")
        furnish(installation)
        began_s = time.monotonic()
        installation.start(arguments.role)
        stack.callback(installation.stop)
        print(f"ready after {time.monotonic() - began_s:.2f} s")
        assert installation.process is not None
        root = installation.process.pid
        time.sleep(SETTLE_S)
        show("idle", root)
        with Sampler(root) as sampler:
            send_all(installation.smtp_port, message("4k"), arguments.mails, 20, "small")
            until(lambda: sink.taken >= arguments.mails, "small mails")
        time.sleep(SETTLE_S)
        show(f"after {arguments.mails} mails of 4 kB", root, sampler.peak_kb)
        if arguments.trace:
            show_traces(folder, root)
        sink.dot_s = arguments.dot_s
        large = message("5m")
        with Sampler(root) as sampler:
            send_all(installation.smtp_port, large, arguments.large, arguments.large, "large")
            until(lambda: sink.at_the_dot >= arguments.large, "large mails at the dot")
            show(f"{arguments.large} mails of 5 MB at the dot", root, sampler.peak_kb)
            if arguments.trace:
                show_traces(folder, root)
            until(lambda: sink.taken >= arguments.mails + arguments.large, "large mails")
        time.sleep(SETTLE_S)
        show(f"after {arguments.large} mails of 5 MB", root, sampler.peak_kb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--large", type=int, default=4)
    parser.add_argument("--dot-s", type=float, default=8.0, help="seconds that the next hop thinks about a large mail")
    parser.add_argument("--role", choices=("serve", "gateway"), default="serve", help="everything, or mail alone")
    parser.add_argument("--trace", action="store_true")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
