"""Offers for many rejection mails at once, for the two cases of `standing` that are nearly all of the traffic.

`invitations.offer_for_rejection` does the same for one mail in every case there is. Here everything that needs no
database (tokens, seals, the text around the link) is made before the transaction, which then only inserts: it holds
SQLite's one write lock.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, insert, select

from core.bulk import Bulk, insert_ignoring
from core.crypto import KeyRing
from core.db import new_id
from core.errors import Temporary
from core.runtime import Tx
from core.settings import Settings
from core.tokens import new_token, token_sha256
from crm import links, notices, persons
from crm.agency.agencies import AgencyView
from crm.invitation.invitations import ISSUED, OPTOUT_TTL_DAYS, Offer, expiry, last_day
from crm.invitation.standing import OpenInvitation, Standing, live_links, suppressed
from crm.links import LinkKind
from crm.registry.companies import CompanyView
from crm.tables import InvitationMailRow, InvitationRow, LinkRow, NoticeRow, PersonMailRow, PersonRow

_PERSON = cast("Table", PersonRow.__table__)
_PERSON_MAIL = cast("Table", PersonMailRow.__table__)
_NOTICE = cast("Table", NoticeRow.__table__)
_INVITATION = cast("Table", InvitationRow.__table__)
_INVITATION_MAIL = cast("Table", InvitationMailRow.__table__)
_LINK = cast("Table", LinkRow.__table__)


_Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The rows of a person not known before, one a table and two links."""

    person: _Values
    address: _Values
    notice: _Values
    invitation: _Values
    links: tuple[_Values, _Values]


@dataclass(frozen=True, slots=True)
class Draft:
    """An offer whose rows are not written yet. ``day``: the company's own, ISO 8601; ``first`` is None for *again*."""

    company_id: int
    mail_index: str
    day: str
    offer: Offer
    person_id: str
    first: FirstRows | None


class Stored(StrEnum):
    """What became of a draft. ``changed``: what was read before is not so any more, take the long way."""

    DONE = "done"
    DAILY_CAP = "daily_cap"
    OPTED_OUT = "opted_out"
    CHANGED = "changed"


class _Raced(Temporary):
    """Somebody stored the same address between our look and our insert: the whole transaction is taken back."""


def draft(
    standing: Standing,
    *,
    company: CompanyView,
    agencies: Sequence[AgencyView],
    recipient: str,
    keys: KeyRing,
    settings: Settings,
    now: datetime,
) -> Draft:
    """Make the offer for ``recipient``, and every row it needs. ``agencies``: licensed today, at least one.

    ``standing.case`` is `Case.FIRST` or `Case.AGAIN`.
    """
    zone = ZoneInfo(company.timezone)
    invitation = standing.open
    first = None
    if invitation is None:
        invitation = OpenInvitation(new_id(), new_id(), new_id(), expiry(now, zone), new_token(), new_token())
        first = _rows(invitation, company.id, recipient, standing.mail_index, keys, now)
    offer = Offer(
        invitation_id=invitation.invitation_id,
        notice_id=invitation.notice_id,
        relay_url=links.url(settings, LinkKind.RELAY, invitation.relay_token),
        optout_url=links.url(settings, LinkKind.OPTOUT, invitation.optout_token),
        agency=agencies[0].name,
        licence_no=agencies[0].licence_no,
        expires_on=last_day(invitation.expires_at, zone),
        agencies=tuple(agencies),
        new=first is not None,
    )
    return Draft(
        company_id=company.id,
        mail_index=standing.mail_index,
        day=now.astimezone(zone).date().isoformat(),
        offer=offer,
        person_id=invitation.person_id,
        first=first,
    )


def _rows(
    new: OpenInvitation, company_id: int, recipient: str, mail_index: str, keys: KeyRing, now: datetime
) -> FirstRows:
    address_id = new_id()
    optout_until = now + timedelta(days=OPTOUT_TTL_DAYS)
    return FirstRows(
        person={"id": new.person_id, "company_id": company_id, "created_at": now, "erased_at": None},
        address={
            "id": address_id,
            "person_id": new.person_id,
            "company_id": company_id,
            "mail_index": mail_index,
            "sealed": persons.seal_address(keys, address_id, recipient),
            "confirmed_at": None,
            "created_at": now,
        },
        notice={
            "id": new.notice_id,
            "company_id": company_id,
            "person_id": new.person_id,
            "state": notices.SENT,
            "source": "mail",
            "requisition": None,
            "first_at": now,
            "sent_at": now,
            "wrong_at": None,
        },
        invitation={
            "id": new.invitation_id,
            "company_id": company_id,
            "notice_id": new.notice_id,
            "person_id": new.person_id,
            "state": ISSUED,
            "issued_at": now,
            "expires_at": new.expires_at,
        },
        links=(
            _link_row(LinkKind.RELAY, new.invitation_id, new.relay_token, new.expires_at, keys, now),
            _link_row(LinkKind.OPTOUT, new.invitation_id, new.optout_token, optout_until, keys, now),
        ),
    )


