"""`careerrelay serve`: everything on one machine, from a lock on HOME to the ready line, and back down on SIGTERM.

Order matters. What can be wrong is found before anything is changed or started: settings, lock, ports, database. Then
what the children share is loaded, the database is migrated by one process alone (two that switch a fresh SQLite file to
WAL at once lock each other out), and only then the children are made, by fork (`careerrelay/forking.py`): from here on
this process has no thread, no event loop and no connection to the database.
"""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial

import click

from careerrelay import allocator, forking, opening, preload, roles
from careerrelay.checks import check
from careerrelay.children import Role, Supervisor
from careerrelay.home import locked_home
from careerrelay.readiness import mail_answers, web_answers
from careerrelay.sockets import Listener, open_listener
from core import log as core_log
from core import processes
from core.db import Database
from core.errors import CareerRelayError
from core.log import get_logger
from core.settings import Settings

log = get_logger(__name__)

READY_S = 60.0
PROBE_S = 0.05
IDLE_S = 3600.0
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def serve(settings: Settings, *, only_gateway: bool = False) -> int:
    """Run until SIGTERM or SIGINT; the exit status. ``only_gateway``: just the mail role.

    Raises:
        ConfigError: something is wrong before the start; one line a problem.
    """
    # Until the supervisor listens to it: a start that is no longer wanted is undone and is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    allocator.tune()
    check(settings)
    shared = opening.checked(settings) if only_gateway else None  # before HOME is locked: the lock would make one
    with ExitStack() as stack:
        lock = stack.enter_context(locked_home(settings, exclusive=not only_gateway))
        mail = [
            stack.enter_context(closing(open_listener(listen, settings.gateway.processes, "CAREERRELAY_SMTP__LISTEN")))
            for listen in settings.smtp.listen
        ]
        web, to_migrate = None, False
        if not only_gateway:
            web = stack.enter_context(closing(open_listener(settings.web.listen, 1, "CAREERRELAY_WEB__LISTEN")))
            settings = _with_port(settings, web)
            to_migrate = opening.must_migrate(settings)
        _share_metrics(settings, shared_home=only_gateway)
        preload.load(only_mail=only_gateway)
        release = partial(_release, lock.close)
        if to_migrate and not forking.run_apart(partial(_migrate, settings), "migrate", release):
            return 1  # it has said why on standard error
        shared = shared or opening.checked(settings)
        preload.compile_statements(shared)
        core_log.configure("supervisor")  # from here on people read JSON lines; until here, one line a problem
        with Supervisor(_roles(settings, shared, mail, web), partial(_on_death, settings), release) as supervisor:
            return _run(supervisor, mail, web)


def _run(supervisor: Supervisor, mail: Sequence[Listener], web: Listener | None) -> int:
    deadline_s = time.monotonic() + READY_S
    while not supervisor.stopping and not _answers(mail, web):
        if supervisor.step(PROBE_S, restart=False):
            return 1  # the child has said why on standard error
        if time.monotonic() > deadline_s:
            log.error("not ready in time", extra={"seconds": READY_S})
            return 1
    if not supervisor.stopping:
        click.echo(_ready_line(mail, web))
        sys.stdout.flush()
    while not supervisor.stopping:
        supervisor.step(IDLE_S)
    return 0


def _answers(mail: Sequence[Listener], web: Listener | None) -> bool:
    return all(mail_answers(listener.listen) for listener in mail) and (web is None or web_answers(web.listen))


def _ready_line(mail: Sequence[Listener], web: Listener | None) -> str:
    line = f"ready smtp={mail[0].address}"
    return line if web is None else f"{line} web=http://{web.address}"


def _roles(settings: Settings, shared: Database, mail: Sequence[Listener], web: Listener | None) -> list[Role]:
    children = []
    for number in range(settings.gateway.processes):
        own = tuple(listener.sockets[number] for listener in mail)
        children.append(Role(f"gateway-{number + 1}", "gateway", partial(roles.gateway, settings, shared, own), own))
    if web is not None:
        worker = partial(roles.worker, settings, shared, supervised=True, with_scheduler=True)
        children.append(Role("worker", "worker", worker))
        children.append(Role("web", "web", partial(roles.web, settings, shared, web.sockets), web.sockets))
    return children


def _with_port(settings: Settings, web: Listener) -> Settings:
    """Links name the port that 0 became, unless the settings say what they begin with."""
    if settings.web.listen.port != 0 or "base_url" in settings.web.model_fields_set:
        return settings
    return settings.model_copy(update={"web": settings.web.model_copy(update={"base_url": f"http://{web.address}"})})


def _share_metrics(settings: Settings, *, shared_home: bool) -> None:
    """Name the directory by which processes share their metrics: before prometheus_client, which asks for it once."""
    # Containers of single roles may share HOME, each with processes of its own.
    metrics = settings.home.absolute() / (f"metrics-{socket.gethostname()}" if shared_home else "metrics")
    shutil.rmtree(metrics, ignore_errors=True)  # counters of an earlier run belong to processes that are gone
    metrics.mkdir(mode=0o700)
    os.environ[METRICS_VARIABLE] = str(metrics)


def _release(close_lock: Callable[[], None]) -> None:
    """In a new child: let go of what is the supervisor's alone."""
    from core import metrics

    close_lock()  # it holds the lock as long as anybody has the file open
    metrics.COMMITS.inc(0)  # prometheus_client notices at the next use that it is in another process now


def _migrate(settings: Settings) -> None:
    opening.migrated(settings)


def _on_death(settings: Settings, role: str, pid: int) -> None:
    """What happens when a child has died: its mails become free at once, instead of when its heartbeat is missed."""
    from prometheus_client import multiprocess

    from gateway.backlog import leases

    multiprocess.mark_process_dead(pid, os.environ[METRICS_VARIABLE])  # type: ignore[no-untyped-call]
    if not role.startswith("gateway"):
        return
    try:
        with opening.opened_briefly(settings) as runtime, runtime.begin() as tx:
            freed = sum(leases.free(tx, process_id) for process_id in processes.by_pid(tx, pid))
    except CareerRelayError as error:  # the other gateway processes find the missed heartbeat themselves
        log.warning("leases not cleared", extra={"role": role, "pid": pid, "error": error.message})
    else:
        log.info("leases cleared", extra={"role": role, "pid": pid, "deliveries": freed})
