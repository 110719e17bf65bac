"""Databases of the tests: filled once a worker, then copied (SQLite) or emptied and given again (PostgreSQL)."""

import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from sqlalchemy import Dialect, Insert, event, insert, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

import careerrelay.tables
from core.db import Base, Database
from core.installation import ONLY_ROW, Installation
from tests.servers import PostgresServer

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

#: For the server to notice that a closed connection is gone.
_LEAVE_S = 0.3
#: To delete more than this is dearer than a new database.
_ROWS_MAX = 2_000

#: All that describes a schema, with the transaction that wrote it: it differs after any DDL, even one that was undone.
_SCHEMA = """
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT 'class ' || oid || ' ' || xmin AS line FROM pg_class
        UNION ALL SELECT 'column ' || attrelid || ' ' || attnum || ' ' || xmin FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT 'trigger ' || oid || ' ' || xmin FROM pg_trigger
        UNION ALL SELECT 'function ' || oid || ' ' || xmin FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT 'constraint ' || oid || ' ' || xmin FROM pg_constraint
        UNION ALL SELECT 'setting ' || setrole || ' ' || setconfig::text FROM pg_db_role_setting
    ) AS lines"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SEQUENCES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"


def fill(database: Database) -> None:
    """Every table and trigger, and the one row of an empty installation."""
    database.prepare_file()
    with database.connection(write=True) as connection:
        Base.metadata.create_all(connection)
        for statement in careerrelay.tables.ddl(database.dialect):
            connection.execute(text(statement))
        connection.execute(_first_row())


def _first_row() -> Insert:
    return insert(Installation).values(id=ONLY_ROW, config_version=1, bypass=False, created_at=START)


class Statements:
    """What SQLAlchemy compiled for one kind of database. An engine forgets it at its end, and compiling the same few
    hundred statements anew for each test takes a sixth of the run."""

    def __init__(self, first: Database) -> None:
        """``first`` has connected: its dialect knows its server."""
        self._dialect: Dialect = first.engine.dialect
        self._compiled: dict[Any, Any] = {}

    def database(self, url: str) -> Database:
        """A database of its own, with its own connections and listeners."""
        made = Database(url)
        made.engine.dialect = self._dialect  # it is part of every compiled statement's key
        made.engine.update_execution_options(compiled_cache=self._compiled)
        made._writer = made.engine.execution_options(write=True)
        return made


class SqliteDatabases:
    """Copies of one filled file."""

    def __init__(self, folder: Path) -> None:
        self._filled = folder / "careerrelay.sqlite3"
        first = Database(f"sqlite+pysqlite:///{self._filled}")
        fill(first)
        with first.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        first.close()
        self._statements = Statements(first)

    def take(self, url: str, file: Path) -> Database:
        shutil.copy(self._filled, file)
        made = self._statements.database(url)
        event.listen(made.engine, "connect", leave_it_to_the_kernel)
        return made


def leave_it_to_the_kernel(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Commit without waiting for the disk, as the PostgreSQL of the tests does: what the kernel holds outlives every
    process, and no test here cuts the power. Processes that a test starts open the file as in production."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


class PostgresDatabases:
    """Databases of one server. Copying one takes 60 ms and dropping it 20, emptying it 10: so a test gets the one of an
    earlier test, emptied, unless that test changed the schema, left a connection open or wrote very much."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._template = f"cr_template_{secrets.token_hex(4)}"
        server.create(self._template)
        first = Database(server.url(self._template))
        fill(first)
        first.close()
        self._statements = Statements(first)
        self._free: list[str] = []
        with self._inside(self._template) as connection:
            self._schema = _word(connection, _SCHEMA)
            tables = [str(row[0]) for row in connection.execute(_TABLES)]
            sequences = [str(row[0]) for row in connection.execute(_SEQUENCES)]
        self._used = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
        self._begin = [f"SELECT setval('{sequence}', 1, false)" for sequence in sequences]
        self._begin.append(str(_first_row().compile(first.engine, compile_kwargs={"literal_binds": True})))

    def url(self, name: str) -> str:
        return self._server.url(name)

    def take(self) -> str:
        """The name of a database that is as `fill` leaves it."""
        if self._free:
            return self._free.pop()
        name = f"cr_{secrets.token_hex(6)}"
        self._server.create(name, self._template)
        return name

    def database(self, url: str) -> Database:
        return self._statements.database(url)

    def give_back(self, name: str) -> None:
        """Nobody needs what is in it any more."""
        try:
            clean = self._emptied(name)
        except psycopg.Error:  # gone, held by a lock, or we are no superuser here
            clean = False
        if clean:
            self._free.append(name)
        else:
            self._server.drop(name)

    def _emptied(self, name: str) -> bool:
        with self._inside(name) as connection:
            deadline = time.monotonic() + _LEAVE_S
            while _word(connection, _OTHERS) != "0":
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.002)
            if _word(connection, _SCHEMA) != self._schema:
                return False
            used = [str(row[0]) for row in connection.execute(self._used.encode())]
            # As a replica: neither foreign keys nor the triggers of the book object.
            connection.execute("SET session_replication_role = replica")
            rows = sum(connection.execute(f"DELETE FROM {table}".encode()).rowcount for table in used)
            connection.commit()
            connection.autocommit = True
            # Rows come to lie in the order in which they are written, as in a new table.
            connection.execute(f"VACUUM (INDEX_CLEANUP ON, TRUNCATE ON) {', '.join(used)}".encode())
            connection.execute("; ".join(self._begin).encode())
            return rows < _ROWS_MAX

    def _inside(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        info = psycopg.conninfo.make_conninfo(self._server.admin_dsn, dbname=name, options="-c lock_timeout=5s")
        return psycopg.connect(info)


def _word(connection: psycopg.Connection[tuple[object, ...]], query: LiteralString) -> str:
    row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])
