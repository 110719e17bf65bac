"""Signals from CSV files: what an ATS without an interface knows about applicants (decisions 16, 17).

A file stores signals and does nothing else: no notice, no invitation, no mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from connectors.csvtext import Row, Unreadable, read_rows
from core.lang import Lang
from core.runtime import Runtime, Tx
from crm import signals
from crm.registry import companies
from crm.signals import SignalRow
from rules.model import AtsStatus, read_status

SOURCE = "file"
SIGNAL_COLUMNS = ("recipient", "ats_status", "changed_at")
APPLICATION_CHARS_MAX = 200
#: Rows of one transaction: SQLite has one writer, and the mail path needs it too (decisions 10).
BATCH_ROWS = 50
#: A clock that runs a little ahead of ours is no reason to refuse its rows.
CLOCK_SKEW = timedelta(minutes=5)
OLDEST_YEAR = 1990

_ADDRESS = re.compile(r"[^\s@<>,;\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;\"\x00-\x1f\x7f]{1,255}")
_MOMENT = re.compile(
    r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


class Why(StrEnum):
    """What is wrong with a row; the text for people stands in ``_TEXTS``."""

    UNREADABLE = "unreadable"
    NO_ADDRESS = "no_address"
    NO_STATUS = "no_status"
    UNKNOWN_STATUS = "unknown_status"
    NO_DATE = "no_date"
    FUTURE = "future"
    BAD_TEXT = "bad_text"


_TEXTS: dict[Why, tuple[str, str]] = {
    Why.UNREADABLE: ("CSV として読めません", "not readable as CSV"),
    Why.NO_ADDRESS: ("メールアドレスではありません", "not a mail address"),
    Why.NO_STATUS: ("空欄です", "empty"),
    Why.UNKNOWN_STATUS: (
        "知らない語のため unknown として保存（使える語: in_process on_hold offered hired rejected withdrawn closed）",
        "a word not known; stored as unknown (known: in_process on_hold offered hired rejected withdrawn closed)",
    ),
    Why.NO_DATE: (
        "日付ではありません（例: 2026-11-20 または 2026-11-20T10:00+09:00）",
        "not a date such as 2026-11-20 or 2026-11-20T10:00+09:00",
    ),
    Why.FUTURE: ("未来の日付です", "in the future"),
    Why.BAD_TEXT: (
        f"{APPLICATION_CHARS_MAX} 文字を超えるか、制御文字を含みます",
        f"longer than {APPLICATION_CHARS_MAX} characters, or with control characters",
    ),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about one cell; ``row`` counts as a spreadsheet does, the header is row 1. Never the cell itself."""

    row: int
    column: str
    why: Why

    def reason(self, lang: Lang = "ja") -> str:
        return _TEXTS[self.why][0 if lang == "ja" else 1]

    def to_json(self, lang: Lang = "ja") -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "reason": self.reason(lang)}


@dataclass(frozen=True, slots=True)
class SignalsFile:
    """``rows`` can be stored; ``rejected`` rows are not among them; ``notes`` are about rows that are."""

    rows: tuple[SignalRow, ...]
    rejected: tuple[Remark, ...]
    notes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``imported`` good rows, ``changed`` of which were news; the rest was known already or older."""

    imported: int
    changed: int
    rejected: tuple[Remark, ...]
    notes: tuple[Remark, ...]

    def to_json(self, lang: Lang = "ja") -> dict[str, Any]:
        return {
            "imported": self.imported,
            "changed": self.changed,
            "rejected": [remark.to_json(lang) for remark in self.rejected],
            "notes": [remark.to_json(lang) for remark in self.notes],
        }


def read_signals(data: bytes, zone: tzinfo, now: datetime) -> SignalsFile:
    """Read ``recipient,ats_status,changed_at[,application]``; times without a zone are in ``zone``.

    Raises:
        ConfigError: the file as a whole cannot be read, or its header lacks a column.
    """
    rows: list[SignalRow] = []
    rejected: list[Remark] = []
    notes: list[Remark] = []
    for row in read_rows(data, SIGNAL_COLUMNS):
        read = _signal(row, zone, now)
        if isinstance(read, Remark):
            rejected.append(read)
            continue
        rows.append(read)
        if read.status is AtsStatus.UNKNOWN and isinstance(row, Row) and row.cells["ats_status"].lower() != "unknown":
            notes.append(Remark(row.number, "ats_status", Why.UNKNOWN_STATUS))
    return SignalsFile(tuple(rows), tuple(rejected), tuple(notes))


def import_in_batches(runtime: Runtime, company_id: int, data: bytes) -> ImportReport:
    """Store a file's signals in many short transactions, so that mail goes on. Importing the file again is harmless.

    Raises:
        NotFound: no such company.
        ConfigError: as ``read_signals``.
    """
    with runtime.read() as tx:
        zone = ZoneInfo(companies.get(tx, company_id).timezone)
    found = read_signals(data, zone, runtime.clock.now())
    changed = 0
    for start in range(0, len(found.rows), BATCH_ROWS):
        with runtime.begin() as tx:
            changed += _store(tx, company_id, found.rows[start : start + BATCH_ROWS])
    return _report(found, changed)


def _signal(row: Row | Unreadable, zone: tzinfo, now: datetime) -> SignalRow | Remark:
    if isinstance(row, Unreadable):
        return Remark(row.number, "", Why.UNREADABLE)
    cells, application = row.cells, row.cells.get("application", "")
    if not _ADDRESS.fullmatch(cells["recipient"]):
        return Remark(row.number, "recipient", Why.NO_ADDRESS)
    if not cells["ats_status"]:
        return Remark(row.number, "ats_status", Why.NO_STATUS)
    if len(application) > APPLICATION_CHARS_MAX or (application and not application.isprintable()):
        return Remark(row.number, "application", Why.BAD_TEXT)
    changed_at = _moment(cells["changed_at"], zone)
    if changed_at is None:
        return Remark(row.number, "changed_at", Why.NO_DATE)
    if changed_at > now + CLOCK_SKEW:
        return Remark(row.number, "changed_at", Why.FUTURE)
    return SignalRow(SOURCE, cells["recipient"], read_status(cells["ats_status"]), changed_at, application)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """ISO 8601 date or date and time, also as spreadsheets rewrite it (2026/1/5 9:00); a date is its first moment."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, _, month, day, hour, minute, second, fraction, offset = match.groups()
    if not OLDEST_YEAR <= int(year) < 9999:  # at the very ends a zone cannot be applied any more
        return None
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
            tzinfo=_offset(offset) if offset else zone,
        )
    except ValueError:
        return None
    return moment.astimezone(UTC)


def _offset(text: str) -> tzinfo | None:
    """Z, +0900, +09:00 or +09."""
    return datetime.strptime(text.upper() + "00" if len(text) == 3 else text.upper(), "%z").tzinfo


def _store(tx: Tx, company_id: int, rows: Sequence[SignalRow]) -> int:
    return sum(signals.store(tx, company_id, row) for row in rows)


def _report(found: SignalsFile, changed: int) -> ImportReport:
    return ImportReport(len(found.rows), changed, found.rejected, found.notes)
