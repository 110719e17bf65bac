"""A process that the others have declared dead while it lives: with 250 a mail is delivered, by whom ever."""

import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import pytest
from sqlalchemy import func, select, text, update

from core import processes, sqlite
from core.clock import ManualClock
from core.db import Database
from core.errors import Temporary
from core.processes import Process
from core.runtime import Runtime
from gateway import server, traffic
from gateway.backlog import leases
from gateway.judgement.arrival import store
from gateway.tables import mail
from tests.gateway import rig
from tests.gateway.rig import CANDIDATE, Gateway, message
from tests.gateway.sink import Sink
from tests.gateway.test_arrivals import address
from tests.gateway.test_leases import accepted, arriving


class Together:
    """Clients who have sent a mail each, all but its final dot; ``rejected``: whose mail is a rejection."""

    def __init__(self, gateway: Gateway, names: Sequence[str], rejected: Sequence[str] = ()) -> None:
        self._gateway = gateway
        self._letters = {
            name: message(rig.REJECTION if name in rejected else "x\r\n", to=address(name)) for name in names
        }
        self._clients: dict[str, smtplib.SMTP] = {}

    def __enter__(self) -> Self:
        for _ in range(traffic.DOTS):  # so many make a traffic, in which mails wait for each other
            self._gateway.send(message())
        self._gateway.wait_until_finished()
        self._open = ExitStack()
        for name, letter in self._letters.items():
            client = self._clients[name] = self._open.enter_context(self._gateway.client())
            client.ehlo("client.example.net")
            client.mail(rig.HR, ["BODY=8BITMIME"])
            client.rcpt(address(name))
            assert client.docmd("DATA")[0] == 354
            client.send(letter)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def dots(self) -> None:
        for client in self._clients.values():
            client.send(b".\r\n")

    def read(self) -> dict[str, int]:
        """The code that each hears."""
        return {name: client.getreply()[0] for name, client in self._clients.items()}

    def replies(self) -> dict[str, int]:
        self.dots()
        return self.read()


@contextmanager
def writing(runtime: Runtime) -> Iterator[None]:
    """Somebody has SQLite's one write lock."""
    with runtime.db.engine.connect() as somebody:
        raw: Any = somebody.connection.driver_connection
        raw.execute("BEGIN IMMEDIATE").close()
        try:
            yield
        finally:
            raw.execute("ROLLBACK").close()


