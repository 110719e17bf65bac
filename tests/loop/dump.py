"""What stands in a database, table by table, to tell whether anything was written."""

import hashlib
import time

from sqlalchemy import select

import careerrelay.tables as _registers_every_table
from core.db import Base, Database

# Heartbeats and housekeeping of the running processes, which tick whatever a visitor does.
TICKING = {"process", "job"}
SETTLED_S = 30.0


def dump(url: str) -> dict[str, str]:
    """A hash of every row of every table that only people and mails change."""
    assert _registers_every_table
    database = Database(url)
    found = {}
    with database.connection(write=False) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in TICKING:
                continue
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            found[table.name] = f"{len(rows)}:{hashlib.sha256(repr(rows).encode()).hexdigest()}"
    database.close()
    return found


def settled(url: str) -> dict[str, str]:
    """The same, once the mails under way have arrived and their marks are written: two looks a second apart agree."""
    deadline, last = time.monotonic() + SETTLED_S, dump(url)
    while True:
        time.sleep(1.0)
        now = dump(url)
        if now == last:
            return now
        assert time.monotonic() < deadline, "something writes without end"
        last = now
