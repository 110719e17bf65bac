"""What is forgotten and when (domain 3.6): at most 200 rows a call, called again until nothing is left to do."""

from datetime import timedelta

from sqlalchemy import Select, delete, exists, or_, select, update

from core.clock import JST
from core.runtime import Tx
from crm import consent, registration_data
from crm.consent_texts import CONSENT_DAYS
from crm.tables import (
    InvitationDayRow,
    InvitationMailRow,
    InvitationRow,
    LinkRow,
    PersonMailRow,
    ProvisionRow,
    RegistrationRow,
)

ROWS_MAX = 200
STARTED_HOURS = 24
REJECTED_DAYS = 180
LINK_DAYS = 30
MAIL_DAYS = 60


def purge(tx: Tx) -> int:
    """Delete what has ended; returns the number of rows touched, 0 when all is done."""
    steps = (_unconfirmed, _expired, _addresses, _dead_links, _old_counts, _old_provisions)
    return sum(step(tx) for step in steps)


def _unconfirmed(tx: Tx) -> int:
    """Registrations whose address was never confirmed: what was typed goes after a day."""
    ids = _page(
        tx,
        select(RegistrationRow.id).where(
            RegistrationRow.state == "started",
            RegistrationRow.created_at < tx.now - timedelta(hours=STARTED_HOURS),
        ),
    )
    tx.session.execute(delete(LinkRow).where(LinkRow.kind == "confirm", LinkRow.subject.in_(ids)))
    tx.session.execute(delete(RegistrationRow).where(RegistrationRow.id.in_(ids)))
    return len(ids)


def _expired(tx: Tx) -> int:
    """Registrations older than the consents given in them: nothing may leave any more, so nothing is kept."""
    cutoff = tx.now - timedelta(days=CONSENT_DAYS)
    rows = tx.session.scalars(
        select(RegistrationRow)
        .where(RegistrationRow.state == "submitted", RegistrationRow.submitted_at < cutoff)
        .order_by(RegistrationRow.id)
        .limit(ROWS_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        if consent.any_live(tx, row.id):
            continue
        row.state, row.ended_at = "expired", tx.now
        registration_data.forget(row)
    tx.session.flush()
    return sum(row.state == "expired" for row in rows)


def _addresses(tx: Tx) -> int:
    """Addresses of people who did not register go after 180 days; the index stays, for the bar of 365 days."""
    cutoff = tx.now - timedelta(days=REJECTED_DAYS)
    busy = or_(
        exists().where(RegistrationRow.person_id == PersonMailRow.person_id, RegistrationRow.state == "submitted"),
        exists().where(InvitationRow.person_id == PersonMailRow.person_id, InvitationRow.issued_at >= cutoff),
    )
    ids = _page(
        tx,
        select(PersonMailRow.id).where(PersonMailRow.sealed.is_not(None), PersonMailRow.created_at < cutoff, ~busy),
    )
    tx.session.execute(update(PersonMailRow).where(PersonMailRow.id.in_(ids)).values(sealed=None))
    return len(ids)


def _dead_links(tx: Tx) -> int:
    cutoff = tx.now - timedelta(days=LINK_DAYS)
    ids = _page(tx, select(LinkRow.id).where(LinkRow.expires_at < cutoff))
    tx.session.execute(delete(LinkRow).where(LinkRow.id.in_(ids)))
    return len(ids)


def _old_counts(tx: Tx) -> int:
    cutoff = tx.now - timedelta(days=MAIL_DAYS)
    ids = tx.session.scalars(
        select(InvitationMailRow.mail_id).where(InvitationMailRow.at < cutoff).limit(ROWS_MAX)
    ).all()
    tx.session.execute(delete(InvitationMailRow).where(InvitationMailRow.mail_id.in_(ids)))
    tx.session.execute(delete(InvitationDayRow).where(InvitationDayRow.day < cutoff.date().isoformat()))
    return len(ids)


def _old_provisions(tx: Tx) -> int:
    """Three years after the hand-over the record may go (施行規則 21条)."""
    ids = _page(tx, select(ProvisionRow.id).where(ProvisionRow.keep_until < tx.now.astimezone(JST).date()))
    tx.session.execute(delete(ProvisionRow).where(ProvisionRow.id.in_(ids)))
    return len(ids)


def _page(tx: Tx, query: Select[str]) -> list[str]:
    return list(tx.session.scalars(query.limit(ROWS_MAX)))
