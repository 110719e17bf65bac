"""What the books say about a recipient, asked while the client still sends: the mail need not wait for it."""

import asyncio
from dataclasses import dataclass

from crm.invitation.standing import Asked, Standing

#: What was asked longer ago is asked again; whether an offer may be made is asked in its transaction all the same.
FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A look-up under way, or done. ``asked_s``: loop time."""

    asked: Asked
    asked_s: float
    standing: asyncio.Future[Standing]

    def answers(self, asked: Asked) -> bool:
        """Is it the answer to ``asked``, and not too old?"""
        return self.asked == asked and asyncio.get_running_loop().time() - self.asked_s <= FRESH_S


def foreseen(asked: Asked, standing: asyncio.Future[Standing]) -> Foreseen:
    """Note a look-up that began now. Its mail may never come: then nobody hears of a fault."""
    standing.add_done_callback(_heard)
    return Foreseen(asked, asyncio.get_running_loop().time(), standing)


def _heard(standing: asyncio.Future[Standing]) -> None:
    if not standing.cancelled():
        standing.exception()