def _link_row(
    kind: LinkKind, subject: str, token: str, expires_at: datetime, keys: KeyRing, now: datetime
) -> dict[str, Any]:
    row_id = new_id()
    return {
        "id": row_id,
        "kind": kind.value,
        "subject": subject,
        "token_sha256": token_sha256(token),
        "token_sealed": links.seal_token(keys, row_id, token),
        "created_at": now,
        "expires_at": expires_at,
        "revoked_at": None,
    }


def store(tx: Tx, carried: Sequence[tuple[int, Draft]]) -> list[Stored]:
    """Write the rows of all drafts that still may be made, and count them towards the cap of their company's day.
    ``carried``: each with the id of the mail that carries it.

    Raises:
        Temporary: somebody stored one of these addresses just now. Nothing may be committed; run each alone, where
            the one concerned is answered with `Stored.CHANGED`.
    """
    outcome = _outcomes(tx, [draft for _, draft in carried])
    taken = [each for each, stored in zip(carried, outcome, strict=True) if stored is Stored.DONE]
    if not taken:
        return outcome
    try:
        _insert(tx, taken)
    except _Raced:
        if len(carried) > 1:
            raise
        tx.session.execute(delete(_PERSON).where(_PERSON.c.id == carried[0][1].person_id))  # whose address it is not
        return [Stored.CHANGED]
    return outcome


def _outcomes(tx: Tx, drafts: Sequence[Draft]) -> list[Stored]:
    by_company: dict[int, list[str]] = {}
    for each in drafts:
        by_company.setdefault(each.company_id, []).append(each.mail_index)
    barred = suppressed(tx, by_company)
    room = {key: notices.room(tx, *key) for key in sorted({(each.company_id, each.day) for each in drafts})}
    again = _still_open(tx, [each for each in drafts if each.first is None])
    found: list[Stored] = []
    met: set[tuple[int, str]] = set()
    for each in drafts:
        key = (each.company_id, each.mail_index)
        day = (each.company_id, each.day)
        left = room[day]
        if left is not None and left <= 0:
            found.append(Stored.DAILY_CAP)
        elif key in barred:
            found.append(Stored.OPTED_OUT)
        elif key in met or (each.first is None and each.offer.invitation_id not in again):
            found.append(Stored.CHANGED)
        else:
            met |= {key} if each.first is not None else set()
            room[day] = None if left is None else left - 1
            found.append(Stored.DONE)
    return found


def _still_open(tx: Tx, drafts: Sequence[Draft]) -> set[str]:
    """Lock the people of ``drafts``, as every change of an invitation does, and look again."""
    if not drafts:
        return set()
    person_ids = sorted({each.person_id for each in drafts})
    connection = tx.session.connection()
    connection.execute(
        select(_PERSON.c.id).where(_PERSON.c.id.in_(person_ids)).order_by(_PERSON.c.id).with_for_update()
    ).all()
    horizon = tx.now - timedelta(days=notices.SAME_NOTICE_DAYS)
    rows = connection.execute(live_links(horizon).where(_NOTICE.c.person_id.in_(person_ids)))
    kinds = Counter(row.invitation_id for row in rows if row.expires_at > tx.now)
    return {invitation_id for invitation_id, count in kinds.items() if count == len((LinkKind.RELAY, LinkKind.OPTOUT))}


def _insert(tx: Tx, carried: Sequence[tuple[int, Draft]]) -> None:
    drafts = [draft for _, draft in carried]
    # In the order of their index, so that two processes never wait for each other's addresses crosswise.
    first = [each.first for each in sorted(drafts, key=lambda each: each.mail_index) if each.first is not None]
    _INSERT_PERSON.run(tx, [rows.person for rows in first])
    if _INSERT_ADDRESS.run(tx, [rows.address for rows in first]) != len(first):
        raise _Raced("an address was stored by somebody else at this moment")
    _INSERT_NOTICE.run(tx, [rows.notice for rows in first])
    _INSERT_INVITATION.run(tx, [rows.invitation for rows in first])
    _INSERT_LINK.run(tx, [row for rows in first for row in rows.links])
    _INSERT_CARRIED.run(tx, [_carried(mail_id, draft, tx.now) for mail_id, draft in carried])
    for (company_id, day), mails in sorted(Counter((each.company_id, each.day) for each in drafts).items()):
        notices.count_injections(tx, company_id, day, mails)


def _carried(mail_id: int, draft: Draft, now: datetime) -> _Values:
    invitation_id = draft.offer.invitation_id
    return {"mail_id": mail_id, "invitation_id": invitation_id, "company_id": draft.company_id, "at": now}


_INSERT_PERSON = Bulk(insert(_PERSON))
_INSERT_ADDRESS = insert_ignoring(_PERSON_MAIL, "company_id", "mail_index")
_INSERT_NOTICE = Bulk(insert(_NOTICE))
_INSERT_INVITATION = Bulk(insert(_INVITATION))
_INSERT_LINK = Bulk(insert(_LINK))
_INSERT_CARRIED = insert_ignoring(_INVITATION_MAIL, "mail_id")
