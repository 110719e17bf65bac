"""A person has another address from now on: the new one was confirmed, the old one is told (and may take it back, see
`address_restores`), and the links follow.

Both stay known as the same person's, so that nobody counts or is invited twice, and "no more mails" holds for both. An
address that the company knows as another applicant's stays his as well: two people may share a mailbox, so nobody is
merged. Each keeps his own registrations and rights; a credit comes once, and "no more mails" holds for that address.
"""

from datetime import timedelta

from sqlalchemy import select

from core import audit
from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, links, persons, suppression
from crm.candidate import address_restores, corrections
from crm.candidate.registrations import MANAGE_DAYS
from crm.consents import consent
from crm.errors import WrongState
from crm.links import LinkKind
from crm.profile import registration_data
from crm.profile.forms import ContactForm
from crm.tables import AddressProofRow, CompanyRow, RegistrationRow


def move(tx: Tx, proof: AddressProofRow, mail: str, *, actor: str) -> str:
    """Let ``mail``, proved by ``proof``, replace the address of its registration, or (at the desk) of all of them.

    Agencies that have the contact data get the new address, each with a record of its own. The links in the old
    mailbox end; new ones go to the new address. Returns the token of the manage page, empty without a registration.

    Raises:
        WrongState: the registration has ended (``ended``).
        Refused: too many corrections today (``too_many_corrections``).
    """
    if proof.person_id is None or persons.lock(tx, proof.person_id).erased:
        raise WrongState("ended", "there is nobody to change the address of")
    company = tx.session.get_one(CompanyRow, proof.company_id)
    known = persons.indexes(tx, proof.person_id)
    rows = _registrations(tx, proof.person_id)
    old = {row.id: (registration_data.contact(tx, row) or {}).get("mail", "") for row in rows}
    if proof.registration_id is not None:
        if proof.registration_id not in old:
            raise WrongState("ended", "the registration has ended")
        mine = tx.keys.index(company.id, old[proof.registration_id])
        rows = [row for row in rows if tx.keys.index(company.id, old[row.id]) == mine]
    told = {old[row.id]: lang_of(row.lang) for row in rows} if rows else _known(tx, proof, company)
    told = {address: lang for address, lang in told.items() if address and not _same(tx, company, address, mail)}
    added = tx.keys.index(company.id, mail) if persons.add_address(tx, proof.person_id, mail) else ""
    back = {
        address: address_restores.keep(
            tx, proof.person_id, company, address, [row for row in rows if old[row.id] == address], lang, added
        )
        for address, lang in told.items()
    }
    if suppression.any_suppressed(tx, company.id, known):
        suppression.suppress(tx, company.id, mail, source="address_changed")
    tokens = {row.id: _replace(tx, company, row, mail) for row in rows}
    for address, lang in told.items():
        letters.send(
            tx,
            name="address_old",
            key=f"address_old:{proof.id}:{tx.keys.index(company.id, address)}",
            company=company,
            kind=Kind.CANDIDATE,
            recipient=address,
            lang=lang,
            gate_ref=f"proof:{proof.id}:told",
            values={
                "contact_mail": company.contact_mail or "",
                "restore_url": links.url(tx.settings, LinkKind.RESTORE, back[address]),
                "days": address_restores.RESTORE_DAYS,
            },
        )
    audit.record(tx, actor, "address changed", f"person:{proof.person_id}", registrations=len(rows))
    return tokens.get(proof.registration_id or "", "")


def _same(tx: Tx, company: CompanyRow, one: str, other: str) -> bool:
    return tx.keys.index(company.id, one) == tx.keys.index(company.id, other)


def _replace(tx: Tx, company: CompanyRow, row: RegistrationRow, mail: str) -> str:
    known = registration_data.contact(tx, row) or {}
    contact = ContactForm(known["name"], known.get("phone", "")) if "name" in known else None
    registration_data.put_contact(tx, row, mail, contact)
    row.mail_index, row.mail_proof = tx.keys.index(row.company_id, mail), "code"
    tx.session.flush()
    for referral in corrections.handed_over(tx, row.id):
        corrections.give_contact(tx, referral)
    for kind in (LinkKind.MANAGE, LinkKind.UNDO):
        links.revoke(tx, kind, row.id)
    token = links.issue(tx, LinkKind.MANAGE, row.id, tx.now + timedelta(days=MANAGE_DAYS))
    letters.send(
        tx,
        name="address_new",
        key=f"address_new:{row.id}:{tx.now.isoformat()}",
        company=company,
        kind=Kind.CANDIDATE,
        recipient=mail,
        lang=lang_of(row.lang),
        gate_ref=f"moved:{row.id}",
        values={"manage_url": links.url(tx.settings, LinkKind.MANAGE, token)},
    )
    return token


def _registrations(tx: Tx, person_id: str) -> list[RegistrationRow]:
    query = (
        select(RegistrationRow)
        .where(RegistrationRow.person_id == person_id, RegistrationRow.state == consent.SUBMITTED)
        .order_by(RegistrationRow.id)
    )
    return list(tx.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _known(tx: Tx, proof: AddressProofRow, company: CompanyRow) -> dict[str, Lang]:
    """Who did not register is told at the addresses that we know."""
    found = persons.addresses(tx, proof.person_id) if proof.person_id else []
    return dict.fromkeys(found, lang_of(company.locale))
