"""How long one mail takes from its final dot to the next hop's, at a calm rate: gateway, Postfix, Postfix + alterMIME.

    python -m benchmarks.latency --rounds 3 --mails 200 --per-second 20 --size 4k

The targets are measured in turn. Each mail comes over a connection of its own and carries its number in a field; the
next hop notes when that mail's dot arrived. Needs root, as `benchmarks.mail_rate` does.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.mail_rate import SIZES, Target, gateway, message
from benchmarks.peers import altermime_postfix, plain_postfix

END = b"\r\n.\r\n"
_NUMBER = re.compile(rb"X-Number: (\d+)\r\n")
LAST_S = 30.0


class Sink:
    """A next hop that notes when each numbered mail's final dot came."""

    def __init__(self) -> None:
        self.came_s: dict[int, float] = {}
        self.port = 0

    async def start(self) -> None:
        server = await asyncio.start_server(self._quiet_session, "127.0.0.1", 0, limit=1 << 26)
        self.port = server.sockets[0].getsockname()[1]

    async def _quiet_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # at the end, when a target keeps its connection
            await self._session(reader, writer)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                writer.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n")
            elif word == b"DATA":
                writer.write(b"354 go\r\n")
                octets = await reader.readuntil(END)
                found = _NUMBER.search(octets)
                if found:
                    self.came_s[int(found[1])] = time.perf_counter()
                writer.write(b"250 ok\r\n")
            elif word == b"QUIT":
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()


async def send(port: int, number: int, octets: bytes) -> float:
    """Send one mail; when its final dot left, in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    recipient = f"n{number}@example.org"
    for command in ("EHLO bench.example.com", "MAIL FROM:<saiyo@example.jp>", f"RCPT TO:<{recipient}>", "DATA"):
        writer.write(command.encode() + b"\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
    sent_s = time.perf_counter()
    writer.write(f"X-Number: {number}\r\n".encode() + octets + b".\r\n")
    reply = await reader.readline()
    if not reply.startswith(b"250"):
        raise RuntimeError(reply)
    writer.write(b"QUIT\r\n")
    await writer.drain()
    writer.close()
    return sent_s


async def measure(target: Target, sink: Sink, first: int, arguments: argparse.Namespace) -> list[float]:
    """Milliseconds from dot to dot of each mail, sorted."""
    octets = message(arguments.size)
    tasks = []
    for number in range(first, first + arguments.mails):
        tasks.append(asyncio.create_task(send(target.port, number, octets)))
        await asyncio.sleep(1 / arguments.per_second)
    sent_s = dict(zip(range(first, first + arguments.mails), await asyncio.gather(*tasks), strict=True))
    end_s = time.perf_counter() + LAST_S
    while not sent_s.keys() <= sink.came_s.keys() and time.perf_counter() < end_s:  # noqa: ASYNC110 - many events
        await asyncio.sleep(0.05)
    return sorted((sink.came_s[number] - at_s) * 1000 for number, at_s in sent_s.items())


async def compare(arguments: argparse.Namespace, folder: Path) -> None:
    """Measure every target once a round, and print medians and the gateway's share of the others' p50."""
    sink = Sink()
    await sink.start()
    found: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        # Starting them blocks; the sink's loop must run while they look for their next hop.
        targets = [await asyncio.to_thread(stack.enter_context, gateway(sink.port, folder))]
        for name, peer in (("postfix", plain_postfix), ("postfix+altermime", altermime_postfix)):
            running = await asyncio.to_thread(stack.enter_context, peer(sink.port))
            targets.append(Target(name, running.port, running.master_pid))
        for round_number in range(arguments.rounds + 1):  # the first one warms up
            for place, target in enumerate(targets):
                first = (round_number * len(targets) + place) * arguments.mails
                times_ms = await measure(target, sink, first, arguments)
                if round_number:
                    figures = (statistics.median(times_ms), times_ms[int(len(times_ms) * 0.99)])
                    found.setdefault(target.name, []).append(figures)
    print(f"{arguments.size}, {arguments.per_second}/s, {arguments.mails} mails, {arguments.rounds} rounds")
    for name, rounds in found.items():
        p50, p99 = (statistics.median(column) for column in zip(*rounds, strict=True))
        share = statistics.median(mine[0] / its[0] for mine, its in zip(found["gateway"], rounds, strict=True))
        print(f"{name:18} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   gateway's p50: {share:.2f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--size", choices=SIZES, default="4k")
    if os.geteuid() != 0:
        sys.exit("run as root: Postfix needs it")
    folder = Path(tempfile.mkdtemp(prefix="cr-bench-"))
    folder.chmod(0o755)
    asyncio.run(compare(parser.parse_args(), folder))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
