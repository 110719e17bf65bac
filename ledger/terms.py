"""Opening a programme's book, and changing its terms: versions with the moment from which they hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.errors import Permanent
from core.runtime import Tx
from ledger import account
from ledger.chain import GENESIS
from ledger.policy import Policy
from ledger.slots import THRESHOLD
from ledger.tables import Account, PolicyRow

#: Terms follow one another and none is ever taken back: a year mistyped would bind the book until then.
AHEAD_DAYS_MAX = 1096

_EMPTY = {"seq": 0, "head": GENESIS} | dict.fromkeys(account.TALLY_FIELDS, 0)


def open_programme(tx: Tx, programme_id: int, threshold: int = THRESHOLD, *, actor: str = "system") -> None:
    """Begin the book of a programme (company x agency); ``threshold`` credits make a slot. Repeating is harmless.

    Raises:
        Permanent: the book exists with another threshold; changing terms is ``change_policy``.
    """
    policy = Policy(threshold=threshold)
    if account.insert_once(tx, Account, {**_EMPTY, "programme_id": programme_id}):
        _write_policy(tx, programme_id, policy, tx.now, actor)
    elif account.current_policy(tx, programme_id).threshold != threshold:
        raise Permanent(f"programme {programme_id} has a book with another threshold")


def change_policy(
    tx: Tx,
    programme_id: int,
    *,
    actor: str,
    threshold: int | None = None,
    dispute_days: int | None = None,
    window_days: int | None = None,
    effective_from: datetime | None = None,
) -> Policy:
    """Put new terms in force, now or from ``effective_from`` on; what is left out stays. Earlier entries keep the terms
    they name. A change that was agreed before and is still to come is built upon, and comes first.

    Raises:
        NotFound: the programme has no book.
        Permanent: a slot that was granted would be taken away by a higher threshold; a higher threshold on a later
            day, when nobody knows yet which slots will be free; or a day before now, before the last change, or more
            than three years ahead.
    """
    book = account.lock(tx, programme_id)
    last = account.terms(tx, programme_id)[-1]
    starts = tx.now if effective_from is None else effective_from
    if starts < max(tx.now, last.effective_from):
        raise Permanent(f"the terms of programme {programme_id} cannot change before {_later(tx, last)}")
    if starts > tx.now + timedelta(days=AHEAD_DAYS_MAX):
        raise Permanent("terms are agreed at most three years ahead: they could not change before that day")
    old = last.policy
    new = Policy(
        old.version + 1,
        old.threshold if threshold is None else threshold,
        old.dispute_days if dispute_days is None else dispute_days,
        old.window_days if window_days is None else window_days,
    )
    if new.threshold > old.threshold and starts > tx.now:
        raise Permanent("a slot can become dearer only from now on, while none is free at the old price")
    if new.threshold > book.policy.threshold and book.balance.slots_free:
        raise Permanent(f"programme {programme_id} has free slots at the old price: reserve or use them first")
    _write_policy(tx, programme_id, new, starts, actor)
    return new


def _later(tx: Tx, last: account.Terms) -> str:
    return max(tx.now, last.effective_from).isoformat(timespec="minutes")


def _write_policy(tx: Tx, programme_id: int, policy: Policy, starts: datetime, actor: str) -> None:
    tx.session.add(
        PolicyRow(
            programme_id=programme_id,
            version=policy.version,
            threshold=policy.threshold,
            dispute_days=policy.dispute_days,
            window_days=policy.window_days,
            effective_from=starts,
            actor=actor,
        )
    )
    tx.session.flush()
