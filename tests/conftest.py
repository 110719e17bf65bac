"""Fixtures: a complete installation on a real database, with a clock that stands still until moved."""

import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

import careerrelay.tables
from core.clock import ManualClock
from core.crypto import KeyRing
from core.db import Base, Database
from core.installation import ONLY_ROW, Installation
from core.runtime import Runtime
from core.settings import Settings, load
from tests import servers

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def make_settings(home: Path, **env: str) -> Settings:
    """Settings of a test installation; more by environment name without prefix, e.g. ``RELAY__NEXT_HOP=…``."""
    given = {"HOME": str(home), "SMTP__HOSTNAME": "gateway.example.jp", "MAIL__FROM": "relay@gateway.example.jp"}
    given |= {"SPOOL__FREE_BYTES_MIN": "0", "GATEWAY__PROCESSES": "1"} | env
    return load(env={f"CAREERRELAY_{name}": value for name, value in given.items()})


def fill(database: Database) -> None:
    """Every table and trigger, and the one row of an empty installation."""
    database.prepare_file()
    with database.connection(write=True) as connection:
        Base.metadata.create_all(connection)
        for statement in careerrelay.tables.ddl(database.dialect):
            connection.execute(text(statement))
        connection.execute(insert(Installation).values(id=ONLY_ROW, config_version=1, bypass=False, created_at=START))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "careerrelay.sqlite3"
    database = Database(f"sqlite+pysqlite:///{path}")
    fill(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.PostgresServer]:
    server = servers.start_postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: servers.PostgresServer) -> str:
    name = f"cr_template_{secrets.token_hex(4)}"
    postgres_server.create(name)
    database = Database(postgres_server.url(name))
    fill(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def _keys() -> KeyRing:
    return KeyRing.generate()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


def _leave_it_to_the_kernel(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Commit without waiting for the disk, as the PostgreSQL of the tests does: what the kernel holds outlives every
    process, and no test here cuts the power. Processes that a test starts open the file as in production."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


@pytest.fixture
def runtime(home: Path, clock: ManualClock, _sqlite_template: Path, _keys: KeyRing) -> Iterator[Runtime]:
    """An installation on SQLite."""
    settings = make_settings(home)
    database = Database(settings.effective_database_url)
    event.listen(database.engine, "connect", _leave_it_to_the_kernel)
    shutil.copy(_sqlite_template, home / "careerrelay.sqlite3")
    yield Runtime(settings, database, clock, _keys)
    database.close()


@pytest.fixture
def pg_runtime(
    home: Path, clock: ManualClock, postgres_server: servers.PostgresServer, _postgres_template: str, _keys: KeyRing
) -> Iterator[Runtime]:
    """An installation on PostgreSQL, in a database of its own."""
    name = f"cr_{secrets.token_hex(6)}"
    postgres_server.create(name, _postgres_template)
    settings = make_settings(home, DATABASE_URL=postgres_server.url(name))
    database = Database(settings.effective_database_url)
    yield Runtime(settings, database, clock, _keys)
    database.close()
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_runtime(request: pytest.FixtureRequest) -> Runtime:
    """The same test on both databases."""
    found = request.getfixturevalue("runtime" if request.param == "sqlite" else "pg_runtime")
    assert isinstance(found, Runtime)
    return found


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis_server() as url:
        yield url
