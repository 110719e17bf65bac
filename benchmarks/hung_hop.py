"""How long the final dot waits for 250 while the next hop takes every mail, and while it hangs at each mail's dot.

    python -m benchmarks.hung_hop --rounds 5 --sessions 20 --mails 50

Two whole installations, measured in turn, so that the machine's mood cancels out. Behind one the next hop never
answers a dot, so its connections are soon all stuck and every further mail waits in the queue.
"""

import argparse
import random
import shutil
import smtplib
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from tests.loop.installation import Installation, serving
from tests.loop.test_kill import add_company
from tests.torture.hop import Hop
from tests.torture.load import MAIL

#: Each session rests a random time up to this between two mails: a load that the machine carries easily.
REST_S = 0.15
WARM_UP_MAILS = 10


def one_session(port: int, name: str, mails: int, waits_s: list[float]) -> None:
    """Send mails over one connection; add how long each dot waited for its 250."""
    chance = random.Random(name)
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo("bench.example.com")
        for number in range(mails):
            recipient = f"{name}-{number}@example.org"
            client.mail("saiyo@example.jp")
            client.rcpt(recipient)
            client.putcmd("DATA")
            client.getreply()
            octets = MAIL.format(recipient=recipient).encode() + b".\r\n"
            began_s = time.perf_counter()
            client.send(octets)
            code, text = client.getreply()
            waits_s.append(time.perf_counter() - began_s)
            assert code == 250, text
            time.sleep(chance.uniform(0, REST_S))


def measure(installation: Installation, run: str, sessions: int, mails: int) -> list[float]:
    """Seconds from dot to 250 of all mails of a round, sorted."""
    waits_s: list[float] = []
    threads = [
        threading.Thread(target=one_session, args=(installation.smtp_port, f"{run}-{number}", mails, waits_s))
        for number in range(sessions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(waits_s)


def percentile_ms(waits_s: list[float], percent: int) -> float:
    return waits_s[min(len(waits_s) * percent // 100, len(waits_s) - 1)] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--mails", type=int, default=50, help="a session and round")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cr-hung-"))
    waits: dict[str, list[list[float]]] = {"takes": [], "hangs": []}
    with ExitStack() as stack:
        installations = {}
        for name in waits:
            (folder / name).mkdir()
            hop = f"smtp://127.0.0.1:{Hop(hangs=name == 'hangs').port}"
            installations[name] = stack.enter_context(serving(folder / name / "home", RELAY__NEXT_HOP=hop))
            add_company(installations[name])
            measure(installations[name], f"warm-{name}", arguments.sessions, WARM_UP_MAILS)
        for number in range(arguments.rounds):
            for name in sorted(waits, reverse=bool(number % 2)):
                run = f"{name}{number}"
                found = measure(installations[name], run, arguments.sessions, arguments.mails)
                waits[name].append(found)
                print(f"round {number + 1} next hop {name}: p50 {percentile_ms(found, 50):.1f} ms, "
                      f"p99 {percentile_ms(found, 99):.1f} ms", flush=True)  # fmt: skip
        report(waits)
    shutil.rmtree(folder, ignore_errors=True)


def report(waits: dict[str, list[list[float]]]) -> None:
    for percent in (50, 99):
        taken, hung = (statistics.median(percentile_ms(each, percent) for each in waits[name]) for name in waits)
        print(f"p{percent} from dot to 250: {taken:.1f} ms, with the next hop hung {hung:.1f} ms: {hung / taken:.2f}x")


if __name__ == "__main__":
    main()
