"""Time comes from here, so that tests and the demo can move it."""

import time as machine
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


def day_in_japan(moment: datetime) -> date:
    """Return the date in Japan: licences, contracts, records and statements go by the Japanese day."""
    return moment.astimezone(JST).date()


def midnight_in_japan(moment: datetime) -> datetime:
    """Return when the Japanese day of ``moment`` began."""
    return datetime.combine(day_in_japan(moment), time(), JST)


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, in UTC: for dates that people and other machines see."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards: for waiting and for budgets inside one process."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return machine.monotonic()


class ManualClock:
    """Stands still until told otherwise."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += max(seconds, 0.0)

    def set(self, moment: datetime) -> None:
        self._now = moment.astimezone(UTC)
