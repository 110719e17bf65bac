"""A statement that was handed out, held against the book: whoever rewrote the book since cannot make it fit again.

The statement's CSV carries the signed hash of the last entry of its month (`ledger/heads.py`).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core.bundle import MANIFEST, MANIFEST_BYTES_MAX, fingerprint
from core.runtime import Tx
from ledger.chain import GENESIS, entry_hash
from ledger.heads import SignedHead
from ledger.manifest import JSONL, ManifestError, load
from ledger.tables import EntryRow
from ledger.verify import LINE_BYTES_MAX

STATEMENT_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PaperReport:
    """What a statement proves. ``problems``: one line each, empty when the book still holds what it says.

    Attributes:
        fingerprint: of the key the statement is signed with; "" when it cannot be read.
        fingerprint_given: the caller named the key it must be; else compare it with the one the operator publishes.
    """

    programme_id: int
    seq: int
    at: str
    fingerprint: str
    fingerprint_given: bool
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def check_in_book(tx: Tx, statement: Path, wanted_fingerprint: str | None = None) -> PaperReport:
    """Hold a statement against the book of this installation."""
    head, problems = _signed(statement, wanted_fingerprint)
    if head is not None and not problems:
        stored = tx.session.scalar(
            select(EntryRow.hash).where(EntryRow.programme_id == head.programme_id, EntryRow.seq == head.seq)
        )
        problems = _fits(head, stored)
    return _report(head, wanted_fingerprint, problems)


def check_in_export(directory: Path, statement: Path, wanted_fingerprint: str | None = None) -> PaperReport:
    """Hold a statement against an export, without a database. `ledger.verify.verify_dir` proves the export itself."""
    head, problems = _signed(statement, wanted_fingerprint)
    if head is not None and not problems:
        try:
            problems = _fits(head, _hash_in_export(directory, head.programme_id, head.seq))
        except (OSError, ManifestError) as error:
            problems = [f"the export cannot be read: {error}"]
    return _report(head, wanted_fingerprint, problems)


def _signed(statement: Path, wanted: str | None) -> tuple[SignedHead | None, list[str]]:
    try:
        with statement.open("rb") as file:
            stored = file.read(STATEMENT_BYTES_MAX).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(stored))
        values = {row[0]: row[2] for row in rows if len(row) == 3}
        head = SignedHead(
            programme_id=int(values["programme"]),
            seq=int(values["last_seq"]),
            head=values["head"],
            at=values["head_at"],
            public_key=values["public_key"],
            signature=bytes.fromhex(values["signature"]),
        )
    except (OSError, ValueError, KeyError, csv.Error) as error:
        return None, [f"{statement.name} is not the CSV of a statement ({type(error).__name__})"]
    if not head.is_genuine():
        return None, [f"{statement.name} is not what was signed"]
    if wanted is not None and _key(head) != wanted.strip().lower().replace(":", ""):
        return head, [f"signed with another key than the one named, by {_key(head)}"]
    return head, []


def _hash_in_export(directory: Path, programme_id: int, seq: int) -> str | None:
    with (directory / MANIFEST).open("rb") as file:
        parts = load(file.read(MANIFEST_BYTES_MAX)).programmes
    with (directory / JSONL).open("rb") as bodies:
        for part in parts:
            head = GENESIS
            for number in range(1, part.last_seq + 1):
                head = entry_hash(head, bodies.readline(LINE_BYTES_MAX).rstrip(b"\n"))
                if (part.programme_id, number) == (programme_id, seq):
                    return head
    return None


def _fits(head: SignedHead, stored: str | None) -> list[str]:
    if stored is None:
        return [f"programme {head.programme_id} has no entry {head.seq}, which the statement ends with"]
    if stored != head.head:
        return [f"programme {head.programme_id}, entry {head.seq} or one before it was changed since the statement"]
    return []


def _report(head: SignedHead | None, wanted: str | None, problems: list[str]) -> PaperReport:
    if head is None:
        return PaperReport(0, 0, "", "", wanted is not None, tuple(problems))
    return PaperReport(head.programme_id, head.seq, head.at, _key(head), wanted is not None, tuple(problems))


def _key(head: SignedHead) -> str:
    return fingerprint(bytes.fromhex(head.public_key))
