"""A next hop is back: the mails that wait because of it are due now, whatever their schedule says."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, or_, select, tuple_, update

from core.runtime import Tx
from gateway.outcome import HOP_CODE, HOP_STATUSES
from gateway.tables import DeliveryState, delivery, mail

WAKE_MAX = 200


@dataclass(frozen=True, slots=True)
class Returned:
    """Whose mails a next hop takes: those of ``companies``, or (None) everybody's except ``others``."""

    companies: frozenset[int] | None
    others: frozenset[int] = field(default_factory=frozenset)


def wake(tx: Tx, returned: Returned) -> int:
    """Make up to `WAKE_MAX` waiting deliveries due that had failed because of the next hop as a whole; how many.

    A mail that its own recipient's server put off keeps its pause. Call again while it gives `WAKE_MAX`.
    """
    each = delivery.c
    whole_hop = or_(each.code == HOP_CODE, and_(each.code == 451, each.status.in_(HOP_STATUSES)))
    chosen = (
        select(each.mail_id, each.position)
        .join(mail, mail.c.id == each.mail_id)
        .where(each.state == DeliveryState.WAITING.value, each.due_at > tx.now, whole_hop, _whose(returned))
        .order_by(each.mail_id, each.position)
        .limit(WAKE_MAX)
    )
    keys = [(row.mail_id, row.position) for row in tx.session.execute(chosen)]
    if not keys:
        return 0
    woken = tx.session.execute(
        update(delivery)
        .where(tuple_(each.mail_id, each.position).in_(keys), each.state == DeliveryState.WAITING.value)
        .values(due_at=tx.now)
        .returning(each.mail_id)
    )
    return len(woken.all())


def _whose(returned: Returned) -> ColumnElement[bool]:
    company = mail.c.company_id
    if returned.companies is not None:
        return company.in_(returned.companies)
    return or_(company.is_(None), company.not_in(returned.others))
