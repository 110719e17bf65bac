"""Counts of the queue: what a span of time brought, by company and reason, and what waits since when."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from core.clock import ManualClock
from core.db import new_id
from core.runtime import Runtime, Tx
from gateway import figures
from gateway.tables import delivery, mail

HOUR = timedelta(hours=1)


def put(tx: Tx, received_at: datetime, **more: Any) -> int:
    """A row as the mail path leaves it."""
    values: dict[str, Any] = {
        "queue_id": new_id(),
        "origin": "smtp",
        "company_id": 1,
        "state": "done",
        "judged": False,
        "may_judge": False,
        "envelope_from": "",
        "mail_params": {},
        "peer": "",
        "helo": "",
        "protocol": "ESMTP",
        "tls": "",
        "size": 100,
        "received_at": received_at,
        "note": "",
    }
    return int(tx.session.execute(insert(mail).values(values | more).returning(mail.c.id)).scalar_one())


def judged(verdict: str, note: str = "", **more: Any) -> dict[str, Any]:
    return {"judged": True, "verdict": verdict, "note": note} | more


def test_a_day_is_counted_by_company_and_reason(any_runtime: Runtime, clock: ManualClock) -> None:
    now = clock.now()
    with any_runtime.begin() as tx:
        for more in (
            {},
            {"note": "fault"},
            {"state": "failed"},
            judged("pass"),
            judged("review"),
            judged("inject", "edited"),
            judged("inject", "edited"),
            judged("inject", "daily_cap"),
            judged("inject", "cannot_edit"),
            judged("inject", "cannot_edit"),
            judged("inject", "held", state="held"),
            judged("inject", "observe", company_id=2),
            {"origin": "own"},
            {"company_id": None},
        ):
            put(tx, now - HOUR, **more)
        put(tx, now - 30 * HOUR, **judged("inject", "edited"))
        put(tx, now)
    with any_runtime.read() as tx:
        found = figures.tallies(tx, now - 2 * HOUR, now)
    assert set(found) == {1, 2}
    first = found[1]
    counts = (first.received, first.judged, first.edited, first.reviewed, first.passed, first.held, first.failed)
    assert counts == (11, 8, 2, 1, 1, 1, 1)
    assert first.unchanged == {"cannot_edit": 2, "daily_cap": 1, "fault": 1}
    assert found[2].unchanged == {"observe": 1}
    first.add(found[2])
    assert (first.received, first.unchanged["observe"]) == (12, 1)


@pytest.mark.parametrize("hours", [0, 1, 7, 49, 100, 1000])
def test_the_first_mail_of_a_moment_is_found_by_halving(runtime: Runtime, clock: ManualClock, hours: int) -> None:
    now = clock.now()
    with runtime.begin() as tx:
        ids = [put(tx, now - number * HOUR) for number in range(100, 0, -1)]
        for gone in ids[10:60:3]:
            tx.session.execute(mail.delete().where(mail.c.id == gone))
    with runtime.read() as tx:
        moment = now - hours * HOUR
        first = figures.first_id(tx, moment)
        came = tx.session.scalars(mail.select().with_only_columns(mail.c.id).where(mail.c.received_at >= moment)).all()
        assert all(first <= each for each in came)
        assert sum(tally.received for tally in figures.tallies(tx, moment).values()) == len(came)
        before = tx.session.scalars(mail.select().with_only_columns(mail.c.id).where(mail.c.id >= first)).all()
        assert len(before) - len(came) <= 1, "the slack is minutes, not everything"


def test_an_empty_table_has_no_first_mail(runtime: Runtime) -> None:
    with runtime.read() as tx:
        assert figures.first_id(tx, tx.now) == 0
        assert figures.tallies(tx, tx.now) == {}
        assert figures.backlog(tx).oldest is None


def test_what_waits_and_since_when(any_runtime: Runtime, clock: ManualClock) -> None:
    now = clock.now()
    with any_runtime.begin() as tx:
        ready = put(tx, now - 3 * HOUR, state="ready")
        put(tx, now - HOUR, state="received")
        put(tx, now - 9 * HOUR, state="held")
        put(tx, now - 20 * HOUR)
        for position, (state, tries) in enumerate((("waiting", 1), ("waiting", 0), ("sent", 3))):
            tx.session.execute(
                insert(delivery).values(
                    mail_id=ready, position=position, recipient="", rcpt_params={}, variant="original", state=state,
                    tries=tries, uncertain=0, due_at=now, delay_told=False,
                )
            )  # fmt: skip
    with any_runtime.read() as tx:
        found = figures.backlog(tx)
    assert found.mails == {"received": 1, "ready": 1, "held": 1}
    assert (found.total, found.retried) == (3, 1)
    assert found.oldest == now - 3 * HOUR, "what a person holds waits on purpose"
    assert found.oldest_at["held"] == now - 9 * HOUR
