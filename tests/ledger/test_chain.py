"""Whatever happens to stored entries, the chain names the first one that is not what was written."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import GENESIS, Link, entry_hash, verify
from ledger.entries import Entry
from ledger.slots import Bucket, Kind

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def chain(length: int, programme_id: int = 1) -> list[Link]:
    links, prev = [], GENESIS
    for seq in range(1, length + 1):
        entry = Entry(
            programme_id,
            seq,
            Kind.EARN,
            1,
            Bucket.OUTSIDE,
            Bucket.AVAILABLE,
            f"{seq:016x}",
            1,
            "system",
            START + timedelta(hours=seq),
            person=f"{seq * 7919:016x}",
        )
        body = entry.body()
        links.append(Link(seq, body, prev, entry_hash(prev, body)))
        prev = links[-1].hash
    return links


LINKS = chain(20)


def first_bad(links: list[Link]) -> int:
    broken = verify(links).broken
    return 0 if broken is None else broken.seq


def test_an_untouched_chain_holds_and_ends_at_its_last_hash() -> None:
    found = verify(LINKS)
    assert (found.count, found.head, found.broken) == (20, LINKS[-1].hash, None)
    assert verify([]).head == GENESIS


def test_a_part_of_a_chain_holds_after_the_hash_before_it() -> None:
    found = verify(LINKS[7:], after_seq=7, prev=LINKS[6].hash)
    assert (found.count, found.broken) == (13, None)
    assert verify(LINKS[7:]).broken is not None


def test_every_flipped_bit_of_a_body_is_found_at_its_entry() -> None:
    for at, link in enumerate(LINKS):
        for place in range(len(link.body)):
            damaged = bytearray(link.body)
            damaged[place] ^= 1 << (place % 8)
            assert first_bad([*LINKS[:at], link._replace(body=bytes(damaged)), *LINKS[at + 1 :]]) == link.seq


def test_every_changed_digit_of_a_hash_is_found_at_its_entry() -> None:
    for at, link in enumerate(LINKS):
        for place in range(64):
            other = "0" if link.hash[place] != "0" else "f"
            wrong_hash = link._replace(hash=link.hash[:place] + other + link.hash[place + 1 :])
            other = "0" if link.prev[place] != "0" else "f"
            wrong_prev = link._replace(prev=link.prev[:place] + other + link.prev[place + 1 :])
            for wrong in (wrong_hash, wrong_prev):
                assert first_bad([*LINKS[:at], wrong, *LINKS[at + 1 :]]) == link.seq


@given(st.integers(0, 19), st.integers(0, 19))
def test_exchanged_entries_are_found_at_the_earlier_one(a: int, b: int) -> None:
    links = list(LINKS)
    links[a], links[b] = links[b], links[a]
    assert first_bad(links) == (min(a, b) + 1 if a != b else 0)


@given(st.integers(0, 18))
def test_a_dropped_entry_is_named(at: int) -> None:
    assert first_bad([*LINKS[:at], *LINKS[at + 1 :]]) == at + 1


@given(st.integers(0, 19))
def test_an_entry_put_in_is_found(at: int) -> None:
    assert first_bad([*LINKS[:at], LINKS[at], *LINKS[at:]]) == at + 2


def test_a_rewritten_entry_with_a_hash_that_fits_it_breaks_the_next_one() -> None:
    forged = LINKS[4]._replace(body=LINKS[4].body.replace(b'"system"', b'"cli"'))
    forged = forged._replace(hash=entry_hash(forged.prev, forged.body))
    assert first_bad([*LINKS[:4], forged, *LINKS[5:]]) == 6


def test_the_same_entries_in_another_book_make_another_chain() -> None:
    assert chain(3, programme_id=2)[-1].hash != LINKS[2].hash


def test_the_hash_is_sha256_over_the_hash_before_and_the_stored_bytes() -> None:
    # printf '%064d\n{}' 0 | sha256sum
    assert entry_hash(GENESIS, b"{}") == "5649d09ed68c17156095d175eef152856c5b1a81c117c409c1e00f096aa6838e"
