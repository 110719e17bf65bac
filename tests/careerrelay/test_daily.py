"""The daily line to the admin: counted in numbers, written once a day, carried by our own queue to the next hop."""

import dataclasses
import email
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default

import pytest

from careerrelay import daily, schedule
from careerrelay.handlers import HANDLERS
from core import jobs, outbox
from core.clock import ManualClock
from core.errors import ConfigError
from core.runner import Runner
from core.runtime import Runtime
from core.setting_sources import load
from crm.registry import companies
from gateway.tables import mail
from tests.careerrelay.command_line import Installation, add_company
from tests.gateway.rig import CANDIDATE, REJECTION, Gateway, message, rejecting_company, with_settings
from tests.gateway.sink import Sink

ADMINS = {"ADMIN__MAIL": "admin@example.jp,night@example.jp", "ADMIN__LOCALE": "en"}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def at(runtime: Runtime, text: str) -> None:
    assert isinstance(runtime.clock, ManualClock)
    runtime.clock.set(datetime.fromisoformat(text))


def due(runtime: Runtime) -> list[str]:
    with runtime.read() as tx:
        return [job.key for job in tx.session.query(jobs.Job).filter_by(kind=daily.REPORT_JOB).order_by(jobs.Job.id)]


def test_it_is_due_once_a_day_at_its_time(runtime: Runtime) -> None:
    runtime = with_settings(runtime, **ADMINS, ADMIN__REPORT_AT="08:30")
    at(runtime, "2026-11-21T08:29:00+09:00")
    schedule.tick(runtime)
    assert due(runtime) == []
    at(runtime, "2026-11-21T08:30:00+09:00")
    schedule.tick(runtime)
    schedule.tick(runtime)
    assert due(runtime) == ["daily_report:2026-11-20"], "of the day that is over"
    at(runtime, "2026-11-23T23:59:00+09:00")
    schedule.tick(runtime)
    assert due(runtime) == ["daily_report:2026-11-20", "daily_report:2026-11-22"]


def test_the_admins_day_begins_where_the_admin_is(runtime: Runtime) -> None:
    runtime = with_settings(runtime, **ADMINS, ADMIN__TIMEZONE="America/New_York")
    at(runtime, "2026-11-21T12:30:00+00:00")
    schedule.tick(runtime)
    assert due(runtime) == [], "half past seven in New York"
    at(runtime, "2026-11-21T13:30:00+00:00")
    schedule.tick(runtime)
    assert due(runtime) == ["daily_report:2026-11-20"]


def test_nobody_asked_for_it(runtime: Runtime) -> None:
    schedule.tick(runtime)
    assert due(runtime) == []


def test_a_recipient_needs_a_sender() -> None:
    with pytest.raises(ConfigError, match="MAIL__FROM"):
        load(env={"CAREERRELAY_ADMIN__MAIL": "admin@example.jp"})


def test_the_job_written_twice_sends_once(runtime: Runtime, sink: Sink) -> None:
    runtime = with_settings(runtime, **ADMINS, RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}")
    at(runtime, "2026-11-21T09:00:00+09:00")
    schedule.tick(runtime)
    runner = Runner(runtime, HANDLERS, "test")
    runner.drain()
    with runtime.begin() as tx:
        jobs.reschedule(tx, "daily_report:2026-11-20", tx.now)  # as after a crash before it was written down
    runner.drain()
    with runtime.read() as tx:
        written = outbox.waiting(tx, 10)
    assert sorted(one.recipient for one in written) == ["admin@example.jp", "night@example.jp"]
    assert {(one.kind, one.company_id, one.sender) for one in written} == {
        (outbox.Kind.ADMIN, None, "relay@gateway.example.jp")
    }


