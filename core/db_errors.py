"""What a database that cannot be used is to us: our own word for it, without its statement and the values in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError

from core.errors import Damaged, Temporary

#: SQLSTATE of a PostgreSQL that is a standby for the moment, as in a fail-over; and of one that ended the transaction
#: of a process that did nothing, because it stood still.
_READ_ONLY, _STOOD_STILL = "25006", "25P03"
#: Primary result codes (sqlite.org, "Result and Error Codes") of a file whose content is no database, or no longer one.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def translated_errors(url: URL) -> Iterator[None]:
    """Raises Temporary for a database that cannot be used now, Damaged for an SQLite file that needs a person."""
    try:
        yield
    except DBAPIError as error:
        found = _ours(error, place(url))
        if found is None:
            raise
        raise found from error


def place(url: URL) -> str:
    """Where a database is, without user and password."""
    if url.drivername.startswith("sqlite"):
        return str(Path(url.database or ""))
    return f"{url.host or 'local socket'}:{url.port or 5432}/{url.database or ''}"


def _ours(error: DBAPIError, where: str) -> Temporary | None:
    match error:
        case OperationalError() | InterfaceError():
            return Temporary(f"the database {where} does not answer: {_reason(error)}")
        case InternalError():
            state = getattr(error.orig, "sqlstate", "")
            if state == _READ_ONLY:
                return Temporary(f"the database {where} only reads just now")
            return Temporary(f"the database {where} did not wait for this process") if state == _STOOD_STILL else None
        case DatabaseError() if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            return Damaged(
                f"the database {where} is damaged ({_reason(error)}); stop careerrelay, keep this file and restore the"
                ' last backup: docs/operations.md, "A damaged database"'
            )
    return None


def _reason(error: DBAPIError) -> str:
    """What the driver says, its first line: never the statement."""
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or str(error.orig or "")
    return said.strip().partition("\n")[0] or type(error.orig).__name__
