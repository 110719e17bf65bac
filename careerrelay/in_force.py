"""Waiting until the running gateway processes follow a changed configuration, so that a command ends when it is so."""

import time
from contextlib import suppress

from core import processes
from core.errors import Temporary
from core.runtime import Runtime

#: A process looks twice a second; reading a large configuration takes it a moment.
WAIT_S = 3.0
_STEP_S = 0.05


def wait(runtime: Runtime, config_version: int) -> bool:
    """Wait until every living gateway process follows that version; False: after ``WAIT_S`` one does not, or nobody
    knows, because the database does not answer."""
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        with suppress(Temporary), runtime.read() as tx:
            if not processes.behind(tx, config_version):
                return True
        time.sleep(_STEP_S)
    return False
