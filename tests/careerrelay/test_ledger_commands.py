"""`careerrelay ledger`: what persons do by hand, statements, and their proof."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from careerrelay.opening import opened
from core.clock import ManualClock
from core.db import Database
from core.runtime import Runtime
from core.setting_sources import load
from ledger import adjustments, book
from tests.careerrelay.command_line import Installation, add_agency, add_company
from tests.conftest import START


@pytest.fixture
def installation(home: Path) -> Installation:
    """A company with an agency, and three credits of September 2025."""
    made = Installation(home)
    add_agency(made, add_company(made))
    with opened(load(env=made.env)) as runtime:
        early = Runtime(
            runtime.settings,
            Database(runtime.settings.effective_database_url),
            ManualClock(START.replace(year=2025, month=9)),
            runtime.keys,
        )
        with early.begin() as tx:
            for number in range(3):
                book.earn(tx, programme_id=1, referral_id=f"r{number}", company_id=1, subject_indexes=[f"i1:{number}"])
        early.db.close()
    return made


def test_two_persons_adjust_and_neither_one_nor_two_of_a_side_can(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "hanako")
    asked = installation.json("ledger", "adjust", "ask", "--programme", "1", "--credits", "2", "--reason", "contract")
    [listed] = installation.json("ledger", "adjust", "list", "--programme", "1")
    assert (listed["asked_by"], listed["asked_side"]) == ("cli:hanako", "operator")
    assert "another person" in installation.refused("ledger", "adjust", "approve", asked["id"])[0]
    monkeypatch.setenv("SUDO_USER", "taro")
    assert "an administrator of the company" in installation.refused("ledger", "adjust", "approve", asked["id"])[0]
    with opened(load(env=installation.env)) as runtime, runtime.begin() as tx:
        theirs = adjustments.ask(tx, 1, 3, adjustments.Why.CONTRACT, "user:1", adjustments.Side.COMPANY).id
    assert installation.json("ledger", "adjust", "approve", theirs)["state"] == "booked"
    assert "is booked" in installation.refused("ledger", "adjust", "refuse", theirs)[0]
    assert installation.json("ledger", "adjust", "refuse", asked["id"])["state"] == "refused"
    assert installation.json("ledger", "show")[0]["adjusted"] == 3


def test_a_credit_is_taken_back(installation: Installation) -> None:
    given = ("ledger", "reverse", "--programme", "1", "--reason", "fraud", "--referral")
    assert installation.json(*given, "r1")["repeated"] is False
    assert installation.json(*given, "r1")["repeated"] is True
    assert "counted no referral" in installation.refused(*given, "r9")[0]
    assert installation.json("ledger", "show")[0]["available"] == 2


def test_terms_have_versions_and_days(installation: Installation) -> None:
    day = f"{datetime.now(UTC).year + 1}-04-01"
    shown = installation.json("ledger", "terms", "--programme", "1", "--threshold", "8", "--from", day)
    assert [one["policy"]["threshold"] for one in shown] == [10, 8]
    assert installation.json("ledger", "show")[0]["price"] == 10
    assert f"{day} 00:00" in installation.good("ledger", "terms", "--programme", "1")
    assert installation.refused("ledger", "terms", "--programme", "1", "--from", day)
    assert "three years" in installation.refused("ledger", "terms", "--programme", "1", "--window-days", "9",
                                                 "--from", "2999-01-01")[0]  # fmt: skip
    assert installation.refused("ledger", "terms", "--programme", "1", "--threshold", "9", "--from", "soon")


def test_a_statement_is_written_sent_once_and_proved(installation: Installation, tmp_path: Path) -> None:
    given = ("ledger", "statement", "--month", "2025-09", "--directory", str(tmp_path))
    first = installation.json(*given, "--send")
    assert [Path(name).name for name in first["files"]] == [
        "careerrelay-statement-1-2025-09.pdf",
        "careerrelay-statement-1-2025-09.csv",
    ]
    assert (first["mails"], installation.json(*given, "--send")["mails"]) == (1, 0)
    table = str(tmp_path / "careerrelay-statement-1-2025-09.csv")
    report = installation.json("ledger", "verify", "--statement", table)
    assert (report["ok"], report["seq"]) == (True, 3)
    installation.good("ledger", "export", str(tmp_path / "export"))
    export = ("ledger", "verify", str(tmp_path / "export"), "--statement", table)
    assert installation.json(*export, "--fingerprint", report["fingerprint"])["ok"]
    assert installation.run(*export, "--fingerprint", "0" * 64).exit_code == 1
    assert installation.json("ledger", "statement", "--month", "2025-08", "--directory", str(tmp_path))["files"] == []
    assert installation.refused("ledger", "statement", "--month", "2999-01")
    assert installation.refused("ledger", "statement", "--month", "2025-08", "--programme", "1")
