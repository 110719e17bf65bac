"""How we use SQLite: durable, one writer at a time, which waits for its turn in short steps."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_MS = 10_000
#: From the first look at a lock that is taken to the next; then longer, as a commit takes 5 ms and more.
LOOK_S = 0.0005
LOOK_S_MAX = 0.002
#: Open connections that a process keeps: its writer, a reader or two, one for what runs beside.
KEPT = 4
#: Pages that each of them keeps. The kernel has the file in memory anyway, once for all processes.
CACHE_KIB = 1024
#: The log grows to 32 MB before it is worked into the file: under load its pages are written again and again.
LOG_PAGES = 8000


def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Set up a new connection; the pragmas that a file does not keep."""
    connection.isolation_level = None  # we write BEGIN ourselves, see below
    cursor = connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "synchronous=FULL",
        "recursive_triggers=ON",
        "secure_delete=ON",  # a forgotten mail leaves no trace in free pages; not every build has it on by itself
        f"busy_timeout={BUSY_MS}",
        f"cache_size=-{CACHE_KIB}",
        f"wal_autocheckpoint={LOG_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def on_begin(connection: Connection) -> None:
    """Begin in the manner of the connection: a writer waits its turn at once.

    A deferred transaction that turns into a writer can fail with "database is locked" where an immediate one waits.
    """
    raw: Any = connection.connection.driver_connection
    if not connection.get_execution_options().get("write", False):
        raw.execute("BEGIN").close()  # takes no lock and reads nothing yet
    elif not raw.in_transaction and not _taken_turn(raw):  # in one already: `begin_at_once` was here
        with _no_waiting(raw):  # it has waited long enough
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def begin_at_once(raw: sqlite3.Connection) -> bool:
    """Begin to write, unless somebody else writes at this moment."""
    with _no_waiting(raw):
        try:
            raw.execute("BEGIN IMMEDIATE").close()
        except sqlite3.DatabaseError:
            return False
    return True


def damage(connection: Connection, within_s: float) -> str | None:
    """What SQLite finds wrong with the pages of its file (`PRAGMA quick_check`); "" when nothing is, None when the time
    was over before the end. Reads the whole file, and holds nobody up."""
    raw: Any = connection.connection.driver_connection
    end_s = time.monotonic() + within_s
    raw.set_progress_handler(lambda: time.monotonic() > end_s, 1000)
    try:
        found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        raw.set_progress_handler(None, 0)
    return "" if found == "ok" else found.splitlines()[-1]


@contextmanager
def _no_waiting(raw: sqlite3.Connection) -> Iterator[None]:
    raw.execute("PRAGMA busy_timeout=0").close()
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_MS}").close()


def _taken_turn(raw: sqlite3.Connection) -> bool:
    """Wait for the one write lock in short steps; False when it was not free within `BUSY_MS`.

    SQLite's own waiting sleeps up to 100 ms between two looks: two gateway processes that take turns would sleep most
    of the time.
    """
    look_s = LOOK_S
    end_s = time.monotonic() + BUSY_MS / 1000
    with _no_waiting(raw):
        while time.monotonic() < end_s:
            try:
                raw.execute("BEGIN IMMEDIATE").close()
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False  # asked once more by SQLAlchemy, which says what it is
                time.sleep(look_s)
                look_s = min(look_s * 1.5, LOOK_S_MAX)
            else:
                return True
    return False
