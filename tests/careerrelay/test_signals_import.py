"""`careerrelay signals import` as an operator uses it; how a file is read is tested in tests/connectors."""

import json
from pathlib import Path

from tests.careerrelay.command_line import Installation, add_company

HEADINGS = "recipient,ats_status,changed_at,application\n"


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "signals.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_good_rows_go_in_and_bad_ones_are_listed(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    company_id = str(add_company(installation))
    words = ("signals", "import", "--company", company_id)
    good = written(tmp_path, HEADINGS + "a@example.com,rejected,2026-01-20,\n")
    report = installation.json(*words, str(good))
    assert report == {"imported": 1, "changed": 1, "rejected": [], "notes": []}
    bad = written(tmp_path, HEADINGS + "a@example.com,parked,2026-01-21,\nx,rejected,2026-01-20,\n")
    result = installation.run(*words, str(bad), "--json")
    assert result.exit_code == 1
    listed = json.loads(result.stdout)
    assert listed["imported"] == 1
    assert [(row["row"], row["column"]) for row in listed["rejected"]] == [(3, "recipient")]
    assert [(row["row"], row["column"]) for row in listed["notes"]] == [(2, "ats_status")], (
        "stored as unknown, and said so"
    )


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    company_id = str(add_company(installation))
    result = installation.run("signals", "import", "--company", company_id, str(tmp_path / "none.csv"))
    assert result.exit_code == 1
    assert "No such file" in result.stderr
