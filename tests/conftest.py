"""Fixtures: a complete installation on a real database, with a clock that stands still until moved."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.crypto import KeyRing
from core.runtime import Runtime
from core.setting_sources import load
from core.settings import Settings
from tests import servers
from tests.databases import START as START
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.databases import fill as fill

#: Tests that start many processes or a browser, and the kills.
HEAVY = re.compile(
    r"tests/(torture|loop)/|tests/careerrelay/test_(demo|serve|roles|redis_worker|queue|bypass)\.py|_axe\.py"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The heavy ones come first: one worker has them one after the other while the others do the many small ones, and
    none is left for the end, when there is nothing else to do."""
    items.sort(key=lambda item: HEAVY.search(item.nodeid) is None)


def make_settings(home: Path, **env: str) -> Settings:
    """Settings of a test installation; more by environment name without prefix, e.g. ``RELAY__NEXT_HOP=…``."""
    given = {"HOME": str(home), "SMTP__HOSTNAME": "gateway.example.jp", "MAIL__FROM": "relay@gateway.example.jp"}
    given |= {"SPOOL__FREE_BYTES_MIN": "0", "GATEWAY__PROCESSES": "1"} | env
    return load(env={f"CAREERRELAY_{name}": value for name, value in given.items()})


@pytest.fixture(scope="session")
def _sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.PostgresServer]:
    server = servers.start_postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: servers.PostgresServer) -> PostgresDatabases:
    return PostgresDatabases(postgres_server)


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


@pytest.fixture
def runtime(home: Path, clock: ManualClock, _sqlite_databases: SqliteDatabases, _keys: KeyRing) -> Iterator[Runtime]:
    """An installation on SQLite."""
    settings = make_settings(home)
    database = _sqlite_databases.take(settings.effective_database_url, home / "careerrelay.sqlite3")
    yield Runtime(settings, database, clock, _keys)
    database.close()


@pytest.fixture
def pg_runtime(
    home: Path, clock: ManualClock, postgres_databases: PostgresDatabases, _keys: KeyRing
) -> Iterator[Runtime]:
    """An installation on PostgreSQL, in a database of its own."""
    name = postgres_databases.take()
    settings = make_settings(home, DATABASE_URL=postgres_databases.url(name))
    database = postgres_databases.database(settings.effective_database_url)
    yield Runtime(settings, database, clock, _keys)
    database.close()
    postgres_databases.give_back(name)


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
