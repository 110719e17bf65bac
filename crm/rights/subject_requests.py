"""What people ask about their own data, and what became of it: received, identity checked, in work, done or refused.

Disclosure, provision records, correction, stop of use and erasure (個人情報保護法 33-35条, domain LAW20). Nothing is
shown or changed before somebody wrote down how they know that it is the person who asks.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from core import audit
from core.clock import day_in_japan
from core.db import new_id
from core.errors import ConfigError, Mistake, NotFound
from core.runtime import Tx
from crm import persons, suppression
from crm.errors import WrongState
from crm.registry import company_input
from crm.registry.parties import company_row
from crm.rights import person_file, person_rows, withdrawals
from crm.tables import SubjectRequestRow

DUE_DAYS = 14
NOTE_CHARS_MAX = 2000


class Kind(StrEnum):
    """What is asked for."""

    DISCLOSURE = "disclosure"
    PROVISION_RECORDS = "provision_records"
    CORRECTION = "correction"
    STOP_USE = "stop_use"
    ERASURE = "erasure"
    RESUME = "resume"  # wants mails again after an opt-out, a stop of use or an erasure


class Channel(StrEnum):
    """The way by which it came."""

    MAIL = "mail"
    LETTER = "letter"
    PHONE = "phone"
    PERSON = "person"


class Standing(StrEnum):
    """received -> identity_checked -> in_work -> done | refused (domain 3.2)."""

    RECEIVED = "received"
    IDENTITY_CHECKED = "identity_checked"
    IN_WORK = "in_work"
    DONE = "done"
    REFUSED = "refused"


class Identity(StrEnum):
    """How it was made sure that the person asks, and nobody else."""

    MAIL_ANSWERED = "mail_answered"  # answered a mail to the address that we know
    DOCUMENT = "document"  # showed an identity document; no copy is kept here
    CODE = "code"  # typed, or told us, the digits that went to the address
    KNOWN = "known"  # is known to who took the request
    AGENT = "agent"  # an agent with a power of attorney


class Refusal(StrEnum):
    """Why a request was not met."""

    NOT_IDENTIFIED = "not_identified"
    NOTHING_HELD = "nothing_held"
    KEPT_BY_LAW = "kept_by_law"
    RIGHTS_OF_OTHERS = "rights_of_others"
    TAKEN_BACK = "taken_back"


OPEN = (Standing.RECEIVED, Standing.IDENTITY_CHECKED, Standing.IN_WORK)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the desk shows it. ``mail``, ``note`` and ``answer`` are empty once the person was erased."""

    id: str
    company_id: int
    person_id: str | None
    kind: Kind
    channel: Channel
    standing: Standing
    mail: str
    note: str
    answer: str
    identity: Identity | None
    refusal: Refusal | None
    received_at: datetime
    due_on: date
    overdue: bool
    identity_at: datetime | None
    ended_at: datetime | None


def receive(tx: Tx, company_id: int, kind: Kind, channel: Channel, mail: str, *, note: str = "", actor: str) -> Request:
    """Write down a request; it is due in 14 days. ``mail``: the address by which the person may be known here.

    Raises:
        NotFound: no such company.
        ConfigError: the address cannot be one, or the note is too long.
    """
    company_row(tx, company_id)
    address = company_input.address(mail)
    if len(note) > NOTE_CHARS_MAX:
        raise ConfigError(Mistake(f"note: at most {NOTE_CHARS_MAX} characters", "note", {"n": NOTE_CHARS_MAX}))
    row = SubjectRequestRow(
        id=new_id(),
        company_id=company_id,
        person_id=person_rows.known_by(tx, company_id, address),
        kind=kind.value,
        channel=channel.value,
        state=Standing.RECEIVED.value,
        received_at=tx.now,
        due_on=day_in_japan(tx.now) + timedelta(days=DUE_DAYS),
    )
    _say(tx, row, {"mail": address, "note": note.strip(), "answer": ""})
    tx.session.add(row)
    tx.session.flush()
    audit.record(tx, actor, "subject request received", f"request:{row.id}", kind=kind.value)
    return _view(tx, row)


