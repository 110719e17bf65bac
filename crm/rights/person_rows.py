"""Every row that belongs to one person, found by the tables' own foreign keys: a table added tomorrow is found too.

Export, erasure and the last purge all go by this, so that none of them can forget a table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select, tuple_, update

from core.db import Base
from core.runtime import Tx
from crm import persons
from crm.slots import introduced

#: Columns that name a person without a foreign key: rows that outlive the person's, or lie on another floor.
_LOOSE = "person_id"
_INDEXES = ("mail_index", "recipient_index")
#: Of the mailbox, to count by: two people may share it, so it finds nobody.
_COUNTED = "mailbox_index"
#: What has an end of its own and is not deleted with the person (domain 3.3 invariant 23).
KEPT = ("provision", "subject_request", "suppression", "ledger_counted_person")
#: Who a provision record is about stays sealed in it until its date (個人情報保護法 29条).
_SEALED_TO_ITS_END = "provision"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def known_by(tx: Tx, company_id: int, address: str) -> str | None:
    """Return who is known by an address. Whom an agency introduces and the company has not accepted yet becomes a
    person here: somebody asks about himself, and has to be found by all that follows."""
    found = persons.find(tx, company_id, address)
    if found is None and introduced.is_known(tx, company_id, address):
        return persons.find_or_add(tx, company_id, address)
    return found


def rows_of(tx: Tx, person_id: str) -> Rows:
    """Return the rows of a person by table, parents first; tables without any are left out.

    Raises:
        NotFound: no such person.
    """
    person, indexes = persons.get(tx, person_id), persons.indexes(tx, person_id)
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    tables = Base.metadata.sorted_tables
    # A token names its subject without a foreign key: it comes after all that it may be about.
    for table in (*(one for one in tables if one.name != "link"), Base.metadata.tables["link"]):
        where = [*_by_parent(table, found), *_by_index(table, person.company_id, indexes)]
        if table.name == "person":
            where = [table.c.id == person_id]
        elif _LOOSE in table.c:
            where.append(table.c[_LOOSE] == person_id)
        if not where:
            continue
        query = select(table).where(or_(*where)).order_by(*table.primary_key)
        if rows := [dict(row) for row in tx.session.execute(query).mappings()]:
            found[table.name] = rows
    return found


def empty(tx: Tx, person_id: str) -> None:
    """Empty every sealed column of a person with its index, and delete links and what is known by index only (ATS
    signals, arrivals) or tells of the person (kept answers to programs); what remains are ids, states and times."""
    for name, rows in rows_of(tx, person_id).items():
        table = Base.metadata.tables[name]
        if name == _SEALED_TO_ITS_END:
            continue
        if name == "link":  # the agency's stays: it answers the recall by it
            tx.session.execute(delete(table).where(_these(table, [row for row in rows if row["kind"] != "agency"])))
        elif name not in KEPT and not _hangs_on_a_person(table):
            tx.session.execute(delete(table).where(_these(table, rows)))
        elif told := [column.name for column in table.c if column.nullable and _tells_who(table, column.name)]:
            tx.session.execute(update(table).where(_these(table, rows)).values(dict.fromkeys(told)))
    tx.session.expire_all()


def delete_all(tx: Tx, person_id: str) -> int:
    """Delete the person with every row that hangs on it but those in `KEPT`; returns how many rows went.

    A row that may stand without the person (a slot's introduction, an agency's event) stays, detached.
    """
    found = {name: rows for name, rows in rows_of(tx, person_id).items() if name not in KEPT}
    for name in reversed(list(found)):
        table, these = Base.metadata.tables[name], _these(Base.metadata.tables[name], found[name])
        detachable = [column.name for column in table.c if column.nullable and _parents(column) & found.keys()]
        if detachable:
            tx.session.execute(update(table).where(these).values(dict.fromkeys(detachable)))
        else:
            tx.session.execute(delete(table).where(these))
    tx.session.expire_all()
    return sum(len(rows) for rows in found.values())


def _by_parent(table: Table, found: Rows) -> list[ColumnElement[bool]]:
    if table.name == "link":  # a token's subject is an invitation, a registration or a referral
        owners = [row["id"] for name in ("invitation", "registration", "referral") for row in found.get(name, ())]
        return [table.c.subject.in_(owners)]
    return [
        column.in_([row[key.column.name] for row in found[key.column.table.name]])
        for column in table.c
        for key in column.foreign_keys
        if key.column.table.name in found
    ]


def _by_index(table: Table, company_id: int, indexes: Sequence[str]) -> list[ColumnElement[bool]]:
    """What is known by an address only. A row that names its person belongs to nobody else: a registration may have
    an address by which the company knows another applicant, and two people may share a mailbox."""
    if _LOOSE in table.c and not table.c[_LOOSE].nullable:
        return []
    return [
        and_(table.c.company_id == company_id, table.c[name].in_(indexes))
        for name in _INDEXES
        if name in table.c and "company_id" in table.c
    ]


def _tells_who(table: Table, column: str) -> bool:
    return column.endswith("sealed") or (column in (*_INDEXES, _COUNTED) and table.name not in KEPT)


def _hangs_on_a_person(table: Table) -> bool:
    return any(column.foreign_keys and not column.nullable and column.name != "company_id" for column in table.c) or (
        _LOOSE in table.c or table.name == "person"
    )


def _parents(column: Any) -> set[str]:
    return {key.column.table.name for key in column.foreign_keys}


def _these(table: Table, rows: Sequence[Mapping[str, Any]]) -> ColumnElement[bool]:
    keys = list(table.primary_key)
    return tuple_(*keys).in_([tuple(row[column.name] for column in keys) for row in rows])
