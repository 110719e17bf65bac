"""Opening a programme's book, and changing its terms: versions with the moment from which they hold."""

from __future__ import annotations

from core.errors import Permanent
from core.runtime import Tx
from ledger import account
from ledger.chain import GENESIS
from ledger.policy import Policy
from ledger.slots import THRESHOLD
from ledger.tables import Account, PolicyRow

_EMPTY = {"seq": 0, "head": GENESIS} | dict.fromkeys(account.TALLY_FIELDS, 0)


def open_programme(tx: Tx, programme_id: int, threshold: int = THRESHOLD, *, actor: str = "system") -> None:
    """Begin the book of a programme (company x agency); ``threshold`` credits make a slot. Repeating is harmless.

    Raises:
        Permanent: the book exists with another threshold; changing terms is ``change_policy``.
    """
    policy = Policy(threshold=threshold)
    if account.insert_once(tx, Account, {**_EMPTY, "programme_id": programme_id}):
        _write_policy(tx, programme_id, policy, actor)
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
) -> Policy:
    """Put new terms in force from now on; what is left out stays. Earlier entries keep the terms they name.

    Raises:
        Permanent: a slot that was granted would be taken away by a higher threshold.
    """
    book = account.lock(tx, programme_id)
    old = book.policy
    new = Policy(
        old.version + 1,
        old.threshold if threshold is None else threshold,
        old.dispute_days if dispute_days is None else dispute_days,
        old.window_days if window_days is None else window_days,
    )
    if new.threshold > old.threshold and book.balance.slots_free:
        raise Permanent(f"programme {programme_id} has free slots at the old price: reserve or use them first")
    _write_policy(tx, programme_id, new, actor)
    return new


def _write_policy(tx: Tx, programme_id: int, policy: Policy, actor: str) -> None:
    tx.session.add(
        PolicyRow(
            programme_id=programme_id,
            version=policy.version,
            threshold=policy.threshold,
            dispute_days=policy.dispute_days,
            window_days=policy.window_days,
            effective_from=tx.now,
            actor=actor,
        )
    )
    tx.session.flush()