def check_identity(tx: Tx, request_id: str, how: Identity, *, actor: str) -> Request:
    """Write down how it was made sure who asks; the person is looked up again, since they may be known by now.

    Raises:
        NotFound: no such request.
        WrongState: it has ended, or was checked before (``request_state``).
    """
    row = _locked(tx, request_id, Standing.RECEIVED)
    row.state, row.identity, row.identity_at = Standing.IDENTITY_CHECKED.value, how.value, tx.now
    row.person_id = row.person_id or person_rows.known_by(tx, row.company_id, _said(tx, row)["mail"])
    tx.session.flush()
    audit.record(tx, actor, "identity checked", f"request:{row.id}", how=how.value)
    return _view(tx, row)


def file_for(tx: Tx, request_id: str, *, actor: str) -> Mapping[str, Any]:
    """Open the person's file for a checked request, all of it or the provision records; each time is audited.

    Raises:
        NotFound: no such request, or nobody is known by that address (refuse it then: ``nothing_held``).
        WrongState: the identity was not checked, or the request has ended (``request_state``).
    """
    row = _locked(tx, request_id, Standing.IDENTITY_CHECKED, Standing.IN_WORK)
    row.state, row.started_at = Standing.IN_WORK.value, row.started_at or tx.now
    file = person_file.file_of(tx, _person(row))
    audit.record(tx, actor, "person's file opened", f"request:{row.id}", kind=row.kind)
    return person_file.provisions_of(file) if row.kind == Kind.PROVISION_RECORDS else file


def hold(tx: Tx, request_id: str, *standing: Standing) -> Request:
    """Lock a request after its person, and return it as it is then: for what is done in its name elsewhere.

    Raises:
        NotFound: no such request.
        WrongState: it stands at none of ``standing`` (``request_state``).
    """
    known = tx.session.get(SubjectRequestRow, request_id)
    if known is not None and known.person_id is not None:
        persons.lock(tx, known.person_id)  # first, as an erasure does, which empties all requests of the person
    return _view(tx, _locked(tx, request_id, *standing))


def finish(tx: Tx, request_id: str, *, answer: str = "", actor: str) -> Request:
    """Meet a request: erase, stop all use, or allow mails again, in this transaction; the rest was done by who says so.

    Raises:
        NotFound, WrongState: as in ``file_for``.
        ConfigError: the answer is too long.
    """
    hold(tx, request_id, Standing.IDENTITY_CHECKED, Standing.IN_WORK)
    row = _locked(tx, request_id)
    if len(answer) > NOTE_CHARS_MAX:
        raise ConfigError(Mistake(f"answer: at most {NOTE_CHARS_MAX} characters", "answer", {"n": NOTE_CHARS_MAX}))
    address = _said(tx, row)["mail"]
    if row.kind == Kind.ERASURE:
        if row.person_id is not None:
            withdrawals.erase_person(tx, row.person_id, actor=actor)
        suppression.suppress(tx, row.company_id, address, source="erased")
    elif row.kind == Kind.STOP_USE:
        if row.person_id is not None:
            withdrawals.stop_use(tx, row.person_id, actor=actor)
        suppression.suppress(tx, row.company_id, address, source="stop_use")
    elif row.kind == Kind.RESUME:
        indexes = persons.indexes(tx, row.person_id) if row.person_id is not None else []
        suppression.lift(tx, row.company_id, [*indexes, *tx.keys.indexes(row.company_id, address)])
    row = _locked(tx, request_id)
    if row.kind == Kind.ERASURE:
        row.said_sealed = None
    else:
        _say(tx, row, _said(tx, row) | {"answer": answer.strip()})
    return _end(tx, row, Standing.DONE, actor)


