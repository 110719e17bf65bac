"""A long book written at once: what years of use would leave behind, for tests and benchmarks of verification."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ledger.account import entry_row
from ledger.chain import GENESIS
from ledger.entries import Entry
from ledger.policy import Policy
from ledger.slots import MOVES, Kind, Tally
from ledger.tables import Account, EntryRow, PolicyRow, SlotRow

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ROWS_A_STATEMENT = 5000
_COLUMNS = [column.name for column in EntryRow.__table__.columns]


def entries(programme_id: int, count: int) -> Iterator[Entry]:
    """Honest entries 1 to ``count``: in each round 12 are earned, one is taken back, a slot is used or given back."""
    return islice(_rounds(programme_id), count)


def _rounds(programme_id: int) -> Iterator[Entry]:
    seq, number = 0, 0

    def entry(kind: Kind, amount: int, reference: str, **words: Any) -> Entry:
        nonlocal seq
        seq += 1
        source, target = MOVES[kind][0]
        at = START + timedelta(seconds=40 * seq)
        return Entry(programme_id, seq, kind, amount, source, target, reference, 1, "agency:7", at, **words)

    while True:
        number += 1
        first = seq + 1
        for person in range(12):
            yield entry(Kind.EARN, 1, f"{number:08x}{person:08x}", person=f"{person:08x}{number:08x}")
        yield entry(Kind.REVERSE, 1, f"{number:08x}{0:08x}", settles=first, reason="duplicate")
        slot = f"slot-{number:08x}"
        reserved = entry(Kind.RESERVE, 10, slot)
        yield reserved
        yield entry(Kind.REDEEM if number % 5 else Kind.RELEASE, 10, slot, settles=reserved.seq)


def write_book(session: Session, programme_id: int, count: int) -> None:
    """Store such a book with its account, terms and slots, past the service functions but not past the triggers."""
    tally, head, states = Tally(), GENESIS, dict[str, str]()
    session.execute(
        insert(PolicyRow).values(
            programme_id=programme_id,
            version=1,
            threshold=Policy().threshold,
            dispute_days=Policy().dispute_days,
            window_days=Policy().window_days,
            effective_from=START,
            actor="system",
        )
    )
    rows: list[dict[str, Any]] = []
    for entry in entries(programme_id, count):
        tally.move(entry.kind, entry.moved_from, entry.moved_to, entry.credits)
        if entry.kind in (Kind.RESERVE, Kind.REDEEM, Kind.RELEASE):
            states[entry.reference] = {Kind.REDEEM: "redeemed", Kind.RELEASE: "released"}.get(entry.kind, "reserved")
        row = entry_row(entry, entry.body(), head)
        head = row.hash
        rows.append({name: getattr(row, name) for name in _COLUMNS})
        if len(rows) == ROWS_A_STATEMENT:
            session.execute(insert(EntryRow), rows)
            rows.clear()
    if rows:
        session.execute(insert(EntryRow), rows)
    moved = {field.name: getattr(tally, field.name) for field in fields(tally)}
    session.execute(insert(Account).values(programme_id=programme_id, seq=count, head=head, **moved))
    slots = [
        {"id": slot, "programme_id": programme_id, "credits": 10, "state": state, "requisition": "engineer"}
        | {"reserved_at": START, "settled_at": None}
        for slot, state in states.items()
    ]
    if slots:
        session.execute(insert(SlotRow), slots)
