"""Every charset and encoding in every structure: the block arrives readable and nothing else changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.letter.block import Block
from gateway.letter.rewrite import Rewritten, Untouched, rewrite
from tests.gateway import mails
from tests.gateway.mails import EN, JA, LIMITS, PDF, PNG, as_html, mail, multipart, part

PAIRS = [
    ("utf-8", "8bit", "", mails.TEXT_JA),
    ("utf-8", "quoted-printable", "", mails.TEXT_JA),
    ("utf-8", "base64", "", mails.TEXT_JA),
    ("utf-8", "7bit", "", mails.TEXT_EN),
    ("iso-2022-jp", "7bit", "iso2022_jp", mails.TEXT_JA),
    ("iso-2022-jp", "base64", "iso2022_jp", mails.TEXT_JA),
    ("iso-2022-jp", "quoted-printable", "iso2022_jp", mails.TEXT_JA),
    ("shift_jis", "8bit", "cp932", mails.TEXT_JA),
    ("shift_jis", "quoted-printable", "cp932", mails.TEXT_JA),
    ("windows-31j", "base64", "cp932", mails.TEXT_JA.replace("株式会社", "㈱").replace("様", "髙様")),
    ("euc-jp", "8bit", "euc_jp", mails.TEXT_JA),
    ("x-euc-jp", "base64", "euc_jp", mails.TEXT_JA),
    ("us-ascii", "7bit", "", mails.TEXT_EN),
    ("us-ascii", "quoted-printable", "", mails.TEXT_EN),
    ("iso-8859-1", "8bit", "", mails.TEXT_FR),
    ("windows-1252", "quoted-printable", "cp1252", mails.TEXT_FR.replace("'", "’")),
    ("x-sjis", "quoted-printable", "cp932", mails.TEXT_VENDOR),
    ("x-gbk", "8bit", "gbk", mails.TEXT_JA),
    ("iso-2022-jp", "7bit", "vendor-jis", mails.TEXT_VENDOR),
    ("cp50220", "base64", "vendor-jis", mails.TEXT_VENDOR),
    ("cp50221", "quoted-printable", "vendor-jis", mails.TEXT_VENDOR),
    ("eucjp-ms", "8bit", "vendor-euc", mails.TEXT_VENDOR),
    ("us-ascii", "7bit", "vendor-jis", mails.TEXT_VENDOR),  # Outlook: ISO-2022-JP that says nothing of it
]
VENDOR = {"vendor-jis": mails.vendor_jis, "vendor-euc": mails.vendor_euc}


def _plain(text: bytes, html: bytes) -> bytes:
    return text


def _html(text: bytes, html: bytes) -> bytes:
    return html


def _alternative(text: bytes, html: bytes) -> bytes:
    return multipart("alternative", text, html)


def _mixed_alternative(text: bytes, html: bytes) -> bytes:
    return multipart("mixed", _alternative(text, html), PDF, preamble=b"This is a multi-part message.\r\n")


def _related_then_file(text: bytes, html: bytes) -> bytes:
    return multipart("mixed", multipart("related", html, PNG), PDF)


def _alternative_related(text: bytes, html: bytes) -> bytes:
    return multipart("mixed", multipart("alternative", text, multipart("related", html, PNG)), PDF, PDF)


Structure = Callable[[bytes, bytes], bytes]
STRUCTURES: list[Structure] = [
    _plain,
    _html,
    _alternative,
    _mixed_alternative,
    _related_then_file,
    _alternative_related,
]
PARTS: dict[Structure, int] = {
    _plain: 1,
    _html: 1,
    _alternative: 2,
    _mixed_alternative: 2,
    _related_then_file: 1,
    _alternative_related: 2,
}


@pytest.mark.parametrize("block", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda build: build.__name__.strip("_"))
@pytest.mark.parametrize(("charset", "encoding", "codec", "text"), PAIRS, ids=[f"{p[0]}-{p[1]}" for p in PAIRS])
def test_the_block_arrives_and_nothing_else_changes(
    charset: str, encoding: str, codec: str, text: str, structure: Structure, block: Block
) -> None:
    write = VENDOR.get(codec)
    plain = part(write(text) if write else text, charset, encoding, codec=codec)
    html = part(write(as_html(text)) if write else as_html(text), charset, encoding, "html", codec=codec)
    raw = mail(structure(plain, html))
    result = rewrite(raw, block, LIMITS)
    assert isinstance(result, Rewritten), result
    assert result.parts == PARTS[structure]
    mails.assert_only_block_added(raw, result.apply(raw), result.parts)
    assert isinstance(rewrite(result.apply(raw), block, LIMITS), Untouched)


@pytest.mark.parametrize("path", mails.REJECTIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("block", [JA, EN], ids=["ja", "en"])
def test_real_looking_mail_keeps_everything_but_the_block(path: Path, block: Block) -> None:
    raw = path.read_bytes()
    result = rewrite(raw, block, LIMITS)
    assert isinstance(result, Rewritten), result
    mails.assert_only_block_added(raw, result.apply(raw), result.parts)
    assert isinstance(rewrite(result.apply(raw), block, LIMITS), Untouched)


def test_the_matrix_is_as_wide_as_it_is_meant_to_be() -> None:
    assert len({(charset, encoding, codec) for charset, encoding, codec, _ in PAIRS}) == len(PAIRS) >= 12
    assert len(STRUCTURES) >= 6


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_every_line_of_iso_2022_jp_begins_and_ends_in_ascii(encoding: str, kind: str) -> None:
    """RFC 1468: the text between two line ends starts and ends in ASCII; readers begin anew at each line."""
    text = mails.TEXT_JA if kind == "plain" else as_html(mails.TEXT_JA)
    raw = mail(part(text, "iso-2022-jp", encoding, kind, codec="iso2022_jp"))
    [letter] = [leaf for leaf in mails.leaves(mails.edited(raw)) if leaf.kind == f"text/{kind}"]
    lines = letter.octets.split(b"\r\n")
    assert sum(b"\x1b$" in line for line in lines) >= (4 if kind == "html" else 8)
    for line in lines:
        last = max(line.rfind(b"\x1b$"), line.rfind(b"\x1b("))
        assert last < 0 or line[last:].startswith(b"\x1b(B")
        line.decode("iso2022_jp")


def test_there_are_a_hundred_of_them() -> None:
    assert len(mails.REJECTIONS) == 100


@pytest.mark.parametrize("path", mails.REJECTIONS[::7], ids=lambda path: path.stem)
def test_the_witness_sees_a_damaged_mail(path: Path) -> None:
    raw = path.read_bytes()
    new = mails.edited(raw)
    damaged = new.replace(b"\r\n\r\n", b"\r\n\r\nX", 1)
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        mails.assert_only_block_added(raw, damaged, 1 if b"multipart" not in raw else 2)
