"""A COMMIT whose answer is lost: the mail is stored, and whoever asked hears an error."""

import smtplib
import sqlite3
import time
from typing import Any

import pytest
from sqlalchemy import select

from core.clock import ManualClock
from core.runtime import Runtime
from crm.tables.people import InvitationDayRow
from gateway import traffic
from gateway.judgement import judge
from gateway.session import intake
from gateway.sweep import SWEEP_S
from gateway.traffic import DOTS
from rules.model import Mode
from tests.gateway.rig import (
    LINK,
    REJECTION,
    Gateway,
    add_company,
    ats_says,
    message,
    rejecting_company,
    without_received,
)
from tests.gateway.sink import Sink
from tests.gateway.test_arrivals import address, by_name, send_together


class LosingAnswers:
    """Commits, and then says it failed, at the next commit that stores mails, so many at once at least; afterwards
    maybe nothing answers."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.armed = self.silent_after = self.silent = False
        self.at_least = 1
        known = 0
        dialect: Any = runtime.db.engine.dialect
        commit, execute = dialect.do_commit, dialect.do_execute

        def do_commit(connection: Any) -> None:
            nonlocal known
            before, known = known, connection.execute("SELECT count(*) FROM mail").fetchone()[0]
            commit(connection)
            if self.armed and known - before >= self.at_least:
                self.armed, self.silent = False, self.silent_after
                raise sqlite3.OperationalError("disk I/O error")

        def do_execute(*words: Any, **more: Any) -> Any:
            if self.silent:
                raise sqlite3.OperationalError("disk I/O error")
            return execute(*words, **more)

        monkeypatch.setattr(dialect, "do_commit", do_commit)
        monkeypatch.setattr(dialect, "do_execute", do_execute)


@pytest.fixture
def answers(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> LosingAnswers:
    return LosingAnswers(runtime, monkeypatch)


def test_a_mail_that_is_stored_is_answered_250_and_leaves_once(runtime: Runtime, answers: LosingAnswers) -> None:
    add_company(runtime)
    raw = message()
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        answers.armed = True
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert not answers.armed
    assert without_received(got.raw) == raw
    assert len(gateway.mails()) == len(sink.got) == 1


def test_a_mail_that_nobody_can_know_about_is_the_clients_and_not_ours(
    runtime: Runtime, answers: LosingAnswers
) -> None:
    add_company(runtime)
    raw = message()
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        answers.armed = answers.silent_after = True
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            gateway.send(raw)
        assert refused.value.smtp_code == 451
        answers.silent = False
        assert len(gateway.mails()) == 1, "stored all the same"
        gateway.wait_for(lambda: not gateway.mails())
        gateway.send(raw)  # the client comes again
        sink.wait(1)
        gateway.wait_until_finished()
    assert len(sink.got) == 1


@pytest.mark.parametrize("names", [("alone",), ("one", "two", "three")])
def test_what_was_decided_before_the_store_stands_when_the_answer_is_lost(
    runtime: Runtime, answers: LosingAnswers, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    decided = []
    decide = judge.decide

    def noted(mail: Any, *more: Any) -> Any:
        decided.extend(mail.recipients)
        return decide(mail, *more)

    monkeypatch.setattr(judge, "decide", noted)
    monkeypatch.setattr(traffic, "DOTS_S", 60.0)  # mails always come fast enough for a group
    monkeypatch.setattr(traffic, "SOON_S", 10.0)
    company = rejecting_company(runtime)
    for name in names:
        ats_says(runtime, company.id, recipient=address(name))
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        answers.at_least = len(names)
        replies = send_together(gateway, names, before_dots=lambda: setattr(answers, "armed", True))
        got = by_name(sink.wait(DOTS + len(names)), names)
        gateway.wait_until_finished()
        notes = [mail.note for mail in gateway.mails()]
    assert not answers.armed
    assert {code for code, _ in replies} == {250}
    assert {name: len(LINK.findall(raw)) for name, raw in got.items()} == dict.fromkeys(names, 1)
    assert len(sink.got) == DOTS + len(names)
    assert sorted(decided[-len(names) :]) == sorted(address(name) for name in names)
    assert len(decided) == DOTS + len(names), "nothing is decided a second time"
    assert notes.count("edited") == len(names)
    with runtime.read() as tx:
        assert tx.session.scalars(select(InvitationDayRow.mails)).all() == [len(names)]


def test_a_mail_that_another_has_the_queue_id_of_takes_nothing_from_the_other(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_company(runtime)
    monkeypatch.setattr(intake, "new_id", lambda: "0123456789abcdef")
    with Gateway(runtime, "smtp://127.0.0.1:9") as gateway:
        gateway.send(message("first\r\n"))
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            gateway.send(message("the second is longer\r\n"))
        assert refused.value.smtp_code == 451
        time.sleep(2 * SWEEP_S)  # what is in doubt is withdrawn by then
        (kept,) = gateway.mails()
    assert kept.size == len(message("first\r\n"))


def test_a_clock_set_back_holds_no_mail_longer_than_a_day(runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(runtime, mode=Mode.CONFIRM, hold_minutes=30)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        clock.set(clock.now().replace(year=2025))
        sink.wait(1)
        gateway.wait_until_finished()
