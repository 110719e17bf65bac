"""Signals from files: good rows in, bad rows named, nothing else done."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from connectors.csvtext import read_rows
from connectors.files import (
    SIGNAL_COLUMNS,
    SOURCE,
    Remark,
    Why,
    import_in_batches,
    read_signals,
)
from core.clock import JST
from core.db import Base
from core.errors import ConfigError, NotFound
from core.runtime import Runtime
from crm import signals
from crm.registry import companies
from crm.signals import SignalRow
from rules.model import AtsStatus

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
KNOWN = "in_process on_hold offered hired rejected withdrawn closed"
HEADER = "recipient,ats_status,changed_at,application\r\n"


#: Cells of rows that are stored.
GOOD = (("a@example.jp", "b@example.jp"), ("rejected", "ghosted"), ("2026-11-20", "2026-11-20T10:00"), ("", "A-12"))


def read(*lines: str) -> tuple[tuple[SignalRow, ...], tuple[Remark, ...], tuple[Remark, ...]]:
    found = read_signals((HEADER + "\r\n".join(lines)).encode(), JST, NOW)
    return found.rows, found.rejected, found.notes


def test_a_good_row_is_a_signal() -> None:
    rows, rejected, notes = read("yamada@example.jp,rejected,2026-11-20T10:00,A-12")
    at = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert rows == (SignalRow(SOURCE, "yamada@example.jp", AtsStatus.REJECTED, at, "A-12"),)
    assert rejected == notes == ()


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-20", "2026-11-19T15:00:00"),
        ("2026/11/20", "2026-11-19T15:00:00"),
        ("2026/1/5", "2026-01-04T15:00:00"),
        ("2026/1/5 9:00", "2026-01-05T00:00:00"),
        ("2026-11-20T10:00", "2026-11-20T01:00:00"),
        ("2026-11-20 10:00:30", "2026-11-20T01:00:30"),
        ("2026-11-20T10:00:30.5", "2026-11-20T01:00:30.500000"),
        ("2026-11-20T10:00Z", "2026-11-20T10:00:00"),
        ("2026-11-20T10:00:00+09:00", "2026-11-20T01:00:00"),
        ("2026-11-20T10:00:00-0500", "2026-11-20T15:00:00"),
        ("2026-11-20T10:00+09", "2026-11-20T01:00:00"),
        ("2026-11-21T12:04", "2026-11-21T03:04:00"),  # a clock a little ahead of ours
        ("2026-11-21", "2026-11-20T15:00:00"),
    ],
)
def test_a_time_without_zone_is_the_companys(written: str, utc: str) -> None:
    rows, rejected, _ = read(f"a@example.jp,rejected,{written},")
    assert not rejected
    assert rows[0].changed_at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        (",rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ("yamada,rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ("Yamada <yamada@example.jp>,rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ("yamada@@example.jp,rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ('"a@example.jp,b@example.jp",rejected,2026-11-20,', "recipient", Why.NO_ADDRESS),
        ("ya mada@example.jp,rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ("ｙａｍａｄａ＠example.jp,rejected,2026-11-20,", "recipient", Why.NO_ADDRESS),
        ("a@example.jp,,2026-11-20,", "ats_status", Why.NO_STATUS),
        ("a@example.jp,rejected", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,yesterday,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,20261120,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,11/20/2026,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,2026-02-30,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,2026-11-20T25:00,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,2026-11-20T10:00+99:00,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,2026-11/20,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,0001-01-01,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,9999-12-31T23:59-12:00,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,２０２６-11-20,", "changed_at", Why.NO_DATE),
        ("a@example.jp,rejected,2026-11-21T12:06,", "changed_at", Why.FUTURE),
        ("a@example.jp,rejected,2026-11-22,", "changed_at", Why.FUTURE),
        (f"a@example.jp,rejected,2026-11-20,{'x' * 201}", "application", Why.BAD_TEXT),
        ("a@example.jp,rejected,2026-11-20,A\x00B", "application", Why.BAD_TEXT),
    ],
)
def test_a_bad_row_is_named_and_the_others_stay(line: str, column: str, why: Why) -> None:
    rows, rejected, _ = read("first@example.jp,rejected,2026-11-20,", line, "last@example.jp,offered,2026-11-19,")
    assert [row.recipient for row in rows] == ["first@example.jp", "last@example.jp"]
    assert rejected == (Remark(3, column, why),)


def test_what_is_said_of_a_row_is_in_both_languages_and_never_its_content() -> None:
    for why in Why:
        remark = Remark(3, "recipient", why)
        assert remark.reason("ja") != remark.reason("en")
        assert remark.reason("en").isascii()
    assert Remark(3, "changed_at", Why.FUTURE).to_json("en") == {
        "row": 3,
        "column": "changed_at",
        "reason": "in the future",
    }


@pytest.mark.parametrize(
    ("word", "status", "noted"),
    [
        ("in_progress", AtsStatus.IN_PROCESS, False),
        ("In Process", AtsStatus.IN_PROCESS, False),
        ("REJECTED", AtsStatus.REJECTED, False),
        ("on-hold", AtsStatus.ON_HOLD, False),
        ("unknown", AtsStatus.UNKNOWN, False),
        ("ghosted", AtsStatus.UNKNOWN, True),
        ("不採用", AtsStatus.UNKNOWN, True),
    ],
)
def test_an_unheard_of_status_is_stored_as_unknown_and_reported(word: str, status: AtsStatus, noted: bool) -> None:
    rows, rejected, notes = read(f"a@example.jp,{word},2026-11-20,")
    assert (rows[0].status, rejected) == (status, ())
    assert notes == ((Remark(2, "ats_status", Why.UNKNOWN_STATUS),) if noted else ())


def test_columns_may_stand_in_any_order_and_application_may_be_missing() -> None:
    found = read_signals(b"changed_at,name,ats_status,recipient\n2026-11-20,Y,hired,a@example.jp\n", JST, NOW)
    assert [(row.status, row.application) for row in found.rows] == [(AtsStatus.HIRED, "")]


@pytest.mark.parametrize("data", [b"", b"recipient,ats_status\n", b"a@example.jp,rejected,2026-11-20\n", b"\xff\xff"])
def test_a_file_without_its_header_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError):
        read_signals(data, JST, NOW)


@given(st.tuples(*(st.sampled_from(good) | st.text(max_size=30) for good in GOOD)).map(",".join))
def test_any_row_is_stored_or_named(line: str) -> None:
    data = (HEADER + line).encode("utf-8", "ignore")
    found = read_signals(data, ZoneInfo("America/New_York"), NOW)
    assert len(found.rows) + len(found.rejected) == len(list(read_rows(data, SIGNAL_COLUMNS)))
    for row in found.rows:
        assert row.changed_at.tzinfo is not None


@pytest.fixture
def company(any_runtime: Runtime) -> int:
    with any_runtime.begin() as tx:
        new = companies.NewCompany(name="Example K.K.", sender_domains=("example.co.jp",), timezone="Europe/Berlin")
        return companies.add(tx, new).id


FILE = (
    HEADER
    + "yamada@example.jp,rejected,2026-11-20T10:00,A\r\n"
    + "yamada@example.jp,rejected,2026-11-20T10:00,A\r\n"
    + "Yamada@EXAMPLE.jp,in_process,2026-11-18,B\r\n"
    + "nobody,rejected,2026-11-20,\r\n"
    + "suzuki@example.jp,ghosted,2026-11-19,\r\n"
)


def test_a_file_becomes_signals_of_one_company(any_runtime: Runtime, company: int) -> None:
    report = import_in_batches(any_runtime, company, FILE.encode("cp932"))
    assert report.to_json("en") == {
        "imported": 4,
        "changed": 3,
        "rejected": [{"row": 5, "column": "recipient", "reason": "not a mail address"}],
        "notes": [
            {
                "row": 6,
                "column": "ats_status",
                "reason": f"a word not known; stored as unknown (known: {KNOWN})",
            }
        ],
    }
    with any_runtime.read() as tx:
        answer = signals.answer_for(tx, company, "yamada@example.jp")
        assert answer is not None
        assert (answer.status, answer.contrary, answer.application) == (AtsStatus.REJECTED, True, "A")
        assert answer.age_days == pytest.approx(18 / 24)  # 10:00 in Berlin is 09:00 UTC, and it is 03:00 a day later
        assert signals.answer_for(tx, company + 1, "yamada@example.jp") is None


def test_importing_again_changes_nothing_and_batches_do_the_same(any_runtime: Runtime, company: int) -> None:
    many = "".join(f"c{number}@example.jp,rejected,2026-11-20,\r\n" for number in range(120))
    first = import_in_batches(any_runtime, company, (FILE + many).encode())
    assert (first.imported, first.changed, len(first.rejected)) == (124, 123, 1)
    again = import_in_batches(any_runtime, company, (FILE + many).encode())
    assert (again.imported, again.changed) == (124, 0)


def test_a_file_makes_no_notice_no_job_and_no_mail(any_runtime: Runtime, company: int) -> None:
    def rows() -> dict[str, int]:
        with any_runtime.read() as tx:
            tables = Base.metadata.sorted_tables
            return {table.name: tx.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}

    before = rows()
    import_in_batches(any_runtime, company, FILE.encode())
    changed = {name for name, count in rows().items() if count != before[name]}
    assert changed == {"ats_signal"}


def test_a_company_that_does_not_exist_is_refused(any_runtime: Runtime) -> None:
    with pytest.raises(NotFound):
        import_in_batches(any_runtime, 99, FILE.encode())
