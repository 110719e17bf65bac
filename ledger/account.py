"""One programme's account, locked: the only code that adds an entry.

Whoever moves credits holds the account row (``FOR UPDATE``; on SQLite the write transaction itself, ``BEGIN
IMMEDIATE``), so that looking and acting are one step (ASVS 5.0 15.4.2). Order of locks, always: account, then
counting company.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import NotFound
from core.runtime import Tx
from ledger.chain import entry_hash
from ledger.entries import Entry, read_entry, written
from ledger.policy import Policy
from ledger.slots import Balance, Bucket, Kind, Tally
from ledger.tables import Account, EntryRow, PolicyRow

TALLY_FIELDS = tuple(field.name for field in fields(Tally))


@dataclass
class LockedAccount:
    """An account that nobody else can change until the caller's transaction ends."""

    tx: Tx
    row: Account
    policy: Policy

    @property
    def balance(self) -> Balance:
        return tally_of(self.row).balance(self.policy.threshold)

    def find(self, kind: Kind, reference: str) -> Entry | None:
        """The entry that already says so, if there is one."""
        return find_entry(self.tx, self.row.programme_id, kind, reference)

    def append(
        self,
        kind: Kind,
        move: tuple[Bucket, Bucket],
        amount: int,
        reference: str,
        actor: str,
        **words: Any,
    ) -> Entry:
        """Add an entry, move its credits and carry the chain on. ``words``: person, settles, reason, approver.

        Raises:
            NotEnoughCredits: the bucket it takes from holds too little.
            EntryError: a value that must not stand in the book.
        """
        tally = tally_of(self.row)
        tally.move(kind, *move, amount)
        entry = Entry(
            programme_id=self.row.programme_id,
            seq=self.row.seq + 1,
            kind=kind,
            credits=amount,
            moved_from=move[0],
            moved_to=move[1],
            reference=reference,
            policy=self.policy.version,
            actor=actor,
            at=self.tx.now,
            **words,
        )
        body, prev = entry.body(), self.row.head
        self.tx.session.add(entry_row(entry, body, prev))
        self.row.seq, self.row.head = entry.seq, entry_hash(prev, body)
        for name in TALLY_FIELDS:
            setattr(self.row, name, getattr(tally, name))
        self.tx.session.flush()
        return entry


def lock(tx: Tx, programme_id: int) -> LockedAccount:
    """Lock the account of ``programme_id`` until the transaction ends.

    Raises:
        NotFound: no such programme was opened.
    """
    row = lock_row(tx, programme_id)
    return LockedAccount(tx, row, current_policy(tx, programme_id))


def lock_row(tx: Tx, programme_id: int) -> Account:
    """The same for those who only want nobody to write meanwhile.

    Raises:
        NotFound: no such programme was opened.
    """
    statement = select(Account).where(Account.programme_id == programme_id).with_for_update()
    row = tx.session.scalar(statement.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(f"programme {programme_id} has no book")
    return row


def read(tx: Tx, programme_id: int) -> Account:
    """The account as it stands, without a lock.

    Raises:
        NotFound: no such programme was opened.
    """
    row = tx.session.get(Account, programme_id, populate_existing=True)
    if row is None:
        raise NotFound(f"programme {programme_id} has no book")
    return row


@dataclass(frozen=True, slots=True)
class Terms:
    """A version of a programme's terms, the moment from which it holds, and who wrote it down."""

    policy: Policy
    effective_from: datetime
    actor: str


def current_policy(tx: Tx, programme_id: int) -> Policy:
    """The terms in force: the newest version whose day has come."""
    begun = or_(PolicyRow.version == 1, PolicyRow.effective_from <= tx.now)  # a clock set back leaves the first terms
    statement = select(PolicyRow).where(PolicyRow.programme_id == programme_id, begun)
    row = tx.session.scalars(statement.order_by(PolicyRow.version.desc()).limit(1)).one()
    return policy_of(row)


def terms(tx: Tx, programme_id: int) -> list[Terms]:
    """Every version, oldest first; the last may be still to come.

    Raises:
        NotFound: no such programme was opened.
    """
    statement = select(PolicyRow).where(PolicyRow.programme_id == programme_id).order_by(PolicyRow.version)
    found = [Terms(policy_of(row), row.effective_from, row.actor) for row in tx.session.scalars(statement)]
    if not found:
        raise NotFound(f"programme {programme_id} has no book")
    return found


def policies(tx: Tx, programme_id: int) -> dict[int, Policy]:
    """Every version of the programme's terms."""
    rows = tx.session.scalars(select(PolicyRow).where(PolicyRow.programme_id == programme_id))
    return {row.version: policy_of(row) for row in rows}


def policy_of(row: PolicyRow) -> Policy:
    """Return the terms that a row holds."""
    return Policy(row.version, row.threshold, row.dispute_days, row.window_days)


def tally_of(row: Account) -> Tally:
    """Return the sums that an account row holds beside its chain."""
    return Tally(**{name: getattr(row, name) for name in TALLY_FIELDS})


def entry_row(entry: Entry, body: bytes, prev: str) -> EntryRow:
    """Return an entry as it is stored; ``body``: its canonical bytes, ``prev``: the hash before it."""
    return EntryRow(
        programme_id=entry.programme_id,
        seq=entry.seq,
        kind=entry.kind.value,
        reference=entry.reference,
        settles=entry.settles or None,
        at=written(entry.at),
        body=body,
        prev=prev,
        hash=entry_hash(prev, body),
    )


def find_entry(tx: Tx, programme_id: int, kind: Kind, reference: str) -> Entry | None:
    """The one entry of this kind about ``reference``."""
    body = tx.session.scalar(
        select(EntryRow.body).where(
            EntryRow.programme_id == programme_id, EntryRow.kind == kind.value, EntryRow.reference == reference
        )
    )
    return None if body is None else read_entry(body)


def insert_once(tx: Tx, table: type[Any], values: dict[str, Any]) -> bool:
    """Insert a row; False when its primary key exists. Waits for whoever is inserting the same one."""
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.__table__.primary_key]
    statement = insert(table).values(values).on_conflict_do_nothing(index_elements=keys)
    return tx.session.execute(statement.returning(*table.__table__.primary_key)).first() is not None
