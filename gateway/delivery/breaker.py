"""A circuit breaker for one next hop: when it is down, mails do not wait for one time-out after the other. Pure.

Closed: everybody tries. After `FAILURES_MAX` failures in a row it is open: nobody does, except one probe at a time,
each after a longer pause. A probe that is answered lets everybody try again; until a mail really came through, the next
failure opens it at once, with the longer pause.
"""

from collections.abc import Callable
from random import SystemRandom

FAILURES_MAX = 5
PAUSE_S = 5.0
PAUSE_MAX_S = 300.0
#: Pauses differ by up to this share, so that the processes of many gateways do not knock all at the same moment.
JITTER = 0.2
_RANDOM = SystemRandom().random


class Breaker:
    """Times are monotonic seconds. ``random`` gives 0.0 to 1.0."""

    def __init__(self, random: Callable[[], float] = _RANDOM) -> None:
        self._random = random
        self._failures = 0
        self._opened = 0
        self._probe_at_s: float | None = None

    @property
    def is_open(self) -> bool:
        return self._probe_at_s is not None

    def failed(self, now_s: float) -> bool:
        """The hop could not be reached, or did not speak; True when this opened the breaker."""
        if self.is_open:
            return False  # begun before it opened
        self._failures += 1
        if self._failures < FAILURES_MAX:
            return False
        self._open(now_s)
        return True

    def succeeded(self) -> bool:
        """The hop has answered a mail; True when this closed the breaker."""
        was_open = self.is_open
        self._failures, self._opened, self._probe_at_s = 0, 0, None
        return was_open

    def probe_is_due(self, now_s: float) -> bool:
        return self._probe_at_s is not None and now_s >= self._probe_at_s

    def probed(self, now_s: float, answered: bool) -> None:
        """What became of the one probe."""
        if answered:
            self._probe_at_s = None
            self._failures = FAILURES_MAX - 1
        else:
            self._open(now_s)

    def hurry(self, now_s: float) -> None:
        """Somebody has changed something: the next probe need not wait."""
        if self._probe_at_s is not None:
            self._probe_at_s = min(self._probe_at_s, now_s)

    def _open(self, now_s: float) -> None:
        pause_s = PAUSE_S * 2 ** min(self._opened, 10) * (1 - JITTER + 2 * JITTER * self._random())
        self._opened += 1
        self._probe_at_s = now_s + min(pause_s, PAUSE_MAX_S)
