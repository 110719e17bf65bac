"""CSV as people save it."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import csvtext
from connectors.csvtext import Row, Unreadable, read_rows
from core.errors import ConfigError

TEXT = "名前,recipient\r\n山田,yamada@example.jp\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp932"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.rstrip().encode(),
        TEXT.replace("recipient", " ＲＥＣＩＰＩＥＮＴ ").encode(),
        TEXT.replace("yamada", '" yamada').replace(".jp", '.jp "').encode(),
    ],
)
def test_every_charset_and_line_end_of_a_spreadsheet_is_read(data: bytes) -> None:
    assert list(read_rows(data, ["recipient"])) == [Row(2, {"名前": "山田", "recipient": "yamada@example.jp"})]


def test_rows_have_the_numbers_the_spreadsheet_shows() -> None:
    data = b'recipient,note\r\n\r\na@example.jp,"two\r\nlines"\r\n,\r\nb@example.jp\r\nc@example.jp,x,too,many\r\n'
    rows = list(read_rows(data, ["recipient"]))
    assert [(row.number, row.cells["recipient"]) for row in rows if isinstance(row, Row)] == [
        (3, "a@example.jp"),
        (5, "b@example.jp"),
        (6, "c@example.jp"),
    ]
    assert isinstance(rows[1], Row)
    assert rows[1].cells["note"] == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "missing: recipient"),
        (b"\r\n", "missing: recipient"),
        (b"a@example.jp,rejected\r\n", "missing: recipient"),
        (b"recipient,Recipient\r\n", "twice"),
        (b"recipient\r\n\x81 \r\n", "neither UTF-8 nor cp932"),
        (codecs.BOM_UTF8 + b"recipient\r\n\xff", "neither"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        list(read_rows(data, ["recipient"]))


def test_a_file_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvtext, "ROWS_MAX", 3)
    with pytest.raises(ConfigError, match="more than 3 rows"):
        list(read_rows(b"recipient\r\n" + b"a@example.jp\r\n" * 3, ["recipient"]))
    monkeypatch.setattr(csvtext, "FILE_BYTES_MAX", 10)
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        read_rows(b"recipient\r\n", ["recipient"])


def test_a_record_that_is_no_csv_costs_only_itself() -> None:
    rows = list(read_rows(b"recipient\r\n" + b"x" * 200_000 + b"\r\na@example.jp\r\n", ["recipient"]))
    assert rows == [Unreadable(2), Row(3, {"recipient": "a@example.jp"})]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    try:
        rows = list(read_rows(b"recipient,b\r\n" + noise, ["recipient"]))
    except ConfigError:
        return
    assert all(isinstance(row, Row | Unreadable) for row in rows)
