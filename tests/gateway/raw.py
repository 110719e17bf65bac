"""A client for tests that sends octets and reads replies, one at a time, and keeps nothing to itself."""

import re
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.gateway import certificates
from tests.gateway.rig import CANDIDATE, HR

HELLO = b"EHLO client.example.net"
MAIL = f"MAIL FROM:<{HR}>".encode()
RCPT = f"RCPT TO:<{CANDIDATE}>".encode()
_REPLY = re.compile(r"[2-5][0-9]{2} (?:[245]\.[0-9]{1,3}\.[0-9]{1,3} )?[\x20-\x7e]*\Z")


def is_well_formed(reply: str) -> bool:
    """Tell whether a reply is one line of printable ASCII with a reply code (RFC 5321 4.2, RFC 3463 2)."""
    return _REPLY.match(reply) is not None


class Raw:
    """``with Raw(port) as client``; ``first``: octets sent before the greeting is read."""

    def __init__(self, port: int, *, tls: Path | None = None, first: bytes = b"", source: str = "127.0.0.1") -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        self.file = self.socket.makefile("rb")
        self.send(first)
        if tls is not None:
            self.shake_hands(tls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def reply(self) -> str:
        lines: list[bytes] = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError(b"".join(lines))
            lines.append(line)
            if line[3:4] != b"-":
                return b"".join(lines).decode().rstrip("\r\n")

    def replies(self, count: int) -> list[str]:
        """The codes of the next replies."""
        return [self.reply()[:3] for _ in range(count)]

    def ask(self, octets: bytes) -> str:
        self.send(octets + b"\r\n")
        return self.reply()

    def greet(self) -> None:
        """From the greeting to EHLO."""
        assert self.reply() == "220 gateway.example.jp ESMTP"
        assert self.ask(HELLO).startswith("250-")

    def begin(self, *more: bytes, mail: bytes = MAIL) -> None:
        """From MAIL to 354."""
        for command in (mail, *more, RCPT):
            assert self.ask(command)[:3] == "250", command
        assert self.ask(b"DATA").startswith("354")

    def start_tls(self, certificate: Path) -> None:
        assert self.ask(b"STARTTLS") == "220 2.0.0 ready to start TLS"
        self.shake_hands(certificate)

    def shake_hands(self, certificate: Path) -> None:
        context: ssl.SSLContext = certificates.client_context(certificate)
        self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def closed(self) -> bool:
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True
