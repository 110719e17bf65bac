"""The data directory: made private, and locked by the one installation that runs on it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import ConfigError
from core.settings import Settings

LOCK_FILE = "serve.lock"


def prepare_home(settings: Settings) -> Path:
    """Create ``HOME`` (0700) when it is missing.

    Raises:
        ConfigError: it cannot be created or written.
    """
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"CAREERRELAY_HOME: cannot create {home}: {error.strerror}") from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"CAREERRELAY_HOME: {home} is not writable for this user")
    return home


@contextmanager
def locked_home(settings: Settings, *, exclusive: bool) -> Iterator[IO[bytes]]:
    """Hold the lock of ``HOME``: ``serve`` alone on it, single roles beside each other but not beside ``serve``.

    The kernel drops the lock with the process, so a crash never leaves a stale one. What is yielded is the lock's open
    file: a process made by fork closes its copy, which would hold the lock as well.

    Raises:
        ConfigError: another process holds it.
    """
    path = prepare_home(settings) / LOCK_FILE
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"CAREERRELAY_HOME: another careerrelay runs on {settings.home}; stop it first") from None
        yield lock
