"""What was being judged when a process died: such a mail is stored before anybody looks at it again.

A mail that is judged before its 250 would otherwise end a process each time its client sends it. The one that each
process is at stands in a mapped file, which outlives a process that is killed.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from core.log import get_logger
from core.settings import Settings

T = TypeVar("T")

log = get_logger(__name__)

DIGEST_BYTES = 16
#: Of more, the oldest are forgotten.
SUSPECTS_MAX = 100
_NOBODY = bytes(DIGEST_BYTES)
_SUFFIX = ".at"


def digest(octets: bytes) -> bytes:
    """Tell a mail from others, the same whenever it is sent."""
    return hashlib.blake2b(octets, digest_size=DIGEST_BYTES).digest()


class Suspects:
    """The mail under this process's eyes, and those that other processes did not survive."""

    def __init__(self, settings: Settings, process_id: int, alive: Collection[int]) -> None:
        """Read what dead processes left. ``process_id``: names this one's file; ``alive``: those that may still run."""
        directory = (settings.home / "judging").absolute()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._known = _left_behind(directory, alive)
        self._path = directory / f"{process_id}{_SUFFIX}"
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.ftruncate(file, DIGEST_BYTES)
            self._at = mmap.mmap(file, DIGEST_BYTES)
        finally:
            os.close(file)

    def __contains__(self, mail: bytes) -> bool:
        return mail in self._known

    def watch(self, mail: bytes, step: Callable[[], T]) -> T:
        """Do ``step``, a look at ``mail`` (its `digest`)."""
        self._at[:] = mail
        try:
            return step()
        finally:
            self._at[:] = _NOBODY

    def close(self) -> None:
        """An orderly end leaves nothing behind."""
        self._at.close()
        self._path.unlink(missing_ok=True)


def _left_behind(directory: Path, alive: Collection[int]) -> frozenset[bytes]:
    """Read the files of others; those of the dead that say nothing, and the oldest of too many, are deleted.

    A living process may be at an innocent mail at this moment: that one is stored first, no more.
    """
    known: set[bytes] = set()
    kept = 0
    for path in sorted(directory.glob(f"*{_SUFFIX}"), key=lambda path: int(path.stem), reverse=True):
        mail = path.read_bytes()
        dead = int(path.stem) not in alive
        if len(mail) == DIGEST_BYTES and mail != _NOBODY and kept < SUSPECTS_MAX:
            known.add(mail)
            kept += dead
            log.warning("a process may have ended over a mail", extra={"suspect": mail.hex()})
        elif dead:
            path.unlink(missing_ok=True)
    return frozenset(known)
