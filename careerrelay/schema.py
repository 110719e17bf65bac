"""Which version a database is of, and whether this code may work on it. Light: every process asks at its start."""

import os
import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from core.db import Database
from core.errors import ConfigError, Mistake

VERSIONS = Path(__file__).with_name("migrations") / "versions"
#: Codes of the lines below: what to do differs.
ABSENT, OLDER, NEWER, CLOSED = "database_absent", "database_older", "database_newer", "database_closed"
_STEP = re.compile(r"(\d{4})_\w+\.py\Z")


def steps() -> list[str]:
    """The migration steps that this code knows, oldest first: the number that each file's name begins with."""
    return sorted(found[1] for path in VERSIONS.iterdir() if (found := _STEP.match(path.name)))


def current(connection: Connection, db: Database) -> str | None:
    """The last step that was run on the database, None before the first.

    Raises:
        ConfigError: a step that this code does not know.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    step = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if step is not None and step not in steps():
        line = f"{name(db)} was written by a newer careerrelay (step {step}); install that version or restore a backup"
        raise ConfigError(Mistake(line, NEWER))
    return None if step is None else str(step)


def check_current(db: Database) -> None:
    """Refuse to work on a database of another version.

    Raises:
        ConfigError: it is empty, older or newer than this code; the line says what to do.
    """
    step = last_step(db)
    if step is None:
        raise ConfigError(Mistake(_nothing_there(db), ABSENT))
    if step != steps()[-1]:
        line = f"{name(db)} is of an older careerrelay (step {step}); run `careerrelay migrate` first"
        raise ConfigError(Mistake(line, OLDER))


def is_current(db: Database) -> bool:
    """Is there nothing to migrate? Raises ConfigError for a newer one."""
    return last_step(db) == steps()[-1]


def is_empty(db: Database) -> bool:
    """Was no step ever run on it (or is there no file yet)? Raises ConfigError for a newer one."""
    return last_step(db) is None


def last_step(db: Database) -> str | None:
    """`current` by itself; looking never creates an SQLite file. Raises ConfigError too when it is closed to us."""
    if db.sqlite_file is not None and not _is_there(db.sqlite_file):
        return None
    with db.connection(write=False) as connection:
        return current(connection, db)


def _is_there(file: Path) -> bool:
    # Not by opening it: to close a file again drops the locks that SQLite may hold on it in this process (fcntl(2)).
    try:
        file.stat()
        ours = os.access(file, os.R_OK | os.W_OK, effective_ids=True)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        ours = False
    if not ours:
        line = f"{file} is closed to this user; run careerrelay as the user whose database it is"
        raise ConfigError(Mistake(line, CLOSED))
    return True


def _nothing_there(db: Database) -> str:
    """No installation; most often somebody forgot a setting, so the line says where was looked."""
    if db.sqlite_file is None:
        where, setting = name(db), "CAREERRELAY_DATABASE_URL"
    else:
        where, setting = str(db.sqlite_file.parent), "CAREERRELAY_HOME"
    lacking = "database" if db.sqlite_file is not None and not db.sqlite_file.exists() else "tables of careerrelay"
    return f"no installation in {where} (no {lacking} there); set {setting}, or make one with `careerrelay migrate`"


def name(db: Database) -> str:
    """The database in an error line, without its password."""
    return f"database {db.url.render_as_string(hide_password=True)}"
