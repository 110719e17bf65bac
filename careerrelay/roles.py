"""What one process does: relay mail, run jobs, answer web requests, or see to what happens regularly.

Each runs until SIGTERM or SIGINT and then finishes what is in flight. Under a supervisor it also ends when that dies.
Alone, each loads only the floors it needs; under `careerrelay serve` they share what the supervisor loaded
(`careerrelay/preload.py`).
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import FrameType

from careerrelay import allocator, opening
from careerrelay.home import locked_home
from careerrelay.sockets import open_listener
from core import jobs
from core import log as core_log
from core.db import Database
from core.settings import Settings


def gateway(settings: Settings, shared: Database, sockets: Sequence[socket.socket]) -> None:
    """One gateway process on the sockets that the supervisor opened, with the database that it knows already."""
    from gateway.server import run

    stop = _begin("gateway")
    with opening.opened(settings, shared) as runtime:
        run(runtime, sockets, stop)


def web(settings: Settings, shared: Database | None = None, sockets: Sequence[socket.socket] = ()) -> None:
    """The web process, on the supervisor's socket or on its own."""
    from web.app import serve

    stop = _begin("web")
    with opening.opened(settings, shared) as runtime, ExitStack() as stack:
        if not sockets:
            stack.enter_context(locked_home(settings, exclusive=False))
            sockets = open_listener(settings.web.listen, 1, "CAREERRELAY_WEB__LISTEN").sockets
        (bound,) = sockets
        serve(runtime, bound, stop)


def worker(settings: Settings, shared: Database | None = None, *, supervised: bool, with_scheduler: bool) -> None:
    """Run jobs: woken by a datagram of this machine, by RQ when Redis is set, and looking by itself in any case."""
    from careerrelay import schedule
    from careerrelay.handlers import HANDLERS
    from core.runner import Runner
    from core.waker import WakeListener

    stop = _begin("worker")
    with opening.opened(settings, shared) as runtime, ExitStack() as stack:
        if not supervised:
            stack.enter_context(locked_home(settings, exclusive=False))
        runner = Runner(runtime, HANDLERS, f"{socket.gethostname()}:{os.getpid()}")
        if with_scheduler:
            _thread("scheduler", schedule.run_forever, runtime, stop)
        if settings.redis_url:
            from careerrelay import redis_worker  # Redis' client and RQ: only where Redis is used

            polling = _thread("poll", runner.run_forever, stop, None)
            redis_worker.listen(settings.redis_url, runner, stop)
            polling.join()
        else:
            listener = WakeListener(settings.home, jobs.QUEUE)
            stack.callback(listener.close)
            runner.run_forever(stop, listener)


def scheduler(settings: Settings) -> None:
    """Only the clock: writes the jobs of each period, for workers to run."""
    from careerrelay import schedule

    stop = _begin("scheduler")
    with opening.opened(settings) as runtime, locked_home(settings, exclusive=False):
        schedule.run_forever(runtime, stop)


def _begin(role: str) -> threading.Event:
    """Settle this process into its role; the event is set when it is told to stop."""
    allocator.tune()
    core_log.configure(role)
    stop = threading.Event()

    def told_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_stop)
    return stop


def _thread(name: str, target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
