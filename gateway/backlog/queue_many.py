"""The same act on many mails that wait, after an outage for example; a few at a time, so that mail goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, select

from core.errors import Permanent
from core.runtime import Runtime, Tx
from gateway.backlog import queue
from gateway.tables import UNFINISHED_MAIL, DeliveryState, MailState, delivery, mail

#: Mails of one transaction: the gateway's own writes wait for it.
BATCH = 50


class Act(StrEnum):
    RETRY = "retry"
    HOLD = "hold"
    RELEASE = "release"
    DELETE = "delete"


_DO: dict[Act, Callable[..., None]] = {
    Act.RETRY: queue.retry,
    Act.HOLD: queue.hold,
    Act.RELEASE: queue.release,
    Act.DELETE: queue.delete,
}
_NEEDS = {
    Act.RETRY: (DeliveryState.WAITING,),
    Act.HOLD: (DeliveryState.WAITING,),
    Act.RELEASE: (DeliveryState.HELD,),
    Act.DELETE: (DeliveryState.WAITING, DeliveryState.HELD),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the mails that have not left: a company's (None: everybody's), in these states (none given: any)."""

    company_id: int | None = None
    states: Sequence[MailState] = ()


def count(runtime: Runtime, act: Act, choice: Choice) -> int:
    """How many mails ``act`` would concern now."""
    with runtime.read() as tx:
        return tx.session.scalar(select(func.count()).select_from(mail).where(*_chosen(act, choice))) or 0


def do(runtime: Runtime, act: Act, choice: Choice, *, by: str) -> int:
    """Do it to each, oldest first; how many. A mail that leaves or is answered meanwhile is passed over."""
    done, after_id = 0, 0
    while True:
        with runtime.begin() as tx:
            ids = _next(tx, act, choice, after_id)
            for mail_id in ids:
                try:
                    _DO[act](tx, mail_id, by=by)
                    done += 1
                except Permanent:
                    continue
        if len(ids) < BATCH:
            return done
        after_id = ids[-1]


def _next(tx: Tx, act: Act, choice: Choice, after_id: int) -> list[int]:
    query = select(mail.c.id).where(mail.c.id > after_id, *_chosen(act, choice)).order_by(mail.c.id).limit(BATCH)
    return list(tx.session.scalars(query))


def _chosen(act: Act, choice: Choice) -> list[ColumnElement[bool]]:
    states = choice.states or UNFINISHED_MAIL
    needed = [state.value for state in _NEEDS[act]]
    found = [
        mail.c.state.in_([state.value for state in states]),
        exists().where(delivery.c.mail_id == mail.c.id, delivery.c.state.in_(needed)),
    ]
    if choice.company_id is not None:
        found.append(mail.c.company_id == choice.company_id)
    return found
