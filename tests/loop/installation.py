"""An installation as an operator has it: a HOME, an environment, the command `careerrelay` and a running `serve`."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from careerrelay.cli import main

READY_S = 60.0
STOP_S = 15.0
LOG_SHOWN_CHARS = 5000
_READY = re.compile(r"ready smtp=(\S+)(?: web=(\S+))?")


class CommandFailed(RuntimeError):
    """The command ended with another status than 0; its standard error is the message."""


class Installation:
    """Everything goes through the command line and the network, as it does for a user."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        defaults = {
            "HOME": str(home),
            "SMTP__LISTEN": "127.0.0.1:0",
            "SMTP__HOSTNAME": "gateway.example.jp",
            "WEB__LISTEN": "127.0.0.1:0",
            "MAIL__FROM": "relay@gateway.example.jp",
            "SPOOL__FREE_BYTES_MIN": "0",
            "CONSENT__UNDO_MINUTES": "0",
            "JOBS__POLL_S": "0.2",
        }
        given = {f"CAREERRELAY_{name}": value for name, value in (defaults | settings).items()}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CAREERRELAY_")}
        self.environment |= given
        self.log = home.parent / "serve.log"
        self.process: subprocess.Popen[str] | None = None
        self.smtp_port = 0
        self.web_url = ""

    def command(self, *words: str, stdin: str = "") -> str:
        """Run `careerrelay WORDS` beside the running processes; its standard output.

        In this process: a new one would spend 1.5 s of CPU on its imports, for each of a test's ten commands.
        """
        others = {name: None for name in os.environ if name.startswith("CAREERRELAY_")}
        done = CliRunner().invoke(main, words, env={**others, **self.environment}, input=stdin)
        if done.exit_code != 0:
            raise CommandFailed(f"careerrelay {' '.join(words)}: {done.exit_code}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *words: str, stdin: str = "") -> Any:
        return json.loads(self.command(*words, "--json", stdin=stdin))

    def start(self, role: str = "serve") -> None:
        """Start `serve` (or `gateway`) and wait for its only line; the addresses it names are used from then on."""
        log = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "careerrelay", role],
            env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        log.close()
        timer = threading.Timer(READY_S, self.process.kill)
        timer.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        timer.cancel()
        found = _READY.match(line)
        if not found:
            raise CommandFailed(f"{role} did not get ready: {line!r} {self.log.read_text()[-3000:]}")
        self.smtp_port = int(found[1].rpartition(":")[2])
        self.web_url = found[2] or ""

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def children(self, role: str) -> list[int]:
        """Process ids of the running children with this command, e.g. "gateway"."""
        assert self.process is not None
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                words = (stat.parent / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == self.process.pid and role.encode() in words:
                found.append(int(stat.parent.name))
        return sorted(found)


@contextmanager
def serving(home: Path, **settings: str) -> Iterator[Installation]:
    """A running installation, stopped at the end; its log is shown when the test fails."""
    installation = Installation(home, **settings)
    installation.command("migrate")
    installation.start()
    try:
        yield installation
    except BaseException:
        sys.stderr.write(installation.log.read_text()[-LOG_SHOWN_CHARS:])
        raise
    finally:
        if installation.process is not None and installation.process.poll() is None:
            installation.stop()
