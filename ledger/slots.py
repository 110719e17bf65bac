"""The arithmetic of the book. Pure: no database, clock or file.

One unit, the credit. Every entry moves credits from one bucket to another, so the sum of all buckets is
always 0 (double entry in one unit). A slot costs ``price`` credits; how many slots a company was granted is
derived, never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Permanent

THRESHOLD = 10


class Kind(StrEnum):
    """What an entry does. There is no "grant": ten credits are a slot."""

    EARN = "earn"
    RESERVE = "reserve"
    REDEEM = "redeem"
    RELEASE = "release"
    REVERSE = "reverse"
    ADJUST = "adjust"


class Bucket(StrEnum):
    OUTSIDE = "outside"
    AVAILABLE = "available"
    HELD = "held"
    CONSUMED = "consumed"
    REVERSED = "reversed"


Move = tuple[Bucket, Bucket]

#: Which moves a kind may make; only an adjustment has two directions.
MOVES: dict[Kind, tuple[Move, ...]] = {
    Kind.EARN: ((Bucket.OUTSIDE, Bucket.AVAILABLE),),
    Kind.RESERVE: ((Bucket.AVAILABLE, Bucket.HELD),),
    Kind.REDEEM: ((Bucket.HELD, Bucket.CONSUMED),),
    Kind.RELEASE: ((Bucket.HELD, Bucket.AVAILABLE),),
    Kind.REVERSE: ((Bucket.AVAILABLE, Bucket.REVERSED),),
    Kind.ADJUST: ((Bucket.OUTSIDE, Bucket.AVAILABLE), (Bucket.AVAILABLE, Bucket.OUTSIDE)),
}

#: A slot is reserved, then either used or given back, once.
_SLOTS: dict[Kind, tuple[int, int]] = {Kind.RESERVE: (1, 0), Kind.REDEEM: (-1, 1), Kind.RELEASE: (-1, 0)}


class NotEnoughCredits(Permanent):
    """The move would take more out of a bucket than it holds (ASVS 5.0 2.3.4)."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Where one programme stands, in credits and slots. It refuses to exist when it is wrong.

    ``available`` may be below 0 after a reversal: the next referrals pay that debt, a used slot is never
    taken back. ``price`` is what the next slot costs, in credits.
    """

    earned: int
    adjusted: int
    reversed: int
    available: int
    held: int
    consumed: int
    slots_reserved: int
    slots_used: int
    price: int = THRESHOLD

    def __post_init__(self) -> None:
        if self.price < 1:
            raise ValueError(f"a slot costs at least one credit: {self}")
        if min(self.earned, self.reversed, self.held, self.consumed) < 0:
            raise ValueError(f"a bucket that cannot be negative is: {self}")
        if self.earned + self.adjusted - self.reversed != self.available + self.held + self.consumed:
            raise ValueError(f"credits appeared or vanished: {self}")
        if self.available < 0 and -self.available > self.reversed:
            raise ValueError(f"more debt than reversals: {self}")
        if not (0 <= self.slots_reserved <= self.held and 0 <= self.slots_used <= self.consumed):
            raise ValueError(f"more slots than the credits that pay for them: {self}")
        if (self.held > 0) != (self.slots_reserved > 0) or (self.consumed > 0) != (self.slots_used > 0):
            raise ValueError(f"credits are held or consumed without a slot: {self}")

    @property
    def slots_free(self) -> int:
        """Slots that can be reserved now."""
        return slots_earned(self.available, self.price)

    @property
    def slots_granted(self) -> int:
        """Free, reserved and used: floor((available + held + consumed) / price) while there is no debt."""
        return self.slots_used + self.slots_reserved + self.slots_free

    @property
    def progress(self) -> int:
        """The k of "k/10": credits that already count towards the next slot."""
        return max(self.available, 0) % self.price

    @property
    def debt(self) -> int:
        """Credits that the next referrals pay back before they count again."""
        return max(-self.available, 0)

    @property
    def to_next_slot(self) -> int:
        """Credits missing until one more slot is free."""
        return self.price - self.progress + self.debt


@dataclass(slots=True)
class Tally:
    """The running state while entries are folded; the only place where credits are moved."""

    outside: int = 0
    available: int = 0
    held: int = 0
    consumed: int = 0
    reversed: int = 0
    earned: int = 0
    slots_reserved: int = 0
    slots_used: int = 0

    def move(self, kind: Kind, source: Bucket, target: Bucket, amount: int) -> None:
        """Move ``amount`` credits (at least 1) as an entry of ``kind`` says.

        Raises:
            NotEnoughCredits: ``source`` holds too little. Only a reversal may take *available* below 0.
            ValueError: this kind makes no such move.
        """
        if amount < 1 or (source, target) not in MOVES[kind]:
            raise ValueError(f"{kind} cannot move {amount} credits from {source} to {target}")
        if source is not Bucket.OUTSIDE and kind is not Kind.REVERSE and getattr(self, source) < amount:
            raise NotEnoughCredits(f"{amount} credits are needed, {getattr(self, source)} are {source}")
        setattr(self, source, getattr(self, source) - amount)
        setattr(self, target, getattr(self, target) + amount)
        if kind is Kind.EARN:
            self.earned += amount
        reserved, used = _SLOTS.get(kind, (0, 0))
        self.slots_reserved += reserved
        self.slots_used += used

    def balance(self, price: int) -> Balance:
        """Raises ValueError when the numbers cannot be true."""
        return Balance(
            earned=self.earned,
            adjusted=-self.outside - self.earned,
            reversed=self.reversed,
            available=self.available,
            held=self.held,
            consumed=self.consumed,
            slots_reserved=self.slots_reserved,
            slots_used=self.slots_used,
            price=price,
        )


def slots_earned(referrals: int, price: int = THRESHOLD) -> int:
    """How many slots ``referrals`` counted ones make; the remainder carries over."""
    return max(referrals, 0) // price
