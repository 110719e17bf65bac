"""What became of an attempt, written down: deliveries, the mail's end, reports to the sender, and the forgetting.

These marks ride in the next commit; a crash before it makes the attempt *uncertain* (decisions 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, select, update

from core import outbox
from core.log import get_logger
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


@dataclass(frozen=True, slots=True)
class Finish:
    """The results of one attempt at one mail.

    ``whole``: no other delivery exists, so the mail ends when these do. ``decision``: to be stored with the end,
    None when it is stored already or there is none. ``kept``: copies to seal. ``files``: bodies to delete at the end.
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
    files: Sequence[Path] = ()


def write_down(tx: Tx, finishes: Sequence[Finish]) -> list[None]:
    """Store many attempts' results in one transaction."""
    connection = tx.session.connection()
    connection.execute(_DELIVERY_DONE, [_delivery_values(tx, f.mail_id, r) for f in finishes for r in f.results])
    judged = [_judged_values(f.mail_id, f.decision, f.note) for f in finishes if f.decision is not None]
    if judged:
        connection.execute(_MAIL_JUDGED, judged)
    endings = []
    for finish in finishes:
        _keep_and_report(tx, finish)
        state = _end_state(tx, finish)
        if state is not None:
            endings.append(Ending(finish.mail_id, state, finish.judged, finish.outgoing_id, finish.files))
    if endings:
        end(tx, endings)
    return [None] * len(finishes)


@dataclass(frozen=True, slots=True)
class Ending:
    """A mail that has no open delivery left. Only of a ``judged`` one (a recruiting sender's) the sender stays."""

    mail_id: int
    state: MailState
    judged: bool
    outgoing_id: str | None = None
    files: Sequence[Path] = ()


def end(tx: Tx, endings: Sequence[Ending]) -> None:
    """End mails and forget their bytes and addresses: time, size and result stay (decisions 2 and 3)."""
    connection = tx.session.connection()
    rows = [{"of_mail": e.mail_id, "new_state": e.state.value, "at": tx.now} for e in endings]
    judged = {e.mail_id for e in endings if e.judged}
    for statement, wanted in ((_END_JUDGED, True), (_END_UNJUDGED, False)):
        chosen = [row for row in rows if (row["of_mail"] in judged) is wanted]
        if chosen:
            connection.execute(statement, chosen)
    connection.execute(_BLANK_RECIPIENTS, [{"of_mail": e.mail_id} for e in endings])
    for ending in endings:
        if ending.outgoing_id is not None:
            outbox.settle(tx, ending.outgoing_id, _OUTGOING[ending.state])
        for path in ending.files:
            tx.after_commit(_unlink(path))


_OUTGOING = {
    MailState.DONE: outbox.State.SENT,
    MailState.FAILED: outbox.State.FAILED,
    MailState.CANCELLED: outbox.State.CANCELLED,
}

_DELIVERY_DONE = (
    update(delivery)
    .where(delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at_position"))
    .values(
        state=bindparam("new_state"),
        leased_by=None,
        code=bindparam("new_code"),
        status=bindparam("new_status"),
        reply=bindparam("new_reply"),
        due_at=bindparam("new_due_at"),
        delay_told=bindparam("new_delay_told"),
        finished_at=bindparam("new_finished_at"),
    )
)
_MAIL_JUDGED = (
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
_END_JUDGED = (
    update(mail)
    .where(mail.c.id == bindparam("of_mail"))
    .values(
        state=bindparam("new_state"),
        finished_at=bindparam("at"),
        raw=None,
        final_raw=None,
        body_path=None,
        final_path=None,
        mail_params={},
    )
)
_END_UNJUDGED = _END_JUDGED.values(envelope_from="", helo="", peer="", tls="")
_BLANK_RECIPIENTS = (
    update(delivery).where(delivery.c.mail_id == bindparam("of_mail")).values(recipient="", rcpt_params={}, reply="")
)


def _delivery_values(tx: Tx, mail_id: int, result: Result) -> dict[str, object]:
    return {
        "of_mail": mail_id,
        "at_position": result.position,
        "new_state": result.state.value,
        "new_code": result.reply.code,
        "new_status": result.reply.status,
        "new_reply": result.reply.text,
        "new_due_at": result.due_at,
        "new_delay_told": result.delay_told,
        "new_finished_at": None if result.state is DeliveryState.WAITING else tx.now,
    }


def _judged_values(mail_id: int, decision: Decision, note: str) -> dict[str, object]:
    return {
        "of_mail": mail_id,
        "new_verdict": decision.verdict.value,
        "new_decision": copies.without_quotes(decision),
        "new_note": note,
    }


def _keep_and_report(tx: Tx, finish: Finish) -> None:
    if finish.kept is not None:
        copies.keep(tx, finish.mail_id, finish.kept)
    for report in finish.reports:
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
        return end_state({result.state.value for result in finish.results})
    # Two processes may write down the last two deliveries at the same moment: the second must see the first's.
    tx.session.execute(select(mail.c.id).where(mail.c.id == finish.mail_id).with_for_update())
    states = select(delivery.c.state).where(delivery.c.mail_id == finish.mail_id).distinct()
    return end_state(set(tx.session.scalars(states)))


def end_state(states: set[str]) -> MailState | None:
    """The state of a mail by those of its deliveries; None while one is open. One copy that arrived makes it done."""
    if states & {state.value for state in UNFINISHED}:
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
