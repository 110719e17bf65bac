"""When to try again, when to tell the sender of a delay, when to give up. Pure (RFC 5321 4.5.4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: After a crash nobody knows whether the next hop had taken the mail: calm attempts, not a hammering. Each further
#: crash with the same mail in hand waits three times as long, up to a quarter of an hour.
UNCERTAIN_RETRY_S = 3
UNCERTAIN_RETRY_MAX_S = 900


def uncertain_delay_s(crashes_before: int) -> int:
    """Seconds until a delivery is tried again whose process died, for the ``crashes_before`` + 1st time."""
    return min(UNCERTAIN_RETRY_S * int(3 ** min(crashes_before, 10)), UNCERTAIN_RETRY_MAX_S)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``retry_s``: seconds between attempts, the last one repeats. Ages are counted from the mail's reception."""

    retry_s: Sequence[int]
    give_up_s: int
    delay_notice_s: int

    def delay_s(self, tries: int) -> int:
        """Seconds to wait after ``tries`` attempts (at least one) have ended without success."""
        return self.retry_s[min(max(tries, 1), len(self.retry_s)) - 1]

    def next_try(
        self, tries: int, received_at: datetime, now: datetime, wait_s: float | None = None
    ) -> datetime | None:
        """The time of the next attempt, or None: given up. ``wait_s``: a pause that is not the schedule's.

        An attempt falls on the moment of the delay notice, so that the sender hears in time, and the last one on the
        end of the mail's life at the latest, so that nothing bounces untried.
        """
        end = received_at + timedelta(seconds=self.give_up_s)
        if now >= end:
            return None
        due_at = now + timedelta(seconds=self.delay_s(tries) if wait_s is None else wait_s)
        notice_at = received_at + timedelta(seconds=self.delay_notice_s)
        if now < notice_at < due_at:
            due_at = notice_at
        return min(due_at, end)

    def delay_is_due(self, received_at: datetime, now: datetime, told: bool) -> bool:
        """Should the sender hear now that the mail still waits? Once a mail, never after the end."""
        return not told and now >= received_at + timedelta(seconds=self.delay_notice_s)
