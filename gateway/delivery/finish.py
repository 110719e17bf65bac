"""What became of an attempt, written down: deliveries, the mail's end, reports to the sender, and the forgetting.

These marks ride in the next commit; a crash before it makes the attempt *uncertain* (decisions 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, literal_column, select, update

from core import outbox
from core.bulk import Bulk
from core.log import get_logger
from core.metrics import BOUNCES
from core.runtime import Tx
from gateway import copies
from gateway.copies import Kept
from gateway.outcome import Reply
from gateway.tables import UNFINISHED, DeliveryState, MailState, delivery, mail
from rules.model import Decision

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """One delivery's result. ``due_at``: of the next attempt, when the state is waiting."""

    position: int
    state: DeliveryState
    reply: Reply
    due_at: datetime
    delay_told: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A DSN to put into our own outgoing mails."""

    key: str
    recipient: str
    raw: bytes
    action: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The results of one attempt at one mail.

    ``whole``: no other delivery exists, so the mail ends when these do. ``decision``: to be stored with the end,
    None when it is stored already or there is none. ``kept``: copies to store. ``body_path``: to delete at the end.
    """

    mail_id: int
    company_id: int | None
    results: Sequence[Result]
    whole: bool
    judged: bool
    decision: Decision | None = None
    note: str = ""
    kept: Kept | None = None
    outgoing_id: str | None = None
    reports: Sequence[Report] = ()
    body_path: Path | None = None


def write_down(tx: Tx, finishes: Sequence[Finish]) -> list[None]:
    """Store many attempts' results in one transaction, with one statement a kind of change."""
    at_once: list[Ending] = []  # nearly all: every delivery of the mail ends here
    ended: list[dict[str, object]] = []
    others: list[Finish] = []
    for finish in finishes:
        state = end_state({result.state.value for result in finish.results}) if finish.whole else None
        if state is None:
            others.append(finish)
        else:
            at_once.append(_ending(finish, state))
            ended += [_ended_values(tx, finish.mail_id, result) for result in finish.results]
    _DELIVERY_ENDED.run(tx, ended)
    _DELIVERY_DONE.run(tx, [_delivery_values(tx, f.mail_id, r) for f in others for r in f.results])
    _MAIL_JUDGED.run(tx, [_judged_values(f.mail_id, f.decision, f.note) for f in finishes if f.decision is not None])
    copies.store(tx, [(finish.mail_id, finish.kept) for finish in finishes if finish.kept is not None])
    for finish in finishes:
        _report(tx, finish)
    _end_rows(tx, at_once)
    last = [(finish, _end_state(tx, finish)) for finish in others]
    end(tx, [_ending(finish, state) for finish, state in last if state is not None])
    return [None] * len(finishes)


@dataclass(frozen=True, slots=True)
class Ending:
    """A mail that has no open delivery left. Only of a ``judged`` one (a recruiting sender's) the sender stays."""

    mail_id: int
    state: MailState
    judged: bool
    outgoing_id: str | None = None
    body_path: Path | None = None


def end(tx: Tx, endings: Sequence[Ending]) -> None:
    """End mails and forget their bytes and addresses: time, size and result stay (decisions 2 and 3)."""
    _BLANK_RECIPIENTS.run(tx, [{"of_mail": each.mail_id} for each in endings])
    _end_rows(tx, endings)


def _end_rows(tx: Tx, endings: Sequence[Ending]) -> None:
    for statement, wanted in ((_END_JUDGED, True), (_END_UNJUDGED, False)):
        chosen = [each for each in endings if each.judged is wanted]
        statement.run(tx, [{"of_mail": e.mail_id, "new_state": e.state.value, "at": tx.now} for e in chosen])
    for each in endings:
        if each.outgoing_id is not None:
            outbox.settle(tx, each.outgoing_id, _OUTGOING[each.state])
        if each.body_path is not None:
            tx.after_commit(_unlink(each.body_path))


def _ending(finish: Finish, state: MailState) -> Ending:
    return Ending(finish.mail_id, state, finish.judged, finish.outgoing_id, finish.body_path)


_OUTGOING = {
    MailState.DONE: outbox.State.SENT,
    MailState.FAILED: outbox.State.FAILED,
    MailState.CANCELLED: outbox.State.CANCELLED,
}

