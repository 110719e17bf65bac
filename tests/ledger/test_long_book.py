"""A book of many years: proved from its first entry, exported, and proved again without the database."""

from pathlib import Path

import pytest

from core.runtime import Runtime
from ledger.check import check_book
from ledger.export import export, verify_dir
from tests.ledger.bulk import write_book


@pytest.mark.parametrize(
    ("database", "entries"),
    [
        pytest.param("runtime", 10_000, id="sqlite-some"),
        pytest.param("pg_runtime", 3_000, id="postgresql-some"),
        pytest.param("runtime", 1_000_000, id="sqlite-full", marks=pytest.mark.torture),
        pytest.param("pg_runtime", 1_000_000, id="postgresql-full", marks=pytest.mark.torture),
    ],
)
def test_a_long_book_is_proved_in_the_database_and_outside(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, entries: int
) -> None:
    runtime: Runtime = request.getfixturevalue(database)
    with runtime.begin() as tx:
        write_book(tx.session, 1, entries)
    with runtime.begin() as tx:
        report = check_book(tx, 1)
        assert (report.entries, report.problems) == (entries, ())
        manifest = export(tx, [1], tmp_path / "export")
    assert manifest.programmes[0].head == report.head
    proved = verify_dir(tmp_path / "export", manifest.fingerprint)
    assert (proved.entries, proved.problems) == (entries, ())
