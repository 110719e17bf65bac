"""`careerrelay serve`: everything on one machine, from a lock on HOME to the ready line, and back down on SIGTERM.

Order matters. What can be wrong is found before anything is changed or started: settings, lock, ports, then the
database is migrated by this process alone (two that switch a fresh SQLite file to WAL at once lock each other out),
and only then the children are started, by fork and exec.
"""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import click
from prometheus_client import multiprocess

from careerrelay import opening
from careerrelay.checks import check
from careerrelay.children import Role, Supervisor
from careerrelay.home import locked_home
from careerrelay.readiness import mail_answers, web_answers
from careerrelay.sockets import Listener, open_listener
from core import log as core_log
from core import processes
from core.errors import CareerRelayError
from core.log import get_logger
from core.runtime import Runtime
from core.settings import Settings

log = get_logger(__name__)

READY_S = 60.0
PROBE_S = 0.05
IDLE_S = 3600.0


def serve(settings: Settings, config_file: Path | None, *, only_gateway: bool = False) -> int:
    """Run until SIGTERM or SIGINT; the exit status. ``only_gateway``: just the mail role.

    Raises:
        ConfigError: something is wrong before the start; one line a problem.
    """
    # Until the supervisor listens to it: a start that is no longer wanted is undone and is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    check(settings)
    with ExitStack() as stack:
        stack.enter_context(locked_home(settings, exclusive=not only_gateway))
        mail = [
            stack.enter_context(closing(open_listener(listen, settings.gateway.processes, "CAREERRELAY_SMTP__LISTEN")))
            for listen in settings.smtp.listen
        ]
        web = None
        if not only_gateway:
            web = stack.enter_context(closing(open_listener(settings.web.listen, 1, "CAREERRELAY_WEB__LISTEN")))
            opening.migrated(settings)
        runtime = stack.enter_context(opening.opened(settings))
        environment = _environment(settings, web)
        core_log.configure("supervisor")  # from here on people read JSON lines; until here, one line a problem
        supervisor = Supervisor(_roles(settings, config_file, mail, web), environment, _freed(runtime, environment))
        with supervisor:
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


def _roles(settings: Settings, config_file: Path | None, mail: Sequence[Listener], web: Listener | None) -> list[Role]:
    config = () if config_file is None else (f"--config={config_file.absolute()}",)
    roles = [
        Role(f"gateway-{number + 1}", (*config, "gateway"), tuple(listener.sockets[number] for listener in mail))
        for number in range(settings.gateway.processes)
    ]
    if web is not None:
        roles.append(Role("worker", (*config, "worker", "--with-scheduler")))
        roles.append(Role("web", (*config, "web"), web.sockets))
    return roles


def _environment(settings: Settings, web: Listener | None) -> dict[str, str]:
    """What children get: our environment, the address that port 0 became, and a directory for shared metrics."""
    # Containers of single roles may share HOME, each with processes of its own.
    metrics = settings.home.absolute() / ("metrics" if web is not None else f"metrics-{socket.gethostname()}")
    shutil.rmtree(metrics, ignore_errors=True)  # counters of an earlier run belong to processes that are gone
    metrics.mkdir(mode=0o700)
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    if web is not None and settings.web.listen.port == 0 and "base_url" not in settings.web.model_fields_set:
        environment["CAREERRELAY_WEB__BASE_URL"] = f"http://{web.address}"
    return environment


def _freed(runtime: Runtime, environment: dict[str, str]) -> Callable[[str, int], None]:
    """What happens when a child has died: its mails become free at once, instead of when its heartbeat is missed."""
    from gateway import leases

    def on_death(role: str, pid: int) -> None:
        multiprocess.mark_process_dead(pid, environment["PROMETHEUS_MULTIPROC_DIR"])  # type: ignore[no-untyped-call]
        if not role.startswith("gateway"):
            return
        try:
            with runtime.begin() as tx:
                freed = sum(leases.free(tx, process_id) for process_id in processes.by_pid(tx, pid))
        except CareerRelayError as error:  # the other gateway processes find the missed heartbeat themselves
            log.warning("leases not cleared", extra={"role": role, "pid": pid, "error": error.message})
        else:
            log.info("leases cleared", extra={"role": role, "pid": pid, "deliveries": freed})

    return on_death
