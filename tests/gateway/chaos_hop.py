"""Next hops that go wrong in every way a server or a network can, until they are healed. Real sockets, one thread.

A fault is two words, stage and manner: ``greet|ehlo|starttls|auth|mail|rcpt|data|body|dot|all`` and a reply code or one
of ``close hang garbage endless chatter slow mixed handshake none``. Without a fault a hop is a good server.
"""

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CODES = {
    "421": "421 4.3.2 shutting down",
    "450": "450 4.2.0 try later",
    "451": "451 4.3.0 not now",
    "busy": "451 4.7.500 Server busy",
    "454": "454 4.7.0 TLS not available",
    "500": "500 5.5.1 what",
    "535": "535 5.7.8 no",
    "550": "550 5.7.1 not you",
    "554": "554 5.6.0 refused",
    "250": "250 2.0.0 what",
}
EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
SLOW_BYTE_S = 0.0005


class _Closed(Exception):
    """This server has closed the connection."""


@dataclass(frozen=True)
class Taken:
    """A message; ``connection`` counts the server's, ``client``: common name of the certificate it was shown."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    connection: int
    client: str
    user: str


@dataclass
class Hop:
    """One server. ``got``: the messages that it has, whatever it answered."""

    fault: str = ""
    tls: ssl.SSLContext | None = None
    users: tuple[str, ...] = ()
    auth: str = "AUTH PLAIN LOGIN"
    mails_a_connection: int = 0
    sloppy: bool = False  # forgets what it has refused
    extensions: tuple[str, ...] = EXTENSIONS
    listens: bool = True
    port: int = 0
    got: list[Taken] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    open_most: int = 0
    commands: list[str] = field(default_factory=list)

    def to_others_than(self, *addresses: str) -> list[Taken]:
        return [taken for taken in self.got if not set(addresses) & set(taken.recipients)]

    def to(self, address: str) -> list[Taken]:
        return [taken for taken in self.got if address in taken.recipients]


class Hops:
    """``with Hops(hop, …): …`` listens for each; `heal` ends every fault and lets the hanging go on."""

    def __init__(self, *hops: Hop) -> None:
        self.hops = hops
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def heal(self) -> None:
        asyncio.run_coroutine_threadsafe(self._heal(), self._loop).result(10)

    async def _heal(self) -> None:
        for hop in self.hops:
            hop.fault = ""
            if not hop.listens:
                hop.listens = True
                await self._listen(hop)
        self._healed.set()

    async def _main(self) -> None:
        self._loop, self._stop, self._healed = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._servers: list[asyncio.Server] = []
        for hop in self.hops:
            if hop.listens:
                await self._listen(hop)
        self._started.set()
        await self._stop.wait()
        for server in self._servers:
            server.close()

    async def _listen(self, hop: Hop) -> None:
        server = await asyncio.start_server(
            lambda reader, writer: self._serve(hop, reader, writer), sock=_bound(hop.port), limit=65_536, backlog=600
        )
        self._servers.append(server)
        hop.port = server.sockets[0].getsockname()[1]

    async def _serve(self, hop: Hop, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hop.connections += 1
        hop.open_now += 1
        hop.open_most = max(hop.open_most, hop.open_now)
        try:
            await _Session(hop, self._healed, reader, writer).run()
        except (_Closed, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            hop.open_now -= 1
            writer.transport.abort()


class _Session:
    def __init__(
        self, hop: Hop, healed: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.hop, self.healed, self.reader, self.writer = hop, healed, reader, writer
        self.sender, self.rcpts, self.secure = "", list[str](), False
        self.begun, self.user, self.connection = False, "", hop.connections
        self.mails = 0
        self.reports = False  # the mail is one from <>: faults with mails are not for those

    async def say(self, text: str) -> None:
        octets = text.encode() + b"\r\n"
        if self.hop.fault == "all slow":
            for byte in octets:
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(SLOW_BYTE_S)
            return
        self.writer.write(octets)
        await self.writer.drain()

    async def went_wrong(self, stage: str) -> bool:
        """Do what the fault asks for at this stage; True: the reply was given."""
        at, _, manner = self.hop.fault.partition(" ")
        if at != stage or self.reports:
            return False
        match manner:
            case "close":
                self.writer.transport.abort()
                raise _Closed
            case "hang":
                await self.healed.wait()
                return False
            case "garbage":
                await self.say("SSH-2.0-OpenSSH_9.2")
            case "endless":
                while True:
                    await self.say("250-and so on")
            case "none" | "handshake" | "chatter" | "mixed":
                return False
            case code:
                await self.say(CODES[code])
                if code == "421":
                    self.writer.close()
                    raise _Closed
        return True

    async def run(self) -> None:
        if not await self.went_wrong("greet"):
            await self.say("220 hop.example.net ESMTP")
        while line := await self.reader.readline():
            command = line.rstrip(b"\r\n").decode("utf-8", "replace")
            self.hop.commands.append(command)
            word = command.upper().partition(" ")[0]
            if word == "QUIT":
                return
            await getattr(self, f"on_{word.lower()}", self.on_unknown)(command)

    async def on_unknown(self, _command: str) -> None:
        await self.say("502 5.5.2 unknown")

    async def on_ehlo(self, _command: str) -> None:
        if await self.went_wrong("ehlo"):
            return
        words = ["hop.example.net", *self.hop.extensions]
        if self.hop.tls is not None and not self.secure and self.hop.fault != "starttls none":
            words.append("STARTTLS")
        if self.hop.users:
            words.append(self.hop.auth)
        await self.say("\r\n".join([*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}"]))

    def _taken(self, raw: bytes) -> Taken:
        shown = self.writer.get_extra_info("peercert") or {}
        names = {key: value for field in shown.get("subject", ()) for key, value in field}
        client = names.get("commonName", "")
        return Taken(self.sender, tuple(self.rcpts), raw, self.connection, client, self.user)

    async def on_helo(self, _command: str) -> None:
        if not await self.went_wrong("helo"):
            await self.say("250 hop.example.net")

    async def on_starttls(self, _command: str) -> None:
        if await self.went_wrong("starttls"):
            return
        await self.say("220 2.0.0 go")
        if self.hop.fault == "starttls handshake":
            await self.reader.read(64)
            await self.say("this is not TLS")
            await self.reader.read()
            raise _Closed
        assert self.hop.tls is not None
        await self.writer.start_tls(self.hop.tls)
        self.secure = True

    async def on_auth(self, command: str) -> None:
        if await self.went_wrong("auth"):
            return
        if command.upper() == "AUTH LOGIN":
            await self.say("334 VXNlcm5hbWU6")
            user = base64.b64decode(await self.reader.readline()).decode()
            await self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(await self.reader.readline()).decode()
        else:
            _, user, password = base64.b64decode(command.split()[2]).decode().split("\0")
        self.user = f"{user}:{password}"
        await self.say("235 2.7.0 ok" if user in self.hop.users else CODES["535"])

    async def on_mail(self, command: str) -> None:
        self.sender, self.rcpts = _path(command), []
        self.reports, self.begun = not self.sender, False
        self.mails += 1
        if 0 < self.hop.mails_a_connection < self.mails:
            await self.say("421 4.7.0 too many messages over this connection")
            raise _Closed
        if not await self.went_wrong("mail"):
            self.begun = True
            await self.say("250 2.1.0 ok")

    async def on_rcpt(self, command: str) -> None:
        address = _path(command)
        if not self.begun and not self.hop.sloppy:
            await self.say("503 5.5.1 MAIL first")
        elif self.hop.fault == "rcpt mixed" and not self.reports and address[:3] in CODES:
            await self.say(CODES[address[:3]])
        elif not await self.went_wrong("rcpt"):
            self.rcpts.append(address)
            await self.say("250 2.1.5 ok")

    async def on_rset(self, _command: str) -> None:
        self.rcpts = []
        await self.say("250 2.0.0 ok")

    async def on_data(self, _command: str) -> None:
        if not self.rcpts:
            await self.say("503 5.5.1 no recipients")
            return
        if await self.went_wrong("data"):
            return
        await self.say("354 go\r\n250 2.0.0 too early" if self.hop.fault == "data chatter" else "354 go")
        lines: list[bytes] = []
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == 2:
                await self.went_wrong("body")
        if self.reports or self.hop.fault not in ("dot 451", "dot 554"):
            self.hop.got.append(self._taken(b"".join(lines)))
        if not await self.went_wrong("dot"):
            await self.say("250 2.0.0 queued")


def _bound(port: int) -> socket.socket:
    """A socket that takes in little: a client is soon held up by a server that does not read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    sock.bind(("127.0.0.1", port))
    return sock


def _path(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]


def message_ids(taken: Sequence[Taken]) -> list[bytes]:
    """The Message-ID of each, in order."""
    return [each.raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for each in taken]
