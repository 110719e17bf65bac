"""Alembic runs this file for every command; `careerrelay.migrate` hands over the connection to work on."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from careerrelay.tables import metadata
from core.db import UtcDateTime


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """A step must not change when the code does: our own types are written as what they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_item=render_item,
        compare_type=True,
        compare_server_default=True,
        # SQLite cannot alter a column in place: Alembic copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
        # Both databases can undo DDL, SQLite too: a step that fails leaves nothing behind.
        transactional_ddl=True,
    )
    context.run_migrations()


run()
