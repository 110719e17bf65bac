"""Ties a child process to its supervisor: when the supervisor is killed, the kernel kills the child at once.

A crash of the supervisor is then a crash of the whole installation, which every start recovers from; no half
of an old installation goes on beside the new one.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent_pid: int) -> None:
    """End this process when ``parent_pid`` ends. Linux only; elsewhere an orphan ends by its own next restart."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)
