"""An entry is bytes that say one thing in one way, and never anything about a person."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import Entry, EntryError, read_entry, read_fields, written
from ledger.slots import MOVES, Bucket, Kind

AT = datetime(2026, 11, 21, 3, 0, 0, 120, tzinfo=UTC)
EARN: dict[str, Any] = {
    "programme_id": 3,
    "seq": 7,
    "kind": Kind.EARN,
    "credits": 1,
    "moved_from": Bucket.OUTSIDE,
    "moved_to": Bucket.AVAILABLE,
    "reference": "9f0c3a5577aa0001",
    "policy": 1,
    "actor": "agency:4",
    "at": AT,
    "person": "00ff00ff00ff00ff",
}
RESERVE = EARN | {"kind": Kind.RESERVE, "credits": 10, "person": ""}
RESERVE |= {"moved_from": Bucket.AVAILABLE, "moved_to": Bucket.HELD}
REDEEM = RESERVE | {"kind": Kind.REDEEM, "moved_from": Bucket.HELD, "moved_to": Bucket.CONSUMED, "settles": 6}
RELEASE = RESERVE | {"kind": Kind.RELEASE, "moved_from": Bucket.HELD, "moved_to": Bucket.AVAILABLE, "settles": 2}
REVERSE = EARN | {"kind": Kind.REVERSE, "moved_from": Bucket.AVAILABLE, "moved_to": Bucket.REVERSED, "person": ""}
REVERSE |= {"settles": 5, "reason": "duplicate"}
ADJUST = EARN | {"kind": Kind.ADJUST, "credits": 4, "person": "", "reason": "migration", "approver": "user:2"}
EXAMPLES = (EARN, RESERVE, REDEEM, RELEASE, REVERSE, ADJUST)


def test_the_stored_form_is_fixed_to_the_byte() -> None:
    assert Entry(**EARN).body() == (
        b'{"actor":"agency:4","approver":"","at":"2026-11-21T03:00:00.000120Z","credits":1,"format":1,"from":"outside",'
        b'"kind":"earn","person":"00ff00ff00ff00ff","policy":1,"programme":3,"reason":"",'
        b'"reference":"9f0c3a5577aa0001","seq":7,"settles":0,"to":"available"}'
    )


@pytest.mark.parametrize("fields", EXAMPLES, ids=lambda f: str(f["kind"]))
def test_an_entry_is_read_back_as_it_was_written(fields: dict[str, Any]) -> None:
    entry = Entry(**fields)
    assert read_entry(entry.body()) == entry
    assert read_entry(entry.body()).body() == entry.body()


@pytest.mark.parametrize(
    "wrong",
    [
        EARN | {"person": ""},
        EARN | {"credits": 2},
        EARN | {"credits": 0},
        EARN | {"seq": 0},
        EARN | {"programme_id": 0},
        EARN | {"policy": 0},
        EARN | {"moved_to": Bucket.HELD},
        EARN | {"at": datetime(2026, 11, 21)},  # noqa: DTZ001 - that is the point
        EARN | {"reason": "why"},
        EARN | {"approver": "user:2"},
        EARN | {"settles": 1},
        RESERVE | {"person": "00ff00ff00ff00ff"},
        REDEEM | {"settles": 0},
        REDEEM | {"settles": 7},
        RELEASE | {"settles": 9},
        REVERSE | {"reason": ""},
        REVERSE | {"settles": 0},
        ADJUST | {"approver": ""},
        ADJUST | {"approver": "agency:4"},
        ADJUST | {"reason": ""},
        ADJUST | {"credits": 1_000_001},
    ],
)
def test_an_entry_that_contradicts_itself_does_not_exist(wrong: dict[str, Any]) -> None:
    with pytest.raises(EntryError):
        Entry(**wrong)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor", "hr@example.co.jp"),
        ("actor", "山田"),
        ("actor", ""),
        ("actor", "Taro Yamada"),
        ("reference", "yamada@example.com"),
        ("reference", ""),
        ("reference", "x" * 65),
        ("reference", 'a"b'),
        ("reference", "a\n"),
        ("person", "yamada@example.com"),
        ("person", "山田太郎"),
        ("approver", "ceo@example.co.jp"),
        ("reason", "Mr. Yamada was known already"),
        ("reason", "重複"),
    ],
)
def test_nothing_that_could_name_a_person_gets_into_the_book(field: str, value: str) -> None:
    base = ADJUST if field in ("approver", "reason") else EARN
    with pytest.raises(EntryError):
        Entry(**(base | {field: value}))


BODY = Entry(**EARN).body()


def respelled(**changes: Any) -> bytes:
    return json.dumps(json.loads(BODY) | changes, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{}",
        b"null",
        b"\xff\xfe",
        BODY + b"\n",
        BODY[:-1],
        BODY.replace(b":", b": ", 1),
        BODY.replace(b'"earn"', b'"e\\u0061rn"'),
        BODY.replace(b'"credits":1', b'"credits":1.0'),
        BODY.replace(b'"seq":7', b'"seq":07'),
        BODY.replace(b'"seq":7', b'"seq":7,"seq":7'),
        json.dumps(json.loads(BODY)).encode(),
        respelled(format=2),
        respelled(kind="grant"),
        respelled(seq=True),
        respelled(credits="1"),
        respelled(actor=["cli"]),
        respelled(at="2026-13-45T03:00:00.000120Z"),
        respelled(at="2026-11-21T12:00:00.000120+09:00"),
        respelled(extra=1),
        respelled(credits=2),
        respelled(seq=10**30),
    ],
)
def test_other_spellings_and_other_contents_are_no_entry(stored: bytes) -> None:
    with pytest.raises(EntryError):
        read_entry(stored)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_refused_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(EntryError):
        read_fields(noise)


def test_times_are_utc_and_their_text_order_is_their_order() -> None:
    tokyo = timezone(timedelta(hours=9))
    moments = [AT, AT + timedelta(microseconds=1), AT + timedelta(days=40), AT + timedelta(days=4000)]
    assert written(AT.astimezone(tokyo)) == written(AT) == "2026-11-21T03:00:00.000120Z"
    assert sorted(written(moment) for moment in moments) == [written(moment) for moment in moments]


@given(
    st.sampled_from([(kind, move) for kind in Kind for move in MOVES[kind]]),
    st.integers(1, 10**6),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", fullmatch=True),
    st.datetimes(datetime(2000, 1, 1), datetime(9999, 12, 31)),  # noqa: DTZ001 - the zone follows
)
def test_what_the_pattern_matches_is_written_back_to_the_byte(
    kind_and_move: tuple[Kind, tuple[Bucket, Bucket]], number: int, reference: str, at: datetime
) -> None:
    kind, (source, target) = kind_and_move
    base = {kind.value: fields for kind, fields in zip(Kind, EXAMPLES, strict=True)}
    amount = 1 if kind in (Kind.EARN, Kind.REVERSE) else number
    fields = base[kind.value] | {"moved_from": source, "moved_to": target, "credits": amount, "reference": reference}
    body = Entry(**(fields | {"programme_id": number, "at": at.replace(tzinfo=UTC)})).body()
    assert read_entry(body).body() == body
