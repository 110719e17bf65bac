"""`careerrelay signals import`: good rows become signals and nothing else; bad ones are listed with row and column."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from careerrelay.signals_file import BadRow, import_signals
from core.db import Base
from core.errors import ConfigError, NotFound
from core.runtime import Runtime
from crm import companies, signals
from crm.companies import NewCompany
from rules.model import AtsStatus
from tests.careerrelay.command_line import Installation, add_company

HEADINGS = "recipient,ats_status,changed_at,application\n"


def company(runtime: Runtime, timezone: str = "Asia/Tokyo") -> int:
    with runtime.begin() as tx:
        return companies.add(tx, NewCompany("Example", ("example.co.jp",), timezone=timezone)).id


def written(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "signals.csv"
    path.write_bytes(content.encode(encoding))
    return path


def counts(runtime: Runtime) -> dict[str, int]:
    with runtime.read() as tx:
        tables = Base.metadata.sorted_tables
        return {table.name: tx.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_it_stores_signals_and_nothing_else(any_runtime: Runtime, tmp_path: Path) -> None:
    company_id = company(any_runtime)
    before = counts(any_runtime)
    path = written(
        tmp_path, HEADINGS + "a@example.com,rejected,2026-11-20T10:00:00+09:00,77\nb@example.com,offered,2026-11-19,\n"
    )
    result = import_signals(any_runtime, company_id, path)
    assert (result.imported, result.rejected) == (2, ())
    after = counts(any_runtime)
    assert after.pop("ats_signal") == before.pop("ats_signal") + 2
    assert after == before
    with any_runtime.read() as tx:
        answer = signals.answer_for(tx, company_id, "A@example.com")
    assert answer is not None
    assert (answer.status, answer.application) == (AtsStatus.REJECTED, "77")
    assert answer.age_days == pytest.approx(26 / 24), "the clock of the test stands at 2026-11-21T03:00Z"


BAD_ROWS = [
    ("nobody,rejected,2026-11-20", "recipient"),
    (",rejected,2026-11-20", "recipient"),
    ("a b@example.com,rejected,2026-11-20", "recipient"),
    ("a@example.com,,2026-11-20", "ats_status"),
    ("a@example.com,rejected,yesterday", "changed_at"),
    ("a@example.com,rejected,", "changed_at"),
    ("a@example.com,rejected,2027-01-01", "changed_at"),
    ("a@example.com,banana,2026-11-20", "ats_status"),
]


@pytest.mark.parametrize(("row", "column"), BAD_ROWS)
def test_a_bad_row_is_named_and_the_others_go_in(runtime: Runtime, tmp_path: Path, row: str, column: str) -> None:
    good = "z@example.com,rejected,2026-11-20,\n"
    result = import_signals(runtime, company(runtime), written(tmp_path, f"{HEADINGS}{good}{row},\n{good}"))
    assert result.imported == 2
    ((number, name),) = [(bad.row, bad.column) for bad in result.rejected]
    assert (number, name) == (3, column), "rows are counted as a spreadsheet does"


def test_a_word_nobody_knows_is_stored_as_unknown(runtime: Runtime, tmp_path: Path) -> None:
    company_id = company(runtime)
    import_signals(runtime, company_id, written(tmp_path, HEADINGS + "a@example.com,rejected,2026-11-19,\n"))
    result = import_signals(runtime, company_id, written(tmp_path, HEADINGS + "a@example.com,parked,2026-11-20,\n"))
    assert result.rejected == (BadRow(2, "ats_status", "'parked' is no known word; stored as unknown"),)
    with runtime.read() as tx:
        answer = signals.answer_for(tx, company_id, "a@example.com")
    assert answer is not None
    assert answer.status is AtsStatus.UNKNOWN, "an old rejection must not confirm a mail any more"


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("2026-11-20 12:00", "Asia/Tokyo", 24),
        ("2026/11/20 12:00", "Asia/Tokyo", 24),
        ("2026-11-20 03:00", "UTC", 24),
        ("2026-11-20T03:00Z", "Asia/Tokyo", 24),
        ("2026-11-20", "Asia/Tokyo", 36),
    ],
)
def test_times_without_a_zone_are_the_companys(
    runtime: Runtime, tmp_path: Path, text: str, zone: str, hours: float
) -> None:
    company_id = company(runtime, zone)
    import_signals(runtime, company_id, written(tmp_path, f"{HEADINGS}a@example.com,rejected,{text},\n"))
    with runtime.read() as tx:
        answer = signals.answer_for(tx, company_id, "a@example.com")
    assert answer is not None
    assert answer.age_days * 24 == pytest.approx(hours)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_files_of_japanese_spreadsheets_are_read(runtime: Runtime, tmp_path: Path, encoding: str) -> None:
    content = HEADINGS + "a@example.com,rejected,2026-11-20,営業職①\n"
    assert import_signals(runtime, company(runtime), written(tmp_path, content, encoding)).imported == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [("recipient,status\na@example.com,rejected\n", "no column ats_status, changed_at"), ('recipient,"\n', "line ")],
)
def test_a_file_that_cannot_be_read_as_a_whole_stores_nothing(
    runtime: Runtime, tmp_path: Path, content: str, says: str
) -> None:
    company_id = company(runtime)
    with pytest.raises(ConfigError, match=says):
        import_signals(runtime, company_id, written(tmp_path, content))
    with pytest.raises(ConfigError, match="No such file"):
        import_signals(runtime, company_id, tmp_path / "none.csv")
    with pytest.raises(NotFound):
        import_signals(runtime, 99, written(tmp_path, HEADINGS))


def test_by_command_line(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    company_id = str(add_company(installation))
    good = written(tmp_path, HEADINGS + "a@example.com,rejected,2026-01-20,\n")
    assert installation.json("signals", "import", "--company", company_id, str(good)) == {"imported": 1, "rejected": []}
    bad = written(tmp_path, HEADINGS + "a@example.com,rejected,2026-01-20,\nx,rejected,2026-01-20,\n")
    result = installation.run("signals", "import", "--company", company_id, str(bad), "--json")
    assert result.exit_code == 1
    assert (
        result.stdout
        == '{"imported": 1, "rejected": [{"row": 3, "column": "recipient", "reason": "not a mail address"}]}\n'
    )
