"""A chain whose hashes fit can still tell a story that cannot be true."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.chain import GENESIS, Link, entry_hash
from ledger.entries import Entry
from ledger.policy import Policy
from ledger.replay import replay
from ledger.slots import MOVES, Bucket, Kind

AT = datetime(2026, 11, 21, tzinfo=UTC)
POLICIES = {1: Policy(), 2: Policy(version=2, threshold=5)}
Step = dict[str, Any]


def earn(referral: str, **more: Any) -> Step:
    return {"kind": Kind.EARN, "credits": 1, "reference": referral, "person": f"p{referral}"} | more


def slot(kind: Kind, slot_id: str, settles: int = 0, **more: Any) -> Step:
    return {"kind": kind, "credits": 10, "reference": slot_id, "settles": settles} | more


def reverse(referral: str, settles: int) -> Step:
    return {"kind": Kind.REVERSE, "credits": 1, "reference": referral, "settles": settles, "reason": "fraud"}


TEN = [earn(f"r{number}") for number in range(10)]


def links(steps: list[Step]) -> list[Link]:
    made, prev = [], GENESIS
    for seq, step in enumerate(steps, 1):
        source, target = step.get("move", MOVES[step["kind"]][0])
        fields = {name: value for name, value in step.items() if name != "move"}
        base: Step = {"programme_id": 1, "seq": seq, "policy": 1, "actor": "cli", "at": AT}
        body = Entry(**(base | {"moved_from": source, "moved_to": target} | fields)).body()
        made.append(Link(seq, body, prev, entry_hash(prev, body)))
        prev = made[-1].hash
    return made


def test_an_honest_book_replays_to_its_balance() -> None:
    story = [*TEN, slot(Kind.RESERVE, "s1"), slot(Kind.REDEEM, "s1", 11), reverse("r0", 1), earn("r10")]
    found = replay(links(story), 1, POLICIES)
    assert (found.problem, found.count, found.tally.consumed, found.tally.available) == ("", 14, 10, 0)


@pytest.mark.parametrize(
    ("story", "bad", "why"),
    [
        ([earn("r1"), earn("r1")], 2, "a second earn"),
        ([slot(Kind.RESERVE, "s1")], 1, "10 credits are needed"),
        ([*TEN, slot(Kind.RESERVE, "s1", credits=9)], 11, "the terms say 10"),
        ([*TEN, slot(Kind.RESERVE, "s1", policy=2)], 11, "the terms say 5"),
        ([*TEN, slot(Kind.RESERVE, "s1", policy=3)], 11, "no terms of version 3"),
        ([*TEN, slot(Kind.RESERVE, "s1"), slot(Kind.REDEEM, "s2", 11)], 12, "not an open reserve of s2"),
        ([*TEN, slot(Kind.RESERVE, "s1"), slot(Kind.REDEEM, "s1", 10)], 12, "not an open reserve"),
        ([*TEN, slot(Kind.RESERVE, "s1"), slot(Kind.REDEEM, "s1", 11), slot(Kind.RELEASE, "s1", 11)], 13, "an open"),
        ([earn("r1"), reverse("r2", 1)], 2, "not an open earn of r2"),
        ([earn("r1"), reverse("r1", 1), reverse("r1", 1)], 3, "a second reverse"),
        ([earn("r1", programme_id=2)], 1, "programme 2"),
        ([earn("r1", seq=4)], 1, "entry 4"),
        (
            [{"kind": Kind.ADJUST, "credits": 1, "reference": "a", "reason": "x", "approver": "b"}
             | {"move": (Bucket.AVAILABLE, Bucket.OUTSIDE)}],
            1,
            "1 credits are needed",
        ),
    ],
)  # fmt: skip
def test_a_story_that_cannot_be_true_is_named_at_its_entry(story: list[Step], bad: int, why: str) -> None:
    found = replay(links(story), 1, POLICIES)
    assert (found.seq, found.count) == (bad, bad - 1)
    assert why in found.problem
