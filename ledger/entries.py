"""What one line of the book says, and the bytes it is stored as. Pure.

No personal data: every value is a number, a word of a fixed list or an opaque id, so that erasing a person never breaks
the chain. The type sees to it: an id or reason that could be an address or a sentence is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ledger.slots import MOVES, Bucket, Kind

FORMAT = 1
CREDITS_MAX = 1_000_000
#: Kinds that end what an earlier entry began; each entry is ended at most once.
SETTLING = frozenset({Kind.REDEEM, Kind.RELEASE, Kind.REVERSE})

#: Opaque ids ("3f9c…", "agency:17", "2026-11"): no "@", no blank, nothing outside ASCII.
_ID = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}"
_REASON = r"[a-z][a-z0-9_]{0,39}"
_NUMBER = r"[1-9][0-9]{0,17}"
_AT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_BUCKET = "|".join(Bucket)
_IS_ID = re.compile(_ID, re.ASCII)
_IS_REASON = re.compile(_REASON, re.ASCII)

#: The canonical form, and no other spelling of the same JSON: what it matches, `Entry.body` writes back to the byte.
_CANONICAL = re.compile(
    rf'\{{"actor":"({_ID})","approver":"({_ID}|)","at":"({_AT})","credits":({_NUMBER}),"format":{FORMAT},'
    rf'"from":"({_BUCKET})","kind":"({"|".join(Kind)})","person":"({_ID}|)","policy":({_NUMBER}),'
    rf'"programme":({_NUMBER}),"reason":"({_REASON}|)","reference":"({_ID})","seq":({_NUMBER}),'
    rf'"settles":(0|{_NUMBER}),"to":"({_BUCKET})"\}}',
    re.ASCII,
)
_KINDS = {kind.value: kind for kind in Kind}
_BUCKETS = {bucket.value: bucket for bucket in Bucket}


def is_actor(text: str) -> bool:
    """Whether ``text`` may stand as actor, approver or reference."""
    return _IS_ID.fullmatch(text) is not None


class EntryError(ValueError):
    """The bytes are no entry, or the entry contradicts itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One move of credits.

    Attributes:
        seq: 1, 2, 3 … within the programme.
        reference: the referral (earn, reverse), the slot (reserve, redeem, release) or the adjustment; with programme
            and kind it is unique, which makes every operation idempotent.
        person: random id of the counted person, in ``earn`` only; the book knows nothing else of them.
        settles: seq of the earn that is reversed, or of the reserve that is redeemed or released; 0 elsewhere.
        policy: version of the programme's policy that was in force.
        approver: the second person of an adjustment.
    """

    programme_id: int
    seq: int
    kind: Kind
    credits: int
    moved_from: Bucket
    moved_to: Bucket
    reference: str
    policy: int
    actor: str
    at: datetime
    person: str = ""
    settles: int = 0
    reason: str = ""
    approver: str = ""

    def __post_init__(self) -> None:
        if self.programme_id < 1 or self.seq < 1 or self.policy < 1:
            raise EntryError("programme, seq and policy count from 1")
        if self.at.tzinfo is None:
            raise EntryError("a time without zone")
        if not (_IS_ID.fullmatch(self.reference) and _IS_ID.fullmatch(self.actor)):
            raise EntryError("reference and actor are opaque ids")
        if any(word and not _IS_ID.fullmatch(word) for word in (self.person, self.approver)):
            raise EntryError("person and approver are opaque ids")
        if self.reason and not _IS_REASON.fullmatch(self.reason):
            raise EntryError("the reason is one word of a-z, 0-9 and _, because a sentence could name a person")
        if wrong := contradiction(self):
            raise EntryError(wrong)

    def body(self) -> bytes:
        """Canonical JSON: keys sorted, no blanks, ASCII; stored verbatim and never written a second time."""
        fields: dict[str, Any] = {
            "actor": self.actor,
            "approver": self.approver,
            "at": written(self.at),
            "credits": self.credits,
            "format": FORMAT,
            "from": self.moved_from.value,
            "kind": self.kind.value,
            "person": self.person,
            "policy": self.policy,
            "programme": self.programme_id,
            "reason": self.reason,
            "reference": self.reference,
            "seq": self.seq,
            "settles": self.settles,
            "to": self.moved_to.value,
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


class Fields(NamedTuple):
    """A stored body, read but not yet an `Entry`: all that replaying a long book needs. ``at`` as in the body."""

    programme_id: int
    seq: int
    kind: Kind
    credits: int
    moved_from: Bucket
    moved_to: Bucket
    reference: str
    policy: int
    actor: str
    at: str
    person: str
    settles: int
    reason: str
    approver: str


def contradiction(said: Entry | Fields) -> str:
    """What is wrong with the fields taken together; "" when nothing is."""
    kind = said.kind
    if not 1 <= said.credits <= CREDITS_MAX or (said.moved_from, said.moved_to) not in MOVES[kind]:
        return f"{kind} does not move {said.credits} credits from {said.moved_from} to {said.moved_to}"
    if (kind is Kind.EARN) != (said.person != ""):
        return "an earn, and nothing else, names its counted person"
    if (kind in SETTLING) != (said.settles > 0) or said.settles >= said.seq:
        return "redeem, release and reverse, and nothing else, settle an earlier entry"
    if said.credits != 1 and kind in (Kind.EARN, Kind.REVERSE):
        return "a referral is one credit"
    if (kind in (Kind.REVERSE, Kind.ADJUST)) != (said.reason != ""):
        return "reverse and adjust, and nothing else, have a reason"
    if (kind is Kind.ADJUST) != (said.approver != "") or said.approver == said.actor:
        return "an adjustment, and nothing else, is approved by a second person"
    return ""


def written(moment: datetime) -> str:
    """A time as entries hold it: UTC with microseconds, 27 characters, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_fields(body: bytes) -> Fields:
    """Read a stored body.

    Raises:
        EntryError: not the canonical form of an entry, or it contradicts itself.
    """
    match = _CANONICAL.fullmatch(body.decode("ascii", "replace"))
    if match is None:
        raise EntryError("not the canonical form of an entry")
    (actor, approver, at, amount, source, kind, person, policy, programme, reason, reference, seq, settles, target) = (
        match.groups()
    )
    fields = Fields(
        int(programme),
        int(seq),
        _KINDS[kind],
        int(amount),
        _BUCKETS[source],
        _BUCKETS[target],
        reference,
        int(policy),
        actor,
        at,
        person,
        int(settles),
        reason,
        approver,
    )
    if wrong := contradiction(fields):
        raise EntryError(wrong)
    return fields


def read_entry(body: bytes) -> Entry:
    """Rebuild an entry from its stored bytes.

    Raises:
        EntryError: the bytes are not what an entry is written as.
    """
    fields = read_fields(body)
    try:
        at = datetime.fromisoformat(fields.at)
    except ValueError as error:
        raise EntryError("no such date") from error
    return Entry(**(fields._asdict() | {"at": at}))
