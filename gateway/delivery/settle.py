"""From what the next hop said to what is written down and reported. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.tokens import new_token
from gateway.delivery import bounce
from gateway.delivery.bounce import Action, Reported
from gateway.delivery.finish import Finish, Report, Result
from gateway.delivery.retry import Schedule
from gateway.outcome import Reply
from gateway.tables import DeliveryState, Origin
from gateway.work import Hand, Work


def settle(
    work: Work,
    replies: Sequence[tuple[Hand, Reply]],
    *,
    schedule: Schedule,
    hostname: str,
    now: datetime,
) -> Finish:
    """Turn one attempt's replies into results, and into reports where the sender wants them."""
    results = []
    reported: dict[Action, list[Reported]] = {}
    for hand, reply in replies:
        result, action = _result(work, hand, reply, schedule, now)
        results.append(result)
        if action is not None and bounce.wanted(action, work.envelope.sender, hand.params):
            reported.setdefault(action, []).append(Reported(hand.recipient, hand.params, reply))
    until = work.received_at + timedelta(seconds=schedule.give_up_s)
    reports = [
        _report(work, action, entries, hostname, now, until)
        for action, entries in reported.items()
        if work.origin is Origin.SMTP
    ]
    return Finish(
        mail_id=work.id,
        company_id=work.company_id,
        results=results,
        whole=work.whole,
        judged=work.judged,
        decision=None if work.stored else work.decision,
        note=work.note,
        kept=None if work.stored else work.kept,
        outgoing_id=work.outgoing_id,
        reports=reports,
        body_path=work.body_path,
    )


def settle_barely(work: Work, replies: Sequence[tuple[Hand, Reply]], *, schedule: Schedule, now: datetime) -> Finish:
    """The results alone, for when reports, copies or the decision cannot be written.

    A failure nobody would be told of is tried again instead, as long as the mail lives: its report may succeed then.
    """
    results = []
    for hand, reply in replies:
        result, action = _result(work, hand, reply, schedule, now)
        due_at = schedule.next_try(hand.tries, work.received_at, now)
        if action is Action.FAILED and due_at is not None:
            result = replace(result, state=DeliveryState.WAITING, due_at=due_at)
        results.append(replace(result, delay_told=hand.delay_told))
    return Finish(
        mail_id=work.id,
        company_id=work.company_id,
        results=results,
        whole=work.whole,
        judged=work.judged,
        outgoing_id=work.outgoing_id,
        body_path=work.body_path,
    )


def _result(work: Work, hand: Hand, reply: Reply, schedule: Schedule, now: datetime) -> tuple[Result, Action | None]:
    if reply.ok:
        # A server that takes over the sender's wishes reports by itself (RFC 3461 5.2.1).
        action = None if reply.dsn else Action.RELAYED
        return Result(hand.position, DeliveryState.SENT, reply, now, hand.delay_told), action
    due_at = None if reply.permanent else schedule.next_try(hand.tries, work.received_at, now, reply.wait_s)
    if due_at is None:
        return Result(hand.position, DeliveryState.FAILED, reply, now, hand.delay_told), Action.FAILED
    delayed = schedule.delay_is_due(work.received_at, now, hand.delay_told)
    result = Result(hand.position, DeliveryState.WAITING, reply, due_at, hand.delay_told or delayed)
    return result, Action.DELAYED if delayed else None


def _report(
    work: Work, action: Action, entries: Sequence[Reported], hostname: str, now: datetime, until: datetime
) -> Report:
    raw = bounce.report(
        action,
        envelope=work.envelope,
        recipients=entries,
        original=work.head(bounce.HEADER_BYTES_MAX),
        hostname=hostname,
        queue_id=work.queue_id,
        received_at=work.received_at,
        now=now,
        retry_until=until if action is Action.DELAYED else None,
    )
    return Report(f"dsn:{work.id}:{new_token()}", work.envelope.sender, raw, action.value)
