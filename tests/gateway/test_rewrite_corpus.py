"""Every mail file of the tests, whole and damaged, and mails made to do harm: read without a fault, edited without
harm or not at all."""

import random
from collections.abc import Callable
from mmap import mmap
from pathlib import Path

import pytest

from gateway.letter.parse import parse
from gateway.letter.rewrite import Rewritten, rewrite
from tests.gateway import mails
from tests.gateway.mails import EN, JA, LIMITS, PDF, TOP, as_html, mail, multipart, part
from tests.gateway.safely import assert_shown_as_meant, read_and_edit

FILES = sorted((Path(__file__).parent.parent).rglob("*.eml"))


def test_there_is_a_corpus() -> None:
    assert len(FILES) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mail_files_are_edited_without_harm(path: Path) -> None:
    raw = path.read_bytes()
    for block in (JA, EN):
        result = read_and_edit(raw, block)
        if isinstance(result, Rewritten):
            assert_shown_as_meant(raw, result)


@pytest.mark.parametrize("path", FILES[::5], ids=lambda path: path.stem)
def test_a_mapped_mail_file_is_cut_and_edited_alike(path: Path) -> None:
    raw = path.read_bytes()
    with mmap(-1, len(raw)) as octets:
        octets.write(raw)
        assert parse(octets, LIMITS).parts == parse(raw, LIMITS).parts
        one, other = rewrite(octets, JA, LIMITS), rewrite(raw, JA, LIMITS)
        assert isinstance(one, Rewritten) == isinstance(other, Rewritten)
        if isinstance(one, Rewritten) and isinstance(other, Rewritten):
            assert one.edits == other.edits


