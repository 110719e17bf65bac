"""What a row costs through SQLAlchemy and through `core.bulk`, in one transaction of SQLite.

python -m benchmarks.bulk
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from core.bulk import Bulk
from core.clock import SystemClock
from core.crypto import KeyRing
from core.db import Database, UtcDateTime
from core.runtime import Runtime
from core.setting_sources import load

ROUNDS = 200
sample = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    *(Column(f"text{number}", String(40)) for number in range(6)),
    Column("at", UtcDateTime),
)


def main() -> None:
    """Print microseconds of CPU a row for transactions of 1, 5 and 50 rows."""
    bulk, statement = Bulk(insert(sample)), insert(sample)
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite+pysqlite:///{Path(folder) / 'bench.sqlite3'}")
        db.prepare_file()
        with db.connection(write=True) as connection:
            sample.metadata.create_all(connection)
        runtime = Runtime(load(env={}), db, SystemClock(), KeyRing.generate())
        now = datetime.now(UTC)
        for count in (1, 5, 50):
            rows = [{f"text{number}": "x" * 30 for number in range(6)} | {"at": now}] * count
            spent_s = {"sqlalchemy": 0.0, "core.bulk": 0.0}
            for _ in range(ROUNDS):
                with runtime.begin() as tx:
                    connection = tx.session.connection()
                    began_s = time.process_time()
                    connection.execute(statement, rows)
                    middle_s = time.process_time()
                    bulk.run(tx, rows)
                    spent_s["core.bulk"] += time.process_time() - middle_s
                    spent_s["sqlalchemy"] += middle_s - began_s
            line = "   ".join(f"{name} {spent / ROUNDS / count * 1e6:6.1f} us/row" for name, spent in spent_s.items())
            print(f"{count:3} rows   {line}")
        db.close()


if __name__ == "__main__":
    main()
