"""A mail of 6 MB that lies in a file: read and edited through a read-only map, at the price of one copy at most."""

import tracemalloc
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest

from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.parse import parse
from gateway.letter.read import read_mail, sender_of
from gateway.letter.rewrite import Rewritten, remove_placeholder, rewrite, rewrite_parsed
from gateway.letter.splice import OctetEdit, pieces
from gateway.letter.transfer import to_base64
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, as_html, mail, multipart, part

ENVELOPE = Envelope("saiyo@example.jp", (Recipient("hanako@example.com"),))
BASE = "https://relay.example.jp"
FILE_OCTETS = to_base64(bytes(range(256)) * 17_500) + b"\r\n"
FILE = (
    b'Content-Type: application/pdf; name="guide.pdf"\r\nContent-Disposition: attachment; filename="guide.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + FILE_OCTETS
)
LETTER = multipart(
    "alternative",
    part(mails.TEXT_JA, "iso-2022-jp", "7bit", codec="iso2022_jp"),
    part(as_html(mails.TEXT_JA), "utf-8", "quoted-printable", "html"),
)
RAW = mail(multipart("mixed", LETTER, FILE, preamble=b"This is a multi-part message.\r\n"))


@pytest.fixture
def mapped(tmp_path: Path) -> Iterator[mmap]:
    path = tmp_path / "large.eml"
    path.write_bytes(RAW)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as octets:
        yield octets


def test_the_mail_is_as_large_as_it_says() -> None:
    assert 6_000_000 < len(RAW) < 6_500_000


def test_a_mapped_file_is_read_like_octets(mapped: mmap) -> None:
    one, other = parse(RAW, LIMITS), parse(mapped, LIMITS)
    assert one.parts == other.parts
    assert other.problem == ""
    read = [read_mail(each, ENVELOPE, frozenset(), BASE, already_processed=False) for each in (one, other)]
    assert read[0] == read[1]
    assert read[1].text == mails.TEXT_JA.replace("\r\n", "\n")
    assert sender_of(mapped, LIMITS) == read[0].header_from == "saiyo@example.jp"


def test_a_mapped_file_is_edited_like_octets(mapped: mmap) -> None:
    one, other = rewrite(RAW, JA, LIMITS), rewrite(mapped, JA, LIMITS)
    assert isinstance(one, Rewritten)
    assert isinstance(other, Rewritten)
    assert one.edits == other.edits
    new = other.apply(mapped)
    assert new == one.apply(RAW)
    assert new.endswith(RAW[RAW.index(FILE) :])
    mails.assert_only_block_added(RAW, new, 2)


def test_what_is_left_to_send_is_small(mapped: mmap) -> None:
    result = rewrite(mapped, JA, LIMITS)
    assert isinstance(result, Rewritten)
    assert sum(len(edit.octets) for edit in result.edits) < 6_000
    found = list(pieces(len(mapped), result.edits))
    streamed = b"".join(one if isinstance(one, bytes) else mapped[one[0] : one[1]] for one in found)
    assert streamed == result.apply(mapped)
    # The attachment leaves as one range of the original.
    assert any(not isinstance(one, bytes) and one[1] - one[0] > len(FILE) for one in found)


def test_a_placeholder_in_a_mapped_file_is_taken_out(tmp_path: Path) -> None:
    raw = mail(multipart("mixed", part("a\r\n{{careerrelay}}\r\nb\r\n", "utf-8", "8bit"), FILE))
    path = tmp_path / "marked.eml"
    path.write_bytes(raw)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as octets:
        result = remove_placeholder(octets, LIMITS)
        assert result is not None
        at = raw.index(b"{{careerrelay}}")
        assert result.edits == (OctetEdit(at, at + len("{{careerrelay}}\r\n"), b""),)
        assert result.apply(octets) == raw.replace(b"{{careerrelay}}\r\n", b"")


def test_editing_takes_one_copy_of_the_mail_at_most(mapped: mmap) -> None:
    parsed = parse(mapped, LIMITS)
    tracemalloc.start()
    try:
        result = rewrite_parsed(parsed, JA, LIMITS)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(result, Rewritten)
    assert peak_bytes < len(RAW) * 1.2