def refuse(tx: Tx, request_id: str, reason: Refusal, *, answer: str = "", actor: str) -> Request:
    """Refuse a request, with the reason that the person has to be told.

    Raises:
        NotFound: no such request.
        WrongState: it has ended (``request_state``).
    """
    row = _locked(tx, request_id, *OPEN)
    row.refusal = reason.value
    _say(tx, row, _said(tx, row) | {"answer": answer.strip()[:NOTE_CHARS_MAX]})
    return _end(tx, row, Standing.REFUSED, actor)


def get(tx: Tx, request_id: str) -> Request:
    """Return one request.

    Raises:
        NotFound: no such request.
    """
    row = tx.session.get(SubjectRequestRow, request_id)
    if row is None:
        raise NotFound("there is no such request")
    return _view(tx, row)


def listed(tx: Tx, company_id: int | None = None, *, ended: bool = False, limit: int = 200) -> list[Request]:
    """Return requests, open ones by their due date; with ``ended`` the others too, newest first."""
    query = select(SubjectRequestRow)
    if company_id is not None:
        query = query.where(SubjectRequestRow.company_id == company_id)
    if ended:
        query = query.order_by(SubjectRequestRow.received_at.desc(), SubjectRequestRow.id)
    else:
        query = query.where(SubjectRequestRow.state.in_([one.value for one in OPEN]))
        query = query.order_by(SubjectRequestRow.due_on, SubjectRequestRow.id)
    return [_view(tx, row) for row in tx.session.scalars(query.limit(limit))]


def count_open(tx: Tx, company_id: int | None = None, *, overdue: bool = False) -> int:
    """Count the requests that wait, all or only those whose day has passed."""
    query = select(func.count(SubjectRequestRow.id)).where(SubjectRequestRow.state.in_([one.value for one in OPEN]))
    if company_id is not None:
        query = query.where(SubjectRequestRow.company_id == company_id)
    if overdue:
        query = query.where(SubjectRequestRow.due_on < day_in_japan(tx.now))
    return int(tx.session.scalar(query) or 0)


def _locked(tx: Tx, request_id: str, *allowed: Standing) -> SubjectRequestRow:
    row = tx.session.get(SubjectRequestRow, request_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("there is no such request")
    if allowed and row.state not in allowed:
        raise WrongState("request_state", f"the request stands at {row.state}: first check who asks, and act once")
    return row


def _person(row: SubjectRequestRow) -> str:
    if row.person_id is None:
        raise NotFound("nobody is known by that address: refuse the request as nothing_held")
    return row.person_id


def _end(tx: Tx, row: SubjectRequestRow, standing: Standing, actor: str) -> Request:
    row.state, row.ended_at = standing.value, tx.now
    tx.session.flush()
    reason = {} if row.refusal is None else {"refusal": row.refusal}
    audit.record(tx, actor, f"subject request {standing.value}", f"request:{row.id}", kind=row.kind, **reason)
    return _view(tx, row)


def _say(tx: Tx, row: SubjectRequestRow, said: Mapping[str, str]) -> None:
    text = json.dumps(dict(said), ensure_ascii=False)
    row.said_sealed = tx.keys.seal_text(f"subject_request.said_sealed:{row.id}", text)


def _said(tx: Tx, row: SubjectRequestRow) -> dict[str, str]:
    if row.said_sealed is None:
        return {"mail": "", "note": "", "answer": ""}
    said: dict[str, str] = json.loads(tx.keys.open_text(f"subject_request.said_sealed:{row.id}", row.said_sealed))
    return said


def _view(tx: Tx, row: SubjectRequestRow) -> Request:
    said = _said(tx, row)
    return Request(
        id=row.id,
        company_id=row.company_id,
        person_id=row.person_id,
        kind=Kind(row.kind),
        channel=Channel(row.channel),
        standing=Standing(row.state),
        mail=said["mail"],
        note=said["note"],
        answer=said["answer"],
        identity=Identity(row.identity) if row.identity else None,
        refusal=Refusal(row.refusal) if row.refusal else None,
        received_at=row.received_at,
        due_on=row.due_on,
        overdue=row.state in OPEN and row.due_on < day_in_japan(tx.now),
        identity_at=row.identity_at,
        ended_at=row.ended_at,
    )
