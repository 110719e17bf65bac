"""Signed heads: who owns the database can rewrite a whole chain, but not what was signed and handed out before.

A head is the hash of a programme's last entry; it stands for every entry up to it. It is signed once a day and goes
into the monthly statement and every export, outside of this database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from core.runtime import Tx
from ledger.entries import written
from ledger.tables import Account, HeadRow

PROGRAMMES_MAX = 100


@dataclass(frozen=True, slots=True)
class SignedHead:
    """``head`` is the hash of entry ``seq``; ``at`` as entries write it; ``public_key`` 64 hex digits."""

    programme_id: int
    seq: int
    head: str
    at: str
    public_key: str
    signature: bytes

    def is_genuine(self) -> bool:
        """Whether the signature fits (RFC 8032)."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(self.signature, _message(self.programme_id, self.seq, self.head, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def sign_heads(tx: Tx, programmes_max: int = PROGRAMMES_MAX) -> list[SignedHead]:
    """Sign the head of every programme that has entries since its last signed head. Call it once a day.

    At most ``programmes_max`` at a time: call again until it returns an empty list.
    """
    signed = select(HeadRow.programme_id, func.max(HeadRow.seq).label("seq")).group_by(HeadRow.programme_id).subquery()
    moved = tx.session.execute(
        select(Account.programme_id, Account.seq, Account.head)
        .outerjoin(signed, signed.c.programme_id == Account.programme_id)
        .where(Account.seq > func.coalesce(signed.c.seq, 0))
        .order_by(Account.programme_id)
        .limit(programmes_max)
        .with_for_update(of=Account)
    ).all()
    signer, at = tx.keys.signer(), written(tx.now)
    public_key = signer.public_key().public_bytes_raw().hex()
    heads = [
        SignedHead(programme_id, seq, head, at, public_key, signer.sign(_message(programme_id, seq, head, at)))
        for programme_id, seq, head in moved
    ]
    for head in heads:
        tx.session.add(
            HeadRow(
                programme_id=head.programme_id,
                seq=head.seq,
                head=head.head,
                at=head.at,
                public_key=head.public_key,
                signature=head.signature,
            )
        )
    tx.session.flush()
    return heads


def sign_at(tx: Tx, programme_id: int, seq: int, head: str, at: datetime) -> SignedHead:
    """Sign that ``head`` was the last hash at ``at``; the same call gives the same bytes (RFC 8032 is deterministic).

    For what is handed out, such as a monthly statement: nothing is stored.
    """
    signer, moment = tx.keys.signer(), written(at)
    public_key = signer.public_key().public_bytes_raw().hex()
    signature = signer.sign(_message(programme_id, seq, head, moment))
    return SignedHead(programme_id, seq, head, moment, public_key, signature)


def signed_heads(tx: Tx, programme_id: int) -> list[SignedHead]:
    """Every signed head of the programme, oldest first."""
    rows = tx.session.scalars(select(HeadRow).where(HeadRow.programme_id == programme_id).order_by(HeadRow.seq))
    return [_head(row) for row in rows]


def last_signed(tx: Tx, programme_id: int) -> SignedHead | None:
    """The newest signed head; None before the first night."""
    newest = select(HeadRow).where(HeadRow.programme_id == programme_id).order_by(HeadRow.seq.desc()).limit(1)
    row = tx.session.scalar(newest)
    return None if row is None else _head(row)


def _head(row: HeadRow) -> SignedHead:
    return SignedHead(row.programme_id, row.seq, row.head, row.at, row.public_key, row.signature)


def _message(programme_id: int, seq: int, head: str, at: str) -> bytes:
    return f"careerrelay ledger head\n{programme_id}\n{seq}\n{head}\n{at}\n".encode("utf-8", "replace")
