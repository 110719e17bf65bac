"""Statements of the mail path, compiled once and run straight on the driver: `Bulk` writes many rows, `Query` reads.

A statement is written in SQLAlchemy Core like any other and means the same on both databases. Left out is what
SQLAlchemy does anew at each execution, which cost the mail path more than the database did
(`python -m benchmarks.bulk`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Dialect, Insert, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from core.db import UtcDateTime, sqlite_text

if TYPE_CHECKING:  # the runtime has statements of its own
    from core.runtime import Tx

Row = Mapping[str, Any]
#: Every statement of the loaded modules, for `compile_all`.
_KNOWN: list["Bulk | Query"] = []
#: A look-up for as many values is compiled ahead.
_MANY_MAX = 64


def compile_all(dialect: Dialect) -> None:
    """Compile every statement before its first use. Processes that share this one's memory then never run SQLAlchemy's
    compiler, whose 400 functions each would copy a page or two for."""
    for statement in _KNOWN:
        statement.prepare(dialect)


def insert_ignoring(table: Table, *unique: str, without: Sequence[str] = ()) -> "Bulk":
    """An insert that leaves out rows whose ``unique`` columns are there already. ``without``: as of `Bulk`."""

    def statement(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        return insert(table).on_conflict_do_nothing(index_elements=unique)

    return Bulk(statement, without=without)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """``parameters`` makes what the driver takes of a row; ``columns`` are those of an insert."""

    sql: str
    parameters: Callable[[Row], Any]
    columns: frozenset[str] | None

    def takes(self, row: Row) -> bool:
        return self.columns is None or self.columns == row.keys()


class Bulk:
    """An insert or update. A row has the names of its parameters; of an insert, all rows ever have the same ones."""

    def __init__(
        self, statement: Insert | Update | Callable[[str], Insert | Update], *, without: Sequence[str] = ()
    ) -> None:
        """``statement`` may depend on the database: then it is a function of the dialect's name. ``without``: columns
        of the table that rows to insert do not have; only `prepare` must know."""
        self._statement = statement
        self._without = frozenset(without)
        self._compiled: dict[str, _Compiled] = {}
        _KNOWN.append(self)

    def prepare(self, dialect: Dialect) -> None:
        """Compile it before there is a row."""
        statement = self._for(dialect)
        if isinstance(statement, Insert):
            names = {column.name for column in statement.table.columns} - self._without
        else:
            names = set(_required(statement.compile(dialect=dialect)))
        self._compile(dialect, dict.fromkeys(names))

    def _for(self, dialect: Dialect) -> Insert | Update:
        return self._statement if isinstance(self._statement, Insert | Update) else self._statement(dialect.name)

    def run(self, tx: "Tx", rows: Sequence[Row]) -> int:
        """Run for all of ``rows`` in the transaction; how many rows of the table were written.

        Raises:
            sqlalchemy.exc.DBAPIError: and its kinds, as SQLAlchemy raises them.
        """
        if not rows:
            return 0
        connection = tx.connection
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None or not compiled.takes(rows[0]):
            compiled = self._compile(connection.dialect, rows[0])
        with _cursor(connection, compiled.sql) as cursor:
            cursor.executemany(compiled.sql, list(map(compiled.parameters, rows)))
            return int(cursor.rowcount)

    def _compile(self, dialect: Dialect, row: Row) -> _Compiled:
        statement = self._for(dialect)
        keys = list(row) if isinstance(statement, Insert) else None
        built = statement.compile(dialect=dialect, column_keys=keys)
        names = tuple(built.positiontup or built.params)
        bound = {name: parameter for parameter, name in built.bind_names.items()}
        converts = {name: convert for name in names if (convert := _binding(bound[name].type, dialect)) is not None}
        fixed = {}
        for name in names:
            if name not in row:
                if bound[name].required:
                    raise KeyError(name)
                value = bound[name].value
                fixed[name] = converts[name](value) if name in converts else value
        parameters = _maker(names, converts, fixed, positional=bool(built.positiontup))
        compiled = _Compiled(str(built), parameters, None if keys is None else frozenset(keys))
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
    if len(names) == 1:
        return lambda row: (named(row)[names[0]],)
    take = itemgetter(*names)
    # A name may stand in several places.
    places = [(place, converts[name]) for place, name in enumerate(names) if name in converts and name not in fixed]

    def placed(row: Row) -> Sequence[Any]:
        values = list(take({**row, **fixed} if fixed else row))
        for place, convert in places:
            values[place] = convert(values[place])
        return values

    return placed


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return sqlite_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


class Query:
    """A select, or an insert that returns something. Its parameters are named; one of them, ``many``, may stand for any
    number of values (`expanding`)."""

    def __init__(
        self, statement: Select[*tuple[Any, ...]] | ReturningInsert[*tuple[Any, ...]], *, many: str = ""
    ) -> None:
        self._statement = statement
        self._many = many
        self._names = tuple(str(column.key) for column in statement.exported_columns)
        self._compiled: dict[tuple[str, int], _CompiledQuery] = {}
        _KNOWN.append(self)

    def prepare(self, dialect: Dialect) -> None:
        """Compile it ahead, for up to `_MANY_MAX` values."""
        values = _required(self._statement.compile(dialect=dialect))
        if not self._many:
            self._compile(dialect, values, 0)
            return
        del values[self._many]
        count = 1
        while count <= _MANY_MAX:
            self._compile(dialect, values | {f"{self._many}_{place}": None for place in range(1, count + 1)}, count)
            count *= 2

    def records(self, tx: "Tx", **values: Any) -> list[Any]:
        """The same as `rows`, each with its columns as attributes."""
        return [SimpleNamespace(**dict(zip(self._names, row, strict=True))) for row in self.rows(tx, **values)]

    def rows(self, tx: "Tx", **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows, each with its columns in order. Without a value for ``many`` there is none to find.

        Raises:
            sqlalchemy.exc.DBAPIError: and its kinds, as SQLAlchemy raises them.
        """
        count = 0
        if self._many:
            found = list(values.pop(self._many))
            if not found:
                return []
            # Filled up with the last one to a power of two, so that few statements are ever compiled.
            count = 1 << (len(found) - 1).bit_length()
            found += found[-1:] * (count - len(found))
            values |= {f"{self._many}_{place}": value for place, value in enumerate(found, 1)}
        connection = tx.connection
        compiled = self._compiled.get((connection.dialect.name, count))
        if compiled is None:
            compiled = self._compile(connection.dialect, values, count)
        with _cursor(connection, compiled.sql) as cursor:
            cursor.execute(compiled.sql, compiled.parameters(values))
            rows = cursor.fetchall()
        return [compiled.read(row) for row in rows] if compiled.read is not None else rows

    def _compile(self, dialect: Dialect, values: Row, count: int) -> "_CompiledQuery":
        built = self._statement.compile(dialect=dialect)
        example = {**values, self._many: [values[f"{self._many}_1"]] * count} if count else dict(values)
        state = built.construct_expanded_state(example)
        bound = {name: parameter for parameter, name in built.bind_names.items()}
        for name, expanded in state.parameter_expansion.items():
            bound |= dict.fromkeys(expanded, bound[name])
        names = tuple(state.positiontup or state.parameters)
        converts = {name: convert for name in names if (convert := _binding(bound[name].type, dialect)) is not None}
        fixed = {
            name: converts[name](state.parameters[name]) if name in converts else state.parameters[name]
            for name in names
            if name not in values
        }
        reads = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in self._statement.exported_columns
        ]
        compiled = _CompiledQuery(
            state.statement,
            _maker(names, converts, fixed, positional=bool(state.positiontup)),
            _reader(reads) if any(read is not None for read in reads) else None,
        )
        self._compiled[dialect.name, count] = compiled
        return compiled


def _required(built: SQLCompiler) -> dict[str, Any]:
    """The names of the parameters that each use must give."""
    return {name: None for parameter, name in built.bind_names.items() if parameter.required}


@dataclass(frozen=True, slots=True)
class _CompiledQuery:
    """``read`` makes Python's values of a row, None when the driver gives them as they are."""

    sql: str
    parameters: Callable[[Row], Any]
    read: Callable[[Sequence[Any]], tuple[Any, ...]] | None


def _reader(reads: Sequence[Callable[[Any], Any] | None]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    def read(row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(value if made is None else made(value) for made, value in zip(reads, row, strict=True))

    return read


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        # Without the parameters: they are people's data, and errors are logged.
        raise DBAPIError.instance(
            sql, None, error, connection.dialect.loaded_dbapi.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
