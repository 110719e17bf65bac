"""How mail comes in just now: whether a mail should wait for company, and whether anybody is still on the way.

Mails that are judged and stored together cost less. A mail alone waits for nobody; where mails come one upon the other
from several clients it pays to wait for those that have been begun.
"""

from collections import deque
from collections.abc import Callable

#: How long a mail may wait for company: a new one, or one whose edit is stored before it leaves.
SOON_S = 0.012
#: So few mails on the way at once are not worth waiting for each other, unless others follow fast.
ALONE_MAX = 3
#: They follow fast when so many final dots came within so long: 200 mails a second.
DOTS = 8
DOTS_S = 0.04


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
        """How long a mail may wait when so many are being worked on."""
        return SOON_S if under_way > ALONE_MAX or self.flows() else 0.0

    def all_here(self, at_the_dot: int) -> bool:
        """Whether nobody is on the way when so many are past their final dot and not stored."""
        return at_the_dot >= self._begun
