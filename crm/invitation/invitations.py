"""THE invitation of a rejection notice: found or made once, the same link for a mail sent again (decisions 15, 16)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core import audit
from core.db import new_id
from core.runtime import Tx
from crm import links, notices, persons, suppression
from crm.agency import agencies
from crm.agency.agencies import AgencyView
from crm.delivery import referrals
from crm.links import LinkKind
from crm.persons import Person
from crm.referral.referral_states import Reason
from crm.registry import companies
from crm.tables import CompanyRow, InvitationMailRow, InvitationRow, NoticeRow
from rules.model import Mode

TTL_DAYS = 90
BAR_DAYS = 365
OPTOUT_TTL_DAYS = 730
ISSUED, REGISTERED, DECLINED, REVOKED = "issued", "registered", "declined", "revoked"


@dataclass(frozen=True, slots=True)
class Offer:
    """What goes into the mail. ``agency`` and ``licence_no`` are the first of ``agencies``; ``expires_on`` is the last
    day on which the link works, where the company is; ``new``: made by this call."""

    invitation_id: str
    notice_id: str
    relay_url: str
    optout_url: str
    agency: str
    licence_no: str
    expires_on: date
    agencies: tuple[AgencyView, ...]
    new: bool


@dataclass(frozen=True, slots=True)
class NoOffer:
    """No link: ``no_licensed_agency | opted_out | invited_within_365_days | link_revoked | suspended``."""

    reason: str


def offer_for_rejection(tx: Tx, *, company_id: int, recipient: str, mail_id: int) -> Offer | NoOffer:
    """Find or make person, notice and invitation for a rejection mail that is about to leave.

    Idempotent: the same mail, or the same notice sent again, gets the same link.
    """
    welcome = _welcome(tx, company_id, recipient)
    if isinstance(welcome, NoOffer):
        return welcome
    company, person = welcome
    notice = notices.note(tx, company_id, person.id, source="mail", sent=True)
    return _offer(tx, company, notice, mail_id)


def offer_for_arrival(tx: Tx, *, company_id: int, address: str) -> Offer | NoOffer:
    """Find or make the invitation of somebody who came by the company's own link and matches a rejection.

    The address was confirmed by its owner. An invitation that is open is the one to use; else as for a mail.
    """
    welcome = _welcome(tx, company_id, address)
    if isinstance(welcome, NoOffer):
        return welcome
    company, person = welcome
    opened = tx.session.scalar(
        select(NoticeRow)
        .join(InvitationRow, InvitationRow.notice_id == NoticeRow.id)
        .where(
            InvitationRow.person_id == person.id,
            InvitationRow.state.in_((ISSUED, REGISTERED)),
            InvitationRow.expires_at > tx.now,
        )
        .order_by(InvitationRow.issued_at.desc())
        .limit(1)
    )
    notice = opened or notices.note(tx, company_id, person.id, source="company_link", sent=True)
    return _offer(tx, company, notice, None)


def offer_for_ats(tx: Tx, *, company_id: int, recipient: str) -> Offer | NoOffer:
    """Find or make the invitation for a notice that an applicant tracking system is about to send itself."""
    welcome = _welcome(tx, company_id, recipient)
    if isinstance(welcome, NoOffer):
        return welcome
    company, person = welcome
    return _offer(tx, company, notices.note(tx, company_id, person.id, source="api", sent=True), None)


def _welcome(tx: Tx, company_id: int, address: str) -> tuple[CompanyRow, Person] | NoOffer:
    """Return the company and the person of that address, locked, unless no link may go there at all."""
    company = tx.session.get_one(CompanyRow, company_id)
    if company.suspended_at is not None:
        return NoOffer("suspended")
    if suppression.is_suppressed(tx, company_id, address):
        return NoOffer("opted_out")
    return company, persons.lock(tx, persons.find_or_add(tx, company_id, address))


def _offer(tx: Tx, company: CompanyRow, notice: NoticeRow, mail_id: int | None) -> Offer | NoOffer:
    """The caller holds the person's lock."""
    allowed = agencies.licensed(tx, company.id)
    if not allowed:
        return NoOffer("no_licensed_agency")
    found = tx.session.scalar(select(InvitationRow).where(InvitationRow.notice_id == notice.id))
    reason = _bar(tx, notice, found)
    if reason is not None:
        return NoOffer(reason)
    zone = ZoneInfo(company.timezone)
    invitation = found or _invite(tx, notice, zone)
    if mail_id is not None:
        _carry(tx, invitation, mail_id, tx.now.astimezone(zone).date())
    relay, optout = links.of(tx, LinkKind.RELAY, invitation.id), links.of(tx, LinkKind.OPTOUT, invitation.id)
    if relay is None or optout is None:
        return NoOffer("link_revoked")
    return Offer(
        invitation_id=invitation.id,
        notice_id=notice.id,
        relay_url=links.url(tx.settings, LinkKind.RELAY, links.reveal(tx, relay)),
        optout_url=links.url(tx.settings, LinkKind.OPTOUT, links.reveal(tx, optout)),
        agency=allowed[0].name,
        licence_no=allowed[0].licence_no,
        expires_on=last_day(invitation.expires_at, zone),
        agencies=tuple(allowed),
        new=found is None,
    )


