"""Verifying whole books in the database: chain, content, columns, projection, slots and signed heads."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import tee
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, cast, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import NullType

from core.runtime import Tx
from ledger import account
from ledger.account import TALLY_FIELDS
from ledger.chain import GENESIS, ChainError, Link, walk
from ledger.heads import SignedHead, signed_heads
from ledger.replay import Replay
from ledger.tables import Account, EntryRow, SlotRow

ROWS_A_FETCH = 5000


@dataclass(frozen=True, slots=True)
class Problem:
    """``seq`` is the first entry that cannot be trusted; 0 when the fault is not in an entry."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class BookReport:
    """What was proved about one book. ``entries`` of them are good and end at ``head``."""

    programme_id: int
    entries: int
    head: str
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def check_all(tx: Tx) -> list[BookReport]:
    """Check every book, in the order of programme ids; entries without an account are a problem too."""
    accounts = set(tx.session.scalars(select(Account.programme_id)))
    written = set(tx.session.scalars(select(EntryRow.programme_id).distinct()))
    return [
        check_book(tx, programme_id)
        if programme_id in accounts
        else BookReport(programme_id, 0, GENESIS, (Problem(0, "entries without an account"),))
        for programme_id in sorted(accounts | written)
    ]


def check_book(tx: Tx, programme_id: int) -> BookReport:
    """Prove one book from its first entry; nothing is added to it meanwhile.

    Raises:
        NotFound: the programme has no book.
    """
    row = account.lock_row(tx, programme_id)
    state = Replay(programme_id, account.policies(tx, programme_id))
    heads = {head.seq: head for head in signed_heads(tx, programme_id)}
    count, last = 0, GENESIS
    try:
        with closing(stored_rows(tx, programme_id)) as stored:
            rows, again = tee(stored)
            for link, (*_, kind, reference, settles, at) in zip(
                walk(Link(*row[:4]) for row in rows), again, strict=False
            ):
                fields = state.add(link)
                if (kind, reference, settles or 0, at) != (fields.kind, fields.reference, fields.settles, fields.at):
                    raise ChainError(link.seq, "its columns say something else than its body")
                _check_head(heads.pop(link.seq, None), link)
                count, last = count + 1, link.hash
    except ChainError as error:
        return BookReport(programme_id, count, last, (Problem(error.broken.seq, error.broken.reason),))
    problems = _cut_off(row, count, last, heads) or [*_projection(row, state), *_slots(tx, programme_id, state)]
    return BookReport(programme_id, count, last, tuple(problems))


def stored_rows(tx: Tx, programme_id: int) -> Generator[tuple[Any, ...]]:
    """(seq, body, prev, hash, kind, reference, settles, at) in order; close it when done.

    Read so that no stored byte can stop us: a damaged text column of SQLite may not be UTF-8, so it comes as bytes.
    """
    sqlite = tx.session.get_bind().dialect.name == "sqlite"

    def raw(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
        return type_coerce(cast(column, LargeBinary) if sqlite else column, NullType())

    statement = (
        select(
            EntryRow.seq,
            raw(EntryRow.body),
            *(raw(column) for column in (EntryRow.prev, EntryRow.hash, EntryRow.kind, EntryRow.reference)),
            EntryRow.settles,
            raw(EntryRow.at),
        )
        .where(EntryRow.programme_id == programme_id)
        .order_by(EntryRow.seq)
        .execution_options(yield_per=ROWS_A_FETCH)
    )
    with tx.session.connection().execute(statement) as result:
        for seq, body, prev, hash_, kind, reference, settles, at in result:
            yield seq, body, _text(prev), _text(hash_), _text(kind), _text(reference), settles, _text(at)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _check_head(head: SignedHead | None, link: Link) -> None:
    if head is None:
        return
    if not head.is_genuine():
        raise ChainError(link.seq, "the signature of the head kept for it does not fit")
    if head.head != link.hash:
        raise ChainError(link.seq, f"is not the entry that was signed on {head.at}")


def _cut_off(row: Account, count: int, last: str, heads_left: dict[int, SignedHead]) -> list[Problem]:
    """Entries missing at the end: the account or a signed head knows of more."""
    known = max([row.seq, *heads_left])
    if known > count:
        return [Problem(count + 1, f"missing; there were {known} entries")]
    if row.seq < count:
        return [Problem(row.seq + 1, "the account does not know this entry")]
    if row.head != last:
        return [Problem(count, "the account ends with another hash")]
    return []


def _projection(row: Account, state: Replay) -> Iterator[Problem]:
    for name in TALLY_FIELDS:
        stored, replayed = getattr(row, name), getattr(state.tally, name)
        if stored != replayed:
            yield Problem(0, f"the account says {name} = {stored}, the entries make {replayed}")
    if not state.policies:
        yield Problem(0, "there are no terms")
        return
    try:
        state.tally.balance(state.policies[max(state.policies)].threshold)
    except ValueError as error:
        yield Problem(0, str(error))


def _slots(tx: Tx, programme_id: int, state: Replay) -> Iterator[Problem]:
    rows = tx.session.execute(select(SlotRow.id, SlotRow.state).where(SlotRow.programme_id == programme_id))
    stored = {row.id: row.state for row in rows}
    replayed = state.slot_states()
    for slot_id in sorted(stored.keys() | replayed.keys()):
        says, is_ = stored.get(slot_id, "missing"), replayed.get(slot_id, "unknown to the book")
        if says != is_:
            yield Problem(0, f"slot {slot_id} is stored as {says}, the entries make it {is_}")
