"""Two SMTP servers in Python to measure against, neither of which stores a mail before its 250.

    python -m benchmarks.python_peers drop|forward PORT [SINK_PORT]

drop      aiosmtpd that takes every mail and throws it away: what reception alone costs.
forward   aiosmtpd; each mail read and written by the `email` package with a footer in its text parts, and sent on with
          aiosmtplib before 250 is said.

One process each. aiosmtplib is no dependency of the product: it is installed beside the benchmark's folder.
"""

import argparse
import asyncio
import contextlib
import email
import email.policy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.servers import free_port, wait_for_port

FOOTER = "\r\n---\r\nhttps://relay.example.jp/r/AAAAAAAAAAAAAAAAAAAAAA\r\n"
BYTES_MAX = 50_000_000


class Drop:
    """Takes everything and keeps nothing."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Say that it was taken."""
        return "250 OK"


class Forward:
    """Edits every mail with the `email` package and gives it to the next hop."""

    def __init__(self, sink_port: int) -> None:
        self._sink_port = sink_port

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Say that it was taken when the next hop has it."""
        import aiosmtplib

        message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        for part in message.walk():
            if isinstance(part, EmailMessage) and part.get_content_type() == "text/plain":
                part.set_content(part.get_content() + FOOTER)
        # smtp-sink ends with its last mail, without a word.
        with contextlib.suppress(aiosmtplib.SMTPServerDisconnected):
            await aiosmtplib.send(
                message.as_bytes(),
                sender=envelope.mail_from,
                recipients=envelope.rcpt_tos,
                hostname="127.0.0.1",
                port=self._sink_port,
                use_tls=False,
                start_tls=False,
            )
        return "250 OK"


async def _serve(handler: Drop | Forward, port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="peer.example.jp", data_size_limit=BYTES_MAX, loop=loop), "127.0.0.1", port
    )
    await server.serve_forever()


@contextmanager
def running(kind: str, sink_port: int, folder: Path) -> Iterator[tuple[int, int]]:
    """Run one of the servers; yields its port and process id."""
    libraries = folder / "libraries"
    if kind == "forward":
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(libraries), "aiosmtplib"]
        subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    # Behind the product's own libraries, which stay as they are pinned.
    program = f"import sys; sys.path.append({str(libraries)!r}); from benchmarks.python_peers import main; main()"
    process = subprocess.Popen([sys.executable, "-c", program, kind, str(port), str(sink_port)])
    try:
        wait_for_port(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["drop", "forward"])
    parser.add_argument("port", type=int)
    parser.add_argument("sink_port", type=int, nargs="?", default=0)
    arguments = parser.parse_args()
    asyncio.run(_serve(Drop() if arguments.kind == "drop" else Forward(arguments.sink_port), arguments.port))


if __name__ == "__main__":
    main()
