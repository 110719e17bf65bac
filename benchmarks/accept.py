"""CPU of accepting one mail, from the connection to 250, with a commit that costs nothing.

    python -m benchmarks.accept --messages 3000 [--tls]

The server runs in a process of its own; its CPU is read from /proc, the client's is not in it. Rows: a connection for
each mail, one kept connection, and one kept connection whose commands come in one write (RFC 2920).
"""

import argparse
import asyncio
import os
import signal
import socket
import ssl
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.cpu import cpu_s
from benchmarks.mail_rate import message
from careerrelay.opening import migrated, opened
from core.setting_sources import load
from core.settings import Settings
from crm.registry import companies
from crm.registry.companies import NewCompany
from gateway.certificate import tls_context
from gateway.config import Directory
from gateway.session.intake import Intake
from gateway.session.smtp import SmtpSession
from gateway.store.spool import NewMail, Spool
from gateway.traffic import Traffic
from gateway.work import Work
from tests.gateway import certificates

EHLO = b"EHLO client.example.net\r\n"
MAIL = b"MAIL FROM:<saiyo@example.jp>\r\n"
RCPT = b"RCPT TO:<taro@example.org>\r\n"


async def _nowhere(_new: NewMail, _work: Work | None) -> int:
    """Store at once, and nothing."""
    return 1


async def _serve(settings: Settings, sock: socket.socket) -> None:
    with opened(settings) as runtime:
        with runtime.begin() as tx:
            networks, domains = ("127.0.0.0/8",), ("example.jp",)
            companies.add(tx, NewCompany(name="例示", sender_domains=domains, networks=networks))
        directory = Directory(runtime)
        intake = Intake(
            runtime,
            directory,
            Spool(settings),
            1,
            Traffic(asyncio.get_running_loop().time),
            keep=_nowhere,
            hand_on=lambda work: None,
            has_room=lambda: True,
            foresee=lambda company, recipient: None,
        )
        context = tls_context(settings)
        sock.setblocking(False)
        server = await asyncio.get_running_loop().create_server(lambda: SmtpSession(intake, context), sock=sock)
        await server.serve_forever()


def _child(settings: Settings, sock: socket.socket) -> int:
    child = os.fork()
    if child:
        return child
    try:
        import uvloop

        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, sock))
    finally:
        os._exit(1)


class _Client:
    def __init__(self, port: int, tls: ssl.SSLContext | None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self.replies(1)
        self.ask(EHLO)
        if tls is not None:
            self.ask(b"STARTTLS\r\n")
            self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
            self._file = self._socket.makefile("rb")
            self.ask(EHLO)

    def replies(self, count: int) -> None:
        while count:
            line = self._file.readline()
            assert line[:1] in b"23", line
            count -= line[3:4] != b"-"

    def ask(self, octets: bytes, count: int = 1) -> None:
        self._socket.sendall(octets)
        self.replies(count)

    def send(self, raw: bytes, *, pipelined: bool) -> None:
        if pipelined:
            self.ask(MAIL + RCPT + b"DATA\r\n", 3)
        else:
            for command in (MAIL, RCPT, b"DATA\r\n"):
                self.ask(command)
        self.ask(raw + b".\r\n")

    def quit(self) -> None:
        self.ask(b"QUIT\r\n")
        self._file.close()
        self._socket.close()


def _rows(port: int, tls: ssl.SSLContext | None, raw: bytes) -> dict[str, Callable[[int], None]]:
    def each_its_own(count: int) -> None:
        for _ in range(count):
            client = _Client(port, tls)
            client.send(raw, pipelined=False)
            client.quit()

    def kept(count: int, *, pipelined: bool = False) -> None:
        client = _Client(port, tls)
        for _ in range(count):
            client.send(raw, pipelined=pipelined)
        client.quit()

    return {
        "new connection": each_its_own,
        "kept connection": kept,
        "kept, pipelined": lambda count: kept(count, pipelined=True),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--messages", type=int, default=3000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--size", default="4k")
    arguments.add_argument("--tls", action="store_true", help="with STARTTLS")
    arguments.add_argument("--only", default="", help="run the rows whose name holds this")
    given = arguments.parse_args()
    raw = message(given.size)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = certificates.make(Path(folder))
        env = {"HOME": f"{folder}/home", "RELAY__NEXT_HOP": "smtp://127.0.0.1:1", "SMTP__HOSTNAME": "gateway.example"}
        if given.tls:
            env |= {"SMTP__TLS_CERT": str(certificate), "SMTP__TLS_KEY": str(key)}
        settings = load(env={f"CAREERRELAY_{name}": value for name, value in env.items()})
        migrated(settings)
        listening = socket.create_server(("127.0.0.1", 0))
        child = _child(settings, listening)
        port = listening.getsockname()[1]
        context = certificates.client_context(certificate) if given.tls else None
        try:
            for name, run in _rows(port, context, raw).items():
                if given.only not in name:
                    continue
                run(100)
                figures = []
                for _ in range(given.rounds):
                    before_s = cpu_s(child)
                    run(given.messages)
                    figures.append((cpu_s(child) - before_s) / given.messages * 1e6)
                print(f"{name:18} {len(raw):8} bytes  {statistics.median(figures):7.0f} us CPU a mail")
        finally:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
