"""A personal link for a notice that an applicant tracking system sends itself (decisions 16).

The system says who was rejected and when. For 24 hours a rejection may still be taken back there, so until then there
is no link, only the time from which there will be one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.runtime import Tx
from crm import signals
from crm.errors import FormRefused, Problem
from crm.invitation import invitations
from crm.invitation.invitations import NoOffer, Offer
from crm.profile.forms import mail_problems
from crm.registry import companies
from crm.registry.company_input import covers, domain
from crm.signals import SECONDS_A_DAY, SignalRow
from rules.model import AtsStatus

HOLD_HOURS = 24
#: A selection that ended longer ago is no news to anybody, and a moment near year 1 is none in another zone.
REJECTED_DAYS_MAX = 365
SOURCE = "api"


@dataclass(frozen=True, slots=True)
class Held:
    """Not yet: ask again from then on."""

    available_at: datetime


def personal_link(
    tx: Tx, company_id: int, *, recipient: str, application: str, rejected_at: datetime
) -> Offer | Held | NoOffer:
    """Keep what the system says, then find or make the invitation; the same notice gets the same link again.

    No link besides the reasons of `NoOffer`: ``not_rejected`` when newer word of this application says otherwise, and
    ``other_application`` while another application of the same person is open.

    Raises:
        FormRefused: ``recipient`` is no address or one of the company itself, or ``rejected_at`` lies in the
            future or more than a year back.
    """
    problems = list(mail_problems(recipient, sure=True))
    own = companies.get(tx, company_id).sender_domains
    if not problems and covers(own, domain(recipient.rpartition("@")[2])):
        problems.append(Problem("mail", "own_address"))
    if rejected_at > tx.now:
        problems.append(Problem("rejected_at", "future"))
    if rejected_at < tx.now - timedelta(days=REJECTED_DAYS_MAX):
        problems.append(Problem("rejected_at", "too_old"))
    if problems:
        raise FormRefused(tuple(problems))
    said = SignalRow(SOURCE, recipient, AtsStatus.REJECTED, rejected_at, application)
    signals.store(tx, company_id, said, expect_notice=True)
    known = signals.answer_for(tx, company_id, recipient)
    if known is None or known.status is not AtsStatus.REJECTED:
        return NoOffer("not_rejected")
    if known.contrary:
        return NoOffer("other_application")
    available_at = tx.now - timedelta(seconds=known.age_days * SECONDS_A_DAY) + timedelta(hours=HOLD_HOURS)
    if available_at > tx.now:
        return Held(available_at)
    return invitations.offer_for_ats(tx, company_id=company_id, recipient=recipient)
