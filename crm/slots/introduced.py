"""Who is introduced for a slot, with rights: found by address before the company knows them, and taken out."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, select

from core.runtime import Tx
from crm.slots import introduction_letters, introductions
from crm.slots.introduction_states import State
from crm.slots.introductions import By
from crm.tables import IntroductionRow


def is_known(tx: Tx, company_id: int, address: str) -> bool:
    """Whether an agency introduces somebody with this address to the company. Reads only."""
    mine = _mine(company_id, tx.keys.indexes(company_id, address))
    return tx.session.scalar(select(IntroductionRow.id).where(mine).limit(1)) is not None


def hold(tx: Tx, person_id: str, company_id: int, indexes: Collection[str]) -> list[IntroductionRow]:
    """Lock every introduction of a person, the lower id first. ``indexes``: of the person's addresses."""
    mine = or_(IntroductionRow.person_id == person_id, _mine(company_id, indexes))
    query = select(IntroductionRow).where(mine).order_by(IntroductionRow.id)
    return list(tx.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def leave(tx: Tx, held: Collection[IntroductionRow]) -> int:
    """Take a person out of those introductions that the company has not accepted yet: what the agency wrote goes, the
    slot is given back, and both sides are told that the candidate declined. Returns how many introductions ended.

    Whom the company accepted it knows by itself: that goes on or ends between the two.
    """
    proposed = [row for row in held if row.state == State.PROPOSED]
    for row in proposed:
        introductions.decline(tx, row.id, By("agency", row.agency_id, "system"), by_candidate=True)
        introduction_letters.to_agency(tx, row)
    return len(proposed)


def _mine(company_id: int, indexes: Collection[str]) -> ColumnElement[bool]:
    return and_(IntroductionRow.company_id == company_id, IntroductionRow.mail_index.in_(indexes))
