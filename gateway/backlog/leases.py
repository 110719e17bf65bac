"""Who holds which delivery. A lease is a process's and dies with it; what it held is *uncertain* (decisions 6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update

from core import processes
from core.bulk import Query
from core.errors import Temporary
from core.log import get_logger
from core.metrics import FAIL_OPEN
from core.runtime import Tx
from crm.consents.consent import may_leave
from crm.registry.companies import get as get_company
from gateway.delivery.finish import Ending, end, end_state
from gateway.delivery.retry import UNCERTAIN_RETRY_MAX_S, uncertain_delay_s
from gateway.judgement import signing
from gateway.judgement.judge import limits
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.letter.splice import OctetEdit, pack, unpack
from gateway.signature.dkim_keys import signers_for
from gateway.tables import DeliveryState, MailState, Origin, Variant, delivery, mail
from gateway.work import Hand, Work

log = get_logger(__name__)

CLOCK_SLACK_S = 60
#: As much of the time between two looks counts as silence: after a longer one others could not beat either.
LOOK_COUNTS_S = 2 * processes.BEAT_S


def due(tx: Tx) -> bool:
    """Is there a delivery to claim? Asked every second, so that an idle gateway writes nothing."""
    # Two questions, because an OR of them would read the whole index.
    return bool(_DUE.rows(tx, at=tx.now) or _TOO_LATE.rows(tx, at=_latest_due_at(tx)))


_WAITING = select(delivery.c.mail_id).where(delivery.c.state == DeliveryState.WAITING.value).limit(1)
_DUE = Query(_WAITING.where(delivery.c.due_at <= bindparam("at")))
_TOO_LATE = Query(_WAITING.where(delivery.c.due_at > bindparam("at")))


def _latest_due_at(tx: Tx) -> datetime:
    """No pause reaches further than this: what seems to be due later waits because the clock was set back.

    ``tx.now`` may be a little older than the pause that somebody else has written since.
    """
    return tx.now + timedelta(seconds=max(*tx.settings.relay.retry_s, UNCERTAIN_RETRY_MAX_S) + CLOCK_SLACK_S)


def _end_impossible_pauses(tx: Tx) -> None:
    columns = delivery.c
    beyond = (columns.state == DeliveryState.WAITING.value, columns.due_at > _latest_due_at(tx))
    tx.session.execute(update(delivery).where(*beyond).values(due_at=tx.now))


def claim(tx: Tx, process_id: int, limit: int) -> list[Work]:
    """Take all due deliveries of up to ``limit`` mails, the oldest first, and count the try in the same transaction.

    For a mail with a gate the gate is asked here, at each attempt: what may not leave is cancelled, an edited rejection
    mail falls back to its original.

    Raises:
        Temporary: the process was declared dead.
    """
    if not processes.living(tx, process_id):
        raise Temporary("this process was declared dead")
    _end_impossible_pauses(tx)
    works = _works(tx, limit)
    leaving = [work for work in works if _gate_is_open(tx, work)]
    if leaving:
        tx.session.connection().execute(
            _LEASE,
            [
                {"of_mail": work.id, "at": hand.position, "by": process_id, "as": hand.variant.value}
                for work in leaving
                for hand in work.deliveries
            ],
        )
    return leaving


_LEASE = (
    update(delivery)
    .where(delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at"))
    .values(
        state=DeliveryState.SENDING.value,
        leased_by=bindparam("by"),
        variant=bindparam("as"),
        tries=delivery.c.tries + 1,
    )
)


def _works(tx: Tx, limit: int) -> list[Work]:
    columns = delivery.c
    is_due = (columns.state == DeliveryState.WAITING.value, columns.due_at <= tx.now)
    oldest = func.min(columns.due_at)
    wanted = select(columns.mail_id).where(*is_due).group_by(columns.mail_id).order_by(oldest).limit(limit)
    mail_ids = list(tx.session.scalars(wanted))
    if not mail_ids:
        return []
    # The mail's row is the lock: two processes must not share the deliveries of one mail between them.
    mails = tx.session.execute(
        select(mail).where(mail.c.id.in_(mail_ids)).order_by(mail.c.id).with_for_update(skip_locked=True)
    ).all()
    deliveries: dict[int, list[Row[Any]]] = {row.id: [] for row in mails}
    for each in tx.session.execute(
        select(delivery).where(columns.mail_id.in_(deliveries)).order_by(columns.mail_id, columns.position)
    ):
        deliveries[each.mail_id].append(each)
    works = [_work(row, deliveries[row.id], tx.now) for row in mails]
    return [work for work in works if work.deliveries]


def _work(row: Row[Any], everybody: Sequence[Row[Any]], now: datetime) -> Work:
    hands = [
        Hand(each.position, each.recipient, each.rcpt_params, Variant(each.variant), each.tries + 1, each.delay_told)
        for each in everybody
        if each.state == DeliveryState.WAITING.value and each.due_at <= now
    ]
    recipients = tuple(Recipient(each.recipient, each.rcpt_params) for each in everybody)
    return Work(
        id=row.id,
        queue_id=row.queue_id,
        origin=Origin(row.origin),
        company_id=row.company_id,
        state=MailState(row.state),
        may_judge=row.may_judge,
        envelope=Envelope(row.envelope_from, recipients, row.mail_params),
        arrival=Arrival(row.peer, row.helo, row.protocol, row.tls, row.received_at),
        size=row.size,
        deliveries=hands,
        raw=row.raw,
        body_path=Path(row.body_path) if row.body_path else None,
        edits=_edits(row),
        judged=row.judged,
        note=row.note,
        stored=row.state != MailState.RECEIVED.value,
        whole=len(everybody) == len(hands),
        outgoing_id=row.outgoing_id,
        gate_ref=row.gate_ref,
    )


def _edits(row: Row[Any]) -> tuple[OctetEdit, ...] | None:
    """What makes the edited variant; None when there is none, and when it cannot be read: the original leaves."""
    if row.edits is None:
        return None
    try:
        return unpack(row.edits)
    except ValueError as error:
        FAIL_OPEN.labels("edits").inc()
        log.error("stored edits cannot be used", extra={"mail_id": row.id, "error": str(error)})
        return None


#: The note of a mail whose link was taken out again before it left.
LINK_REVOKED = "link_revoked"


def _gate_is_open(tx: Tx, work: Work) -> bool:
    """May the mail leave now? An edited mail always may, but without the link when that is no longer wanted."""
    if work.gate_ref is None or may_leave(tx, work.gate_ref):
        return True
    if work.origin is Origin.SMTP:
        _take_link_out(tx, work)
        return True
    log.info("own mail cancelled: the gate is closed", extra={"mail_id": work.id})
    cancel(tx, work.id)
    return False


def _take_link_out(tx: Tx, work: Work) -> None:
    """Go back to the original, for an applicant without a placeholder that nobody replaced (decisions 13)."""
    edited = [hand for hand in work.deliveries if hand.variant is Variant.EDITED]
    if not edited:
        return
    tx.session.execute(update(mail).where(mail.c.id == work.id).values(note=LINK_REVOKED))
    try:
        cleaned = _cleaned(tx, work)
    except (OSError, LookupError, ValueError, RuntimeError) as error:
        # Fail open, and the other mails of this claim have nothing to do with it.
        log.warning("placeholder not removed", extra={"mail_id": work.id, "error": type(error).__name__})
        cleaned = None
    if cleaned is None:
        for hand in edited:
            hand.variant = Variant.ORIGINAL
        return
    if cleaned != work.edits:
        tx.session.execute(update(mail).where(mail.c.id == work.id).values(edits=pack(cleaned)))
    work.edits = cleaned


def _cleaned(tx: Tx, work: Work) -> tuple[OctetEdit, ...] | None:
    if work.company_id is None:
        return None
    company = get_company(tx, work.company_id)
    signers = signers_for(tx).get(company.id, ())
    return signing.cleaned(work.original(), signers, company, limits(tx.settings), work.received_at)


def cancel(tx: Tx, mail_id: int) -> None:
    """Stop every delivery of a mail that is not in somebody's hand; the mail ends when nothing is open any more."""
    columns = delivery.c
    stoppable = (DeliveryState.WAITING.value, DeliveryState.HELD.value)
    tx.session.execute(
        update(delivery)
        .where(columns.mail_id == mail_id, columns.state.in_(stoppable))
        .values(state=DeliveryState.CANCELLED.value, finished_at=tx.now)
    )
    states = set(tx.session.scalars(select(columns.state).where(columns.mail_id == mail_id)))
    state = end_state(states)
    row = tx.session.execute(
        select(mail.c.judged, mail.c.outgoing_id, mail.c.body_path).where(mail.c.id == mail_id)
    ).one()
    if state is not None:
        end(tx, [Ending(mail_id, state, row.judged, row.outgoing_id, Path(row.body_path) if row.body_path else None)])


