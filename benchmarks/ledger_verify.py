"""Ledger entries verified per second: in the database, and from an export without one.

    python -m benchmarks.ledger_verify --entries 1000000 --rounds 3

One book is built in bulk (SQLite in a temporary directory, or --database-url with an empty database), then proved from
its first entry: chain, content, columns, account, slots. CPU seconds are this process's own: the figure is per core.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.clock import ManualClock
from core.crypto import KeyRing
from core.db import Base, Database
from core.runtime import Runtime
from core.setting_sources import load
from ledger.check import check_book
from ledger.export import export
from ledger.tables import DDL
from ledger.verify import verify_dir
from tests.ledger.bulk import START, write_book

PROGRAMME = 1


def build(runtime: Runtime, entries: int) -> None:
    runtime.db.prepare_file()
    with runtime.db.connection(write=True) as connection:
        tables = [table for name, table in Base.metadata.tables.items() if name.startswith("ledger_")]
        Base.metadata.create_all(connection, tables=tables)
        for statement in DDL[runtime.db.dialect]:
            connection.exec_driver_sql(statement)
    with runtime.begin() as tx:
        write_book(tx.session, PROGRAMME, entries)


def verify_database(runtime: Runtime, entries: int) -> None:
    with runtime.begin() as tx:
        report = check_book(tx, PROGRAMME)
    if (report.entries, report.problems) != (entries, ()):
        raise SystemExit(f"the book does not verify: {report}")


def verify_export(directory: Path, entries: int) -> None:
    report = verify_dir(directory)
    if (report.entries, report.problems) != (entries, ()):
        raise SystemExit(f"the export does not verify: {report}")


def measured(work: Callable[[], None], rounds: int, entries: int) -> dict[str, float]:
    """Median wall and CPU seconds of ``rounds`` runs, and entries per CPU second."""
    wall_s, cpu_s = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall_s.append(time.perf_counter() - wall)
        cpu_s.append(time.process_time() - cpu)
    cpu_median_s = statistics.median(cpu_s)
    return {
        "wall_s": round(statistics.median(wall_s), 2),
        "cpu_s": round(cpu_median_s, 2),
        "cpu_min_s": round(min(cpu_s), 2),
        "entries_per_cpu_s": round(entries / cpu_median_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database-url", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="careerrelay-bench-") as home:
        settings = load(env={"CAREERRELAY_HOME": home, "CAREERRELAY_DATABASE_URL": options.database_url})
        database = Database(settings.effective_database_url)
        runtime = Runtime(settings, database, ManualClock(START), KeyRing.generate())
        began = time.perf_counter()
        build(runtime, options.entries)
        result: dict[str, object] = {"entries": options.entries, "database": database.dialect}
        result["built_s"] = round(time.perf_counter() - began, 1)
        result["in_database"] = measured(
            lambda: verify_database(runtime, options.entries), options.rounds, options.entries
        )
        directory = Path(home) / "export"
        with runtime.begin() as tx:
            export(tx, [PROGRAMME], directory)
        result["from_export"] = measured(
            lambda: verify_export(directory, options.entries), options.rounds, options.entries
        )
        result["memory_mb_max"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        database.close()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
