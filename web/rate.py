"""How often a program may call in a minute. Kept in memory: it protects this process, nothing hangs on the count."""

import threading
import time

WINDOW_S = 60
NAMES_MAX = 10_000


class Rate:
    """Counts calls by name in windows of a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, int] = {}

    def take(self, name: str, most: int) -> int:
        """Count one call; returns 0, or the seconds to wait when there were ``most`` in this minute."""
        now = time.monotonic()
        window = int(now // WINDOW_S)
        with self._lock:
            if window != self._window or len(self._counts) >= NAMES_MAX:
                self._window, self._counts = window, {}
            self._counts[name] = self._counts.get(name, 0) + 1
            if self._counts[name] <= most:
                return 0
        return max(1, int((window + 1) * WINDOW_S - now) + 1)
