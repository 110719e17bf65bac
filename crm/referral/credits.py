"""Taking a credit back by hand: the book and the referral it came from change together."""

from core import audit
from core.errors import NotFound
from core.runtime import Tx
from crm.referral.referral_states import State
from crm.tables import ReferralRow
from ledger import book
from ledger.policy import DISPUTED, Reason

#: What a person may say; an agency says *duplicate* or *ineligible* itself, and a withdrawal takes nothing back.
BY_HAND = tuple(reason for reason in Reason if reason not in DISPUTED and reason is not Reason.WITHDRAWN)


def take_back(tx: Tx, programme_id: int, referral_id: str, reason: Reason, actor: str) -> book.Reversed:
    """Take back the credit of a referral, for one of ``BY_HAND``; a second time changes nothing.

    Raises:
        NotFound: this programme counted no such referral.
        ValueError: a reason that is not for a person to give.
    """
    if reason not in BY_HAND:
        raise ValueError(f"{reason} is not given by hand")
    row = tx.session.get(ReferralRow, referral_id, with_for_update=True, populate_existing=True)
    done = book.reverse(tx, programme_id, referral_id, reason, actor)
    if isinstance(done, book.NotReversed):
        raise NotFound(f"programme {programme_id} counted no referral {referral_id}")
    if row is not None and row.state == State.COUNTED:
        row.state, row.reversed_at = State.REVERSED.value, tx.now
        tx.session.flush()
    if not done.repeated:
        audit.record(tx, actor, "credit taken back", f"referral:{referral_id}", reason=reason.value)
    return done
