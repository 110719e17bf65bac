"""CSV for people who open it in Excel."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.csvfile import cell, line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_a_formula_is_disarmed(start: str) -> None:
    assert cell(f'{start}HYPERLINK("x")').startswith("\"'")


@pytest.mark.parametrize(("value", "written"), [(5, "5"), (-5, "-5"), ("", ""), ("a", '"a"'), ('a"b', '"a""b"')])
def test_numbers_stay_numbers_and_text_is_quoted(value: object, written: str) -> None:
    assert cell(value) == written


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_any_text_is_one_record_that_reads_back(values: list[str]) -> None:
    values = [value.encode("utf-8", "ignore").decode() for value in values]
    record = next(csv.reader(io.StringIO(line(values).decode(), newline=""), strict=True))
    assert [text.removeprefix("'") for text in record] == [value.removeprefix("'") for value in values]