def free(tx: Tx, process_id: int) -> int:
    """Give back what a dead process held; how many deliveries. Nobody knows whether its next hop had taken them."""
    # First, for it waits for what the process is storing after all, which then is among what it held.
    processes.forget(tx, process_id)
    return _free(tx, delivery.c.leased_by == process_id)


def free_orphans(tx: Tx) -> int:
    """The same for leases of processes that are in no list any more; how many deliveries."""
    return _free(tx, _of_nobody())


def orphans(tx: Tx) -> bool:
    """Are there any?"""
    return bool(_ORPHAN.rows(tx))


def _of_nobody() -> ColumnElement[bool]:
    return delivery.c.leased_by.is_not(None) & delivery.c.leased_by.not_in(select(processes.Process.id))


_ORPHAN = Query(select(delivery.c.mail_id).where(_of_nobody()).limit(1))


def _free(tx: Tx, whose: ColumnElement[bool]) -> int:
    columns = delivery.c
    held = tx.session.execute(
        select(columns.mail_id, columns.position, columns.uncertain).where(whose).with_for_update()
    ).all()
    if held:
        tx.session.connection().execute(
            _FREE,
            [
                {
                    "of_mail": row.mail_id,
                    "at": row.position,
                    "when": tx.now + timedelta(seconds=uncertain_delay_s(row.uncertain)),
                }
                for row in held
            ],
        )
    return len(held)


