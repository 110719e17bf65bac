"""What a company's time in its mode has shown, and whether the next mode can be suggested. Nothing here switches one:
upwards only a person does (detection 3), downwards a report does (`crm.invitation.invitations.report_wrong`)."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import ColumnElement, and_, exists, func, select

from core.runtime import Tx
from crm.registry.companies import CompanyView
from gateway.figures import first_id, how_many
from gateway.tables import Origin, mail, review
from rules.compare import SAYS_REJECTION
from rules.model import Mode, Verdict

#: After so long, or so many judged mails, a mode has been looked at long enough.
DAYS_MIN, MAILS_MIN = 7, 200
#: Before "auto", so many held mails have been approved: with none wrong, an error rate above 3/n is unlikely.
APPROVED_MIN = 20
_RELEASED = "release"


@dataclass(frozen=True, slots=True)
class Trial:
    """``links``: mails decided *inject*, of which people ``agreed`` to some, called some no rejection (``denied``) and
    let some leave unchanged (``released``). ``reviewed``: mails decided *review*."""

    mode: Mode
    days: int
    judged: int
    links: int
    reviewed: int
    agreed: int
    denied: int
    released: int

    @property
    def error_percent_max(self) -> int:
        """With no error in n answers, the share of errors is below 3/n with 95 % confidence (rule of three)."""
        return min(100, ceil(300 / self.agreed)) if self.agreed else 100


def trial(tx: Tx, company: CompanyView) -> Trial:
    """Count what the company's mode has brought since it was chosen."""
    since = company.mode_since or tx.now
    columns = mail.c
    link = columns.verdict == Verdict.INJECT.value
    row = tx.session.execute(
        select(
            func.count(),
            how_many(link),
            how_many(columns.verdict == Verdict.REVIEW.value),
            how_many(and_(link, _answered(*(answer for answer, yes in SAYS_REJECTION.items() if yes)))),
            how_many(and_(link, _answered(*(answer for answer, yes in SAYS_REJECTION.items() if not yes)))),
            how_many(and_(link, _answered(_RELEASED))),
        ).where(
            columns.id >= first_id(tx, since),
            columns.received_at >= since,
            columns.company_id == company.id,
            columns.judged.is_(True),
            columns.origin == Origin.SMTP.value,
        )
    ).one()
    return Trial(company.mode, (tx.now - since) // timedelta(days=1), *row)


def next_mode(seen: Trial) -> Mode | None:
    """The mode that can be suggested now; None: stay. One mistake is enough for that, or one link nobody wanted."""
    if (seen.days < DAYS_MIN and seen.judged < MAILS_MIN) or seen.denied:
        return None
    if seen.mode is Mode.OBSERVE and seen.links:
        return Mode.CONFIRM
    if seen.mode is Mode.CONFIRM and seen.agreed >= APPROVED_MIN and not seen.released:
        return Mode.AUTO
    return None


def _answered(*answers: str) -> ColumnElement[bool]:
    return exists().where(review.c.mail_id == mail.c.id, review.c.answer.in_(answers))
