"""Verifying an export offline: no database, no settings, no keys but the public one that comes with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from core import bundle
from ledger import manifest
from ledger.chain import GENESIS, ChainError, Link, entry_hash
from ledger.csvfile import BOM, HEADER, csv_line, line
from ledger.manifest import CSV, JSONL, Manifest, ManifestError, ProgrammePart
from ledger.replay import Replay

LINE_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was proved.

    Attributes:
        fingerprint: SHA-256 of the key the export was signed with; "" when that could not be read.
        fingerprint_given: the caller named the key it must be. Otherwise the export proves only that nothing was
            changed since *somebody* signed it: compare the fingerprint with the one the operator publishes.
        entries: how many were read and proved, over all programmes.
        problems: one line each, empty when all is well.
    """

    fingerprint: str
    fingerprint_given: bool
    entries: int
    exported_at: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


class _Unproved(Exception):
    """Ends the proof: one line for the report."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def verify_dir(directory: Path, fingerprint: str | None = None) -> ExportReport:
    """Check signature, files, chain, content and sums of an export.

    Args:
        directory: what `ledger.export.export` wrote.
        fingerprint: of the key it must be signed with, in hex.
    """
    given = fingerprint is not None
    checked = bundle.check(directory, manifest.FORMAT, fingerprint)
    if not checked.facts:
        return ExportReport("", given, 0, "", checked.problems)
    count, problems, exported_at = 0, list(checked.problems), ""
    try:
        found = manifest.read(checked.facts)
        exported_at = found.exported_at
        count = _prove_entries(directory, found)
    except ManifestError as error:
        problems.append(str(error))
    except (_Unproved, OSError) as error:
        problems.append(error.problem if isinstance(error, _Unproved) else bundle.unreadable(error))
    return ExportReport(checked.fingerprint, given, count, exported_at, tuple(problems))


def _prove_entries(directory: Path, found: Manifest) -> int:
    with (directory / JSONL).open("rb") as bodies, (directory / CSV).open("rb") as records:
        if records.readline(LINE_BYTES_MAX) != BOM + line(HEADER):
            raise _Unproved(f"{CSV} has another header")
        for part in found.programmes:
            _prove_book(part, bodies, records)
        if bodies.readline(LINE_BYTES_MAX) or records.readline(LINE_BYTES_MAX):
            raise _Unproved("more entries than the manifest says")
    return sum(part.last_seq for part in found.programmes)


def _prove_book(part: ProgrammePart, bodies: IO[bytes], records: IO[bytes]) -> None:
    state = Replay(part.programme_id, {policy.version: policy for policy in part.policies})
    name, head = f"programme {part.programme_id}", GENESIS
    for seq, body in _read_bodies(part, bodies):
        previous, head = head, entry_hash(head, body)
        try:
            fields = state.add(Link(seq, body, previous, head))
        except ChainError as error:
            raise _Unproved(f"{name}, {error}") from error
        if records.readline(LINE_BYTES_MAX) != csv_line(fields, head):
            raise _Unproved(f"{name}, entry {seq}: {CSV} says something else than {JSONL}")
    if head != part.head:
        raise _Unproved(f"{name}: the entries do not end at the signed head")
    try:
        balance = asdict(state.tally.balance(part.balance.get("price", 0)))
    except ValueError as error:
        raise _Unproved(f"{name}: {error}") from error
    if balance != part.balance:
        raise _Unproved(f"{name}: the entries make another balance than the manifest says")


def _read_bodies(part: ProgrammePart, bodies: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    for seq in range(1, part.last_seq + 1):
        stored = bodies.readline(LINE_BYTES_MAX)
        if not stored.endswith(b"\n"):
            raise _Unproved(f"programme {part.programme_id}: entry {seq} is missing from {JSONL}")
        yield seq, stored[:-1]
