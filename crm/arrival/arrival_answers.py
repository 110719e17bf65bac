"""A person of the company looks for the notice of somebody who came by its link: yes or no, and nothing more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from core import audit
from core.clock import day_in_japan
from core.errors import ConfigError, NotFound
from core.jobs import Claimed
from core.lang import lang_of
from core.log import get_logger
from core.outbox import Kind
from core.runtime import Runtime, Tx
from crm import letters, wording
from crm.arrival import arrivals
from crm.arrival.arrivals import CLOSED, CONFIRMED, LINK_HOURS, REFUSED, ROWS_MAX, STARTED, UNMATCHED, WAITING
from crm.errors import WrongState
from crm.invitation.invitations import Offer
from crm.tables import ArrivalRow, CompanyRow

ANSWER_DAYS = 14
KEPT_DAYS = 30
WAITING_JOB = "arrivals_waiting"
CONSOLE_PATH = "/console/links/"
_log = get_logger("crm.arrival.arrival_answers")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person of the company sees: the address to look up, and since when it waits."""

    id: str
    company_id: int
    company: str
    address: str
    asked_at: datetime
    answer_by: datetime


def waiting(tx: Tx, company_id: int | None) -> list[Waiting]:
    """Return who waits for a person, the oldest first; None: of every company."""
    query = select(ArrivalRow).where(ArrivalRow.state == WAITING).order_by(ArrivalRow.asked_at).limit(ROWS_MAX)
    if company_id is not None:
        query = query.where(ArrivalRow.company_id == company_id)
    return [
        Waiting(
            row.id,
            row.company_id,
            tx.session.get_one(CompanyRow, row.company_id).name,
            arrivals.address_of(tx, row),
            row.asked_at or row.created_at,
            (row.asked_at or row.created_at) + timedelta(days=ANSWER_DAYS),
        )
        for row in tx.session.scalars(query)
    ]


def count_waiting(tx: Tx, company_id: int | None) -> int:
    """How many wait for a person."""
    query = select(func.count()).select_from(ArrivalRow).where(ArrivalRow.state == WAITING)
    return tx.session.scalar(query if company_id is None else query.where(ArrivalRow.company_id == company_id)) or 0


def tell_waiting(runtime: Runtime, _job: Claimed) -> None:
    """Job ``arrivals_waiting``, daily: tell each company how many wait, once for the newest of them; no address."""
    with runtime.read() as tx:
        ids = tx.session.scalars(
            select(ArrivalRow.company_id).where(ArrivalRow.state == WAITING).distinct().order_by(ArrivalRow.company_id)
        ).all()
    for company_id in ids:
        try:
            with runtime.begin() as tx:
                written = _tell_company(tx, company_id)
        except ConfigError as error:  # of this company: the others' people are told all the same
            _log.warning("waiting arrivals cannot be told", extra={"company_id": company_id, "error": error.message})
            continue
        _log.info("waiting arrivals told", extra={"company_id": company_id, "written": written})


def _tell_company(tx: Tx, company_id: int) -> bool:
    company, listed = tx.session.get_one(CompanyRow, company_id), waiting(tx, company_id)
    if not listed or not company.contact_mail:
        return False
    lang = lang_of(company.locale)
    return letters.send(
        tx,
        name=WAITING_JOB,
        key=f"{WAITING_JOB}:{company_id}:{listed[-1].id}",
        company=company,
        kind=Kind.OWN_COMPANY,
        recipient=company.contact_mail,
        lang=lang,
        gate_ref=f"company:{company_id}:digest",
        values={
            "waiting": len(listed),
            "answer_by": wording.day(day_in_japan(listed[0].answer_by), lang),
            "console_url": tx.settings.web.base_url + CONSOLE_PATH,
        },
    )


def company_of(tx: Tx, arrival_id: str) -> int:
    """Return whose arrival it is; raises NotFound."""
    row = tx.session.get(ArrivalRow, arrival_id)
    if row is None:
        raise NotFound("there is no such arrival")
    return row.company_id


def answer(tx: Tx, arrival_id: str, *, known: bool, actor: str) -> bool:
    """A person of the company says whether the result was told to this address; the candidate hears by mail.

    Returns whether the personal link went out: also a yes ends without one when the address opted out meanwhile.

    Raises:
        NotFound: there is no such arrival.
        WrongState: it was answered before (``answered``).
    """
    row = arrivals.held(tx, arrival_id)
    if row is None:
        raise NotFound("there is no such arrival")
    if row.state != WAITING:
        raise WrongState("answered", "this was answered before")
    audit.record(tx, actor, "looked for a notice", f"arrival:{row.id}", known=known)
    address = arrivals.address_of(tx, row)
    offer = arrivals.invite(tx, row, address, CONFIRMED) if known else None
    if isinstance(offer, Offer):
        _tell(tx, row, address, "arrival_yes", f"invitation:{offer.invitation_id}", {"relay_url": offer.relay_url})
        return True
    _tell(tx, row, address, "arrival_no", f"arrival:{row.id}:answer", {})
    row.state = REFUSED
    arrivals.end(tx, row)
    return False


def purge(tx: Tx) -> int:
    """Delete arrivals that led nowhere after a day, and all after 30; tell those whom nobody answered in 14 days."""
    silent = tx.session.scalars(
        select(ArrivalRow.id)
        .where(ArrivalRow.state == WAITING, ArrivalRow.asked_at < tx.now - timedelta(days=ANSWER_DAYS))
        .limit(ROWS_MAX)
    ).all()
    for arrival_id in silent:
        answer(tx, arrival_id, known=False, actor="system")
    day, month = tx.now - timedelta(hours=LINK_HOURS), tx.now - timedelta(days=KEPT_DAYS)
    led_nowhere = ArrivalRow.state.in_((STARTED, UNMATCHED, CLOSED)) & (ArrivalRow.created_at < day)
    ended = (ArrivalRow.state != WAITING) & (ArrivalRow.created_at < month)
    ids = tx.session.scalars(select(ArrivalRow.id).where(led_nowhere | ended).limit(ROWS_MAX)).all()
    tx.session.execute(delete(ArrivalRow).where(ArrivalRow.id.in_(ids)))
    return len(silent) + len(ids)


def _tell(tx: Tx, row: ArrivalRow, address: str, name: str, gate_ref: str, values: dict[str, object]) -> None:
    letters.send(
        tx,
        name=name,
        key=f"{name}:{row.id}",
        company=tx.session.get_one(CompanyRow, row.company_id),
        kind=Kind.CANDIDATE,
        recipient=address,
        lang=lang_of(row.lang),
        gate_ref=gate_ref,
        values=values,
    )
