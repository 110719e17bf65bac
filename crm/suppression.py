"""Nothing more to an address from a company: kept as a blind index only, so that it survives erasure."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import new_id
from core.runtime import Tx
from crm.tables import SuppressionRow

_BY_REQUEST = ("stop_use", "erased")


class Scope(StrEnum):
    """What is suppressed. ``all`` beats every flow; only mails about the person's own act still go."""

    ALL = "all"


def suppress(tx: Tx, company_id: int, address: str, scope: Scope = Scope.ALL, *, source: str = "opt_out") -> bool:
    """Send nothing more to the address; False when it was so before."""
    return suppress_indexes(tx, company_id, [tx.keys.index(company_id, address)], scope, source=source) > 0


def suppress_indexes(
    tx: Tx, company_id: int, mail_indexes: Sequence[str], scope: Scope = Scope.ALL, *, source: str
) -> int:
    """Do the same for blind indexes (of a person who is being erased); returns how many are new."""
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = 0
    for mail_index in mail_indexes:
        row = {
            "id": new_id(),
            "company_id": company_id,
            "mail_index": mail_index,
            "scope": scope.value,
            "source": source,
            "created_at": tx.now,
        }
        written = tx.session.execute(
            insert(SuppressionRow)
            .values(row)
            .on_conflict_do_nothing(index_elements=["company_id", "mail_index", "scope"])
            .returning(SuppressionRow.id)
        ).scalar()
        added += written is not None
    if source in _BY_REQUEST:  # it outranks an earlier click, or a click would end it
        mine = (SuppressionRow.company_id == company_id, SuppressionRow.mail_index.in_(list(mail_indexes)))
        tx.session.execute(update(SuppressionRow).where(*mine).values(source=source))
    return added


def lift(tx: Tx, company_id: int, mail_indexes: Sequence[str], *, sources: Sequence[str] = ()) -> int:
    """The person wants mails again; returns how many rows went. ``sources``: only what was begun so, or all."""
    rows = delete(SuppressionRow).where(
        SuppressionRow.company_id == company_id, SuppressionRow.mail_index.in_(list(mail_indexes))
    )
    if sources:
        rows = rows.where(SuppressionRow.source.in_(list(sources)))
    return len(tx.session.scalars(rows.returning(SuppressionRow.id)).all())


def is_suppressed(tx: Tx, company_id: int, address: str) -> bool:
    """Whether the company may send nothing more to the address."""
    return any_suppressed(tx, company_id, tx.keys.indexes(company_id, address))


def any_suppressed(tx: Tx, company_id: int, mail_indexes: Sequence[str]) -> bool:
    """Whether one of these blind indexes is suppressed."""
    if not mail_indexes:
        return False
    return bool(
        tx.session.scalar(
            select(
                exists().where(
                    SuppressionRow.company_id == company_id, SuppressionRow.mail_index.in_(list(mail_indexes))
                )
            )
        )
    )


def sources(tx: Tx, company_id: int, mail_indexes: Sequence[str]) -> set[str]:
    """Return by what these blind indexes were suppressed: ``opt_out``, ``declined``, ``erased`` …"""
    rows = select(SuppressionRow.source).where(
        SuppressionRow.company_id == company_id, SuppressionRow.mail_index.in_(list(mail_indexes))
    )
    return set(tx.session.scalars(rows))
