"""CSV as people save it: read into rows of named cells, with the row numbers their spreadsheet shows. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import ConfigError

FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 500_000
#: What Excel writes as "Unicode text", "CSV UTF-8", and, on a Japanese Windows, plain "CSV".
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHARSETS = ("utf-8", "cp932")


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` counts records as a spreadsheet does: the header is row 1. Cells are stripped, "" when missing."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no CSV."""

    number: int


def read_rows(data: bytes, required: Sequence[str]) -> Iterator[Row | Unreadable]:
    """The records of a CSV file with a header; empty records are left out, unknown columns ignored.

    Raises:
        ConfigError: too large, an unknown charset, or a header without the ``required`` columns.
    """
    if len(data) > FILE_BYTES_MAX:
        raise ConfigError(f"the file is larger than {FILE_BYTES_MAX} bytes")
    text = decoded(data)
    first_line = text.partition("\n")[0]
    tabs = "\t" in first_line and "," not in first_line
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",")
    names = _header(reader, required)
    return _records(reader, names)


def decoded(data: bytes) -> str:
    """Text of UTF-8 (with or without BOM), UTF-16 with BOM, or cp932.

    Raises:
        ConfigError: none of them.
    """
    charsets = [charset for bom, charset in _BOMS if data.startswith(bom)] or list(_CHARSETS)
    for charset in charsets:
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise ConfigError("the file is neither UTF-8 nor cp932 (Shift_JIS): save it as CSV UTF-8")


def _header(reader: Iterator[list[str]], required: Sequence[str]) -> list[str]:
    try:
        names = [unicodedata.normalize("NFKC", name).strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise ConfigError(f"the first line is no CSV: {error}") from error
    if missing := [name for name in required if name not in names]:
        raise ConfigError(f"the first line must name the columns {', '.join(required)}; missing: {', '.join(missing)}")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise ConfigError(f"the first line names a column twice: {', '.join(twice)}")
    return names


def _records(reader: Iterator[list[str]], names: Sequence[str]) -> Iterator[Row | Unreadable]:
    number = 1
    while number <= ROWS_MAX:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Unreadable(number)
            continue
        if any(cell.strip() for cell in cells):
            named = dict.fromkeys(names, "") | {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
            yield Row(number, named)
    raise ConfigError(f"more than {ROWS_MAX} rows: split the file")
