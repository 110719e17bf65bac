"""The next hop of the torture: plain SMTP without pipelining, so that each command is a point of its own.

It counts what it accepts, by recipient, and can kill the process that speaks to it when it has read a given word.
``no-…`` is refused at RCPT with 550, ``later-…`` at its first dot with 451. One that ``hangs`` never answers a dot.
"""

import os
import re
import signal
import socket
import threading
from collections import defaultdict
from contextlib import suppress
from typing import BinaryIO

_PATH = re.compile(rb"<([^>]*)>")
QUIET_S = 10.0


class Hop:
    """Listens from its making on; a thread for each connection."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._hangs = hangs
        self.copies: dict[str, list[bytes]] = defaultdict(list)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._quiet = threading.Condition()
        self._open = 0
        self._told_later: set[str] = set()
        self._armed: tuple[str, int] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, word: str, pid: int) -> None:
        """Kill ``pid`` when ``word`` is read next."""
        self._armed = (word, pid)

    def disarm(self) -> None:
        self._armed = None

    def forget(self) -> None:
        """Begin a new round."""
        self.copies.clear()
        self._told_later.clear()

    def wait_until_quiet(self) -> None:
        """Until all that a dead process has sent is read."""
        with self._quiet:
            assert self._quiet.wait_for(lambda: self._open == 0, QUIET_S), "a connection of a dead process stays open"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._quiet:
                self._open += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines, suppress(ConnectionError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(b"220 hop.example.net ESMTP\r\n")
                self._talk(connection, lines)
        finally:
            with self._quiet:
                self._open -= 1
                self._quiet.notify_all()

    def _talk(self, connection: socket.socket, lines: BinaryIO) -> None:
        recipients: list[str] = []
        while line := lines.readline():
            word = line[:4].strip().upper().decode("ascii", "replace")
            self._kill_at(word)
            reply = b"250 2.0.0 ok\r\n"
            if word == "EHLO":
                reply = b"250-hop.example.net\r\n250-8BITMIME\r\n250 DSN\r\n"
            elif word in ("MAIL", "RSET"):
                recipients = []
            elif word == "RCPT":
                found = _PATH.search(line)
                address = found[1].decode() if found else ""
                if address.startswith("no-"):
                    reply = b"550 5.1.1 no such user\r\n"
                else:
                    recipients.append(address)
            elif word == "DATA":
                connection.sendall(b"354 go\r\n")
                reply = self._message(lines, recipients)
                if not reply:
                    return
            connection.sendall(reply)
            if word == "QUIT":
                return

    def _message(self, lines: BinaryIO, recipients: list[str]) -> bytes:
        octets = []
        while (line := lines.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                return b""  # the connection ended before the dot: nothing was taken (RFC 5321 4.1.1.4)
            self._kill_at("body")
            octets.append(line[1:] if line.startswith(b".") else line)
        later = {recipient for recipient in recipients if recipient.startswith("later-")} - self._told_later
        if later:
            self._told_later |= later
            return b"451 4.3.0 not now\r\n"
        if self._hangs:
            threading.Event().wait()  # the thread ends with its process
        for recipient in recipients:
            self.copies[recipient].append(b"".join(octets))
        self._kill_at("dot")
        return b"250 2.0.0 taken\r\n"

    def _kill_at(self, word: str) -> None:
        if self._armed is not None and self._armed[0] == word:
            pid, self._armed = self._armed[1], None
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