def decline(tx: Tx, token: str) -> bool:
    """Do the same from the invitation page ("no thanks, and do not show this again")."""
    link = links.find(tx, LinkKind.RELAY, token)
    if link is None:
        return False
    stop_inviting(tx, link.subject, source="declined")
    return True


def report_wrong(tx: Tx, mail_id: int, *, actor: str) -> bool:
    """A mail should not have carried a link: end it at once, stop what has not been handed over (decisions 20).

    The company goes back to observe. False when that mail carries no invitation of ours. Nobody is told whether there
    was anything to stop: it would tell the company that this very candidate has registered.
    """
    carried = tx.session.get(InvitationMailRow, mail_id)
    if carried is None:
        return False
    invitation = locked(tx, carried.invitation_id)
    notice = tx.session.get_one(NoticeRow, invitation.notice_id)
    notice.wrong_at = notice.wrong_at or tx.now
    invitation.state = REVOKED
    links.revoke(tx, LinkKind.RELAY, invitation.id)
    referrals.stop_pending(tx, invitation.id, reason=Reason.WRONG_NOTICE)
    audit.record(tx, actor, "invitation reported wrong", f"mail:{mail_id}", invitation=invitation.id)
    companies.change(tx, invitation.company_id, actor=actor, mode=Mode.OBSERVE)
    return True


def expiry(issued_at: datetime, zone: ZoneInfo) -> datetime:
    """End of the 90th day after the issue, where the company is: the date in the mail is the last good day."""
    day = issued_at.astimezone(zone).date() + timedelta(days=TTL_DAYS + 1)
    return datetime.combine(day, time.min, zone)


def last_day(expires_at: datetime, zone: ZoneInfo) -> date:
    """Return the date that people are told for ``expires_at``."""
    return (expires_at.astimezone(zone) - timedelta(seconds=1)).date()


def _bar(tx: Tx, notice: NoticeRow, invitation: InvitationRow | None) -> str | None:
    if notice.wrong_at is not None:
        return "link_revoked"
    if invitation is not None:
        return "link_revoked" if invitation.state in (REVOKED, DECLINED) else None
    earlier = tx.session.scalar(
        select(InvitationRow.id)
        .join(NoticeRow, NoticeRow.id == InvitationRow.notice_id)
        .where(
            InvitationRow.person_id == notice.person_id,
            InvitationRow.issued_at > tx.now - timedelta(days=BAR_DAYS),
            NoticeRow.wrong_at.is_(None),
        )
        .limit(1)
    )
    return "invited_within_365_days" if earlier is not None else None


def _invite(tx: Tx, notice: NoticeRow, zone: ZoneInfo) -> InvitationRow:
    row = InvitationRow(
        id=new_id(),
        company_id=notice.company_id,
        notice_id=notice.id,
        person_id=notice.person_id,
        state=ISSUED,
        issued_at=tx.now,
        expires_at=expiry(tx.now, zone),
    )
    tx.session.add(row)
    tx.session.flush()
    links.issue(tx, LinkKind.RELAY, row.id, row.expires_at)
    links.issue(tx, LinkKind.OPTOUT, row.id, tx.now + timedelta(days=OPTOUT_TTL_DAYS))
    return row


def _carry(tx: Tx, invitation: InvitationRow, mail_id: int, day: date) -> None:
    if tx.session.get(InvitationMailRow, mail_id) is None:
        tx.session.add(
            InvitationMailRow(
                mail_id=mail_id,
                invitation_id=invitation.id,
                company_id=invitation.company_id,
                at=tx.now,
            )
        )
        tx.session.flush()
        notices.count_injections(tx, invitation.company_id, day.isoformat(), 1)


def stop_inviting(tx: Tx, invitation_id: str, *, source: str) -> None:
    """Send nothing more to the person, and end the link. ``source``: what did so."""
    invitation = locked(tx, invitation_id)
    suppression.suppress_indexes(tx, invitation.company_id, persons.indexes(tx, invitation.person_id), source=source)
    links.revoke(tx, LinkKind.RELAY, invitation_id)
    if invitation.state == ISSUED:
        invitation.state = DECLINED
    tx.session.flush()


def locked(tx: Tx, invitation_id: str) -> InvitationRow:
    """Lock by the person, as every change of an invitation does, and read what is true then."""
    row = tx.session.get_one(InvitationRow, invitation_id)
    persons.lock(tx, row.person_id)
    tx.session.refresh(row)
    return row
