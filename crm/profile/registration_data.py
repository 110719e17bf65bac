"""A registration: found behind its link, and its sealed columns, opened and closed in one place."""

import json
from dataclasses import asdict
from typing import Any

from core.runtime import Tx
from crm import links, persons
from crm.errors import LinkGone
from crm.links import LinkKind
from crm.profile.forms import ContactForm, Evidence, ProfileForm
from crm.tables import RegistrationRow


def locked(tx: Tx, token: str, *kinds: LinkKind) -> RegistrationRow:
    """Lock the registration behind a link of one of these kinds, after its person, in the order of locks that
    `crm/rights/withdrawals.py` names; return it as it is then.

    Raises:
        LinkGone: the link is not valid.
    """
    link = next((found for kind in kinds if (found := links.find(tx, kind, token)) is not None), None)
    row = tx.session.get(RegistrationRow, link.subject) if link else None
    if row is None:
        raise LinkGone
    persons.lock(tx, row.person_id)
    tx.session.refresh(row, with_for_update=True)
    return row


def put_profile(tx: Tx, row: RegistrationRow, profile: ProfileForm) -> None:
    """Seal the profile; the caller has taken identifying text out of it (`forms.cleaned`)."""
    row.profile_sealed = _seal(tx, row, "profile_sealed", asdict(profile))


def profile(tx: Tx, row: RegistrationRow) -> ProfileForm | None:
    """What was typed; None once it was deleted."""
    stored = _open(tx, row, "profile_sealed")
    return None if stored is None else ProfileForm.from_json(stored)


def put_contact(tx: Tx, row: RegistrationRow, mail: str, contact: ContactForm | None) -> None:
    """Keep the address, and name and phone only when a contact box was ticked."""
    row.contact_sealed = _seal(tx, row, "contact_sealed", {"mail": mail} | (asdict(contact) if contact else {}))


def contact(tx: Tx, row: RegistrationRow) -> dict[str, str] | None:
    """``{"mail"}`` or ``{"mail", "name", "phone"}``; None once it was deleted."""
    stored = _open(tx, row, "contact_sealed")
    return None if stored is None else {str(key): str(value) for key, value in stored.items()}


def put_evidence(tx: Tx, row: RegistrationRow, evidence: Evidence) -> None:
    """Seal what shows later that a person agreed."""
    row.evidence_sealed = _seal(tx, row, "evidence_sealed", asdict(evidence))


def forget(row: RegistrationRow) -> None:
    """Empty everything that was typed."""
    row.profile_sealed = row.contact_sealed = row.evidence_sealed = None
    row.boxes = []
    row.code_mac = None


def _seal(tx: Tx, row: RegistrationRow, column: str, value: dict[str, Any]) -> bytes:
    return tx.keys.seal_text(f"registration.{column}:{row.id}", json.dumps(value, ensure_ascii=False))


def _open(tx: Tx, row: RegistrationRow, column: str) -> dict[str, Any] | None:
    sealed: bytes | None = getattr(row, column)
    if sealed is None:
        return None
    opened: dict[str, Any] = json.loads(tx.keys.open_text(f"registration.{column}:{row.id}", sealed))
    return opened
