"""How fast one next hop gets mail: connections at once, mails a minute, and slower for a while when it asks so."""

import asyncio
import re
from collections import deque

from gateway.outcome import Reply

#: A mail waits this long in memory for its turn; with a longer wait it goes back to the queue.
WAIT_MAX_S = 5.0
#: After a complaint the connections are halved, and doubled again each time this long has passed without another.
SLOW_S = 60.0
#: Complaints over several connections at the same moment are one.
SAME_MOMENT_S = 5.0

_TOO_MUCH = re.compile(r"too (?:many|fast|quickly|much)|\brate\b|throttl|slow down|server busy", re.IGNORECASE)


def asks_to_slow_down(reply: Reply) -> bool:
    """Does the next hop say that *we* are too much for it (not that a mail is greylisted)? RFC 5321 3.8: 421."""
    if reply.ours or not 400 <= reply.code < 500:
        return False
    return reply.code == 421 or (reply.status.startswith(("4.7.", "4.3.")) and bool(_TOO_MUCH.search(reply.text)))


class Slots:
    """A semaphore whose limit may change: ``limit`` at once, the others in the order of their coming."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.taken = 0

    @property
    def free(self) -> bool:
        return self.taken < self._limit and not self._waiting

    def set_limit(self, limit: int) -> None:
        self._limit = limit
        self._grant()

    async def take(self) -> None:
        """Wait for a slot; whoever is cancelled meanwhile holds none."""
        if self.take_free():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give_back()  # it was granted in the same moment
            raise

    def take_free(self) -> bool:
        """Take a slot if nobody has to wait for it."""
        if not self.free:
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        self.taken -= 1
        self._grant()

    def _grant(self) -> None:
        while self._waiting and self.taken < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)


class Pace:
    """Mails a minute. Times are monotonic seconds; ``per_minute`` 0: no limit."""

    def __init__(self, per_minute: float) -> None:
        self._interval_s = 60.0 / per_minute if per_minute else 0.0
        self._next_s = 0.0
        self._backlog_s = 0.0

    @property
    def is_limited(self) -> bool:
        return self._interval_s > 0

    def wait_s(self, now_s: float) -> float:
        """Seconds until this mail's turn, which is taken with the call; above `WAIT_MAX_S` it is not.

        Mails beyond that get moments one after the other, so that they do not come back all at once.
        """
        if not self._interval_s:
            return 0.0
        start_s = max(self._next_s, now_s)
        if start_s - now_s <= WAIT_MAX_S:
            self._next_s = start_s + self._interval_s
            return start_s - now_s
        turn_s = max(self._backlog_s, start_s)
        self._backlog_s = turn_s + self._interval_s
        return turn_s - now_s


class Gentleness:
    """How many connections a next hop may have now: fewer after it complained."""

    def __init__(self, connections_max: int) -> None:
        self._max = connections_max
        self.connections = connections_max
        self._changed_s = 0.0

    def complained(self, now_s: float) -> bool:
        """Halve, at most once in a moment; True when that changed anything."""
        if self.connections < self._max and now_s - self._changed_s < SAME_MOMENT_S:
            return False
        before, self.connections = self.connections, max(self.connections // 2, 1)
        self._changed_s = now_s
        return self.connections < before

    def relax(self, now_s: float) -> bool:
        """Double when there was no complaint for a while; True when that changed anything."""
        if self.connections >= self._max or now_s - self._changed_s < SLOW_S:
            return False
        self.connections = min(self.connections * 2, self._max)
        self._changed_s = now_s
        return True
