"""What the book forgets: blind indexes of persons whose window ended. Entries are never deleted."""

from sqlalchemy import delete, select, tuple_

from core.runtime import Tx
from ledger.tables import CountedPerson

ROWS_MAX = 200


def purge(tx: Tx, rows_max: int = ROWS_MAX) -> int:
    """Delete up to ``rows_max`` rows whose window ended; returns how many. Call again until it returns 0."""
    ended = tx.session.execute(
        select(CountedPerson.company_id, CountedPerson.mail_index)
        .where(CountedPerson.expires_at <= tx.now)
        .limit(rows_max)
    ).all()
    keys = [tuple(row) for row in ended]
    if keys:
        tx.session.execute(
            delete(CountedPerson).where(
                tuple_(CountedPerson.company_id, CountedPerson.mail_index).in_(keys),
                CountedPerson.expires_at <= tx.now,
            )
        )
    return len(keys)
