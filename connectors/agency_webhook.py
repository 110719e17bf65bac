"""Tells an agency's server what happened for it (Standard Webhooks, standardwebhooks.com): the job `agency_webhook`.

The gate is asked, the content made and the attempt written down in one transaction; the call follows its commit, as a
mail's does, because nobody may wait for a stranger's server while holding the database.
"""

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import outbound
from connectors.outbound import Answer
from core.errors import NotYet
from core.jobs import Claimed
from core.log import get_logger
from core.metrics import WEBHOOKS
from core.runtime import Runtime, Tx
from crm.agency import agency_events, agency_letters, webhooks
from crm.agency.agency_events import Delivery
from crm.consents import consent
from crm.delivery import agency_payload

#: Seconds before the second attempt, the third …: ten attempts in a little more than three days.
RETRY_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
QUIET_S = 60
GONE = 410

_log = get_logger("connectors.agency_webhook")


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt, ready to leave."""

    event_id: str
    agency_id: int
    url: str
    headers: dict[str, str]
    body: bytes


def send(runtime: Runtime, job: Claimed) -> None:
    """Make the attempt of a job (payload ``{"event_id", "attempt"}``). Run twice after a crash, it sends twice: the
    receiver knows an event by its ``webhook-id``.

    Raises:
        NotYet: this server did not answer a moment ago; the job comes back.
    """
    with runtime.begin() as tx:
        call = prepare(tx, str(job.payload["event_id"]), int(job.payload["attempt"]))
    if call is None:
        return
    answer = outbound.post(runtime.settings, call.url, call.headers, call.body)
    with runtime.begin() as tx:
        _settle(tx, call, answer)
    WEBHOOKS.labels("delivered" if answer.taken else "refused").inc()
    _log.info(
        "webhook called", extra={"agency_id": call.agency_id, "event_id": call.event_id, "result": answer.problem}
    )


def prepare(tx: Tx, event_id: str, attempt: int) -> Call | None:
    """Write the attempt down and return what leaves; None when nothing may, or somebody planned otherwise meanwhile.

    Raises:
        NotYet: as in `send`.
    """
    row = agency_events.locked(tx, event_id)
    # The same number again is an attempt that a crash cut short.
    if row.delivery != Delivery.WAITING or attempt not in (row.tries, row.tries + 1):
        return None
    told, company_id = agency_events.view(row), agency_events.company_of(tx, row.referral_id, row.introduction_id)
    where = webhooks.destination(tx, row.agency_id, company_id)
    if where is None or (told.gate_ref and not consent.may_leave(tx, told.gate_ref)):
        row.delivery = Delivery.CANCELLED.value
        row.result = "no webhook" if where is None else "may not leave"
        tx.session.flush()
        return None
    if where.quiet_until is not None and where.quiet_until > tx.now:
        raise NotYet("the agency's server did not answer a moment ago", where.quiet_until)
    row.tries, row.tried_at = attempt, tx.now
    tx.session.flush()
    body = json.dumps(agency_payload.event(tx, told), ensure_ascii=False, separators=(",", ":")).encode()
    return Call(row.id, row.agency_id, where.url, _headers(row.id, tx.now, body, where.secrets), body)


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature of version 1: HMAC-SHA-256 over id, time and the very bytes of the body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def _headers(event_id: str, now: datetime, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    message_id, timestamp = f"evt_{event_id}", int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "CareerRelay-Webhook/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def _settle(tx: Tx, call: Call, answer: Answer) -> None:
    row = agency_events.locked(tx, call.event_id)
    if row.delivery != Delivery.WAITING:
        return
    row.result = answer.problem
    if answer.taken:
        row.delivery = Delivery.DELIVERED.value
        webhooks.hush(tx, row.agency_id, None)
        return
    if answer.status == 0:
        webhooks.hush(tx, row.agency_id, tx.now + timedelta(seconds=QUIET_S))
    if answer.status == GONE:
        webhooks.stop(tx, row.agency_id)
    if answer.status == GONE or row.tries > len(RETRY_S):
        row.delivery = Delivery.FAILED.value
        tx.session.flush()
        agency_letters.webhook_failed(tx, row.agency_id, stopped=answer.status == GONE)
        return
    wait_s = max(RETRY_S[row.tries - 1], answer.retry_after_s)
    agency_events.plan(tx, row.id, row.tries + 1, tx.now + timedelta(seconds=wait_s))
