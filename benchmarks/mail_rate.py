"""Mails per second and CPU per mail: the gateway beside Postfix, interleaved, so that the machine's mood cancels out.

    python -m benchmarks.mail_rate --rounds 5 --messages 2000 --sessions 20 --size 4k [--dkim] [--fresh]
    python -m benchmarks.mail_rate --peers drop forward

A session sends its mails over one connection; with ``--fresh`` each mail has a connection of its own.
Needs root on a Debian machine; Postfix and alterMIME are installed when they are missing. The other peers, drop and
forward, are servers in Python that store nothing (`benchmarks.python_peers`). The gateway runs durable,
decides every mail, edits it and writes its rows: each mail carries the explicit marker and has a recipient of its own.
With ``--dkim`` it signs with rsa2048, too. `benchmarks.latency` measures how long a single mail takes.
"""

import argparse
import base64
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cpu import cpu_s, pss_mb
from benchmarks.peers import altermime_postfix, plain_postfix
from benchmarks.python_peers import running
from tests.loop.installation import serving
from tests.servers import free_port, wait_for_port

TEXT = (
    "このたびは弊社の採用選考にご応募いただき、誠にありがとうございました。\r\n"
    "慎重に検討いたしました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r\n"
    "ご希望に沿えず大変恐縮ではございますが、何卒ご了承くださいますようお願い申し上げます。\r\n"
    "末筆ながら、今後のますますのご活躍をお祈り申し上げます。\r\n"
)
PEERS = ("postfix", "altermime", "drop", "forward")
SIZES = {"4k": (4_000, 0), "50k": (4_000, 46_000), "5m": (4_000, 5_000_000)}


