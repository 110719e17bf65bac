"""A next hop for tests: a real SMTP server that keeps what it gets and misbehaves where a recipient's name asks for it.

Triggers in the local part, before a dot: ``rcpt450 rcpt550 data451 data554`` answer so (``mail451 mail550`` stand in
the sender); ``drop`` closes after the final dot without an answer but keeps the mail; ``dropmid`` closes in the middle
of the message; ``slow`` answers the dot late; ``go250`` answers DATA itself with 250.
``xN`` behind one: only the first N times, e.g. ``data451x2.taro@…``.
"""

import asyncio
import base64
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
SLOW_S = 0.5
_TRIGGER = re.compile(r"(rcpt450|rcpt550|mail451|mail550|data451|data554|go250|dropmid|drop|slow)(?:x(\d+))?\.")
_REPLIES = {
    "rcpt450": "450 4.2.0 try later",
    "rcpt550": "550 5.1.1 no such user",
    "mail451": "451 4.3.0 not now",
    "mail550": "550 5.7.1 not you",
    "data451": "451 4.3.0 not now",
    "data554": "554 5.6.0 refused",
}


@dataclass(frozen=True)
class Got:
    """One message as it arrived: the MAIL line, the RCPT lines, the octets with dots unstuffed."""

    mail: str
    rcpts: tuple[str, ...]
    raw: bytes
    tls: bool
    user: str

    @property
    def sender(self) -> str:
        return _path(self.mail)

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(map(_path, self.rcpts))


def _path(line: str) -> str:
    match = re.search(r"<([^>]*)>", line)
    return match[1] if match else ""


@dataclass
class Sink:
    """Runs in a thread of its own; ``with Sink() as sink: … sink.port … sink.wait(1)``."""

    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    users: dict[str, str] = field(default_factory=dict)
    greeting: str = "220 sink.example.net ESMTP"
    port: int = 0
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._arrived = threading.Condition()
        self._hits: Counter[tuple[str, str]] = Counter()
        self._started = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def wait(self, count: int, timeout_s: float = 15.0) -> list[Got]:
        """The messages, once there are ``count`` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= count, timeout_s), f"{len(self.got)} of {count}"
            return list(self.got)

    def hang_up(self) -> None:
        """Close every open connection, as servers do with idle clients; returns when they are closed."""

        async def close() -> None:
            for writer in (writers := list(self._writers)):
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    def to(self, recipient: str) -> list[Got]:
        return [got for got in self.got if recipient in got.recipients]

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=1 << 24, ssl=self.tls if self.implicit_tls else None
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        async with server:
            await self._stop.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def triggered(self, kind: str, recipients: Iterable[str]) -> bool:
        for recipient in recipients:
            match = _TRIGGER.match(recipient)
            if match and match[1] == kind:
                self._hits[kind, recipient] += 1
                if match[2] is None or self._hits[kind, recipient] <= int(match[2]):
                    return True
        return False

    def keep(self, got: Got) -> None:
        with self._arrived:
            self.got.append(got)
            self._arrived.notify_all()


class _Session:
    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.mail, self.rcpts, self.user = "", list[str](), ""
        self.is_tls = sink.implicit_tls

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def run(self) -> None:
        await self.say(self.sink.greeting)
        while line := await self.reader.readline():
            command = line.rstrip(b"\r\n").decode("utf-8", "replace")
            self.sink.commands.append(command)
            if not await self.answer(command, command.upper()):
                return

    async def answer(self, command: str, upper: str) -> bool:
        """False ends the connection."""
        word = upper.split(" ")[0].split(":")[0]
        match word:
            case "EHLO":
                await self.hello()
            case "STARTTLS":
                await self.say("220 2.0.0 go")
                await self.writer.start_tls(self.sink.tls)  # type: ignore[arg-type]
                self.is_tls = True
            case "AUTH":
                await self.authenticate(command)
            case "MAIL":
                await self.begin(command)
            case "RCPT":
                await self.recipient(command)
            case "DATA":
                return await self.message()
            case "RSET" | "NOOP" | "HELO":
                self.mail, self.rcpts = "", []
                await self.say("250 2.0.0 ok")
            case "QUIT":
                await self.say("221 2.0.0 bye")
                return False
            case _:
                await self.say("502 5.5.2 unknown")
        return True

    async def hello(self) -> None:
        extensions = [*self.sink.extensions]
        if self.sink.tls is not None and not self.is_tls:
            extensions.append("STARTTLS")
        if self.sink.users:
            extensions.append("AUTH PLAIN LOGIN")
        lines = ["sink.example.net", *extensions]
        for line in lines[:-1]:
            await self.say(f"250-{line}")
        await self.say(f"250 {lines[-1]}")

    async def authenticate(self, command: str) -> None:
        _, user, password = base64.b64decode(command.split()[2]).decode().split("\0")
        if self.sink.users.get(user) == password:
            self.user = user
            await self.say("235 2.7.0 ok")
        else:
            await self.say("535 5.7.8 no")

    async def begin(self, command: str) -> None:
        for kind in ("mail451", "mail550"):
            if self.sink.triggered(kind, [_path(command)]):
                await self.say(_REPLIES[kind])
                return
        self.mail, self.rcpts = command, []
        await self.say("250 2.1.0 ok")

    async def recipient(self, command: str) -> None:
        address = _path(command)
        for kind in ("rcpt450", "rcpt550"):
            if self.sink.triggered(kind, [address]):
                await self.say(_REPLIES[kind])
                return
        self.rcpts.append(command)
        await self.say("250 2.1.5 ok")

    async def message(self) -> bool:
        if not self.rcpts:
            await self.say("503 5.5.1 no recipients")
            return True
        recipients = [_path(line) for line in self.rcpts]
        if self.sink.triggered("go250", recipients):
            await self.say("250 2.0.0 what")
            return True
        cut = self.sink.triggered("dropmid", recipients)
        await self.say("354 go")
        lines = []
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
            if cut and len(lines) > 2:
                self.writer.transport.abort()
                return False
        for kind in ("data451", "data554"):
            if self.sink.triggered(kind, recipients):
                await self.say(_REPLIES[kind])
                return True
        self.sink.keep(Got(self.mail, tuple(self.rcpts), b"".join(lines), self.is_tls, self.user))
        if self.sink.triggered("drop", recipients):
            self.writer.transport.abort()
            return False
        if self.sink.triggered("slow", recipients):
            await asyncio.sleep(SLOW_S)
        await self.say("250 2.0.0 queued")
        return True
