"""Copies of edited and reviewed mails, sealed, for `retention.raw_days` (decisions 3): what replay, review and the
console look at. Every other mail's bytes are gone with its last delivery.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from core.runtime import Tx
from gateway.envelope import Envelope
from gateway.tables import mail_copy
from rules.model import Decision

#: A sealed copy above this size lies in a file, as large mails do.
INLINE_BYTES_MAX = 1_048_576


class CopyKind(StrEnum):
    ORIGINAL = "original"
    FINAL = "final"
    ENVELOPE = "envelope"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Kept:
    """What to keep of a mail, for how many days from now."""

    contents: Mapping[CopyKind, bytes]
    days: int

    def only(self, *kinds: CopyKind) -> "Kept":
        return Kept({kind: self.contents[kind] for kind in kinds}, self.days)


def of_judged(original: bytes, envelope: Envelope, decision: Decision, days: int, final: bytes | None = None) -> Kept:
    """The copies of a mail that was judged: its bytes, its envelope (emptied in the queue later), its reasons."""
    contents = {
        CopyKind.ORIGINAL: original,
        CopyKind.ENVELOPE: json.dumps({"from": envelope.sender, "to": list(envelope.addresses)}).encode(),
        CopyKind.DECISION: json.dumps(decision.to_json()).encode(),
    }
    if final is not None:
        contents[CopyKind.FINAL] = final
    return Kept(contents, days)


def keep(tx: Tx, mail_id: int, kept: Kept) -> None:
    """Seal and store; each kind of copy of a mail is kept once."""
    rows = []
    for kind, content in kept.contents.items():
        sealed = tx.keys.seal(_aad(mail_id, kind), content)
        path = _write(tx, mail_id, kind, sealed) if len(sealed) > INLINE_BYTES_MAX else None
        rows.append(
            {
                "mail_id": mail_id,
                "kind": kind.value,
                "sealed": None if path else sealed,
                "path": str(path) if path else None,
                "keep_until": tx.now + timedelta(days=kept.days),
            }
        )
    tx.session.execute(insert(mail_copy), rows)


def open_copies(tx: Tx, mail_id: int) -> dict[CopyKind, bytes]:
    """The copies of a mail that are still kept, opened."""
    columns = mail_copy.c
    rows = tx.session.execute(select(columns.kind, columns.sealed, columns.path).where(columns.mail_id == mail_id))
    return {
        CopyKind(kind): tx.keys.open(_aad(mail_id, kind), Path(path).read_bytes() if sealed is None else sealed)
        for kind, sealed, path in rows
    }


def forget(tx: Tx, mail_id: int) -> None:
    """Delete the copies of one mail, their files after the commit."""
    columns = mail_copy.c
    for path in tx.session.scalars(select(columns.path).where(columns.mail_id == mail_id, columns.path.is_not(None))):
        tx.after_commit(_unlink(Path(path)))
    tx.session.execute(delete(mail_copy).where(columns.mail_id == mail_id))


def purge(tx: Tx, limit: int = 200) -> int:
    """Forget copies whose time has come; how many mails were touched."""
    due = select(mail_copy.c.mail_id).where(mail_copy.c.keep_until <= tx.now).distinct().limit(limit)
    mail_ids = list(tx.session.scalars(due))
    for mail_id in mail_ids:
        forget(tx, mail_id)
    return len(mail_ids)


def without_quotes(decision: Decision) -> dict[str, Any]:
    """A decision for a column in clear: words of the mail itself stay in the sealed copy."""
    because = tuple(replace(reason, quote="") for reason in decision.because)
    return replace(decision, because=because, sentence="").to_json()


def _write(tx: Tx, mail_id: int, kind: str, sealed: bytes) -> Path:
    directory = tx.settings.home / "copies"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{mail_id}.{kind}.sealed"
    path.write_bytes(sealed)
    path.chmod(0o600)
    return path


def _unlink(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _aad(mail_id: int, kind: str) -> str:
    return f"mail_copy.sealed:{mail_id}:{kind}"
