"""What the books say about the recipients of mails that are about to be decided: many at once, read only.

Two cases are nearly all of the traffic and can be answered in bulk: an address the company writes to for the first
time, and a mail sent again while its invitation is open.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, select

from core.bulk import Query
from core.runtime import Tx
from crm import links, notices, signals
from crm.invitation.invitations import ISSUED, REGISTERED
from crm.links import LinkKind
from crm.tables import AtsSignalRow, InvitationRow, LinkRow, NoticeRow, PersonMailRow, SuppressionRow
from rules.model import AtsAnswer, AtsStatus

_PERSON_MAIL = cast("Table", PersonMailRow.__table__)
_NOTICE = cast("Table", NoticeRow.__table__)
_INVITATION = cast("Table", InvitationRow.__table__)
_LINK = cast("Table", LinkRow.__table__)
_SIGNAL = cast("Table", AtsSignalRow.__table__)
_SUPPRESSION = cast("Table", SuppressionRow.__table__)


class Case(StrEnum):
    """``first``: nobody by that address is known. ``again``: an open invitation, to be sent again. ``other``: ask
    `invitations.offer_for_rejection`."""

    FIRST = "first"
    AGAIN = "again"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asked:
    company_id: int
    recipient: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation whose links still work, with its tokens opened."""

    person_id: str
    notice_id: str
    invitation_id: str
    expires_at: datetime
    relay_token: str
    optout_token: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about one address: the ATS's word for the decision, and which case an offer would be.

    ``mail_index``: the address under the active index key.
    """

    ats: AtsAnswer | None
    case: Case
    mail_index: str = ""
    open: OpenInvitation | None = None


def standings(tx: Tx, asked: Sequence[Asked]) -> list[Standing]:
    """Look all of ``asked`` up with one query a table. Reads only."""
    indexes = [tx.keys.indexes(each.company_id, each.recipient) for each in asked]
    by_company: dict[int, list[str]] = {}
    for each, mine in zip(asked, indexes, strict=True):
        by_company.setdefault(each.company_id, []).extend(mine)
    seen = _signals(tx, by_company)
    barred = suppressed(tx, by_company)
    people = _people(tx, by_company)
    opened = _open_invitations(tx, set(people.values()))
    found = []
    for each, mine in zip(asked, indexes, strict=True):
        keys = [(each.company_id, index) for index in mine]
        ats = signals.summarise([row for key in keys for row in seen.get(key, ())], tx.now)
        person_id = next((people[key] for key in keys if key in people), None)
        if any(key in barred for key in keys):
            found.append(Standing(ats, Case.OTHER))
        elif person_id is None:
            found.append(Standing(ats, Case.FIRST, mine[0]))
        else:
            invitation = opened.get(person_id)
            found.append(Standing(ats, Case.AGAIN if invitation else Case.OTHER, mine[0], invitation))
    return found


def _signals(tx: Tx, by_company: Mapping[int, Sequence[str]]) -> dict[tuple[int, str], list[signals.SignalRow]]:
    found: dict[tuple[int, str], list[signals.SignalRow]] = {}
    for company_id, indexes in by_company.items():
        for index, source, status, changed_at, application in _SIGNALS.rows(tx, company=company_id, indexes=indexes):
            signal = signals.SignalRow(source, "", AtsStatus(status), changed_at, application)
            found.setdefault((company_id, index), []).append(signal)
    return found


def suppressed(tx: Tx, by_company: Mapping[int, Iterable[str]]) -> set[tuple[int, str]]:
    """Of blind indexes by company, those to which nothing more is sent."""
    return {
        (company_id, index)
        for company_id, indexes in by_company.items()
        for (index,) in _SUPPRESSED.rows(tx, company=company_id, indexes=indexes)
    }


def _people(tx: Tx, by_company: Mapping[int, Sequence[str]]) -> dict[tuple[int, str], str]:
    return {
        (company_id, index): person_id
        for company_id, indexes in by_company.items()
        for index, person_id in _PEOPLE.rows(tx, company=company_id, indexes=indexes)
    }


def _open_invitations(tx: Tx, person_ids: set[str]) -> dict[str, OpenInvitation]:
    """The invitation of each person's notice of the last 30 days, when a mail of it would carry the same links."""
    if not person_ids:
        return {}
    rows = tx.connection.execute(
        live_links(tx.now - timedelta(days=notices.SAME_NOTICE_DAYS)).where(_NOTICE.c.person_id.in_(person_ids))
    )
    by_person: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, []).append(row)
    found = {}
    for person_id, mine in by_person.items():
        tokens = {LinkKind(row.kind): row for row in mine if row.expires_at > tx.now}
        # Two notices within the 30 days, or a link made a second time: the long way knows which one counts.
        if len(mine) == len(tokens) == 2 and len({row.invitation_id for row in mine}) == 1:
            relay, optout = tokens[LinkKind.RELAY], tokens[LinkKind.OPTOUT]
            found[person_id] = OpenInvitation(
                person_id,
                relay.notice_id,
                relay.invitation_id,
                relay.invitation_expires_at,
                links.open_token(tx.keys, relay.id, relay.token_sealed),
                links.open_token(tx.keys, optout.id, optout.token_sealed),
            )
    return found


def live_links(horizon: datetime) -> Any:
    """A query for the links of open invitations whose notice began after ``horizon``."""
    kinds = (LinkKind.RELAY.value, LinkKind.OPTOUT.value)
    return (
        select(
            _NOTICE.c.person_id,
            _NOTICE.c.id.label("notice_id"),
            _INVITATION.c.id.label("invitation_id"),
            _INVITATION.c.expires_at.label("invitation_expires_at"),
            _LINK.c.id,
            _LINK.c.kind,
            _LINK.c.token_sealed,
            _LINK.c.expires_at,
        )
        .join(_INVITATION, _INVITATION.c.notice_id == _NOTICE.c.id)
        .join(_LINK, _LINK.c.subject == _INVITATION.c.id)
        .where(
            _NOTICE.c.first_at >= horizon,
            _NOTICE.c.state == notices.SENT,
            _NOTICE.c.wrong_at.is_(None),
            _INVITATION.c.state.in_((ISSUED, REGISTERED)),
            _LINK.c.kind.in_(kinds),
            _LINK.c.revoked_at.is_(None),
        )
    )


_INDEXES: Any = bindparam("indexes", expanding=True)
_SIGNALS = Query(
    select(
        _SIGNAL.c.recipient_index, _SIGNAL.c.source, _SIGNAL.c.status, _SIGNAL.c.changed_at, _SIGNAL.c.application
    ).where(_SIGNAL.c.company_id == bindparam("company"), _SIGNAL.c.recipient_index.in_(_INDEXES)),
    many="indexes",
)
_SUPPRESSED = Query(
    select(_SUPPRESSION.c.mail_index).where(
        _SUPPRESSION.c.company_id == bindparam("company"), _SUPPRESSION.c.mail_index.in_(_INDEXES)
    ),
    many="indexes",
)
_PEOPLE = Query(
    select(_PERSON_MAIL.c.mail_index, _PERSON_MAIL.c.person_id).where(
        _PERSON_MAIL.c.company_id == bindparam("company"), _PERSON_MAIL.c.mail_index.in_(_INDEXES)
    ),
    many="indexes",
)