_THIS_DELIVERY = (delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at_position"))
_TRIED = (
    update(delivery)
    .where(*_THIS_DELIVERY)
    .values(
        state=bindparam("new_state"),
        leased_by=None,
        code=bindparam("new_code"),
        status=bindparam("new_status"),
        finished_at=bindparam("new_finished_at"),
    )
)
_DELIVERY_DONE = Bulk(
    _TRIED.values(reply=bindparam("new_reply"), due_at=bindparam("new_due_at"), delay_told=bindparam("new_delay_told"))
)
_BLANK = {"recipient": "", "rcpt_params": literal_column("'{}'", delivery.c.rcpt_params.type), "reply": ""}
_DELIVERY_ENDED = Bulk(_TRIED.values(**_BLANK))
_BLANK_RECIPIENTS = Bulk(update(delivery).where(delivery.c.mail_id == bindparam("of_mail")).values(**_BLANK))
_MAIL_JUDGED = Bulk(
    update(mail)
    .where(mail.c.id == bindparam("of_mail"))
    .values(
        state=MailState.READY.value,
        judged=True,
        verdict=bindparam("new_verdict"),
        decision=bindparam("new_decision"),
        note=bindparam("new_note"),
    )
)
_END = (
    update(mail)
    .where(mail.c.id == bindparam("of_mail"))
    .values(
        state=bindparam("new_state"),
        finished_at=bindparam("at"),
        raw=None,
        edits=None,
        body_path=None,
        mail_params=literal_column("'{}'", mail.c.mail_params.type),
    )
)
_END_JUDGED = Bulk(_END)
_END_UNJUDGED = Bulk(_END.values(envelope_from="", helo="", peer="", tls=""))


def _ended_values(tx: Tx, mail_id: int, result: Result) -> dict[str, object]:
    return {
        "of_mail": mail_id,
        "at_position": result.position,
        "new_state": result.state.value,
        "new_code": result.reply.code,
        "new_status": result.reply.status,
        "new_finished_at": tx.now,
    }


def _delivery_values(tx: Tx, mail_id: int, result: Result) -> dict[str, object]:
    return _ended_values(tx, mail_id, result) | {
        "new_reply": result.reply.text,
        "new_due_at": result.due_at,
        "new_delay_told": result.delay_told,
        "new_finished_at": None if result.state is DeliveryState.WAITING else tx.now,
    }


def _judged_values(mail_id: int, decision: Decision, note: str) -> dict[str, object]:
    return {
        "of_mail": mail_id,
        "new_verdict": decision.verdict.value,
        "new_decision": decision.to_json(words=False),
        "new_note": note,
    }


def _report(tx: Tx, finish: Finish) -> None:
    for report in finish.reports:
        tx.after_commit(BOUNCES.labels(report.action).inc)
        outbox.put(
            tx,
            key=report.key,
            company_id=finish.company_id,
            kind=outbox.Kind.DSN,
            sender="",
            recipient=report.recipient,
            raw=report.raw,
        )


def _end_state(tx: Tx, finish: Finish) -> MailState | None:
    """The state in which the mail ends, None while a delivery is still open."""
    if finish.whole:
        return None  # or it had ended at once
    # Two processes may write down the last two deliveries at the same moment: the second must see the first's.
    tx.session.execute(select(mail.c.id).where(mail.c.id == finish.mail_id).with_for_update())
    states = select(delivery.c.state).where(delivery.c.mail_id == finish.mail_id).distinct()
    return end_state(set(tx.session.scalars(states)))


_UNFINISHED = {state.value for state in UNFINISHED}


def end_state(states: set[str]) -> MailState | None:
    """The state of a mail by those of its deliveries; None while one is open. One copy that arrived makes it done."""
    if states & _UNFINISHED:
        return None
    if DeliveryState.SENT.value in states:
        return MailState.DONE
    return MailState.FAILED if DeliveryState.FAILED.value in states else MailState.CANCELLED


def _unlink(path: Path) -> Callable[[], None]:
    def remove() -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            # The commit stands; what is left behind is swept up with the orphans.
            log.warning("a body file stayed", extra={"file": path.name, "errno": error.errno})

    return remove
