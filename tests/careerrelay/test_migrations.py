"""A new database gets every table, trigger and a key ring; an old one is brought forward; a newer one is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import careerrelay.tables
from careerrelay import opening, schema
from careerrelay.home import prepare_home
from core.crypto import KeyRing
from core.db import Database
from core.errors import ConfigError
from core.installation import config_version
from core.settings import Settings
from tests.conftest import fill, make_settings
from tests.servers import PostgresServer

DIALECTS = ("sqlite", "postgresql")


@pytest.fixture(params=DIALECTS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation whose database does not exist yet (SQLite) or is empty (PostgreSQL)."""
    if request.param == "sqlite":
        yield make_settings(tmp_path / "home")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"migrate_{tmp_path.name.replace('-', '_')}".lower()[:60]
    server.create(name)
    yield make_settings(tmp_path / "home", DATABASE_URL=server.url(name))
    server.drop(name)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opening.migrated(settings)
    db = Database(settings.effective_database_url)
    yield db
    db.close()


def test_a_new_installation_is_ready_after_one_call(settings: Settings) -> None:
    steps = opening.migrated(settings)
    assert steps == schema.steps()
    assert settings.keys_file.stat().st_mode & 0o777 == 0o600
    with opening.opened(settings) as runtime, runtime.read() as tx:
        assert config_version(tx) == 1


def test_where_no_installation_is_none_is_begun(settings: Settings) -> None:
    for attempt in (lambda: opening.opened(settings).__enter__(), lambda: opening.checked(settings)):
        with pytest.raises(
            ConfigError, match=r"\Ano installation in .* there\); set CAREERRELAY_\w+, or make one with"
        ):
            attempt()
    assert not settings.home.exists()
    assert opening.is_new(settings)


def test_a_second_call_changes_nothing(settings: Settings) -> None:
    opening.migrated(settings)
    ring = settings.keys_file.read_bytes()
    assert opening.migrated(settings) == []
    assert settings.keys_file.read_bytes() == ring


def test_migrations_and_tables_do_not_drift_apart(database: Database) -> None:
    with database.connection(write=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, careerrelay.tables.metadata()) == []


TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": """
        SELECT tgname, pg_get_triggerdef(t.oid), prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid
        WHERE NOT tgisinternal ORDER BY tgname, 2""",
}


def test_migrations_make_the_very_triggers_that_the_tables_declare(
    database: Database, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with database.connection(write=False) as connection:
        migrated = [tuple(row) for row in connection.execute(text(TRIGGERS[database.dialect]))]
    if database.dialect == "sqlite":
        other = Database(f"sqlite+pysqlite:///{tmp_path / 'declared.sqlite3'}")
    else:
        postgres_server.create("declared_triggers")
        other = Database(postgres_server.url("declared_triggers"))
    fill(other)
    with other.connection(write=False) as connection:
        declared = [tuple(row) for row in connection.execute(text(TRIGGERS[database.dialect]))]
    other.close()
    if database.dialect == "postgresql":
        postgres_server.drop("declared_triggers")
    assert migrated == declared
    assert migrated


def test_a_database_of_a_newer_version_is_refused(settings: Settings, database: Database) -> None:
    with database.connection(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (lambda: opening.migrated(settings), lambda: opening.opened(settings).__enter__()):
        with pytest.raises(ConfigError, match=r"was written by a newer careerrelay \(step 9999\)") as caught:
            attempt()
        assert "\n" not in caught.value.message


def test_an_older_database_is_refused_until_it_is_migrated(settings: Settings, database: Database) -> None:
    with database.connection(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(ConfigError, match="run `careerrelay migrate` first"):
        opening.opened(settings).__enter__()


def test_a_database_of_something_else_is_left_alone(settings: Settings) -> None:
    prepare_home(settings)
    db = Database(settings.effective_database_url)
    with db.connection(write=True) as connection:
        connection.execute(text("CREATE TABLE customers (id INTEGER)"))
    db.close()
    with pytest.raises(ConfigError, match="holds 1 tables that are not careerrelay's"):
        opening.migrated(settings)
    assert not settings.keys_file.exists()


def test_a_lost_key_ring_is_never_replaced_by_a_new_one(settings: Settings) -> None:
    opening.migrated(settings)
    settings.keys_file.unlink()
    for attempt in (lambda: opening.migrated(settings), lambda: opening.opened(settings).__enter__()):
        with pytest.raises(ConfigError, match="restore the file from its backup"):
            attempt()
    assert not settings.keys_file.exists()


def test_an_empty_database_keeps_a_key_ring_that_is_there_already(settings: Settings) -> None:
    KeyRing.generate().save(settings.keys_file)
    ring = settings.keys_file.read_bytes()
    opening.migrated(settings)
    assert settings.keys_file.read_bytes() == ring
