"""The book cut into months of Japan's calendar: what stood at the beginning, what happened, what it came to. Pure.

An entry belongs to the month of its time; an entry whose clock was behind belongs to the month of the one before it, so
that months follow each other in the book without gap and overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from core.clock import JST
from ledger.chain import GENESIS
from ledger.entries import Fields
from ledger.slots import Bucket, Kind, Tally

_NAME = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Month:
    """One month, ``name`` as 2026-10. ``reserved``, ``used`` and ``released`` count slots, the rest credits.

    ``last_seq`` and ``head`` are of the last entry up to the end of the month.
    """

    name: str
    opening: Tally
    closing: Tally
    earned: int = 0
    reversed: int = 0
    adjusted: int = 0
    reserved: int = 0
    used: int = 0
    released: int = 0
    last_seq: int = 0
    head: str = GENESIS

    @property
    def moved_to_slots(self) -> int:
        """Credits set aside for slots, less those given back."""
        return self.opening.available + self.earned - self.reversed + self.adjusted - self.closing.available


def months(entries: Iterable[tuple[Fields, str]]) -> list[Month]:
    """Fold entries with their hashes, in order, into the months that have any; oldest first."""
    found: list[Month] = []
    tally = Tally()
    for fields, head in entries:
        name = max(month_name(datetime.fromisoformat(fields.at)), found[-1].name if found else "")
        if not found or found[-1].name != name:
            found.append(Month(name, replace(tally), tally))
        tally.move(fields.kind, fields.moved_from, fields.moved_to, fields.credits)
        found[-1] = _with(found[-1], fields, replace(tally), head)
    return found


def pick(found: Sequence[Month], name: str) -> Month | None:
    """The month called ``name``; one without entries stands as the one before it ended. None: the book began later."""
    before = [month for month in found if month.name <= name]
    if not before:
        return None
    last = before[-1]
    if last.name == name:
        return last
    return Month(name, last.closing, last.closing, last_seq=last.last_seq, head=last.head)


def free_since(entries: Iterable[tuple[Fields, str]], thresholds: Mapping[int, int]) -> datetime | None:
    """Since when at least one slot has been free and none was reserved or used; None while none is free.
    ``thresholds``: version of the terms -> price of a slot."""
    tally, since = Tally(), None
    for fields, _ in entries:
        tally.move(fields.kind, fields.moved_from, fields.moved_to, fields.credits)
        if tally.available < thresholds[fields.policy]:
            since = None
        elif since is None or fields.kind in (Kind.RESERVE, Kind.REDEEM):
            since = datetime.fromisoformat(fields.at)
    return since


def month_name(moment: datetime) -> str:
    """2026-10, in Japan."""
    return f"{moment.astimezone(JST):%Y-%m}"


def bounds(name: str) -> tuple[datetime, datetime]:
    """The first moment of a month and the first one after it.

    Raises:
        ValueError: not a month.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a month")
    first = date.fromisoformat(f"{name}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(), JST), datetime.combine(following, time(), JST)


def before(name: str) -> str:
    """The month before."""
    first = bounds(name)[0].date()
    return f"{first.year - (first.month == 1):04}-{(first.month - 2) % 12 + 1:02}"


def _with(month: Month, fields: Fields, tally: Tally, head: str) -> Month:
    kind, amount = fields.kind, fields.credits
    signed = amount if fields.moved_to is Bucket.AVAILABLE else -amount
    return replace(
        month,
        closing=tally,
        earned=month.earned + (amount if kind is Kind.EARN else 0),
        reversed=month.reversed + (amount if kind is Kind.REVERSE else 0),
        adjusted=month.adjusted + (signed if kind is Kind.ADJUST else 0),
        reserved=month.reserved + (kind is Kind.RESERVE),
        used=month.used + (kind is Kind.REDEEM),
        released=month.released + (kind is Kind.RELEASE),
        last_seq=fields.seq,
        head=head,
    )
