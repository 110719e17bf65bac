"""Reading a whole book again from its first entry. Pure.

The chain proves that the bytes are the ones written; replaying proves that what they say can be true: no move of
credits that were not there, nothing counted, reserved or settled twice, every slot at the price of its terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.chain import GENESIS, ChainError, Link, walk
from ledger.entries import EntryError, Fields, read_fields
from ledger.policy import Policy
from ledger.slots import Kind, NotEnoughCredits, Tally


@dataclass
class Replay:
    """The state after the entries so far. ``add`` them in order."""

    programme_id: int
    policies: Mapping[int, Policy]
    tally: Tally = field(default_factory=Tally)
    #: What an earlier entry began and nobody ended yet: seq -> reference of an earn, and of a reserve with its credits.
    _earned: dict[int, str] = field(default_factory=dict)
    _reserved: dict[int, tuple[str, int]] = field(default_factory=dict)
    _seen: dict[Kind, set[str]] = field(default_factory=lambda: {kind: set() for kind in Kind})

    def add(self, link: Link) -> Fields:
        """Take the next proved link.

        Raises:
            ChainError: it says something that cannot be true; names the seq.
        """
        try:
            fields = read_fields(link.body)
            self._check(fields, link.seq)
            self.tally.move(fields.kind, fields.moved_from, fields.moved_to, fields.credits)
        except (EntryError, NotEnoughCredits) as error:
            raise ChainError(link.seq, str(error)) from error
        return fields

    def slot_states(self) -> dict[str, str]:
        """Slot id -> reserved, redeemed or released, as the entries so far have it."""
        states = dict.fromkeys(self._seen[Kind.RESERVE], "reserved")
        states |= dict.fromkeys(self._seen[Kind.REDEEM], "redeemed")
        return states | dict.fromkeys(self._seen[Kind.RELEASE], "released")

    def _check(self, fields: Fields, seq: int) -> None:
        if fields.seq != seq or fields.programme_id != self.programme_id:
            raise EntryError(f"is entry {fields.seq} of programme {fields.programme_id}")
        kind, reference = fields.kind, fields.reference
        seen = self._seen[kind]
        if reference in seen:
            raise EntryError(f"a second {kind} of {reference}")
        seen.add(reference)
        policy = self.policies.get(fields.policy)
        if policy is None:
            raise EntryError(f"there are no terms of version {fields.policy}")
        if kind is Kind.EARN:
            self._earned[seq] = reference
        elif kind is Kind.RESERVE:
            if fields.credits != policy.threshold:
                raise EntryError(f"a slot for {fields.credits} credits, the terms say {policy.threshold}")
            self._reserved[seq] = (reference, fields.credits)
        elif kind is Kind.REVERSE:
            if self._earned.pop(fields.settles, None) != reference:
                raise EntryError(f"settles entry {fields.settles}, which is not an open earn of {reference}")
        elif kind is not Kind.ADJUST and self._reserved.pop(fields.settles, None) != (reference, fields.credits):
            raise EntryError(f"settles entry {fields.settles}, which is not an open reserve of {reference}")


@dataclass(frozen=True, slots=True)
class Replayed:
    """``count`` entries are proved and end at ``head`` with ``tally``; ``seq``/``problem`` name the first bad one."""

    count: int
    head: str
    tally: Tally
    seq: int = 0
    problem: str = ""


def replay(links: Iterable[Link], programme_id: int, policies: Mapping[int, Policy]) -> Replayed:
    """Prove chain and content of one programme's whole book."""
    state = Replay(programme_id, policies)
    count, head = 0, GENESIS
    try:
        for link in walk(links):
            state.add(link)
            count, head = count + 1, link.hash
    except ChainError as error:
        return Replayed(count, head, state.tally, error.broken.seq, error.broken.reason)
    return Replayed(count, head, state.tally)
