"""The kept copies of mails to one person: listed for a request for disclosure, deleted after an erasure.

Copies are sealed and have no index by recipient, so they are opened one by one; there are at most
`retention.raw_days` of them, and only of mails that were edited or reviewed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.crypto import SealBroken
from core.jobs import Claimed
from core.log import get_logger
from core.runtime import Runtime, Tx
from crm import persons
from gateway import copies
from gateway.copies import CopyKind
from gateway.tables import mail, mail_copy

log = get_logger(__name__)

MAILS_AT_ONCE = 200


def mails_of(tx: Tx, company_id: int, mail_indexes: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is kept of mails to the addresses behind these blind indexes, as plain JSON values, oldest first.

    ``original`` is the mail as it came (RFC 5322), read leniently as UTF-8.
    """
    wanted, found = frozenset(mail_indexes), []
    for mail_id in _kept(tx, company_id):
        opened = _opened(tx, mail_id)
        if not _is_to(tx, company_id, opened, wanted):
            continue
        row = tx.session.execute(
            select(mail.c.received_at, mail.c.verdict, mail.c.note).where(mail.c.id == mail_id)
        ).one()
        kept_until = tx.session.scalars(select(mail_copy.c.keep_until).where(mail_copy.c.mail_id == mail_id)).first()
        found.append(
            {
                "id": mail_id,
                "received_at": row.received_at.isoformat(),
                "verdict": row.verdict,
                "note": row.note,
                "kept_until": kept_until.isoformat() if kept_until else None,
                "original": opened[CopyKind.ORIGINAL].decode("utf-8", "replace"),
            }
        )
    return found


def with_mails(tx: Tx, file: Mapping[str, Any]) -> dict[str, Any]:
    """Add the kept mails to a person's file (`crm.rights.person_file`); the part with provision records has none."""
    if "person" not in file["tables"]:
        return dict(file)
    indexes = persons.indexes(tx, file["person_id"])
    return {**file, "mails": mails_of(tx, file["company"]["id"], indexes)}


def forget(runtime: Runtime, job: Claimed) -> None:
    """Job ``forget_mails`` (payload ``{"company_id", "mail_indexes"}``): delete the copies of an erased person's mails.

    Blind indexes are no more than what the suppression of that person keeps anyway.
    """
    company_id, wanted = job.payload["company_id"], frozenset(job.payload["mail_indexes"])
    with runtime.read() as tx:
        mine = [mail_id for mail_id in _kept(tx, company_id) if _is_to(tx, company_id, _opened(tx, mail_id), wanted)]
    for start in range(0, len(mine), MAILS_AT_ONCE):
        with runtime.begin() as tx:
            for mail_id in mine[start : start + MAILS_AT_ONCE]:
                copies.forget(tx, mail_id)
    log.info("copies of an erased person's mails deleted", extra={"job_id": job.id, "mails": len(mine)})


def _kept(tx: Tx, company_id: int) -> Iterator[int]:
    after = 0
    query = select(mail_copy.c.mail_id).join(mail, mail.c.id == mail_copy.c.mail_id).distinct()
    query = query.where(mail.c.company_id == company_id).order_by(mail_copy.c.mail_id).limit(MAILS_AT_ONCE)
    while page := tx.session.scalars(query.where(mail_copy.c.mail_id > after)).all():
        yield from page
        after = page[-1]


def _opened(tx: Tx, mail_id: int) -> dict[CopyKind, bytes]:
    try:
        return copies.open_copies(tx, mail_id)
    except (SealBroken, OSError) as error:
        log.warning("a kept copy cannot be opened", extra={"mail_id": mail_id, "error": type(error).__name__})
        return {}


def _is_to(tx: Tx, company_id: int, opened: dict[CopyKind, bytes], wanted: frozenset[str]) -> bool:
    if CopyKind.ENVELOPE not in opened:
        return False
    recipients = json.loads(opened[CopyKind.ENVELOPE])["to"]
    return any(not wanted.isdisjoint(tx.keys.indexes(company_id, address)) for address in recipients)
