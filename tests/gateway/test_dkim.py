"""Our signatures are accepted by an independent verifier for every kind of mail, and never once it was touched."""

import base64
import quopri
import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.letter.rewrite import Rewritten, prepend, rewrite
from gateway.signature.dkim import Signer, sign
from tests.gateway import mails
from tests.gateway.dkim_world import DOMAIN, NOW, ed25519, rsa, signed, verify, zone

JAPANESE = "山田　太郎様\r\n\r\nこのたびはご応募いただきありがとうございました。\r\n末筆ながらお祈り申し上げます。\r\n"
PLAIN = b"Dear applicant,\r\n\r\nthank you for your  application.\r\n"
BASIC = (
    b"From: Personnel <hr@example.co.jp>\r\nTo: yamada@example.com\r\nSubject: Your application\r\n"
    b"Date: Sat, 21 Nov 2026 12:00:00 +0900\r\nMessage-ID: <1@example.co.jp>\r\n"
)


def typed(kind: str, encoding: str, more: bytes = b"") -> bytes:
    return (
        more
        + BASIC
        + f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n".encode()
    )


def without(name: bytes) -> bytes:
    return re.sub(rb"(?m)^" + name + rb":[^\n]*\n", b"", BASIC)


MULTIPART = (
    b"preamble \r\n--b\r\nContent-Type: text/plain\r\n\r\nHello \t \r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Hello</p>\r\n--b--\r\n\r\nepilogue\r\n\r\n"
)
LONG = b"X-Long: " + b"\r\n ".join([b"word" * 15] * 40) + b"\r\n"

