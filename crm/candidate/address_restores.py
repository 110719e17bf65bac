"""It was not me: who has the former address takes a change back, within a week and once, by a link in the word he got.

Who had the other address had the manage page too. So all is closed at once: the links end, what was agreed to since is
withdrawn, and nothing more leaves to an agency before the person has looked at the registration and says go on.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from core import audit
from core.db import new_id
from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, links, persons, wording
from crm.candidate.registrations import MANAGE_DAYS
from crm.consents import consent
from crm.errors import LinkGone
from crm.links import LinkKind
from crm.profile import registration_data
from crm.profile.forms import ContactForm
from crm.rights import withdrawals
from crm.tables import AddressChangeRow, AddressProofRow, CompanyRow, RegistrationRow

RESTORE_DAYS = 7


@dataclass(frozen=True, slots=True)
class RestorePage:
    """What the page before the button says; never the new address. ``registered``: there is a registration."""

    company: str
    contact_mail: str | None
    lang: Lang
    changed_at: datetime
    until: datetime
    registered: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """Done. ``manage_token``: of the page to go on with, or empty when the person did not register."""

    company: str
    manage_token: str


@dataclass(frozen=True, slots=True)
class _Former:
    """How it was: the address, and by registration the proof of it and what one could be reached by."""

    mail: str
    registrations: Mapping[str, Mapping[str, Any]]


def keep(
    tx: Tx, person_id: str, company: CompanyRow, former: str, rows: Sequence[RegistrationRow], lang: Lang, added: str
) -> str:
    """Write down how it is before ``rows`` lose the address ``former``; returns the token that takes it back.

    ``added``: the index of the new address when the person was not known by it, else empty.
    """
    told = {row.id: {"proof": row.mail_proof, "contact": registration_data.contact(tx, row) or {}} for row in rows}
    change_id = new_id()
    sealed = json.dumps({"mail": former, "registrations": told}, ensure_ascii=False)
    tx.session.add(
        AddressChangeRow(
            id=change_id,
            company_id=company.id,
            person_id=person_id,
            lang=lang,
            mail_index=added or None,
            former_sealed=tx.keys.seal_text(_aad(change_id), sealed),
            created_at=tx.now,
        )
    )
    tx.session.flush()
    return links.issue(tx, LinkKind.RESTORE, change_id, tx.now + timedelta(days=RESTORE_DAYS))


def page(tx: Tx, token: str) -> RestorePage | None:
    """Return what the page before the button says, or None for the neutral one. Reads only."""
    link, change = links.find(tx, LinkKind.RESTORE, token), _behind(tx, token)
    if link is None or change is None:
        return None
    company = tx.session.get_one(CompanyRow, change.company_id)
    registered = bool(_former(tx, change).registrations)
    lang = lang_of(change.lang)
    return RestorePage(company.name, company.contact_mail, lang, change.created_at, link.expires_at, registered)


def restore(tx: Tx, token: str) -> Restored:
    """Put the former address back and hold everything; both addresses are told. For a POST.

    Changes that came after this one are taken back with it, and theirs can no longer be.

    Raises:
        LinkGone: the link is not valid (any more), or was used.
    """
    found = _behind(tx, token)
    if found is None:
        raise LinkGone
    person = persons.lock(tx, found.person_id)
    change = tx.session.get_one(AddressChangeRow, found.id, with_for_update=True, populate_existing=True)
    if person.erased or change.ended_at is not None or change.former_sealed is None:
        raise LinkGone
    former, company = _former(tx, change), tx.session.get_one(CompanyRow, change.company_id)
    since = _since(tx, change, former)
    rows = _registrations(tx, former.registrations)
    contacts = {row.id: registration_data.contact(tx, row) or {} for row in rows}
    addresses = persons.remove(tx, person.id, [one.mail_index for one in since if one.mail_index])
    removed = [contact["mail"] for contact in contacts.values() if "mail" in contact] or addresses
    _end_links(tx, since, rows)
    for row in rows:
        _put_back(tx, row, former)
    recalled = sum(withdrawals.end_agreed_since(tx, row, change.created_at) for row in rows)
    tokens = [links.issue(tx, LinkKind.MANAGE, row.id, tx.now + timedelta(days=MANAGE_DAYS)) for row in rows]
    _tell_former(tx, company, change, former.mail, tokens, recalled=recalled)
    _tell_removed(tx, company, change, {one for one in removed if not _same(tx, company, one, former.mail)})
    audit.record(tx, "candidate", "address change taken back", f"person:{person.id}", registrations=len(rows))
    return Restored(company.name, tokens[0] if tokens else "")


def _behind(tx: Tx, token: str) -> AddressChangeRow | None:
    link = links.find(tx, LinkKind.RESTORE, token)
    row = tx.session.get(AddressChangeRow, link.subject) if link else None
    return row if row is not None and row.ended_at is None and row.former_sealed is not None else None


def _former(tx: Tx, row: AddressChangeRow) -> _Former:
    if row.former_sealed is None:
        raise LinkGone
    opened: dict[str, Any] = json.loads(tx.keys.open_text(_aad(row.id), row.former_sealed))
    return _Former(opened["mail"], opened["registrations"])


def _since(tx: Tx, change: AddressChangeRow, former: _Former) -> list[AddressChangeRow]:
    """This change and the later ones of the same registrations, or of a person who has none."""
    rows = tx.session.scalars(
        select(AddressChangeRow)
        .where(
            AddressChangeRow.person_id == change.person_id,
            AddressChangeRow.created_at >= change.created_at,
            AddressChangeRow.ended_at.is_(None),
            AddressChangeRow.former_sealed.is_not(None),
        )
        .order_by(AddressChangeRow.id)
        .with_for_update()
    ).all()
    mine = set(former.registrations)
    return [row for row in rows if row.id == change.id or mine & set(_former(tx, row).registrations) or not mine]


def _registrations(tx: Tx, ids: Collection[str]) -> list[RegistrationRow]:
    query = select(RegistrationRow).where(RegistrationRow.id.in_(ids)).order_by(RegistrationRow.id)
    return list(tx.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _put_back(tx: Tx, row: RegistrationRow, former: _Former) -> None:
    """Name and phone too: the manage page never shows them, so nobody could see that they were changed."""
    was = former.registrations[row.id]
    row.mail_index, row.mail_proof = tx.keys.index(row.company_id, former.mail), was["proof"]
    if row.state == consent.SUBMITTED:
        known = was["contact"]
        contact = ContactForm(known["name"], known.get("phone", "")) if "name" in known else None
        registration_data.put_contact(tx, row, former.mail, contact)
        row.held_at = tx.now
    tx.session.flush()


def _end_links(tx: Tx, since: Sequence[AddressChangeRow], rows: Sequence[RegistrationRow]) -> None:
    """End every link that who had the other address can hold, and every code that is on its way."""
    for change in since:
        change.ended_at, change.former_sealed = tx.now, None
        links.revoke(tx, LinkKind.RESTORE, change.id)
    for row in rows:
        for kind in (LinkKind.MANAGE, LinkKind.UNDO):
            links.revoke(tx, kind, row.id)
        asked = AddressProofRow.registration_id == row.id
        for proof in tx.session.scalars(select(AddressProofRow).where(asked, AddressProofRow.ended_at.is_(None))):
            proof.mail_sealed, proof.code_mac, proof.ended_at = None, None, tx.now
            links.revoke(tx, LinkKind.PROOF, proof.id)
    tx.session.flush()


def _tell_former(
    tx: Tx, company: CompanyRow, change: AddressChangeRow, mail: str, tokens: Sequence[str], *, recalled: int
) -> None:
    values: dict[str, object] = {
        "manage_urls": [links.url(tx.settings, LinkKind.MANAGE, token) for token in tokens],
        "recalled": recalled,
    }
    _send(tx, company, change, "address_back", mail, values)


def _tell_removed(tx: Tx, company: CompanyRow, change: AddressChangeRow, mails: Collection[str]) -> None:
    at = wording.moment(tx.now, lang_of(change.lang))
    for mail in sorted(mails):
        _send(tx, company, change, "address_removed", mail, {"at": at, "contact_mail": company.contact_mail or ""})


def _send(
    tx: Tx, company: CompanyRow, change: AddressChangeRow, name: str, mail: str, values: dict[str, object]
) -> None:
    letters.send(
        tx,
        name=name,
        key=f"{name}:{change.id}:{tx.keys.index(company.id, mail)}",
        company=company,
        kind=Kind.CANDIDATE,
        recipient=mail,
        lang=lang_of(change.lang),
        gate_ref=f"change:{change.id}:told",
        values=values,
    )


def _same(tx: Tx, company: CompanyRow, one: str, other: str) -> bool:
    return tx.keys.index(company.id, one) == tx.keys.index(company.id, other)


def _aad(change_id: str) -> str:
    return f"address_change.former_sealed:{change_id}"
