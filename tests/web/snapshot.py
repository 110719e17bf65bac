"""Every row of every table, to show that a page changed none."""

from sqlalchemy import select

from core.db import Base
from core.runtime import Runtime


def every_row(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    with runtime.read() as tx:
        return {
            name: sorted((tuple(row) for row in tx.session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }
