"""Makes child processes by fork, so that all of them share the code and the data that were loaded before.

A child that is not started by exec carries everything of its parent with it. What must not be carried over is undone
here, in this order: signals (blocked meanwhile, so that none is lost or taken for the parent's), the process group, the
tie to the parent, standard input and output, and what the parent holds open (`release`). The child never returns into
its parent's code: it ends with `os._exit`, whatever happens, so that no ``with`` block of the parent closes twice and
no ``atexit`` function runs twice. Why fork: `docs/adr/0011-children-by-fork.md`.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from careerrelay.lifeline import die_with_parent
from core.errors import CareerRelayError
from core.log import get_logger

log = get_logger(__name__)

#: Signals that the supervisor handles, or that a child must not miss while it is being born.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_PR_SET_NAME = 15  # prctl(2)
_NAME_BYTES_MAX = 15
_ARG_START, _ARG_END = 47, 48  # proc(5), /proc/PID/stat: fields 48 and 49


def settle() -> None:
    """Call once, when everything that children share is loaded and before the first `fork_child`.

    What is alive now moves to where the garbage collector never looks: it would write into the header of every object
    and so turn each shared page into one copy a process. It is not called before: the holes that it leaves would be
    filled by each child for itself, again one page a process (measured: 4 MB in all).

    Raises:
        RuntimeError: a thread runs beside this one; its locks would stay locked for ever in each child.
    """
    if threading.active_count() > 1:
        raise RuntimeError("a process with threads cannot be copied by fork")
    gc.freeze()


def fork_child(life: Callable[[], None], name: str, release: Callable[[], None]) -> int:
    """Start a child that calls ``release``, then ``life``, and ends; its process id.

    Status 0 after ``life`` returns; 1 after an expected error (printed, a line each) or a bug (logged as JSON, without
    the exception's own words). ``name``: what `ps` shows after `careerrelay`.
    """
    parent_pid = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _live(life, name, release, parent_pid)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_apart(work: Callable[[], None], name: str, release: Callable[[], None]) -> bool:
    """Run ``work`` in a child and wait for it: what it loads and opens is gone with it. False when it failed."""
    pid = fork_child(work, name, release)
    _, status = os.waitpid(pid, 0)
    return status == 0


def _live(life: Callable[[], None], name: str, release: Callable[[], None], parent_pid: int) -> NoReturn:
    status = 1
    try:
        _become_own(name, release, parent_pid)
        life()
        status = 0
    except CareerRelayError as error:
        for line in error.message.splitlines():
            click.echo(f"careerrelay: {line}", err=True)
    finally:
        try:
            fault = sys.exception()
            if fault is not None:
                log.critical("process broke off", exc_info=fault)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


def _become_own(name: str, release: Callable[[], None], parent_pid: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)  # Ctrl-C reaches the parent only, which stops its children in order
    die_with_parent(parent_pid)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # `ready …` stays the only line on standard output
    release()
    show_as(name)
    gc.enable()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def show_as(name: str) -> None:
    """Let `ps` and `top` tell this process from its siblings: `careerrelay NAME`, short `cr-NAME`. Linux only.

    The kernel shows as command line whatever stands where the program's arguments began (proc(5), `cmdline`); the
    interpreter has copied them long ago.
    """
    if not sys.platform.startswith("linux"):
        return
    short = f"cr-{name}".encode()[:_NAME_BYTES_MAX]
    ctypes.CDLL(None).prctl(_PR_SET_NAME, short, 0, 0, 0)
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    start, end = (int(fields[number - 2]) for number in (_ARG_START, _ARG_END))
    if not 0 < start < end:
        return  # not shown to this process (ptrace access mode, proc(5))
    words = f"careerrelay\0{name}".encode()[: end - start - 1]
    ctypes.memmove(start, words.ljust(end - start, b"\0"), end - start)