def give_back(tx: Tx, mail_id: int, positions: Sequence[int]) -> None:
    """Let deliveries in hand wait again whose result could not be written; *uncertain*, the next hop may have them."""
    columns = delivery.c
    held = (columns.mail_id == mail_id, columns.position.in_(positions), columns.state == DeliveryState.SENDING.value)
    tx.session.execute(
        update(delivery)
        .where(*held)
        .values(
            state=DeliveryState.WAITING.value,
            leased_by=None,
            uncertain=columns.uncertain + 1,
            due_at=tx.now + timedelta(seconds=UNCERTAIN_RETRY_MAX_S),
        )
    )


_FREE = (
    update(delivery)
    .where(delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at"))
    .values(
        state=DeliveryState.WAITING.value,
        leased_by=None,
        uncertain=delivery.c.uncertain + 1,
        due_at=bindparam("when"),
    )
)


class Observer:
    """Tells which processes are dead: those whose heartbeat stands still while *our* looks go on.

    Comparing their time stamps with the time of day would kill every living process when the clock jumps; counting all
    of the time between two looks would kill them when the whole machine stood still; and while our own heart does not
    beat either, the database takes nobody's.
    """

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._silent: dict[int, tuple[datetime, float]] = {}
        self._looked_s: float | None = None

    def dead(self, beats: Mapping[int, datetime], now_s: float) -> list[int]:
        """``beats``: heartbeat by process, ours among them; ``now_s``: monotonic seconds."""
        passed_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, LOOK_COUNTS_S)
        self._looked_s = now_s
        own_at, own_silent_s = self._silent.get(self._process_id, (None, 0.0))
        if own_at is not None and own_at == beats.get(self._process_id) and own_silent_s >= processes.LATE_AFTER_S:
            passed_s = 0.0
        silent = {}
        for process_id, beat_at in beats.items():
            last_at, silent_s = self._silent.get(process_id, (beat_at, -passed_s))
            silent[process_id] = beat_at, silent_s + passed_s if last_at == beat_at else 0.0
        self._silent = silent
        return [
            process_id
            for process_id, (_, silent_s) in silent.items()
            if silent_s >= processes.DEAD_AFTER_S and process_id != self._process_id
        ]


def free_dead(tx: Tx, silent: Mapping[int, datetime]) -> int:
    """Free the leases of processes whose heartbeat is still the one in ``silent``; how many deliveries."""
    now = processes.beats(tx)
    return sum(free(tx, process_id) for process_id, at in silent.items() if now.get(process_id) == at)
