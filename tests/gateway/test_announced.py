"""While a mail alone is being stored, the next hop hears for whom it will be: the envelope, and not an octet more."""

import smtplib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.runtime import Runtime
from rules.model import Mode
from tests.gateway.rig import HR, LINK, REJECTION, Gateway, add_company, message, rejecting_company, without_received
from tests.gateway.sink import Sink

PLAIN = "tanaka@example.net"


class AtCommit:
    """What happens when the next mail's commit begins, once the next hop has its envelope."""

    def __init__(self, runtime: Runtime, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
        self._then: Callable[[], None] | None = None
        self.heard, self.got = False, -1
        self._sink = sink
        dialect: Any = runtime.db.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            if self._then and connection.execute("SELECT count(*) FROM mail WHERE raw IS NOT NULL").fetchone()[0]:
                then, self._then = self._then, None
                self._wait()
                then()
            commit(connection)

        monkeypatch.setattr(dialect, "do_commit", do_commit)

    def do(self, then: Callable[[], None] = lambda: None) -> None:
        """See whether the next hop ``heard`` of the next mail, and how many messages it ``got`` by then; and do more.

        An exception of ``then`` is one of the database."""
        self.heard, self._then = False, then

    def _wait(self) -> None:
        end_s = time.monotonic() + 5
        while self._sink.commands[-1] != "DATA" and time.monotonic() < end_s:
            time.sleep(0.005)
        time.sleep(0.02)  # a message behind it would be there by now
        self.heard, self.got = self._sink.commands[-1] == "DATA", len(self._sink.got)


def fail(error: Exception) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then


@contextmanager
def kept_connection(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, **env: str
) -> Iterator[tuple[Sink, Gateway, AtCommit]]:
    """A gateway that has delivered one mail to a next hop, and holds the connection to it."""
    with Sink() as sink, Gateway(runtime, sink.port, **env) as gateway:
        at_commit = AtCommit(runtime, sink, monkeypatch)
        gateway.send(message(to=PLAIN), [PLAIN])
        sink.wait(1)
        gateway.wait_until_finished()
        sink.commands.append("from here on")
        yield sink, gateway, at_commit


@pytest.mark.parametrize("edited", [True, False])
def test_the_message_leaves_after_the_commit_only(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, edited: bool
) -> None:
    rejecting_company(runtime, Mode.AUTO if edited else Mode.OBSERVE)
    raw = message(REJECTION)
    with kept_connection(runtime, monkeypatch) as (sink, gateway, at_commit):
        at_commit.do()
        gateway.send(raw)
        sink.wait(2)
        gateway.wait_until_finished()
    assert (at_commit.heard, at_commit.got, sink.connections) == (True, 1, 1)
    declared = int(sink.got[1].mail.rpartition("SIZE=")[2].split()[0])
    assert declared == len(sink.got[1].raw)
    assert len(LINK.findall(sink.got[1].raw)) == edited
    assert edited or without_received(sink.got[1].raw) == raw


def test_of_a_mail_that_is_not_stored_nothing_leaves(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    add_company(runtime)
    raw = message()
    with kept_connection(runtime, monkeypatch) as (sink, gateway, at_commit):
        at_commit.do(fail(sqlite3.OperationalError("disk I/O error")))
        with pytest.raises(smtplib.SMTPDataError) as refused:
            gateway.send(raw)
        assert (refused.value.smtp_code, at_commit.heard) == (451, True)
        gateway.send(raw)  # its client keeps it, and comes again
        sink.wait(2)
        gateway.wait_until_finished()
    assert [without_received(got.raw) for got in sink.got[1:]] == [raw]
    assert sink.connections == 2


def test_a_mail_that_leaves_otherwise_than_announced_has_another_connection(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction failed for a reason of its own: it is stored alone, and its edit is another one."""
    rejecting_company(runtime)
    with kept_connection(runtime, monkeypatch) as (sink, gateway, at_commit):
        at_commit.do(fail(sqlite3.IntegrityError("not so")))
        gateway.send(message(REJECTION))
        sink.wait(2)
        gateway.wait_until_finished()
        (_, delivery) = gateway.deliveries()
    assert (at_commit.heard, sink.connections, delivery.tries) == (True, 2, 1)
    assert len(LINK.findall(sink.got[1].raw)) == 1


@pytest.mark.parametrize(
    ("recipient", "result"),
    [
        ("rcpt550.a@example.com", ("failed", 550, "5.1.1")),
        ("rcpt450.a@example.com", ("waiting", 450, "4.2.0")),
        ("data554.a@example.com", ("failed", 554, "5.6.0")),
    ],
)
def test_a_refusal_means_what_it_means_without(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, recipient: str, result: tuple[str, int, str]
) -> None:
    add_company(runtime)
    with kept_connection(runtime, monkeypatch, RELAY__RETRY_S="86400") as (sink, gateway, at_commit):
        at_commit.do()
        gateway.send(message(), [recipient])
        gateway.wait_for(lambda: gateway.deliveries()[1].state == result[0])
        refused = gateway.deliveries()[1]
        assert at_commit.heard
        assert (refused.state, refused.code, refused.status) == result
        gateway.send(message(to=PLAIN), [PLAIN])  # the connection is as good as before
        gateway.wait_for(lambda: len(sink.to(PLAIN)) == 2)
    assert sink.connections == 1


def test_a_server_that_goes_before_the_message_costs_no_attempt(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_company(runtime)
    with kept_connection(runtime, monkeypatch) as (sink, gateway, at_commit):
        at_commit.do(sink.hang_up)
        gateway.send(message())
        sink.wait(2)
        gateway.wait_until_finished()
        assert [each.tries for each in gateway.deliveries()] == [1, 1]
    assert (at_commit.heard, len(sink.got)) == (True, 2)


def test_with_one_connection_at_most_the_next_mail_waits_for_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An announced mail holds the slot that it was given, and gives it back once, stored or not."""
    add_company(runtime)
    with kept_connection(runtime, monkeypatch, RELAY__CONNECTIONS_MAX="1") as (sink, gateway, at_commit):
        for then in (fail(sqlite3.OperationalError("disk I/O error")), lambda: None):
            at_commit.do(then)
            with gateway.client() as client:
                client.ehlo("client.example.net")
                client.mail(HR)
                client.rcpt(PLAIN)
                client.data(message())
            assert at_commit.heard
            # Of two mails that come together the second waits until the first has got its answer.
            gateway.send(message(), ["slow.a@example.com"])
            gateway.send(message(to=PLAIN), [PLAIN])
            gateway.wait_until_finished()
    assert [got.recipients for got in sink.got[1:]].count((PLAIN,)) == 3
    assert sink.connections == 2, "the second one after the disk error"
