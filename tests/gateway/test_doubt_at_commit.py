"""A COMMIT whose answer is lost: the mail is stored, and whoever asked hears an error."""

import smtplib
import sqlite3
from typing import Any

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from rules.model import Mode
from tests.gateway.rig import REJECTION, Gateway, add_company, message, rejecting_company, without_received
from tests.gateway.sink import Sink


class LosingAnswers:
    """Commits, and then says it failed, at the first commit that stores a mail; afterwards maybe nothing answers."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.armed = self.silent_after = self.silent = False
        dialect: Any = runtime.db.engine.dialect
        commit, execute = dialect.do_commit, dialect.do_execute

        def do_commit(connection: Any) -> None:
            stores = self.armed and connection.execute("SELECT count(*) FROM mail").fetchone()[0]
            commit(connection)
            if stores:
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


def test_a_clock_set_back_holds_no_mail_longer_than_a_day(runtime: Runtime, clock: ManualClock) -> None:
    rejecting_company(runtime, mode=Mode.CONFIRM, hold_minutes=30)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        clock.set(clock.now().replace(year=2025))
        sink.wait(1)
        gateway.wait_until_finished()
