"""An export that proves itself: entries as CSV and as stored, a manifest, and a detached signature."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core import bundle
from core.bundle import HashedFile
from core.errors import Permanent
from core.runtime import Tx
from ledger import account, manifest
from ledger.chain import GENESIS, ChainError, Link, walk
from ledger.check import stored_rows
from ledger.csvfile import BOM, HEADER, csv_line, line
from ledger.entries import written
from ledger.manifest import CSV, JSONL, KEY, Manifest, ProgrammePart
from ledger.replay import Replay
from ledger.verify import verify_dir

__all__ = ["BookBroken", "export", "verify_dir"]


class BookBroken(Permanent):
    """The book does not verify; an export would put our signature under it."""


def export(tx: Tx, programme_ids: Sequence[int], directory: Path) -> Manifest:
    """Write the whole books of ``programme_ids`` into ``directory`` (made if missing, else empty) and sign them.

    Raises:
        ConfigError: the directory has something in it, or cannot be written.
        BookBroken: an entry does not verify; names programme and seq. No manifest is written then.
        NotFound: a programme has no book.
    """
    signer = tx.keys.signer()
    pem = signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    exported_at = written(tx.now)
    with bundle.folder(directory) as made:
        with made.file(CSV) as records, made.file(JSONL) as bodies:
            records.write(BOM + line(HEADER))
            ids = sorted(set(programme_ids))
            parts = tuple(_write_book(tx, programme_id, records, bodies) for programme_id in ids)
        with made.file(KEY) as key:
            key.write(pem)
        fingerprint = made.sign(manifest.facts(exported_at, parts), signer)
    return Manifest(exported_at, fingerprint, parts)


def _write_book(tx: Tx, programme_id: int, records: HashedFile, bodies: HashedFile) -> ProgrammePart:
    book = account.lock(tx, programme_id)
    state = Replay(programme_id, account.policies(tx, programme_id))
    last, head = 0, GENESIS
    try:
        with closing(stored_rows(tx, programme_id)) as rows:
            for link in walk(Link(*row[:4]) for row in rows):
                records.write(csv_line(state.add(link), link.hash))
                bodies.write(link.body + b"\n")
                last, head = link.seq, link.hash
    except ChainError as error:
        raise BookBroken(f"programme {programme_id}, {error}; nothing was signed") from error
    if (last, head) != (book.row.seq, book.row.head):
        raise BookBroken(f"programme {programme_id}: the account ends at entry {book.row.seq}, the book at {last}")
    return ProgrammePart(
        programme_id=programme_id,
        last_seq=last,
        head=head,
        policies=tuple(state.policies[version] for version in sorted(state.policies)),
        balance=asdict(state.tally.balance(book.policy.threshold)),
    )
