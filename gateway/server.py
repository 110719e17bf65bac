"""One gateway process: listeners, committer, heartbeat, sweep; and its orderly stop."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from core import processes
from core.errors import CareerRelayError, Temporary
from core.log import get_logger
from core.metrics import MAIL_PATH
from core.runtime import Runtime, Tx
from gateway.arrivals import Arrivals
from gateway.backlog import leases
from gateway.certificate import tls_context
from gateway.committer import LATER_S, Beside, Committer
from gateway.config import Directory
from gateway.delivery.relay import Relay
from gateway.hands import Hands
from gateway.judgement.judging import Judging
from gateway.judgement.suspects import Suspects
from gateway.process import Processor
from gateway.ruling.ruleset import shipped
from gateway.session.accept import Listener
from gateway.session.intake import Intake
from gateway.session.smtp import SmtpSession
from gateway.store.spool import Spool, withdraw
from gateway.sweep import Sweep
from gateway.traffic import Traffic

log = get_logger(__name__)

T = TypeVar("T")

ROLE = "gateway"
STOP_S = 8.0
STEP_S = 0.05
TURN_S = 0.0003
SWEEP_AGAIN_S = 5.0
LOOK_FOR_STOP_S = 0.1
REPORT_S = 1.0
#: All mails of a transaction wait for a row that somebody else has, and twice when it fails: far less than what a
#: process may be silent.
LOCK_S = 3.0


class LeaseLost(CareerRelayError):
    """Others have declared this process dead and may have taken its mails: it must not go on with them."""


def run(runtime: Runtime, sockets: Sequence[socket.socket], stop: threading.Event) -> None:
    """Be one gateway process until ``stop`` is set. ``sockets``: one for each address of ``settings.smtp.listen``.

    Raises:
        LeaseLost: and any bug of the committer: the process must end, its supervisor starts another.
    """
    # The committer gives up the interpreter at each call of the database, and gets it back when the event loop's turn
    # ends: with 5 ms a turn, as Python has it, a commit of ten calls took 40 ms.
    sys.setswitchinterval(TURN_S)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_Server(runtime).serve(sockets, stop))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class _Server:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        runtime.db.wait_for_others(LOCK_S)
        shipped()  # a rule set that does not load is an error now, not at the first mail
        with runtime.begin() as tx:
            leases.free_orphans(tx)  # before our number, which SQLite may have given before
            self._process_id = processes.register(tx, ROLE)
            self._suspects = Suspects(runtime.settings, self._process_id, processes.beats(tx))
        self._tls = tls_context(runtime.settings)

    async def serve(self, sockets: Sequence[socket.socket], stop: threading.Event) -> None:
        runtime = self._runtime
        embedded = runtime.db.sqlite_file is not None
        writing = partial(runtime.begin, runtime.db.keep(write=True))
        self._committer = Committer(writing, beside=Beside.WAITS if embedded else Beside.ALL)
        reading = partial(runtime.read, runtime.db.keep(write=False))
        lookups = Committer(reading, "lookups", beside=Beside.NOTHING if embedded else Beside.ALL)
        directory = self._directory = Directory(runtime)
        self._relay = Relay(runtime, directory)
        traffic = Traffic(asyncio.get_running_loop().time)
        judging = Judging(runtime, directory, self._committer, lookups, self._suspects, traffic)
        arrivals = Arrivals(directory, self._committer, judging, self._relay, traffic)
        processor = Processor(runtime, directory, self._committer, judging, self._relay)
        self._hands = Hands(processor.process)
        spool = self._spool = Spool(runtime.settings)
        self._intake = Intake(
            runtime,
            directory,
            spool,
            self._process_id,
            traffic,
            keep=arrivals.store,
            hand_on=self._hands.take,
            has_room=self._has_room,
            foresee=arrivals.foresee,
        )
        directory.on_change = self._config_changed
        sweep = Sweep(runtime, self._committer, self._hands, self._relay, spool, self._process_id)
        self._beat_now = asyncio.Event()
        vital = [self._committer.run(), lookups.run(), directory.watch(), self._beat(), _report(), _wait_for(stop)]
        tasks = [asyncio.create_task(each) for each in vital]
        sweeping = asyncio.create_task(again(sweep.run))
        servers = [await self._listen(sock, index) for index, sock in enumerate(sockets)]
        log.info("accepting mail", extra={"process_id": self._process_id, "listeners": len(servers)})
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a dead committer or a lost lease ends the process
            await self._stop(servers, sweeping)
        finally:
            sweeping.cancel()
            for server in servers:
                server.close()
            self._hands.cut()
            await self._relay.close()
            self._committer.close()
            lookups.close()
        await asyncio.wait(tasks[:2])
        for task in tasks:
            task.cancel()
        MAIL_PATH.hand_over()
        self._suspects.close()
        await asyncio.to_thread(self._leave)

    def _has_room(self) -> bool:
        return self._hands.room() > 0

    async def _listen(self, sock: socket.socket, index: int) -> asyncio.Server | Listener:
        smtp = self._runtime.settings.smtp
        implicit_tls = smtp.listen[index].tls
        sock.setblocking(False)

        def session(peer: str = "") -> SmtpSession:
            return SmtpSession(self._intake, self._tls, peer)

        if not implicit_tls and not smtp.proxy_from:
            return await asyncio.get_running_loop().create_server(session, sock=sock, backlog=1024)
        return Listener(
            sock,
            session,
            balancers=smtp.proxy_from,
            context=self._tls if implicit_tls else None,
            pending_max=smtp.connections_max,
        )

    def _config_changed(self) -> None:
        self._intake.authenticator.forget()
        self._beat_now.set()  # somebody waits to hear that it is in force

    async def _beat(self) -> None:
        while True:
            beat = partial(processes.beat, process_id=self._process_id, follows=self._directory.current.version)
            try:
                alive = await self._say(beat)
            except Temporary:
                alive = True
            if not alive:
                raise LeaseLost("this process was declared dead by the others")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._beat_now.wait(), processes.BEAT_S)
            self._beat_now.clear()

    async def _say(self, beat: Callable[[Tx], bool]) -> bool:
        """Beat, and hear whether the others count us in."""
        if self._runtime.db.sqlite_file is not None:
            return await self._committer.submit(beat, within_s=LATER_S)
        # On a server mails may wait for somebody's row, the heart does not.
        return await asyncio.to_thread(self._beside, beat)

    def _beside(self, op: Callable[[Tx], T]) -> T:
        with self._runtime.begin() as tx:
            return op(tx)

    async def _stop(self, servers: Sequence[asyncio.Server | Listener], sweeping: asyncio.Task[None]) -> None:
        """Accept nothing new, finish what is in flight, for at most ``STOP_S``."""
        for server in servers:
            server.close()
        # Asked to end it may still have mails in its hand: they are taken before anybody counts.
        sweeping.cancel()
        await asyncio.wait([sweeping])
        deadline_s = asyncio.get_running_loop().time() + STOP_S
        sessions = self._intake.sessions
        while asyncio.get_running_loop().time() < deadline_s:
            sessions.stop()
            if not len(sessions) and not len(self._hands):
                break
            await asyncio.sleep(STEP_S)
        # Their clients hear 421 and come again: what is stored of them after all is withdrawn by `_leave`.
        self._spool.doubtful.update(self._intake.storing)
        sessions.cut()

    def _leave(self) -> None:
        with self._runtime.begin() as tx:
            withdraw(tx, tuple(self._spool.doubtful))
            freed = leases.free(tx, self._process_id)
        log.info("process stopped", extra={"process_id": self._process_id, "uncertain": freed})


async def again(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``loop`` and, should a bug end it, log that and run it again: mail keeps coming in meanwhile."""
    while True:
        task = asyncio.create_task(loop())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
        log.error("the sweep broke off", exc_info=task.exception())
        await asyncio.sleep(SWEEP_AGAIN_S)


async def _report() -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        MAIL_PATH.hand_over()


async def _wait_for(stop: threading.Event) -> None:
    while not stop.is_set():  # noqa: ASYNC110 - it is set by another thread or a signal
        await asyncio.sleep(LOOK_FOR_STOP_S)
