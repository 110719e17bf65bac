"""Reading a book as its entries stand, one after the other, without holding it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from core.runtime import Tx
from ledger.entries import Fields, read_fields, written
from ledger.slots import Kind
from ledger.tables import Account, EntryRow

ROWS_A_FETCH = 1000


def read(tx: Tx, programme_id: int, *, before: datetime | None = None) -> Iterator[tuple[Fields, str]]:
    """Entries with their hashes, in order, up to the first one that was not written before ``before``.

    Raises:
        EntryError: a stored body is no entry; `ledger.check` says which.
    """
    statement = (
        select(EntryRow.body, EntryRow.hash)
        .where(EntryRow.programme_id == programme_id)
        .order_by(EntryRow.seq)
        .execution_options(yield_per=ROWS_A_FETCH)
    )
    limit = "" if before is None else written(before)
    with tx.session.connection().execute(statement) as result:
        for body, entry_hash in result:
            fields = read_fields(body)
            if limit and fields.at >= limit:
                return
            yield fields, entry_hash


def count_since(tx: Tx, programme_id: int, kind: Kind, moment: datetime) -> int:
    """How many entries of a kind were written at ``moment`` or later."""
    return (
        tx.session.scalar(
            select(func.count())
            .select_from(EntryRow)
            .where(EntryRow.programme_id == programme_id, EntryRow.kind == kind.value, EntryRow.at >= written(moment))
        )
        or 0
    )


def last_seq(tx: Tx, programme_id: int) -> int:
    """The number of the last entry, 0 for an empty book."""
    return tx.session.scalar(select(Account.seq).where(Account.programme_id == programme_id)) or 0
