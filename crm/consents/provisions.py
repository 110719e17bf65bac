"""Third-party provision records (個人情報保護法 29条): one for every hand-over, three years, append-only."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from core.clock import day_in_japan
from core.db import new_id
from core.runtime import Tx
from crm.tables import AgencyRow, ConsentRow, ProvisionRow, ReferralRow

KEEP_DAYS = 3 * 365 + 1


@dataclass(frozen=True, slots=True)
class Provision:
    """What was given to whom, when, and on which consent. ``subject`` is opened only by ``subject_of``."""

    id: str
    company_id: int
    agency_id: int
    referral_id: str
    step: str
    recipient_name: str
    recipient_address: str | None
    recipient_representative: str | None
    licence_no: str
    items: tuple[str, ...]
    consent_id: str
    text_sha256: str
    payload_sha256: str
    provided_at: datetime
    keep_until: date


def record(
    tx: Tx,
    *,
    referral: ReferralRow,
    step: str,
    consent: ConsentRow,
    subject: Mapping[str, str],
    payload: Mapping[str, Any],
    items: Collection[str],
) -> str:
    """Write the record of a hand-over in the transaction that hands over; unique per referral and step.

    ``step``: "profile" or "contact", with ".2" and so on for corrections. ``items``: what the payload holds of what was
    agreed to; a line that the candidate struck or left empty was not provided.
    ``subject`` (who it is about, as the law asks) is sealed and outlives erasure until ``keep_until``.
    """
    agency = tx.session.get_one(AgencyRow, referral.agency_id)
    row_id = new_id()
    tx.session.add(
        ProvisionRow(
            id=row_id,
            company_id=referral.company_id,
            agency_id=referral.agency_id,
            referral_id=referral.id,
            person_id=referral.person_id,
            step=step,
            subject_sealed=tx.keys.seal_text(_aad(row_id), json.dumps(dict(subject), ensure_ascii=False)),
            recipient_name=agency.name,
            recipient_address=agency.postal_address,
            recipient_representative=agency.representative,
            licence_no=agency.licence_no,
            items=[item for item in consent.items if item in items],
            consent_id=consent.id,
            text_sha256=consent.text_sha256,
            payload_sha256=payload_sha256(payload),
            provided_at=tx.now,
            keep_until=day_in_japan(tx.now) + timedelta(days=KEEP_DAYS),
        )
    )
    tx.session.flush()
    return row_id


def payload_sha256(payload: Mapping[str, Any]) -> str:
    """Hash of the payload as canonical JSON (sorted keys, no blanks, UTF-8): what anybody can compute again."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def of_referral(tx: Tx, referral_id: str) -> list[Provision]:
    """Return the records of one referral in order."""
    return _list(tx, select(ProvisionRow).where(ProvisionRow.referral_id == referral_id))


def of_company(tx: Tx, company_id: int) -> list[Provision]:
    """Return a company's records, for its auditors."""
    return _list(tx, select(ProvisionRow).where(ProvisionRow.company_id == company_id))


def subject_of(tx: Tx, provision_id: str) -> dict[str, str]:
    """Open who a record is about: for a request of the person or an authority."""
    row = tx.session.get_one(ProvisionRow, provision_id)
    opened: dict[str, str] = json.loads(tx.keys.open_text(_aad(row.id), row.subject_sealed))
    return opened


def _list(tx: Tx, query: Any) -> list[Provision]:
    rows = tx.session.scalars(query.order_by(ProvisionRow.provided_at, ProvisionRow.id))
    return [
        Provision(
            id=row.id,
            company_id=row.company_id,
            agency_id=row.agency_id,
            referral_id=row.referral_id,
            step=row.step,
            recipient_name=row.recipient_name,
            recipient_address=row.recipient_address,
            recipient_representative=row.recipient_representative,
            licence_no=row.licence_no,
            items=tuple(row.items),
            consent_id=row.consent_id,
            text_sha256=row.text_sha256,
            payload_sha256=row.payload_sha256,
            provided_at=row.provided_at,
            keep_until=row.keep_until,
        )
        for row in rows
    ]


def _aad(row_id: str) -> str:
    return f"provision.subject_sealed:{row_id}"
