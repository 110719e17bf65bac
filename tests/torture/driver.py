"""SQLite's driver with somebody who looks at each statement before it runs, however the product hands it over."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

Look = Callable[[sqlite3.Connection, str], None]


def watch(engine: Engine, look: Look) -> None:
    """Let connections made from now on call ``look(connection, sql)``; what it raises, the statement raises."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *parameters: Any) -> "Cursor":
            look(self.connection, sql)
            super().execute(sql, *parameters)
            return self

        def executemany(self, sql: str, *parameters: Any) -> "Cursor":
            look(self.connection, sql)
            super().executemany(sql, *parameters)
            return self

    class Connection(sqlite3.Connection):
        wrote: list[Any]

        def cursor(self, factory: Any = None) -> Any:
            return super().cursor(factory or Cursor)

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            look(self, sql)
            return super().execute(sql, *parameters)

    def with_us(_dialect: object, _record: object, _arguments: object, named: dict[str, Any]) -> None:
        named["factory"] = Connection

    event.listen(engine, "do_connect", with_us)
