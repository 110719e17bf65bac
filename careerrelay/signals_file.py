"""A CSV file of what the ATS knows: good rows become signals, bad ones a list with row, column and reason."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.errors import ConfigError
from core.runtime import Runtime
from crm import companies, signals
from crm.signals import SignalRow
from rules.model import AtsStatus, read_status

SOURCE = "file"
FILE_BYTES_MAX = 64 * 1024 * 1024
#: `decisions` of the house: nobody but the mail path holds the database's one writer for long.
ROWS_A_TRANSACTION = 100
_REQUIRED = ("recipient", "ats_status", "changed_at")


@dataclass(frozen=True, slots=True)
class BadRow:
    """``row`` counts as a spreadsheet does: the headings are row 1."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    imported: int
    rejected: tuple[BadRow, ...]


def read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with a heading line, in UTF-8 or, as Japanese spreadsheets write it, in CP932.

    Raises:
        ConfigError: the file cannot be read, is too large or not CSV.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ConfigError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    reader = csv.DictReader(io.StringIO(_decoded(path, data), newline=""), strict=True)
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        return [
            (number, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)})
            for number, row in enumerate(reader, start=2)
        ]
    except csv.Error as error:
        raise ConfigError(f"{path}: line {reader.line_num}: {error}") from None


def _decoded(path: Path, data: bytes) -> str:
    for charset in ("utf-8-sig", "cp932"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{path}: neither UTF-8 nor Shift_JIS text")


def import_signals(runtime: Runtime, company_id: int, path: Path) -> Imported:
    """Store the file's signals for one company, and nothing else: no notice, no invitation, no mail.

    A word that is not known is stored as *unknown* (it may replace an older "rejected") and listed as bad.

    Raises:
        ConfigError: the file as a whole cannot be read. NotFound: no such company.
    """
    rows = read_rows(path)
    with runtime.read() as tx:
        zone = ZoneInfo(companies.get(tx, company_id).timezone)
    _require_columns(path, rows)
    imported, rejected = 0, list[BadRow]()
    for batch in _batches(rows):
        with runtime.begin() as tx:
            for number, row in batch:
                read = _signal(number, row, zone, runtime.clock)
                if isinstance(read, BadRow):
                    rejected.append(read)
                    continue
                signals.store(tx, company_id, read)
                if read.status is AtsStatus.UNKNOWN and row["ats_status"].lower() != AtsStatus.UNKNOWN:
                    rejected.append(
                        BadRow(number, "ats_status", f"{row['ats_status']!r} is no known word; stored as unknown")
                    )
                else:
                    imported += 1
    return Imported(imported, tuple(rejected))


def _require_columns(path: Path, rows: list[tuple[int, dict[str, str]]]) -> None:
    if rows and (missing := [name for name in _REQUIRED if name not in rows[0][1]]):
        raise ConfigError(
            f"{path}: no column {', '.join(missing)}; the headings are recipient,ats_status,changed_at[,application]"
        )


def _batches(rows: list[tuple[int, dict[str, str]]]) -> Iterator[list[tuple[int, dict[str, str]]]]:
    for start in range(0, len(rows), ROWS_A_TRANSACTION):
        yield rows[start : start + ROWS_A_TRANSACTION]


def _signal(number: int, row: dict[str, str], zone: ZoneInfo, clock: Clock) -> SignalRow | BadRow:
    recipient = row["recipient"]
    local, at, domain = recipient.rpartition("@")
    if not (local and at and domain) or any(char.isspace() for char in recipient):
        return BadRow(number, "recipient", "not a mail address")
    if not row["ats_status"]:
        return BadRow(number, "ats_status", "empty")
    changed_at = _moment(row["changed_at"], zone)
    if changed_at is None:
        return BadRow(number, "changed_at", "not a date like 2026-11-20T10:00+09:00")
    if changed_at > clock.now():
        return BadRow(number, "changed_at", "lies in the future")
    return SignalRow(SOURCE, recipient, read_status(row["ats_status"]), changed_at, row.get("application", ""))


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """ISO 8601, also with slashes; without a zone it is the company's local time."""
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
