"""A PostgreSQL database that is given again is as a new one; what a test did to its schema never reaches the next."""

import pytest

from core.db import Base
from tests.databases import PostgresDatabases


def _contents(databases: PostgresDatabases, name: str) -> dict[str, list[tuple[object, ...]]]:
    with databases._inside(name) as connection:
        found = {
            table: connection.execute(f"SELECT * FROM {table}".encode()).fetchall() for table in Base.metadata.tables
        }
        sequences = connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'").fetchall()
        for (sequence,) in sequences:
            found[str(sequence)] = connection.execute(
                f"SELECT last_value, is_called FROM {sequence}".encode()
            ).fetchall()
        return found


def test_it_is_emptied(postgres_databases: PostgresDatabases) -> None:
    name = postgres_databases.take()
    new = _contents(postgres_databases, name)
    with postgres_databases._inside(name) as connection:
        connection.execute("UPDATE installation SET config_version = 7")
        connection.execute(
            "INSERT INTO audit_entry (at, actor, action, subject, details) VALUES (now(), '', '', '', '{}')"
        )
    assert _contents(postgres_databases, name) != new
    postgres_databases.give_back(name)
    assert postgres_databases.take() == name
    assert _contents(postgres_databases, name) == new
    postgres_databases.give_back(name)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
        "ALTER TABLE company ADD COLUMN more integer",
        "CREATE TABLE more (id integer)",
        "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE company ADD CHECK (id > 0)",
    ],
)
def test_a_changed_schema_is_not_given_again(postgres_databases: PostgresDatabases, change: str) -> None:
    name = postgres_databases.take()
    with postgres_databases._inside(name) as connection:
        connection.execute(change.encode())
    postgres_databases.give_back(name)
    assert postgres_databases.take() != name


def test_one_that_is_still_in_use_is_not_given_again(postgres_databases: PostgresDatabases) -> None:
    name = postgres_databases.take()
    left = postgres_databases._inside(name)
    postgres_databases.give_back(name)
    left.close()
    assert postgres_databases.take() != name