HEADERS_AND_BODIES: dict[str, tuple[bytes, bytes]] = {
    "plain": (BASIC, PLAIN),
    "iso-2022-jp 7bit": (typed("text/plain; charset=iso-2022-jp", "7bit"), JAPANESE.encode("iso2022_jp")),
    "utf-8 8bit": (typed("text/plain; charset=utf-8", "8bit"), JAPANESE.encode()),
    "shift_jis 8bit": (typed("text/plain; charset=shift_jis", "8bit"), JAPANESE.encode("cp932")),
    "euc-jp 8bit": (typed("text/plain; charset=euc-jp", "8bit"), JAPANESE.encode("euc_jp")),
    "quoted-printable": (
        typed("text/plain; charset=utf-8", "quoted-printable"),
        quopri.encodestring(JAPANESE.encode()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    ),
    "base64": (
        typed("text/plain; charset=utf-8", "base64"),
        base64.encodebytes(JAPANESE.encode() * 9).replace(b"\n", b"\r\n"),
    ),
    "html": (typed("text/html; charset=utf-8", "8bit"), b"<html>\r\n\t<body>\r\n\t\t<p>a   b</p>\r\n</html>\r\n"),
    "multipart": (typed('multipart/alternative; boundary="b"', "7bit"), MULTIPART),
    "folded content type": (typed('multipart/alternative;\r\n\tboundary="b"', "7bit"), MULTIPART),
    "one trailing blank line": (BASIC, PLAIN + b"\r\n"),
    "many trailing blank lines": (BASIC, PLAIN + b"\r\n" * 5000),
    "trailing blank lines with spaces": (BASIC, PLAIN + b" \r\n\t\r\n  \t \r\n"),
    "leading blank lines": (BASIC, b"\r\n\r\n \r\n" + PLAIN),
    "blank lines in the middle": (BASIC, b"a\r\n" + b" \r\n" * 4000 + b"b\r\n"),
    "blank at the end of lines": (BASIC, b"a \r\nb\t\r\nc \t \r\nd\r\n"),
    "runs of blanks": (BASIC, b"a" + b" " * 1000 + b"b\t\t\tc \t d\r\n  indented\r\n\tindented\r\n"),
    "empty body": (BASIC, b""),
    "only a line end": (BASIC, b"\r\n"),
    "only line ends": (BASIC, b"\r\n" * 9),
    "only blanks": (BASIC, b" \t\r\n \r\n"),
    "no line end at the end": (BASIC, b"no line end"),
    "one octet": (BASIC, b"x\r\n"),
    "a line of a dot": (BASIC, b".\r\n..\r\n"),
    "long line": (BASIC, b"x" * 5000 + b" " + b"y" * 5000 + b"\r\n"),
    "every octet": (typed("application/octet-stream", "binary"),
                    bytes(octet for octet in range(1, 256) if octet not in b"\r\n") + b"\r\n"),
    "folded with a tab": (BASIC + b"References: <a@example.com>\r\n\t<b@example.com>\r\n", PLAIN),
    "folded with many blanks": (BASIC + b"Cc: a@example.com,\r\n \t   b@example.com,\r\n  c@example.com\r\n", PLAIN),
    "tabs in a field": (without(b"Subject") + b"Subject:\tYour\t\tapplication \t\r\n", PLAIN),
    "nothing behind the colon": (without(b"Subject") + b"Subject:\r\n", PLAIN),
    "no blank behind the colon": (without(b"Subject") + b"Subject:x\r\n", PLAIN),
    "upper-case names": (BASIC.replace(b"From:", b"FROM:").replace(b"To:", b"to:"), PLAIN),
    "long unsigned field": (LONG + BASIC, PLAIN),
    "long References": (BASIC + b"References: " + b"\r\n ".join([b"<a@example.com>"] * 200) + b"\r\n", PLAIN),
    "duplicate Subject": (BASIC + b"Subject: another one\r\n", PLAIN),
    "three To": (BASIC + b"To: b@example.com\r\nTo: c@example.com\r\n", PLAIN),
    "8-bit header": (without(b"Subject") + "Subject: 選考結果のご連絡\r\n".encode(), PLAIN),
    "encoded header": (without(b"Subject") + b"Subject: =?ISO-2022-JP?B?GyRCQTo5TTdrMkwbKEI=?=\r\n", PLAIN),
    "no Subject, no Date, no To": (b"From: hr@example.co.jp\r\n", PLAIN),
    "list mail": (BASIC + b"List-Id: <x.example.co.jp>\r\nList-Unsubscribe: <https://example.co.jp/u>\r\n"
                  b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", PLAIN),
    "trace fields on top": (b"Received: from a\r\n\tby b; x\r\nReturn-Path: <a@example.com>\r\n" + BASIC, PLAIN),
    "resent": (b"Resent-From: x@example.co.jp\r\nResent-To: y@example.com\r\n" + BASIC, PLAIN),
    "signed before": (b"DKIM-Signature: v=1; d=example.com; s=x;\r\n h=from; bh=x; b=x\r\n" + BASIC, PLAIN),
}  # fmt: skip


@pytest.mark.parametrize("key", [rsa(), ed25519()], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("name", HEADERS_AND_BODIES)
def test_the_signature_is_accepted_and_a_flipped_octet_is_not(name: str, key: Signer) -> None:
    header, body = HEADERS_AND_BODIES[name]
    mail = signed(header, body, key)
    assert verify(mail, zone(key))
    touched = bytearray(mail)
    at = mail.index(b"hr@example.co.jp")
    touched[at] ^= 1
    assert not verify(bytes(touched), zone(key))
    assert not verify(mail + b".\r\n", zone(key)), "text added at the end"
    if body.strip():
        touched = bytearray(mail)
        touched[len(mail) - len(body) + body.index(body.split()[0])] ^= 2
        assert not verify(bytes(touched), zone(key))


def test_two_signatures_stand_side_by_side() -> None:
    mail = signed(BASIC, PLAIN, rsa(), ed25519())
    published = zone(rsa(), ed25519())
    assert mail.count(b"DKIM-Signature:") == 2
    assert b"a=rsa-sha256" in mail.partition(b"bh=")[0]
    assert verify(mail, published, 0)
    assert verify(mail, published, 1)
    assert not verify(mail, zone(ed25519()), 0), "a verifier that finds no key"


@pytest.mark.parametrize("path", mails.REJECTIONS, ids=lambda path: path.stem)
def test_mails_of_the_collection(path: Path) -> None:
    raw = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
    header, _, body = raw.partition(b"\r\n\r\n")
    assert verify(signed(header + b"\r\n", body, ed25519()), zone(ed25519()))


def test_a_large_attachment() -> None:
    content = base64.encodebytes(bytes(range(256)) * 14_800).replace(b"\n", b"\r\n")
    assert len(content) > 5_000_000
    header = typed("application/pdf", "base64")
    assert verify(signed(header, content, rsa(), chunks=[memoryview(content)]), zone(rsa()))


def test_our_own_fields_on_top_break_nothing() -> None:
    mail = signed(BASIC, PLAIN, rsa())
    on_top = prepend(
        mail, [("Received", b"from a by b; Sat, 21 Nov 2026 12:00:00 +0900"), ("X-CareerRelay-Trace", b"t1:0")]
    )
    assert verify(on_top, zone(rsa()))


@pytest.mark.parametrize(
    "added", ["From: x@example.com", "Subject: other", "To: x@example.com", "Date: x", "Cc: x@example.com",
              "Reply-To: x@example.com", "Content-Type: text/html", "MIME-Version: 1.0"])  # fmt: skip
def test_a_second_field_that_readers_would_show_breaks_the_signature(added: str) -> None:
    header = typed("text/plain", "7bit") + b"Cc: a@example.com\r\nReply-To: b@example.com\r\n"
    mail = signed(header, PLAIN, ed25519())
    assert verify(mail, zone(ed25519()))
    assert not verify(added.encode() + b"\r\n" + mail, zone(ed25519()))


def test_what_servers_add_to_a_bare_mail_breaks_nothing() -> None:
    """A submission server may add Date, Message-ID and an empty To (RFC 6409 8); a Subject nobody adds."""
    mail = signed(b"From: hr@example.co.jp\r\n", PLAIN, ed25519())
    added = b"Date: Sat, 21 Nov 2026 12:00:00 +0900\r\nMessage-ID: <2@example.com>\r\nTo: undisclosed-recipients:;\r\n"
    assert verify(added + mail, zone(ed25519()))
    assert not verify(b"Subject: x\r\n" + mail, zone(ed25519()))


def test_the_same_mail_at_the_same_time_gets_the_same_bytes() -> None:
    first = sign(BASIC, [PLAIN], [rsa(), ed25519()], NOW)
    assert sign(BASIC, [PLAIN], [rsa(), ed25519()], NOW) == first
    assert sign(BASIC + b"\r\n", [PLAIN], [rsa(), ed25519()], NOW) == first, "with the empty line or without"
    assert sign(BASIC, [PLAIN], [rsa(), ed25519()], NOW + timedelta(seconds=1)) != first


def test_the_field_reads_as_the_standard_wants() -> None:
    long_domain = ".".join(["department" * 5] * 4) + ".example.co.jp"
    header = typed("text/plain", "7bit") + b"To: b@example.com\r\n" * 90
    field = sign(header, [PLAIN], [rsa(), rsa(long_domain)], NOW).decode("ascii")
    assert field.endswith("\r\n")
    lines = field[:-2].split("\r\n")
    assert [line for line in lines if len(line) > 76] == [line for line in lines if long_domain in line]
    assert all(line.startswith(("\t", "DKIM-Signature: ")) for line in lines)
    tags = dict(tag.strip().split("=", 1) for tag in field.split("DKIM-Signature: ")[1].split(";"))
    assert {"l", "x", "i"} & tags.keys() == set()
    assert (tags["v"], tags["a"], tags["c"], tags["d"]) == ("1", "rsa-sha256", "relaxed/relaxed", DOMAIN)
    assert tags["t"] == str(int(NOW.timestamp()))
    names = "".join(tags["h"].split()).split(":")
    assert (names.count("from"), names.count("subject"), names.count("to"), names.count("message-id")) == (2, 2, 92, 1)
    assert not {"received", "return-path", "dkim-signature", "x-careerrelay-trace"} & set(names)


@pytest.mark.parametrize("header", [without(b"From"), BASIC + b"From: other@example.co.jp\r\n", b""])
def test_a_mail_without_exactly_one_author_field_is_not_signed(header: bytes) -> None:
    assert sign(header, [PLAIN], [rsa()], NOW) == b""


def test_no_signers_no_fields() -> None:
    assert sign(BASIC, [PLAIN], [], NOW) == b""


def test_an_edited_mail_is_signed_anew_above_its_broken_signature() -> None:
    server, ours = ed25519(), rsa()
    before = signed(typed("text/plain; charset=utf-8", "8bit"), JAPANESE.encode(), server)
    published = zone(server, ours)
    assert verify(before, published)
    edited = rewrite(before, mails.JA, mails.LIMITS, editable_dkim_domains=frozenset({DOMAIN}))
    assert isinstance(edited, Rewritten)
    final = edited.apply(before)
    header, _, body = final.partition(b"\r\n\r\n")
    after = signed(header + b"\r\n", body, ours)
    assert verify(after, published, 0), "ours"
    assert not verify(after, published, 1), "the server's, which stays where it was"
    assert after.endswith(final)