def test_a_days_mails_are_counted_and_told(runtime: Runtime, sink: Sink) -> None:
    """From real mails through the gateway to the line in the admin's mailbox."""
    at(runtime, "2026-11-20T15:00:00+09:00")
    company = rejecting_company(runtime)
    with Gateway(runtime, sink.port, **ADMINS) as gateway:
        gateway.send(message(REJECTION))
        gateway.send(message("今日の会議は15時からです。\r\n"))
        gateway.send(
            message("表計算をお送りします。\r\n", sender="sales@kigyo.example.jp"), sender="sales@kigyo.example.jp"
        )
        gateway.wait_until_finished()
        with gateway.runtime.begin() as tx:
            companies.set_bypass(tx, company.id, True)
        at(runtime, "2026-11-21T08:00:00+09:00")
        schedule.tick(gateway.runtime)
        Runner(gateway.runtime, HANDLERS, "test").drain()
        got = sink.wait(5)
    lines = [each for each in got if each.recipients[0] in ("admin@example.jp", "night@example.jp")]
    assert len(lines) == 2
    parsed = email.message_from_bytes(lines[0].raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Subject"].startswith("[CareerRelay]")
    body = parsed.get_content()
    assert "received             3 (2 of recruiting senders)" in body
    assert "ordinary mail        1 (" in body
    assert "edited               1" in body
    assert (
        f"1 {company.sender_domains[0]} [auto bypass] received 3, ordinary 1, edited 1, reviewed 1, held 0, unchanged 0"
        in body
    )
    assert f"127.0.0.1:{sink.port}: takes mail" in body
    for word in (CANDIDATE, "taro", "山田", company.name, "saiyo"):
        assert word not in body + parsed["Subject"], "numbers only"


def test_what_needs_a_look_stands_in_the_subject(runtime: Runtime) -> None:
    runtime = with_settings(runtime, **ADMINS)
    report = daily.collect(runtime, date(2026, 11, 20))
    assert not report.needs_a_look
    assert "look" not in daily.render(report, "en").subject
    with runtime.begin() as tx:
        companies.set_bypass(tx, None, True)
    report = daily.collect(runtime, date(2026, 11, 20))
    assert "look" in daily.render(report, "en").subject
    assert "要確認" in daily.render(report, "ja").subject
    assert "素通し" in daily.render(report, "ja").text
    broken = dataclasses.replace(report, bypass_all=False, hops=[daily.HopState("mx.example.jp:25", "connect")])
    assert broken.needs_a_look
    assert "mx.example.jp:25: does not take mail (connect)" in daily.render(broken, "en").text


def test_an_old_queue_needs_a_look(runtime: Runtime, sink: Sink) -> None:
    rejecting_company(runtime)
    with Gateway(runtime, "smtp://127.0.0.1:9") as gateway:
        gateway.send(message())
        gateway.wait_for(lambda: gateway.deliveries()[0].tries == 1 and gateway.deliveries()[0].state == "waiting")
    assert isinstance(runtime.clock, ManualClock)
    runtime.clock.advance(timedelta(hours=2).total_seconds())
    with runtime.begin() as tx:
        tx.session.execute(mail.update().values(state="ready"))
    report = daily.collect(runtime, daily.today(runtime.settings, runtime.clock.now()))
    assert (report.waiting, report.oldest_minutes, report.backlog.retried) == (1, 120, 1)
    assert report.needs_a_look


def test_the_command_prints_the_same(runtime: Runtime) -> None:
    home = runtime.settings.home.parent / "other"
    installation = Installation(home, ADMIN__LOCALE="en")
    add_company(installation)
    shown = installation.good("report")
    assert shown.startswith("[CareerRelay]")
    assert "1 example.co.jp [observe] received 0" in shown
    assert "受信" in installation.good("report", "--lang", "ja")
    made = json.loads(installation.good("report", "--date", "2026-01-02", "--json"))
    assert (made["day"], made["total"]["received"], made["companies"][0]["domain"]) == (
        "2026-01-02",
        0,
        "example.co.jp",
    )
    assert datetime.fromisoformat(made["made_at"]).astimezone(UTC) <= datetime.now(UTC)
