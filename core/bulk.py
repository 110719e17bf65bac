"""Statements of the mail path, compiled once and run for many rows straight on the driver.

A statement is written in SQLAlchemy Core like any other and means the same on both databases. Left out is what
SQLAlchemy does anew at each execution, which cost the mail path more than the database did
(`python -m benchmarks.bulk`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from core.runtime import Tx

Row = Mapping[str, Any]


def insert_ignoring(table: Table, *unique: str) -> "Bulk":
    """An insert that leaves out rows whose ``unique`` columns are there already."""

    def statement(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        return insert(table).on_conflict_do_nothing(index_elements=unique)

    return Bulk(statement)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """``parameters`` makes what the driver takes of a row."""

    sql: str
    parameters: Callable[[Row], Any]


class Bulk:
    """An insert or update. A row has the names of its parameters; of an insert, all rows ever have the same ones."""

    def __init__(self, statement: Insert | Update | Callable[[str], Insert | Update]) -> None:
        """``statement`` may depend on the database: then it is a function of the dialect's name."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, tx: Tx, rows: Sequence[Row]) -> int:
        """Run for all of ``rows`` in the transaction; how many rows of the table were written.

        Raises:
            sqlalchemy.exc.DBAPIError: and its kinds, as SQLAlchemy raises them.
        """
        if not rows:
            return 0
        connection = tx.session.connection()
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect, rows[0])
        return _execute(connection, compiled.sql, list(map(compiled.parameters, rows)))

    def _compile(self, dialect: Dialect, row: Row) -> _Compiled:
        statement = self._statement if isinstance(self._statement, Insert | Update) else self._statement(dialect.name)
        keys = list(row) if isinstance(statement, Insert) else None
        built = statement.compile(dialect=dialect, column_keys=keys)
        names = tuple(built.positiontup or built.params)
        bound = {name: parameter for parameter, name in built.bind_names.items()}
        converts = {
            name: convert
            for name in names
            if (convert := bound[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        fixed = {}
        for name in names:
            if name not in row:
                if bound[name].required:
                    raise KeyError(name)
                value = bound[name].value
                fixed[name] = converts[name](value) if name in converts else value
        compiled = _Compiled(str(built), _maker(names, converts, fixed, positional=bool(built.positiontup)))
        self._compiled[dialect.name] = compiled
        return compiled


def _maker(
    names: Sequence[str], converts: Mapping[str, Callable[[Any], Any]], fixed: Row, *, positional: bool
) -> Callable[[Row], Any]:
    changing = [(name, converts[name]) for name in names if name in converts and name not in fixed]

    def named(row: Row) -> dict[str, Any]:
        values = {**row, **fixed}
        for name, convert in changing:
            values[name] = convert(values[name])
        return values

    if not positional:
        return named
    take = itemgetter(*names)
    return (lambda row: take(named(row))) if len(names) > 1 else (lambda row: (take(named(row)),))


def _execute(connection: Connection, sql: str, parameters: Sequence[Any]) -> int:
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(sql, parameters)
        return cursor.rowcount
    except connection.dialect.loaded_dbapi.Error as error:
        # Without the parameters: they are people's data, and errors are logged.
        raise DBAPIError.instance(
            sql, None, error, connection.dialect.loaded_dbapi.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
