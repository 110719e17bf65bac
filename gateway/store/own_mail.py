"""Mails that we write ourselves enter the queue here (decisions 27): never judged, retried like any other.

Whether one may still leave is asked at each attempt, in the transaction that marks it (`leases.claim`).
"""

from sqlalchemy import select

from core import outbox
from core.bulk import Query
from core.db import new_id
from core.outbox import Outgoing
from core.runtime import Tx
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store.spool import NewMail, store
from gateway.tables import Origin


def waiting(tx: Tx) -> bool:
    """Is there a mail of ours to take?"""
    return bool(_WAITING.rows(tx))


_WAITING = Query(select(Outgoing.id).where(Outgoing.state == outbox.State.WAITING).limit(1))


def take(tx: Tx, limit: int) -> int:
    """Take our own mails into the queue; how many. From here on the queue's row holds their bytes."""
    mails = outbox.waiting(tx, limit)
    if mails:
        store(tx, [_new_mail(tx, own) for own in mails])
        for own in mails:
            outbox.settle(tx, own.id, outbox.State.TAKEN)
    return len(mails)


def _new_mail(tx: Tx, own: outbox.OutgoingMail) -> NewMail:
    params = {} if own.raw.isascii() else {"BODY": "8BITMIME"}
    if not (own.sender + own.recipient).isascii():
        params["SMTPUTF8"] = ""  # RFC 6531 3.4: a report to such a sender, too
    return NewMail(
        queue_id=new_id(),
        origin=Origin.OWN,
        company_id=own.company_id,
        may_judge=False,
        envelope=Envelope(own.sender, (Recipient(own.recipient),), params),
        arrival=Arrival(peer="", helo="", protocol="", tls="", at=tx.now),
        size=len(own.raw),
        raw=own.raw,
        body_path=None,
        leased_by=None,
        outgoing_id=own.id,
        gate_ref=own.gate_ref,
    )
