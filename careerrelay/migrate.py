"""Brings the database to the state this version of the code expects, and makes the key ring of a new installation.

Forward only: going back means restoring the backup that was made before.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, inspect, select, text

import careerrelay.tables  # noqa: F401 - completes the metadata that env.py compares with
from careerrelay import schema
from careerrelay.home import prepare_home
from core.clock import SystemClock
from core.crypto import KeyRing
from core.db import Database
from core.errors import ConfigError
from core.installation import ONLY_ROW, Installation
from core.settings import Settings

LOCK_FILE = "migrate.lock"
_ADVISORY_LOCK = 7_273_353_001  # any number that no other program on this PostgreSQL database uses


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(settings: Settings, db: Database) -> list[str]:
    """Run the steps that are missing, all or none; a new database also gets its key ring.

    Safe to call from several processes at once: one works, the others find it done. Returns the steps run.

    Raises:
        ConfigError: the database was written by a newer version, or its key ring is missing or damaged.
    """
    with _alone(settings):
        db.prepare_file()
        with db.connection(write=True) as connection:
            if db.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _ADVISORY_LOCK})
            before = schema.current(connection, db)
            if before is None:
                _refuse_foreign_tables(connection, db)
                if not settings.keys_file.exists():
                    KeyRing.generate().save(settings.keys_file)
            KeyRing.load(settings.keys_file)
            command.upgrade(alembic_config(connection), "head")
            _ensure_installation_row(connection)
            return [step for step in schema.steps() if before is None or step > before]


def _refuse_foreign_tables(connection: Connection, db: Database) -> None:
    if tables := set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise ConfigError(
            f"{schema.name(db)} holds {len(tables)} tables that are not careerrelay's; give it an empty database"
        )


def _ensure_installation_row(connection: Connection) -> None:
    if connection.execute(select(Installation.id).where(Installation.id == ONLY_ROW)).scalar() is None:
        values = {"id": ONLY_ROW, "config_version": 1, "bypass": False, "created_at": SystemClock().now()}
        connection.execute(insert(Installation).values(values))


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One migration at a time on this machine; `upgrade` also takes a lock inside PostgreSQL for other machines."""
    with (prepare_home(settings) / LOCK_FILE).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