Damage = Callable[[bytes, int, random.Random], bytes]
DAMAGES: dict[str, Damage] = {
    "cut off": lambda raw, at, _: raw[:at],
    "begins late": lambda raw, at, _: raw[at:],
    "NUL": lambda raw, at, _: raw[:at] + b"\0" + raw[at:],
    "bare CR": lambda raw, at, _: raw[:at] + b"\r" + raw[at:],
    "bare LF": lambda raw, at, _: raw[:at] + b"\n" + raw[at:],
    "blank line": lambda raw, at, _: raw[:at] + b"\r\n\r\n" + raw[at:],
    "other octet": lambda raw, at, dice: raw[:at] + bytes([dice.randrange(256)]) + raw[at + 1 :],
    "octets gone": lambda raw, at, dice: raw[:at] + raw[at + dice.randrange(1, 90) :],
    "twice": lambda raw, at, dice: raw[: at + dice.randrange(1, 300)] + raw[at:],
    "line ends gone": lambda raw, at, _: raw[:at] + raw[at:].replace(b"\r\n", b"\n"),
    "escape": lambda raw, at, _: raw[:at] + b"\x1b$B" + raw[at:],
    "comment": lambda raw, at, _: raw[:at] + b"<!--" + raw[at:],
    "long line": lambda raw, at, _: raw[:at] + b"x" * 2_000 + raw[at:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_mail_files_are_edited_without_harm_or_stay(damage: str) -> None:
    dice = random.Random(f"{damage} of the corpus")
    for path in FILES[::2]:
        raw = path.read_bytes()
        read_and_edit(DAMAGES[damage](raw, dice.randrange(len(raw)), dice))


def rfc822(depth: int) -> bytes:
    raw = TOP + part("innermost\r\n", "utf-8", "8bit")
    for _ in range(depth):
        raw = b"From: a@example.jp\r\nContent-Type: message/rfc822\r\n\r\n" + raw
    return raw


def text(body: bytes, charset: str = "utf-8", encoding: str = "8bit", kind: str = "plain", **params: str) -> bytes:
    head = part(b"", charset, encoding, kind, **params)
    return mail(head + body)


LETTER = part(mails.TEXT_JA, "utf-8", "8bit")
HOSTILE = {
    "nothing": b"",
    "only a blank line": b"\r\n",
    "NUL in a field": TOP.replace(b"X-Odd:", b"X-Odd:\0") + LETTER,
    "NUL in the text": text(b"no\0body\r\n"),
    "NUL everywhere": b"\0" * 100_000,
    "bare CR in a field": TOP.replace(b"two", b"t\rwo") + LETTER,
    "bare CR in the text": text(b"a\rb\r\n"),
    "bare LF in the text": text(b"a\nb\r\n"),
    "bare LF everywhere": (TOP + LETTER).replace(b"\r\n", b"\n"),
    "8-bit octets in every field": TOP.replace(b": ", b": \x8d\xcc\x97p\xff ") + LETTER,
    "8-bit octets in a name": b"X-\xe3\x81\x82: y\r\n" + mail(LETTER),
    "UTF-8 subject": b"Subject: " + "選考結果".encode() + b"\r\n" + mail(LETTER),
    "10,000 parts": mail(multipart("mixed", *[LETTER] * 10_000)),
    "10,000 fields": b"X-A: b\r\n" * 10_000 + mail(LETTER),
    "20,000 From lines": b"From: a@example.jp\r\n" * 20_000 + b"\r\nx",
    "a line of 999 octets": text(b"x" * 999 + b"\r\n\r\n-- \r\nA\r\n"),
    "a line of 1 MB": text(b"x" * 1_000_000),
    "a field of 1 MB": TOP.replace(b"two", b"two " * 250_000) + LETTER,
    "bad base64": text(b"44GC*44GE\r\n", encoding="base64"),
    "base64 with a stray padding": text(b"44GC=44GE\r\n", encoding="base64"),
    "base64 in one line": text(b"44GC" * 300_000, encoding="base64"),
    "base64, a letter a line": text(b"4\r\n4\r\nG\r\nC\r\n" * 2_000, encoding="base64"),
    "base64 with blank lines": text(b"44GC\r\n\r\n44GE\r\n\r\n\r\n", encoding="base64"),
    "bad quoted-printable": text(b"=E3=81=8\r\n=ZZ\r\n", encoding="quoted-printable"),
    "soft line breaks only": text(b"=\r\n" * 100_000, encoding="quoted-printable"),
    "quoted-printable of one line": text(b"=E3=81=82" * 50_000, encoding="quoted-printable"),
    "blanks at line ends": text(b"a =20 \t\r\nb \r\n", encoding="quoted-printable"),
    "forwarded 500 deep": rfc822(500),
    "forwarded beside the letter": mail(multipart("mixed", LETTER, rfc822(3)[len(b"From: a@example.jp\r\n") :])),
    "multiparts 100 deep": TOP
    + b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (i, i) for i in range(100)),
    "the same boundary inside": mail(multipart("mixed", multipart("mixed", LETTER, boundary="B"), PDF, boundary="B")),
    "a boundary that never ends": mail(multipart("mixed", LETTER, boundary="B" * 16_000)),
    "a boundary of signs": mail(multipart("mixed", LETTER, PDF, boundary="'()+_,-./:=?.*[a]$^")),
    "parts without a header": mail(multipart("mixed", b"\r\nx", b"\r\ny")),
    "10,000 parameters": TOP + b"Content-Type: text/plain" + b"; a=b" * 10_000 + b"\r\n\r\nx\r\n",
    "two kinds": TOP + b"Content-Type: text/html\r\n" + LETTER,
    "escapes of JIS": text(b"\x1b$B\x1b(B" * 60_000 + b"\r\n", "iso-2022-jp", "7bit"),
    "JIS that does not come back": text(b'\x1b$B$"$$\r\n$&\x1b(B\r\n', "iso-2022-jp", "7bit"),
    "kana shifted out": text(b"\x0e\x31\x0f\r\n", "iso-2022-jp", "7bit"),
    "half a character": text("選考".encode()[:-1], "utf-8"),
    "overlong UTF-8": text(b"\xc0\xaf\xed\xa0\x80\r\n"),
    "placeholders": text(b"{{careerrelay}} " * 20_000),
    "braces": text(b"{" * 300_000, kind="html"),
    "angle brackets": text(b"<" * 300_000, kind="html"),
    "tags": text(b"<b>" * 100_000, kind="html"),
    "unclosed comments": text(b"<!--" * 75_000, kind="html"),
    "unclosed styles": text(b"<style>" * 40_000, kind="html"),
    "hidden and never shown": text(b'<p style="display:none">' * 10_000, kind="html"),
    "ends of pages": text(b"</body></html>" * 20_000, kind="html"),
    "references": text(b"&#x3" * 60_000 + b"&nbsp;" * 20_000, kind="html"),
    "attributes with marks": text(b'<a class="gmail_quote' * 15_000, kind="html"),
    "tables only": text(b"<table><tr><td>x</td></tr></table>" * 5_000, kind="html"),
    "quotations": text(b"> x\r\n" * 60_000),
    "introductions": text(b"On Monday someone wrote\r\n" * 12_000 + b":\r\n"),
    "heads of quotations": text(b"From: a\r\n" * 30_000),
    "delimiters": text(b"-- \r\n" * 60_000),
    "rules": text(b"======\r\n" * 40_000),
    "blank lines": text(b"\r\n" * 150_000),
    "blank lines and PGP": text(b"\r\n" * 150_000 + b"x -----BEGIN PGP MESSAGE-----\r\n", kind="html"),
    "spaces": text(b" " * 300_000),
    "flowed lines": text(b"a \r\n" * 70_000, format="flowed", delsp="yes"),
    "long page in one line": mail(part(as_html(mails.TEXT_JA * 500).replace("\r\n", ""), "utf-8", "8bit", "html")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_and_edited_without_harm_or_stays(name: str) -> None:
    """Quadratic work on one of them would take minutes and run out of the time that a test has."""
    read_and_edit(HOSTILE[name])
