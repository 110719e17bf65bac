"""The book's operations. Each is one step of the caller's transaction: all of it happens, or nothing.

Every operation can be repeated: the second time it returns what the first one did and adds nothing.
``actor`` is an opaque id ("system", "cli", "user:12", "agency:3"), never a name or an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.db import new_id
from core.errors import Permanent
from core.runtime import Tx
from ledger import account, persons
from ledger.entries import Entry, read_entry
from ledger.policy import Reason, Stays
from ledger.reservations import Slot, SlotState, TooYoung, redeem, release, reserve, reserved_ids, slot, slots
from ledger.slots import MOVES, Balance, Kind, NotEnoughCredits
from ledger.tables import EntryRow
from ledger.terms import change_policy, open_programme

__all__ = [
    "AlreadyCounted",
    "Balance",
    "Earned",
    "NotEnoughCredits",
    "NotReversed",
    "Reason",
    "Reversed",
    "Slot",
    "SlotState",
    "Stays",
    "TooYoung",
    "adjust",
    "balance",
    "change_policy",
    "earn",
    "entries",
    "open_programme",
    "redeem",
    "release",
    "reserve",
    "reserved_ids",
    "reverse",
    "slot",
    "slots",
    "terms",
]

ENTRIES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Earned:
    """The referral is worth a credit: entry ``seq``. ``repeated``: it was booked before, nothing was added now."""

    seq: int
    person_ref: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class AlreadyCounted:
    """This person counted for the company at ``counted_at``; no entry was added."""

    counted_at: datetime
    counts_again_from: datetime


@dataclass(frozen=True, slots=True)
class Reversed:
    """The credit was taken back by entry ``seq``. ``repeated``: that was so before."""

    seq: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class NotReversed:
    """The credit stays, or never was."""

    why: Stays


def earn(
    tx: Tx,
    *,
    programme_id: int,
    referral_id: str,
    company_id: int,
    subject_indexes: Sequence[str],
    actor: str = "system",
) -> Earned | AlreadyCounted:
    """Book one credit for a referral that the agency accepted and whose candidate agreed to be contacted.

    Call it in the transaction that stores the second of the two. ``subject_indexes`` are all blind indexes of the
    person (every address, every index key: `core.crypto.KeyRing.indexes`), at least one. Calling it again for the
    same referral adds nothing; another referral of the same person inside the window is ``AlreadyCounted``.

    Raises:
        NotFound: the programme has no book.
    """
    if not subject_indexes:
        raise ValueError("a credit needs the blind index of its person")
    book = account.lock(tx, programme_id)
    if entry := book.find(Kind.EARN, referral_id):
        return Earned(entry.seq, entry.person, repeated=True)
    counted = persons.count_once(tx, company_id, subject_indexes, book.policy)
    if not counted.new:
        return AlreadyCounted(counted.counted_at, counted.counts_again_from)
    entry = book.append(Kind.EARN, MOVES[Kind.EARN][0], 1, referral_id, actor, person=counted.person_ref)
    return Earned(entry.seq, entry.person, repeated=False)


def reverse(tx: Tx, programme_id: int, referral_id: str, reason: Reason | str, actor: str) -> Reversed | NotReversed:
    """Take back the credit of ``referral_id``; the person may then count again.

    An agency's ``duplicate`` or ``ineligible`` comes within the dispute window or too late; a candidate's later
    withdrawal takes nothing back (`ledger/policy.py`). *available* may go below 0: a reserved or used slot stays.

    Raises:
        ValueError: ``reason`` is no `ledger.policy.Reason`.
    """
    reason = Reason(reason)
    book = account.lock(tx, programme_id)
    if done := book.find(Kind.REVERSE, referral_id):
        return Reversed(done.seq, repeated=True)
    earned = book.find(Kind.EARN, referral_id)
    if earned is None:
        return NotReversed(Stays.NOT_COUNTED)
    if why := book.policy.why_it_stays(reason, earned.at, tx.now):
        return NotReversed(why)
    persons.count_no_more(tx, earned.person)
    move = MOVES[Kind.REVERSE][0]
    entry = book.append(Kind.REVERSE, move, 1, referral_id, actor, settles=earned.seq, reason=reason.value)
    return Reversed(entry.seq, repeated=False)


def adjust(
    tx: Tx, programme_id: int, credits_delta: int, *, reason: str, actor: str, approver: str, adjustment_id: str = ""
) -> Entry:
    """Add (or, below 0, take away) credits by hand, for ``reason`` (one word of a-z, 0-9 and _).

    ``adjustment_id``, when given, makes it repeatable.

    Raises:
        Permanent: ``approver`` is not a second person, or there is nothing to adjust.
        NotEnoughCredits: fewer credits are available than are to be taken away.
    """
    if not approver or approver == actor:
        raise Permanent("an adjustment needs a second person who approves it")
    if not reason or credits_delta == 0:
        raise Permanent("an adjustment needs a reason and a number of credits other than 0")
    book = account.lock(tx, programme_id)
    reference = adjustment_id or new_id()
    if done := book.find(Kind.ADJUST, reference):
        return done
    move = MOVES[Kind.ADJUST][0 if credits_delta > 0 else 1]
    return book.append(Kind.ADJUST, move, abs(credits_delta), reference, actor, reason=reason, approver=approver)


def balance(tx: Tx, programme_id: int) -> Balance:
    """Where the programme stands now.

    Raises:
        NotFound: the programme has no book.
    """
    row = account.read(tx, programme_id)
    return account.tally_of(row).balance(account.current_policy(tx, programme_id).threshold)


def terms(tx: Tx, programme_id: int) -> list[account.Terms]:
    """Every version of the programme's terms with the moment from which it holds, oldest first.

    Raises:
        NotFound: the programme has no book.
    """
    return account.terms(tx, programme_id)


def entries(tx: Tx, programme_id: int, *, after_seq: int = 0, limit: int = ENTRIES_MAX) -> list[Entry]:
    """Entries in order, the first ``limit`` of those after ``after_seq``."""
    bodies = tx.session.scalars(
        select(EntryRow.body)
        .where(EntryRow.programme_id == programme_id, EntryRow.seq > after_seq)
        .order_by(EntryRow.seq)
        .limit(limit)
    )
    return [read_entry(body) for body in bodies]
