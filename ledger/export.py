"""An export that proves itself: entries as CSV and as stored, a manifest, and a detached signature."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import ConfigError, Permanent
from core.runtime import Tx
from ledger import account
from ledger.chain import GENESIS, ChainError, Link, walk
from ledger.check import stored_rows
from ledger.csvfile import BOM, HEADER, csv_line, line
from ledger.entries import written
from ledger.manifest import CSV, JSONL, KEY, MANIFEST, SIGNATURE, Manifest, ProgrammePart
from ledger.replay import Replay
from ledger.verify import verify_dir

__all__ = ["BookBroken", "export", "verify_dir"]


class BookBroken(Permanent):
    """The book does not verify; an export would put our signature under it."""


@dataclass
class _HashedFile:
    file: IO[bytes]
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.digest.update(data)


def export(tx: Tx, programme_ids: Sequence[int], directory: Path) -> Manifest:
    """Write the whole books of ``programme_ids`` into ``directory`` (made if missing, else empty) and sign them.

    Raises:
        ConfigError: the directory has something in it, or cannot be written.
        BookBroken: an entry does not verify; names programme and seq. No manifest is written then.
        NotFound: a programme has no book.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigError(f"{directory} is not empty: export into a new directory")
        return _write(tx, sorted(set(programme_ids)), directory)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be written: {error.strerror}") from error


def _write(tx: Tx, programme_ids: Sequence[int], directory: Path) -> Manifest:
    signer = tx.keys.signer()
    public_key = signer.public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with ExitStack() as stack:
        csv_file = _HashedFile(stack.enter_context((directory / CSV).open("xb")))
        jsonl_file = _HashedFile(stack.enter_context((directory / JSONL).open("xb")))
        csv_file.write(BOM + line(HEADER))
        parts = tuple(_write_book(tx, programme_id, csv_file, jsonl_file) for programme_id in programme_ids)
    (directory / KEY).write_bytes(pem)
    manifest = Manifest(
        exported_at=written(tx.now),
        public_key=public_key.public_bytes_raw().hex(),
        programmes=parts,
        files={
            CSV: csv_file.digest.hexdigest(),
            JSONL: jsonl_file.digest.hexdigest(),
            KEY: hashlib.sha256(pem).hexdigest(),
        },
    )
    signed = manifest.to_json()
    (directory / MANIFEST).write_bytes(signed)
    (directory / SIGNATURE).write_bytes(signer.sign(signed))
    return manifest


def _write_book(tx: Tx, programme_id: int, csv_file: _HashedFile, jsonl_file: _HashedFile) -> ProgrammePart:
    book = account.lock(tx, programme_id)
    state = Replay(programme_id, account.policies(tx, programme_id))
    last, head = 0, GENESIS
    try:
        with closing(stored_rows(tx, programme_id)) as rows:
            for link in walk(Link(*row[:4]) for row in rows):
                csv_file.write(csv_line(state.add(link), link.hash))
                jsonl_file.write(link.body + b"\n")
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
