"""The relaxed form of a body (RFC 6376 3.4.4), however it is cut, against the standard's words and figures."""

import base64
import hashlib
import mmap
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.signature import dkim
from gateway.signature.dkim import BodyDigest, Chunk, sign
from tests.gateway.dkim_world import NOW, ed25519, rsa
from tests.gateway.mails import property_of

HEADER = b"From: hr@example.co.jp\r\nSubject: x\r\n"


def as_the_standard_says(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def digest(chunks: Iterable[Chunk]) -> bytes:
    found = BodyDigest()
    for chunk in chunks:
        found.update(chunk)
    return found.finish()


def expected(body: bytes) -> bytes:
    return hashlib.sha256(as_the_standard_says(body)).digest()


def test_the_example_of_the_standard() -> None:
    """RFC 6376 3.4.5."""
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert as_the_standard_says(body) == b" C\r\nD E\r\n"
    assert digest([body]) == expected(body)
    fields = dkim._canonical_fields(b"CC: X\r\nTo : Y\t\r\n\tZ  \r\nX-Other: a\r\n")
    assert fields == {b"cc": [b"cc:X\r\n"], b"to": [b"to:Y Z\r\n"]}


@pytest.mark.parametrize(
    ("body", "bh"),
    [
        # RFC 6376 3.4.4: the SHA-256 of a body that is nothing.
        (b"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        (b" \r\n\t\r\n", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        # RFC 8463 A.3: the body of its example.
        (
            b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n",
            "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
        ),
    ],
)
def test_the_hashes_of_the_standards(body: bytes, bh: str) -> None:
    assert base64.b64encode(digest([body])).decode() == bh


MIXED = "日本\r\n \t \r\n\r\n a  b\t\r\n\r\n\tc \r\n\r\n \r\n".encode()


@pytest.mark.parametrize("key", [rsa(), ed25519()], ids=["rsa", "ed25519"])
def test_a_cut_at_any_offset_gives_the_same_signature(key: dkim.Signer) -> None:
    whole = sign(HEADER, [MIXED], [key], NOW)
    for at in range(len(MIXED) + 1):
        assert sign(HEADER, [MIXED[:at], MIXED[at:]], [key], NOW) == whole
    assert sign(HEADER, [MIXED[at : at + 1] for at in range(len(MIXED))], [key], NOW) == whole


TOKENS = st.sampled_from([b"\r\n", b" ", b"\t", b"  ", b"a", b".", "ア".encode(), b"\x1b$B", b"\r\n\r\n"])


@given(st.lists(st.lists(TOKENS, max_size=12).map(b"".join), max_size=8), st.data())
@property_of(400)
def test_any_text_in_any_chunks(pieces: list[bytes], data: st.DataObject) -> None:
    body = b"".join(pieces)
    assert digest(pieces) == expected(body)
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    cuts = [0, *places, len(body)]
    assert digest(body[start:end] for start, end in pairwise(cuts)) == expected(body)


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * 400_000,
        b"a" + b"\r\n" * 400_000 + b"b\r\n",
        b"a" + b" \t\r\n" * 200_000 + b" b\r\n",
        b"a" + b" " * 500_000 + b"b" + b"\t" * 500_000 + b"\r\n",
        b"a  b \r\n" * 100_000 + b"\r\n",
        b"x" * 131_071 + b"\r\n" + b"y" * 131_072 + b" \r\n\r\n",
        b"\r\n" * 65_535 + b"\r\nz",
    ],
    ids=["only line ends", "gap", "gap of blank lines", "long runs", "every line", "at the slices", "late text"],
)
def test_bodies_larger_than_a_slice(body: bytes) -> None:
    assert digest([body]) == expected(body)
    assert digest(body[at : at + 4_093] for at in range(0, len(body), 4_093)) == expected(body)


def test_what_waits_for_its_meaning_does_not_grow() -> None:
    found = BodyDigest()
    for _ in range(500):
        found.update(b"\r\n \t" * 1_000)
    assert len(found._held) < 10_000


def test_a_mapped_file_is_read_in_place(tmp_path: Path) -> None:
    body = MIXED * 20_000
    file = tmp_path / "body"
    file.write_bytes(b"head\r\n\r\n" + body)
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as view,
        view[8:] as rest,
    ):
        assert digest([rest]) == expected(body)
        assert digest([mapped]) == expected(b"head\r\n\r\n" + body)