def message(size: str) -> bytes:
    """A Japanese rejection mail with text and HTML, and for larger sizes an attachment."""
    text_bytes, attachment_bytes = SIZES[size]
    filler = "補足：応募書類は責任をもって破棄いたします。\r\n"
    text = TEXT + filler * ((text_bytes // 2 - len(TEXT.encode())) // len(filler.encode()))
    html = "<html><body>" + "".join(f"<p>{line}</p>\r\n" for line in text.split("\r\n")) + "</body></html>\r\n"
    part = "--b\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n"
    body = part.format("plain", text) + part.format("html", html) + "--b--\r\n"
    if attachment_bytes:
        octets = (
            base64.encodebytes(random.Random(1).randbytes(attachment_bytes * 3 // 4)).replace(b"\n", b"\r\n").decode()
        )
        inner = f"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n{body}"
        body = (
            f"{inner}--a\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{octets}--a--\r\n"
        )
    boundary = "multipart/mixed; boundary=a" if attachment_bytes else "multipart/alternative; boundary=b"
    head = (
        "From: saiyo@example.jp\r\nTo: rcpt@example.org\r\nSubject: =?utf-8?b?6YG46ICD57WQ5p6c44Gu44GU6YCj57Wh?=\r\n"
        "Date: Sat, 21 Nov 2026 12:00:00 +0900\r\nMessage-ID: <1@example.jp>\r\nMIME-Version: 1.0\r\n"
        f"X-CareerRelay: rejection\r\nContent-Type: {boundary}\r\n\r\n"
    )
    return (head + body).encode()


@dataclass(frozen=True)
class Target:
    name: str
    port: int
    pid: int
    delivers: bool = True


@contextmanager
def gateway(sink_port: int, folder: Path, *, dkim: bool = False) -> Iterator[Target]:
    """The product as `serve` runs it, embedded, in mode auto."""
    # As often as by default, where tests look five times as often for jobs.
    settings = {"RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink_port}", "JOBS__POLL_S": "1.0"}
    with serving(folder / "home", **settings) as installation:
        words = (
            "company",
            "add",
            "--name",
            "例示",
            "--sender-domain",
            "example.jp",
            "--recruiting-sender",
            "@example.jp",
        )
        company = installation.json(*words, "--network", "127.0.0.0/8", "--mode", "auto")["id"]
        words = ("agency", "add", "--company", str(company), "--name", "例示キャリア", "--licence", "13-ユ-300001")
        installation.command(*words, "--licence-expires", "2030-03-31", "--email", "desk@agency.example.jp")
        if dkim:
            key = installation.json("dkim", "prepare", str(company), "--domain", "example.jp")["id"]
            installation.command("dkim", "activate", str(key), "--without-check")
        assert installation.process is not None
        yield Target("gateway", installation.smtp_port, installation.process.pid)


@contextmanager
def peer(name: str, sink_port: int, folder: Path) -> Iterator[Target]:
    """One of ``PEERS``, running."""
    if name in ("drop", "forward"):
        with running(name, sink_port, folder) as (port, pid):
            yield Target(name, port, pid, delivers=name == "forward")
    else:
        with (altermime_postfix if name == "altermime" else plain_postfix)(sink_port) as postfix:
            yield Target(name, postfix.port, postfix.master_pid)


def run_once(
    target: Target, sink_port: int, mail: Path, messages: int, sessions: int, run: int, *, fresh: bool = False
) -> tuple[float, float]:
    """Messages a second and CPU milliseconds a message, from the first connection to the last message at the sink.

    To the last 250 of a target that delivers nothing.
    """
    sink = subprocess.Popen(["smtp-sink", "-c", "-M", str(messages), "-u", "nobody", f"127.0.0.1:{sink_port}", "1000"],
                            stdout=subprocess.DEVNULL)  # fmt: skip
    wait_for_port(sink_port)
    before, start = cpu_s(target.pid), time.monotonic()
    source = [
        "smtp-source",
        *([] if fresh else ["-d"]),
        "-N",
        "-s",
        str(sessions),
        "-m",
        str(messages),
        "-F",
        str(mail),
    ]
    try:
        subprocess.run(
            [*source, "-f", "saiyo@example.jp", "-t", f"r{run}@example.org", f"127.0.0.1:{target.port}"], check=True
        )
        if target.delivers:
            sink.wait(timeout=600)
    finally:
        sink.kill()
    wall_s = time.monotonic() - start
    return messages / wall_s, (cpu_s(target.pid) - before) / messages * 1000


def measure(arguments: argparse.Namespace) -> None:
    random.seed(1)
    folder = Path(tempfile.mkdtemp(prefix="cr-bench-"))
    folder.chmod(0o755)
    mail = folder / "mail.eml"
    # smtp-source reads lines and writes the SMTP line ends itself.
    mail.write_bytes(message(arguments.size).replace(b"\r\n", b"\n"))
    sink_port = free_port()
    results: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        targets = [stack.enter_context(gateway(sink_port, folder, dkim=arguments.dkim))]
        targets += [stack.enter_context(peer(name, sink_port, folder)) for name in arguments.peers]
        for round_number in range(arguments.rounds + 1):  # the first one warms up
            for place, target in enumerate(
                targets[round_number % len(targets) :] + targets[: round_number % len(targets)]
            ):
                run = round_number * 10 + place
                figures = run_once(
                    target, sink_port, mail, arguments.messages, arguments.sessions, run, fresh=arguments.fresh
                )
                if round_number:
                    results.setdefault(target.name, []).append(figures)
                    print(
                        f"round {round_number} {target.name:18} {figures[0]:8.0f} msg/s {figures[1]:8.2f} ms CPU",
                        flush=True,
                    )
        signed = ", DKIM rsa2048" if arguments.dkim else ""
        connections = ", a connection a mail" if arguments.fresh else ""
        counts = f"{arguments.messages} mails, {arguments.rounds} rounds"
        print(f"{arguments.size}{signed}, {arguments.sessions} sessions{connections}, {counts}")
        report(results, {target.name: pss_mb(target.pid) for target in targets})
    shutil.rmtree(folder, ignore_errors=True)


def report(results: dict[str, list[tuple[float, float]]], memory: dict[str, float]) -> None:
    ours = results["gateway"]
    for name, figures in results.items():
        rate, cpu = (statistics.median(column) for column in zip(*figures, strict=True))
        line = f"{name:18} {rate:8.0f} msg/s {cpu:8.2f} ms CPU/msg {memory[name]:8.0f} MB PSS"
        if name != "gateway":
            pairs = list(zip(ours, figures, strict=True))
            rates = statistics.median(mine[0] / theirs[0] for mine, theirs in pairs)
            cpus = statistics.median(mine[1] / theirs[1] for mine, theirs in pairs)
            line += f"   gateway: {rates:.2f}x the rate at {cpus:.3f} of the CPU"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--size", choices=SIZES, default="4k")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS[:2])
    parser.add_argument("--fresh", action="store_true", help="a connection for each mail")
    parser.add_argument("--dkim", action="store_true", help="the gateway signs what it edits")
    if os.geteuid() != 0:
        sys.exit("run as root: Postfix needs it")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
