"""Mails that were judged before they are stored: a mail and its edit go in together, under one sync."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Temporary
from core.runtime import Tx
from gateway import copies
from gateway.judgement import edit
from gateway.judgement.edit import Edited, NotEdited, Prepared, Unedited
from gateway.store import spool
from gateway.store.spool import NewMail


@dataclass(frozen=True, slots=True)
class Arriving:
    """A mail to store, with its edit when that is ready, or with the decision that it has none."""

    new: NewMail
    prepared: Prepared | Unedited | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A stored mail. ``made``: what became of its edit; None when there was none, or it must take the long way."""

    mail_id: int
    made: Edited | NotEdited | None


def store(tx: Tx, arriving: Sequence[Arriving]) -> list[Arrived]:
    """Store many mails, and what was decided about those that were judged.

    Raises:
        Temporary: run each alone (`offers.store`); or a judged mail is stored already (`find`), and nothing is written.
    """
    news = list(zip(spool.new_ids(tx, len(arriving)), arriving, strict=True))
    ready = [(mail_id, each.prepared) for mail_id, each in news if isinstance(each.prepared, Prepared)]
    made = dict(zip((mail_id for mail_id, _ in ready), edit.store_offers(tx, ready), strict=True)) if ready else {}
    decided: dict[int, Prepared | Unedited] = {mail_id: e for mail_id, e in ready if isinstance(made[mail_id], Edited)}
    decided |= {mail_id: each.prepared for mail_id, each in news if isinstance(each.prepared, Unedited)}
    judged = {mail_id: edit.as_judged(each) for mail_id, each in decided.items()}
    ids = spool.insert_mails(tx, [(mail_id, each.new, judged.get(mail_id)) for mail_id, each in news])
    for mail_id, (new_id, each) in zip(ids, news, strict=True):
        if mail_id != new_id and each.prepared is not None:  # its offer and its copies name a mail that there is not
            raise Temporary("a mail is stored already")
    copies.store(tx, [(mail_id, each.kept) for mail_id, each in decided.items() if each.kept is not None])
    return [Arrived(mail_id, made.get(mail_id)) for mail_id in ids]


def find(tx: Tx, arriving: Arriving) -> Arrived | None:
    """A mail whose commit may have happened although its answer was lost, with the edit that went in with it.

    Raises:
        IdTaken: another mail has its queue id.
    """
    known = spool.find(tx, arriving.new)
    if known is None:
        return None
    prepared = arriving.prepared
    edited = isinstance(prepared, Prepared) and known.edits == prepared.row["new_edits"]
    return Arrived(known.mail_id, Edited(prepared.edits) if isinstance(prepared, Prepared) and edited else None)
