"""Keys: what is sealed opens only in its place; the blind index finds, and tells nothing."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import KeyRing, SealBroken, canonical_address
from core.errors import ConfigError

KEYS = KeyRing.generate()


@given(st.binary(max_size=2000), st.text(max_size=40))
def test_a_sealed_value_opens_in_its_place(plain: bytes, aad: str) -> None:
    assert KEYS.open(aad, KEYS.seal(aad, plain)) == plain


def test_a_sealed_value_does_not_open_in_another_row_or_altered() -> None:
    sealed = KEYS.seal("person.name:1", "山田".encode())
    with pytest.raises(SealBroken):
        KEYS.open("person.name:2", sealed)
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(SealBroken):
            KEYS.open("person.name:1", bytes(broken))


@pytest.mark.parametrize("size", [0, 1, 1_048_576, 1_048_577, 3_000_001])
def test_a_value_sealed_in_pieces_opens_as_one(size: int) -> None:
    plain = bytes(range(251)) * (size // 251 + 1)
    pieces = list(KEYS.seal_pieces("mail_copy.sealed:1", plain[:size]))
    assert KEYS.open("mail_copy.sealed:1", b"".join(pieces)) == plain[:size]
    assert max(map(len, pieces)) <= 1_048_576
    with pytest.raises(SealBroken):
        KEYS.open("mail_copy.sealed:2", b"".join(pieces))


def test_the_same_text_seals_differently_each_time() -> None:
    assert KEYS.seal("a:1", b"x") != KEYS.seal("a:1", b"x")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Taro@Example.JP", "taro@example.jp", True),
        ("taro@日本語.example", "TARO@xn--wgv71a119e.example", True),
        ("taro+job@example.jp", "taro@example.jp", False),
        ("ta.ro@example.jp", "taro@example.jp", False),
        ("taro..y@docomo.example.jp", "taro..y@docomo.example.jp", True),
    ],
)
def test_the_index_follows_the_address_as_providers_do(left: str, right: str, same: bool) -> None:
    assert (KEYS.index(1, left) == KEYS.index(1, right)) is same
    assert KEYS.index(1, left) != KEYS.index(2, left)
    assert KEYS.index(1, left) in KEYS.indexes(1, left)


@given(st.text(max_size=60))
def test_any_text_can_be_looked_for(address: str) -> None:
    assert canonical_address(canonical_address(address)) == canonical_address(address)
    KEYS.index(1, address)


def test_a_mac_holds_for_its_data_and_purpose_only() -> None:
    mac = KEYS.mac("trace", b"mail 1")
    assert KEYS.verify_mac("trace", b"mail 1", mac)
    assert not KEYS.verify_mac("trace", b"mail 2", mac)
    assert not KEYS.verify_mac("session", b"mail 1", mac)
    assert not KEYS.verify_mac("trace", b"mail 1", "")


def test_the_ring_survives_its_file_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ring.json"
    KEYS.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = KeyRing.load(path)
    assert loaded.open("a:1", KEYS.seal("a:1", b"x")) == b"x"
    with pytest.raises(FileExistsError):
        KeyRing.generate().save(path)


def test_an_old_key_still_reads_and_finds(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    KEYS.save(path)
    ring = json.loads(path.read_text())
    fresh = json.loads(json.dumps(KeyRingFile(tmp_path).content))
    for purpose in ("field", "index"):
        ring["purposes"][purpose][0]["active"] = False
        ring["purposes"][purpose].append(fresh["purposes"][purpose][0] | {"id": f"{purpose}-2"})
    path.write_text(json.dumps(ring))
    rotated = KeyRing.load(path)
    assert rotated.open("a:1", KEYS.seal("a:1", b"x")) == b"x"
    assert rotated.index(1, "a@example.jp") != KEYS.index(1, "a@example.jp")
    assert KEYS.index(1, "a@example.jp") in rotated.indexes(1, "a@example.jp")


class KeyRingFile:
    """A second ring, as its file's content."""

    def __init__(self, folder: Path) -> None:
        path = folder / "second.json"
        KeyRing.generate().save(path)
        self.content = json.loads(path.read_text())


@pytest.mark.parametrize("content", ["", "{}", '{"purposes": {"field": [{"id": "f1"}]}}', '{"purposes": 3}', "[]"])
def test_a_damaged_ring_is_one_clear_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ring.json"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        KeyRing.load(path)
    assert "\n" not in caught.value.message


def test_a_missing_ring_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        KeyRing.load(tmp_path / "ring.json")
