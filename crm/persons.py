"""People as one company knows them: found by blind index, addresses sealed, made once even by two processes."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.crypto import KeyRing
from core.db import new_id
from core.errors import NotFound
from core.runtime import Tx
from crm.tables import PersonMailRow, PersonRow


@dataclass(frozen=True, slots=True)
class Person:
    """A person of one company; ``erased``: asked for deletion, nothing is known any more."""

    id: str
    company_id: int
    erased: bool


def find(tx: Tx, company_id: int, address: str) -> str | None:
    """Return the person with that address, asking every index key."""
    return tx.session.scalar(
        select(PersonMailRow.person_id).where(
            PersonMailRow.company_id == company_id,
            PersonMailRow.mail_index.in_(tx.keys.indexes(company_id, address)),
        )
    )


def find_or_add(tx: Tx, company_id: int, address: str) -> str:
    """Return the person with that address, new if need be; two processes at once get the same one."""
    known = find(tx, company_id, address)
    if known is not None:
        return known
    person = PersonRow(id=new_id(), company_id=company_id, created_at=tx.now, erased_at=None)
    tx.session.add(person)
    tx.session.flush()
    if _add_mail(tx, person.id, company_id, address, confirmed=False):
        return person.id
    tx.session.delete(person)  # somebody committed the same address between the two statements
    tx.session.flush()
    known = find(tx, company_id, address)
    if known is None:
        raise NotFound("the person was erased at this moment")
    return known


def lock(tx: Tx, person_id: str) -> Person:
    """Return the person and let nobody else change what hangs on it until the commit."""
    row = tx.session.get(PersonRow, person_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("there is no such person")
    return Person(row.id, row.company_id, row.erased_at is not None)


def get(tx: Tx, person_id: str) -> Person:
    """Return the person without a lock.

    Raises:
        NotFound: no such person.
    """
    row = tx.session.get(PersonRow, person_id)
    if row is None:
        raise NotFound("there is no such person")
    return Person(row.id, row.company_id, row.erased_at is not None)


def add_address(tx: Tx, person_id: str, address: str) -> bool:
    """Give a person one more confirmed address; False when somebody in this company has it already."""
    return _add_mail(tx, person_id, get(tx, person_id).company_id, address, confirmed=True)


def remove(tx: Tx, person_id: str, mail_indexes: Collection[str]) -> list[str]:
    """Forget these addresses of a person, named by their index; returns those that could be read."""
    rows = [row for row in _mails(tx, person_id) if row.mail_index in mail_indexes]
    found = [tx.keys.open_text(_aad(row.id), row.sealed) for row in rows if row.sealed is not None]
    tx.session.execute(delete(PersonMailRow).where(PersonMailRow.id.in_([row.id for row in rows])))
    tx.session.expire_all()
    return found


def has_address(tx: Tx, person_id: str, address: str) -> bool:
    """Whether the address is one of the person's."""
    return find(tx, get(tx, person_id).company_id, address) == person_id


def addresses(tx: Tx, person_id: str) -> list[str]:
    """Open the person's addresses, the first known first; none after erasure."""
    rows = _mails(tx, person_id)
    return [tx.keys.open_text(_aad(row.id), row.sealed) for row in rows if row.sealed is not None]


def indexes(tx: Tx, person_id: str) -> list[str]:
    """Return every blind index under which the person may be known, of every key of the ring."""
    person = get(tx, person_id)
    found = {row.mail_index: None for row in _mails(tx, person_id)}
    for address in addresses(tx, person_id):
        found |= dict.fromkeys(tx.keys.indexes(person.company_id, address))
    return list(found)


def erase(tx: Tx, person_id: str) -> None:
    """Forget every address, and that there was an index."""
    tx.session.execute(delete(PersonMailRow).where(PersonMailRow.person_id == person_id))
    row = tx.session.get_one(PersonRow, person_id)
    row.erased_at = tx.now
    tx.session.flush()


def _mails(tx: Tx, person_id: str) -> list[PersonMailRow]:
    return list(
        tx.session.scalars(
            select(PersonMailRow)
            .where(PersonMailRow.person_id == person_id)
            .order_by(PersonMailRow.created_at, PersonMailRow.id)
        )
    )


def _add_mail(tx: Tx, person_id: str, company_id: int, address: str, *, confirmed: bool) -> bool:
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row_id = new_id()
    added = tx.session.execute(
        insert(PersonMailRow)
        .values(
            id=row_id,
            person_id=person_id,
            company_id=company_id,
            mail_index=tx.keys.index(company_id, address),
            sealed=seal_address(tx.keys, row_id, address),
            confirmed_at=tx.now if confirmed else None,
            created_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "mail_index"])
        .returning(PersonMailRow.id)
    ).scalar()
    return added is not None


def seal_address(keys: KeyRing, row_id: str, address: str) -> bytes:
    """The sealed column of the row ``row_id``."""
    return keys.seal_text(_aad(row_id), address)


def _aad(row_id: str) -> str:
    return f"person_mail.sealed:{row_id}"
