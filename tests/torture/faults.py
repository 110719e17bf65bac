"""A disk that fails on command: system calls of the spool, statements and commits of the database.

``with Disk(runtime) as disk: disk.fail("fsync", nth=2, error=ENOSPC)``. One fault at a time; ``lasting`` ones go on
until `heal`. SQLite calls the system from C, so its faults are raised in its driver.
"""

import os
import sqlite3
import threading
from contextlib import suppress
from errno import EDQUOT, EIO, ENOSPC, EROFS
from pathlib import Path
from typing import Any, Self

from core.runtime import Runtime
from gateway.store.spool import directory_of
from tests.torture import driver

CALLS = ("open", "write", "fsync", "statement", "commit")
_FULL = "database or disk is full"
_SQLITE = {EIO: "disk I/O error", ENOSPC: _FULL, EDQUOT: _FULL, EROFS: "attempt to write a readonly database"}


class Disk:
    """Wraps the calls of one installation's spool and database for as long as the block lasts."""

    def __init__(self, runtime: Runtime) -> None:
        self._spool = str(directory_of(runtime.settings))
        self._engine = runtime.db.engine
        self._lock = threading.Lock()
        self._call, self._left, self._error, self._lasting = "", 0, 0, False
        self.failures = 0

    def __enter__(self) -> Self:
        self._real = {name: getattr(os, name) for name in ("open", "write", "fsync")}
        os.open = self._open
        os.write = self._write
        os.fsync = self._fsync  # type: ignore[assignment]
        self._commit = self._engine.dialect.do_commit
        self._engine.dialect.do_commit = self._fail_commit  # type: ignore[method-assign,assignment]
        driver.watch(self._engine, self._fail_statement)
        self._engine.dispose()  # the next connections are watched
        return self

    def __exit__(self, *_: object) -> None:
        self._call = ""
        for name, function in self._real.items():
            setattr(os, name, function)
        self._engine.dialect.do_commit = self._commit  # type: ignore[method-assign]

    def fail(self, call: str, *, nth: int, error: int, lasting: bool = False) -> None:
        """Let the ``nth`` call from now fail, counted from 1; a lasting fault is in all that follow, too."""
        with self._lock:
            self._call, self._left, self._error, self._lasting = call, nth, error, lasting
            self.failures = 0

    def heal(self) -> int:
        """The disk is well again; how many calls have failed."""
        with self._lock:
            self._call = ""
            return self.failures

    def _is_due(self, call: str) -> bool:
        with self._lock:
            if call != self._call:
                return False
            self._left -= 1
            if self._left > 0 or (self._left < 0 and not self._lasting):
                return False
            self.failures += 1
            return True

    def _open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        if str(path).startswith(self._spool) and self._is_due("open"):
            raise OSError(self._error, os.strerror(self._error))
        return int(self._real["open"](path, flags, *more, **named))

    def _write(self, file: int, octets: Any) -> int:
        if self._is_ours(file) and self._is_due("write"):
            raise OSError(self._error, os.strerror(self._error))
        return int(self._real["write"](file, octets))

    def _fsync(self, file: int) -> None:
        if self._is_ours(file) and self._is_due("fsync"):
            raise OSError(self._error, os.strerror(self._error))
        self._real["fsync"](file)

    def _is_ours(self, file: int) -> bool:
        with suppress(OSError):
            return str(Path(f"/proc/self/fd/{file}").readlink()).startswith(self._spool)
        return False

    def _fail_statement(self, _: sqlite3.Connection, sql: str) -> None:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and self._is_due("statement"):
            raise sqlite3.OperationalError(_SQLITE[self._error])

    def _fail_commit(self, connection: Any) -> None:
        if self._is_due("commit"):
            raise sqlite3.OperationalError(_SQLITE[self._error])
        self._commit(connection)