@pytest.fixture(autouse=True)
def _in_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails always come fast enough for a group, and it waits for all that were begun."""
    monkeypatch.setattr(traffic, "DOTS_S", 60.0)
    monkeypatch.setattr(traffic, "SOON_S", 10.0)


def stored(runtime: Runtime) -> int:
    with runtime.read() as tx:
        return tx.session.scalar(select(func.count()).select_from(mail)) or 0


def declare_dead(runtime: Runtime) -> int:
    """What another process does after 20 s of silence; how many deliveries it freed."""
    with runtime.begin() as tx:
        return sum(leases.free(tx, process_id) for process_id in processes.beats(tx))


def arrived_since(before: int, runtime: Runtime, sink: Sink, names: Sequence[str]) -> Counter[str]:
    """What has arrived behind the first ``before``, when all clients have sent their mails again to another process."""
    with Gateway(runtime, sink.port) as another:
        for name in names:
            another.send(message(to=address(name)), [address(name)])
        another.wait_until_finished()
    return Counter(got.recipients[0] for got in sink.got[before:])


def test_what_it_stores_and_takes_is_refused(any_runtime: Runtime) -> None:
    rig.add_company(any_runtime)
    with any_runtime.begin() as tx:
        process_id = processes.register(tx, "gateway")
    declare_dead(any_runtime)
    with pytest.raises(Temporary), any_runtime.begin() as tx:
        store(tx, [arriving(message(), process_id, CANDIDATE)])
    with pytest.raises(Temporary), any_runtime.begin() as tx:
        leases.claim(tx, process_id, 10)
    assert stored(any_runtime) == 0


def test_a_number_that_is_given_again_is_not_its_own(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        process_id = processes.register(tx, "gateway")
        assert processes.living(tx, process_id)
        tx.session.execute(update(Process).values(pid=Process.pid + 1))
        assert not processes.living(tx, process_id)
        assert not processes.beat(tx, process_id, follows=1)


def test_whoever_declares_it_dead_waits_for_what_it_is_storing(pg_runtime: Runtime) -> None:
    rig.add_company(pg_runtime)
    with pg_runtime.begin() as tx:
        process_id = processes.register(tx, "gateway")
    freed: list[int] = []
    other = threading.Thread(target=lambda: freed.append(declare_dead(pg_runtime)))
    with pg_runtime.begin() as tx:
        store(tx, [arriving(message(), process_id, CANDIDATE)])
        other.start()
        other.join(0.5)
        assert not freed, "it would not see what is stored a moment later"
    other.join(20)
    assert freed == [1]


@pytest.mark.parametrize("before", [True, False], ids=["before the start", "under way"])
def test_a_lease_of_a_process_that_is_in_no_list_is_freed(
    any_runtime: Runtime, clock: ManualClock, before: bool
) -> None:
    rig.add_company(any_runtime)
    with Sink() as sink:
        gateway = Gateway(any_runtime, sink.port)
        with ExitStack() as running:
            if not before:
                running.enter_context(gateway)
            lost = accepted(any_runtime, message(), CANDIDATE)
            with any_runtime.begin() as tx:
                processes.forget(tx, lost)
            if before:
                running.enter_context(gateway)
            gateway.wait_for(lambda: [each.state for each in gateway.deliveries()] == ["waiting"])
            clock.advance(60)
            sink.wait(1)
            gateway.wait_until_finished()
            assert [(each.state, each.uncertain) for each in gateway.deliveries()] == [("sent", 1)]


def test_a_group_that_comes_to_it_is_kept_by_its_clients(any_runtime: Runtime) -> None:
    rig.add_company(any_runtime)
    names = [f"r{number}" for number in range(4)]
    with Sink() as sink:
        gateway = Gateway(any_runtime, sink.port)
        gateway.__enter__()
        with Together(gateway, names) as group:
            before = len(sink.got)
            declare_dead(any_runtime)
            replies = group.replies()
        gateway.wait_until_it_ends()
        assert isinstance(gateway.error, server.LeaseLost)
        assert set(replies.values()) == {451}, "it had been declared dead before their dots"
        assert arrived_since(before, any_runtime, sink, names) == {address(name): 1 for name in names}


def test_a_stop_withdraws_what_its_clients_were_told_to_keep(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database waits for longer than the stop does: 421 is said, and the committer stores the mails afterwards."""
    monkeypatch.setattr(server, "STOP_S", 0.3)
    rig.add_company(runtime)
    names = ["a", "b", "c"]
    with Sink() as sink:
        gateway = Gateway(runtime, sink.port)
        gateway.__enter__()
        with Together(gateway, names) as group:
            before = len(sink.got)
            with writing(runtime):
                group.dots()
                gateway.ask_to_stop()
                assert set(group.read().values()) == {421}
        gateway.wait_until_it_ends()
        assert gateway.error is None
        assert arrived_since(before, runtime, sink, names) == {address(name): 1 for name in names}


def test_a_lock_that_stays_is_waited_for_once_however_many_mails_wait(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    waits = sqlite._taken_turn

    def noted(raw: object) -> bool:
        begun.append(raw)
        return waits(raw)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite, "BUSY_MS", 400)
    monkeypatch.setattr(sqlite, "_taken_turn", noted)
    rig.add_company(runtime)
    names = [f"m{number}" for number in range(8)]
    with Sink() as sink, Gateway(runtime, sink.port) as gateway, Together(gateway, names) as group:
        with writing(runtime):
            begun.clear()
            replies = group.replies()
            waited = len(begun)
        assert set(replies.values()) == {451}
        assert waited < len(names), "not once for each"
        gateway.send(message())  # and all is well afterwards


def test_a_row_that_somebody_has_holds_up_its_own_mail_only(
    pg_runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOCK_S", 0.5)
    company = rig.rejecting_company(pg_runtime)
    rig.ats_says(pg_runtime, company.id, recipient=address("again"))
    with Sink() as sink, Gateway(pg_runtime, sink.port) as gateway:
        gateway.send(message(rig.REJECTION, to=address("again")), [address("again")])
        sink.wait(1)
        names = ["again", "b", "c"]
        own = Database(pg_runtime.db.url.render_as_string(hide_password=False))
        with Together(gateway, names, rejected=["again"]) as group, own.connection(write=True) as somebody:
            somebody.execute(text("select id from person for update"))
            replies = group.replies()
        own.close()
        assert replies["b"] == replies["c"] == 250
        assert replies["again"] in (250, 451)


def test_a_transaction_in_which_a_process_stood_still_is_ended_and_said_to_be_temporary(pg_runtime: Runtime) -> None:
    own = Database(pg_runtime.db.url.render_as_string(hide_password=False))
    own.wait_for_others(0.05)
    with pytest.raises(Temporary), own.connection(write=True) as stopped:
        stopped.execute(text("select id from process for update"))
        time.sleep(0.6)
        stopped.execute(text("select 1"))
    own.close()
