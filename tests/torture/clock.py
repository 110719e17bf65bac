"""A clock that runs like the system's and can be set, as an administrator or NTP sets one."""

import time
from datetime import datetime, timedelta

from tests.conftest import START


class SettableClock:
    """The time of day jumps where it is told to; the monotonic clock never does."""

    def __init__(self) -> None:
        self._offset = START - datetime.fromtimestamp(time.monotonic(), START.tzinfo)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic(), START.tzinfo) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()

    def jump(self, by: timedelta) -> None:
        self._offset += by
