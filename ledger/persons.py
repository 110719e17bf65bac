"""A person counts once per company and window, whichever address, programme or agency they come by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from core.db import random_id
from core.runtime import Tx
from ledger.account import insert_once
from ledger.policy import Policy
from ledger.tables import CountedPerson, CountingCompany


@dataclass(frozen=True, slots=True)
class Counted:
    """``person_ref`` is random; ``new`` is False when this person counted before and the window is still open."""

    person_ref: str
    counted_at: datetime
    counts_again_from: datetime
    new: bool


def count_once(tx: Tx, company_id: int, mail_indexes: Sequence[str], policy: Policy) -> Counted:
    """Count the person with these blind indexes, unless they count already.

    Either way every index is known from now on as this person's, so that a second address that once came
    together with the first does not count on its own later.
    """
    _lock(tx, company_id)
    wanted = sorted(set(mail_indexes))
    rows = tx.session.scalars(
        select(CountedPerson)
        .where(CountedPerson.company_id == company_id, CountedPerson.mail_index.in_(wanted))
        .order_by(CountedPerson.counted_at)
        .execution_options(populate_existing=True)
    ).all()
    live = [row for row in rows if row.expires_at > tx.now]
    if live:
        first = live[0]
        counted = Counted(first.person_ref, first.counted_at, first.expires_at, new=False)
    else:
        counted = Counted(random_id(), tx.now, policy.counts_again_from(tx.now), new=True)
    found = {row.mail_index: row for row in rows}
    for mail_index in wanted:
        row = found.get(mail_index) or CountedPerson(company_id=company_id, mail_index=mail_index)
        if row not in live:
            row.person_ref, row.counted_at = counted.person_ref, counted.counted_at
            row.expires_at = counted.counts_again_from
            tx.session.add(row)
    tx.session.flush()
    return counted


def count_no_more(tx: Tx, person_ref: str) -> None:
    """The credit was taken back: this person has not counted, and may count another time."""
    company_id = tx.session.scalar(select(CountedPerson.company_id).where(CountedPerson.person_ref == person_ref))
    if company_id is None:
        return  # the window ended and the row is gone
    _lock(tx, company_id)
    tx.session.execute(delete(CountedPerson).where(CountedPerson.person_ref == person_ref))


def _lock(tx: Tx, company_id: int) -> None:
    held = select(CountingCompany.company_id).where(CountingCompany.company_id == company_id).with_for_update()
    if tx.session.scalar(held) is None:
        insert_once(tx, CountingCompany, {"company_id": company_id})
        tx.session.scalar(held)
