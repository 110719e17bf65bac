"""A real `careerrelay serve` in a process of its own, with a real next hop behind it."""

import datetime as dt
import os
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from careerrelay.demo.sink import Sink
from tests.careerrelay.command_line import Installation, add_company

READY_S = 60.0
READY = re.compile(r"ready smtp=127\.0\.0\.1:(\d+) web=(http://127\.0\.0\.1:\d+)\n\Z")
MAIL = b"From: hr@example.co.jp\r\nTo: taro@example.com\r\nSubject: hello %d\r\n\r\nHello.\r\n"


class Running:
    """One `serve`: its process, its addresses, everything it wrote."""

    def __init__(self, installation: Installation, *, arguments: tuple[str, ...] = ("serve",)) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("CAREERRELAY_")}
        self.installation = installation
        self.log = installation.home.parent / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "careerrelay", *arguments],
                env=others | installation.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.first_line = self._first_line()
        found = READY.match(self.first_line)
        self.smtp_port = int(found[1]) if found else 0
        self.web_url = found[2] if found else ""

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        too_late = threading.Timer(READY_S, self.process.kill)
        too_late.start()
        line = self.process.stdout.readline()
        too_late.cancel()
        return line.decode()

    def send(self, number: int) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as client:
            client.sendmail("hr@example.co.jp", ["taro@example.com"], MAIL % number)

    def children(self) -> dict[int, str]:
        """Process id -> command line of each child, as the kernel knows them."""
        found = {}
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                status = (directory / "stat").read_text()
                words = (directory / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == self.process.pid:
                found[int(directory.name)] = " ".join(words)
        return found

    def child(self, role: str) -> int:
        """The process id of one child of that role."""
        return next(pid for pid, command in self.children().items() if f" {role} " in command)

    def stop(self) -> tuple[int, str, float]:
        """SIGTERM; exit status, the rest of standard output, and how long it took, in seconds."""
        assert self.process.stdout is not None
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        took_s = time.monotonic() - began_s
        rest = self.process.stdout.read().decode()
        return status, rest, took_s

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def serving(home: Path, *, processes: int = 1, **settings: str) -> Iterator[tuple[Running, Sink]]:
    """An installation with one company, running, with a sink as its next hop."""
    with Sink(home.parent / "delivered") as sink:
        given = {
            "SMTP__LISTEN": "127.0.0.1:0",
            "SMTP__HOSTNAME": "gateway.example.jp",
            "WEB__LISTEN": "127.0.0.1:0",
            "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink.port}",
            "GATEWAY__PROCESSES": str(processes),
            "SPOOL__FREE_BYTES_MIN": "0",
        }
        installation = Installation(home, **(given | settings))
        add_company(installation)
        running = Running(installation)
        try:
            assert running.smtp_port, (running.first_line, running.log.read_text()[-3000:])
            yield running, sink
        finally:
            running.close()


def certificate(directory: Path) -> tuple[str, str]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway.example.jp")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = directory / "cert.pem", directory / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return str(cert_file), str(key_file)


def eventually(condition: Callable[[], object], timeout_s: float = 20.0) -> bool:
    """Does ``condition`` become true in time? Looks every 20 ms, or half of the time when looking is work itself."""
    deadline_s = time.monotonic() + timeout_s
    while (began_s := time.monotonic()) < deadline_s:
        if condition():
            return True
        time.sleep(max(0.02, time.monotonic() - began_s))
    return bool(condition())
