"""How mail comes in just now: whether a commit should wait for company, and whether anybody is still on the way.

What a commit costs is shared by all who are in it. A mail alone waits for nobody; where mails come one upon the other
from several clients it pays to wait for those that have been begun.
"""

from collections import deque
from collections.abc import Callable

#: How long a write may wait for company: a new mail, or an edit before its mail leaves.
SOON_S = 0.012
#: The same of a look-up, which comes before it and costs less.
LOOK_UP_SOON_S = 0.002
#: So few mails on the way at once are not worth waiting for each other, unless others follow fast.
ALONE_MAX = 3
#: They follow fast when so many final dots came within so long: 200 mails a second.
DOTS = 8
DOTS_S = 0.04


def look_up_patience_s(under_way: int) -> float:
    """How long a look-up may wait when so many mails are being worked on."""
    return LOOK_UP_SOON_S if under_way > ALONE_MAX else 0.0


class Traffic:
    """The mails that clients of one process have begun. ``now_s``: the clock of its event loop."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._begun = 0
        self._dots = deque([float("-inf")] * DOTS, maxlen=DOTS)

    def begin(self) -> None:
        """A client has begun a mail (MAIL)."""
        self._begun += 1

    def end(self) -> None:
        """A mail that was begun is stored, refused or given up."""
        self._begun -= 1

    def dot(self) -> None:
        """A mail has come to its final dot."""
        self._dots.append(self._now_s())

    def flows(self) -> bool:
        """Mails come one upon the other, and another one has been begun."""
        return self._begun > 1 and self._now_s() - self._dots[0] < DOTS_S

    def patience_s(self, under_way: int) -> float:
        """How long a write may wait when so many mails are being worked on."""
        return SOON_S if under_way > ALONE_MAX or self.flows() else 0.0

    def all_here(self, waiting: int) -> bool:
        """Whether nobody is on the way when so many wait for a commit."""
        return waiting >= self._begun
