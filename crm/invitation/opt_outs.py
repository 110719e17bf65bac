"""No more such notes, and the way back: what the link ``/u/TOKEN`` of a mail does. Each act is a POST."""

from dataclasses import dataclass

from core import audit
from core.runtime import Tx
from crm import links, persons, suppression
from crm.invitation import invitations
from crm.links import LinkKind
from crm.tables import CompanyRow, InvitationRow

#: What the person's own click began, and may end; an erasure and a stop of use are ended at the desk only.
OWN_CLICKS = ("opt_out", "declined", "address_changed")


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """``stopped``: nothing is sent any more; ``resumable``: one click ends that."""

    company: str
    stopped: bool
    resumable: bool


def page(tx: Tx, token: str) -> OptOutPage | None:
    """Return what the link is about, or None for the neutral page. Reads only."""
    link = links.find(tx, LinkKind.OPTOUT, token)
    if link is None:
        return None
    row = tx.session.get_one(InvitationRow, link.subject)
    by = suppression.sources(tx, row.company_id, persons.indexes(tx, row.person_id))
    company = tx.session.get_one(CompanyRow, row.company_id).name
    return OptOutPage(company, stopped=bool(by), resumable=bool(by) and by <= set(OWN_CLICKS))


def stop(tx: Tx, token: str) -> bool:
    """No more notes from this company, and no link. Sends nothing.

    Returns False for a link that is not valid; a second time changes nothing.
    """
    link = links.find(tx, LinkKind.OPTOUT, token)
    if link is None:
        return False
    invitations.stop_inviting(tx, link.subject, source="opt_out")
    return True


def resume(tx: Tx, token: str) -> str | None:
    """The person wants the notes again: by the link of the mail that he stopped them with, nobody else has it.

    Returns the address of the invitation's page, new since the old one ended; empty when there is none to open. None:
    the link is not valid, or only the desk can end this.
    """
    link = links.find(tx, LinkKind.OPTOUT, token)
    if link is None:
        return None
    row, found = invitations.locked(tx, link.subject), page(tx, token)  # as it is once nobody else changes it
    if found is None or (found.stopped and not found.resumable):
        return None
    ended = suppression.lift(tx, row.company_id, persons.indexes(tx, row.person_id), sources=OWN_CLICKS)
    if ended:
        audit.record(tx, "candidate", "invitations wanted again", f"invitation:{row.id}")
    if row.state == invitations.DECLINED and row.expires_at > tx.now:
        row.state = invitations.ISSUED
        links.issue(tx, LinkKind.RELAY, row.id, row.expires_at)
        tx.session.flush()
    relay = links.of(tx, LinkKind.RELAY, row.id)
    return "" if relay is None else links.url(tx.settings, LinkKind.RELAY, links.reveal(tx, relay))
