"""Copies of edited and reviewed mails, sealed, for `retention.raw_days` (decisions 3): what replay, review and the
console look at. Every other mail's bytes are gone with its last delivery.

One sealed *letter* a mail holds the envelope, the words that the decision quotes, the edits and the original; a large
original lies in a file of its own. The edited variant is never stored: it is the original and the edits.
"""

import json
import os
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, bindparam, delete, select

from core.bulk import Query, insert_ignoring
from core.crypto import KeyRing, SealBroken
from core.runtime import Tx
from core.settings import Settings
from gateway.letter.envelope import Envelope
from gateway.letter.octets import Octets
from gateway.letter.splice import OctetEdit, pack, splice, unpack
from gateway.tables import mail, mail_copy
from rules.model import Decision

#: An original above this size lies in a file, as large mails do.
INLINE_BYTES_MAX = 1_048_576

_LENGTHS = struct.Struct(">BIII")
_VERSION = 1


class CopyKind(StrEnum):
    """What can be had of a kept mail."""

    ORIGINAL = "original"
    FINAL = "final"
    ENVELOPE = "envelope"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Kept:
    """The sealed copies of one mail, ready to be stored: rows of `tables.mail_copy` without the mail's id."""

    rows: tuple[dict[str, Any], ...]


def seal(
    keys: KeyRing,
    settings: Settings,
    queue_id: str,
    *,
    original: Octets,
    envelope: Envelope,
    decision: Decision,
    keep_until: datetime,
    edits: bytes = b"",
) -> Kept:
    """Seal what is kept of a mail, ``edits`` as `pack` gives them. It may still have no row: its queue id is sealed in.

    The file of a large one is written at once, so call it outside of a transaction.

    Raises:
        OSError: the file cannot be written.
    """
    rows = []
    inline: bytes = b""
    if len(original) > INLINE_BYTES_MAX:
        path = _write(settings, queue_id, keys.seal_pieces(_aad(queue_id, "original"), original))
        rows.append(_row("original", keep_until, path=str(path)))
    else:
        inline = original[:]
    addresses = json.dumps({"from": envelope.sender, "to": list(envelope.addresses)}).encode()
    words = json.dumps([decision.sentence, [reason.quote for reason in decision.because]]).encode()
    lengths = _LENGTHS.pack(_VERSION, len(addresses), len(words), len(edits))
    letter = b"".join((lengths, addresses, words, edits, inline))
    rows.append(_row("letter", keep_until, sealed=keys.seal(_aad(queue_id, "letter"), letter)))
    return Kept(tuple(rows))


def directory_of(settings: Settings) -> Path:
    """Return where the kept copies lie as files."""
    return (settings.home / "copies").absolute()


def store(tx: Tx, kept: Iterable[tuple[int, Kept]]) -> None:
    """Store the copies of many mails, each with its mail's id."""
    _INSERT.run(tx, [{"mail_id": mail_id, **row} for mail_id, each in kept for row in each.rows])


def add_edits(tx: Tx, mail_id: int, edits: Sequence[OctetEdit], keep_until: datetime) -> None:
    """Note how a mail was edited that was kept before anybody knew."""
    sealed = tx.keys.seal(_aad(_queue_id(tx, mail_id), "edits"), pack(edits))
    store(tx, [(mail_id, Kept((_row("edits", keep_until, sealed=sealed),)))])


def open_copies(tx: Tx, mail_id: int) -> dict[CopyKind, bytes]:
    """The copies of a mail that are still kept, opened."""
    columns = mail_copy.c
    rows = tx.session.execute(
        select(columns.kind, columns.sealed, columns.path, mail.c.queue_id)
        .join(mail, mail.c.id == columns.mail_id)
        .where(columns.mail_id == mail_id)
    )
    opened = {
        kind: tx.keys.open(_aad(queue_id, kind), Path(path).read_bytes() if sealed is None else sealed)
        for kind, sealed, path, queue_id in rows
    }
    if "letter" not in opened:
        return {}
    envelope, words, edits, original = _parts(mail_id, opened["letter"])
    decision = _with_words(tx, mail_id, words)
    edits, original = opened.get("edits", edits), opened.get("original", original)
    found = {CopyKind.ENVELOPE: envelope, CopyKind.DECISION: decision, CopyKind.ORIGINAL: original}
    return found | ({CopyKind.FINAL: splice(original, unpack(edits))} if edits else {})


def forget(tx: Tx, mail_id: int) -> None:
    """Delete the copies of one mail, their files after the commit."""
    columns = mail_copy.c
    for path in tx.session.scalars(select(columns.path).where(columns.mail_id == mail_id, columns.path.is_not(None))):
        tx.after_commit(_unlink(Path(path)))
    tx.session.execute(delete(mail_copy).where(columns.mail_id == mail_id))


def purge(tx: Tx, limit: int = 200) -> int:
    """Forget copies whose time has come; how many mails were touched."""
    mail_ids = [mail_id for (mail_id,) in _EXPIRED.rows(tx, now=tx.now, limit=limit)]
    for mail_id in mail_ids:
        forget(tx, mail_id)
    return len(mail_ids)


_EXPIRED = Query(
    select(mail_copy.c.mail_id)
    .where(mail_copy.c.keep_until <= bindparam("now"))
    .distinct()
    .limit(bindparam("limit", type_=Integer))
)


def _parts(mail_id: int, letter: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    version, *lengths = _LENGTHS.unpack_from(letter)
    if version != _VERSION:
        raise SealBroken(f"mail_copy.sealed: mail {mail_id} was kept in an unknown form ({version})")
    parts, at = [], _LENGTHS.size
    for length in lengths:
        parts.append(letter[at : at + length])
        at += length
    return parts[0], parts[1], parts[2], letter[at:]


def _with_words(tx: Tx, mail_id: int, words: bytes) -> bytes:
    """The decision as JSON: its column, and what was kept out of there."""
    sentence, quotes = json.loads(words)
    stored = tx.session.execute(select(mail.c.decision).where(mail.c.id == mail_id)).scalar_one()
    because = [reason | {"quote": quote} for reason, quote in zip(stored["because"], quotes, strict=True)]
    return json.dumps(stored | {"because": because, "sentence": sentence}).encode()


def _queue_id(tx: Tx, mail_id: int) -> str:
    found: str = tx.session.execute(select(mail.c.queue_id).where(mail.c.id == mail_id)).scalar_one()
    return found


def _row(kind: str, keep_until: datetime, *, sealed: bytes | None = None, path: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "sealed": sealed, "path": path, "keep_until": keep_until}


def _write(settings: Settings, queue_id: str, sealed: Iterable[bytes]) -> Path:
    directory = directory_of(settings)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{queue_id}.original.sealed"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(sealed)
    return path


def _unlink(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _aad(queue_id: str, kind: str) -> str:
    return f"mail_copy.sealed:{queue_id}:{kind}"


_INSERT = insert_ignoring(mail_copy, "mail_id", "kind")
