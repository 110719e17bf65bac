"""The demo's installation: `careerrelay serve` as its own process, on a data directory that starts empty."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from careerrelay import launch
from careerrelay.sockets import open_listener
from core.endpoints import Listen
from core.errors import ConfigError

MARKER = ".careerrelay-demo"
READY_S = 60.0
STOP_S = 12.0


def emptied(home: Path) -> Path:
    """The demo's directory, with nothing of an earlier run in it.

    Raises:
        ConfigError: it holds something that no demo wrote: that is never deleted.
    """
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise ConfigError(f"{home} is not empty and not of an earlier demo; choose another --home")
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the usual HOME of an installation beside the demo
    home.mkdir(mode=0o700)
    (home / MARKER).touch()
    return home


def free_port(wanted: int) -> int:
    """``wanted`` when nobody has it, else any free one."""
    for port in (wanted, 0):
        try:
            listener = open_listener(Listen("127.0.0.1", port), 1, "demo")
        except ConfigError:
            continue
        listener.close()
        return listener.listen.port
    raise ConfigError("no free port on 127.0.0.1")


def settings_of(home: Path, smtp_port: int, web_port: int, sink_port: int) -> dict[str, str]:
    """The environment of a throw-away installation; nothing of the caller's own settings is taken over."""
    return {
        "CAREERRELAY_HOME": str(home),
        "CAREERRELAY_SMTP__LISTEN": f"127.0.0.1:{smtp_port}",
        "CAREERRELAY_SMTP__HOSTNAME": "gateway.example.jp",
        "CAREERRELAY_RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink_port}",
        "CAREERRELAY_WEB__LISTEN": f"127.0.0.1:{web_port}",
        "CAREERRELAY_WEB__BASE_URL": f"http://127.0.0.1:{web_port}",
        "CAREERRELAY_MAIL__FROM": "careerrelay@gateway.example.jp",
        "CAREERRELAY_GATEWAY__PROCESSES": "2",
        "CAREERRELAY_SPOOL__FREE_BYTES_MIN": "0",
        # A visitor does not want to wait an hour for the hand-over.
        "CAREERRELAY_CONSENT__UNDO_MINUTES": "0",
    }


class Server:
    """`careerrelay serve` with its log in a file. It ends with the demo, whatever ends the demo."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("CAREERRELAY_")}
        self._environment = launch.environment({**others, **environment})
        self._log = log

    def __enter__(self) -> Self:
        """Start, and wait for the ready line.

        Raises:
            ConfigError: it did not get ready; the log says why.
        """
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
                launch.command("serve", f"--parent={os.getpid()}"),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                process_group=0,  # Ctrl-C reaches the demo only, which stops it in order
            )
        too_late = threading.Timer(READY_S, self._process.kill)
        too_late.start()
        line = self._process.stdout.readline() if self._process.stdout else b""
        too_late.cancel()
        if not line.startswith(b"ready "):
            self.__exit__()
            raise ConfigError(f"the gateway did not start; its log is {self._log}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
