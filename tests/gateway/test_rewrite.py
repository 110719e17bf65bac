"""Rewriting: charsets that change, what is never touched, and what comes twice."""

import pytest

from gateway.letter.block import Block
from gateway.letter.limits import Limits
from gateway.letter.rewrite import Rewritten, Untouched, remove_placeholder, rewrite
from tests.gateway import mails
from tests.gateway.mails import EN, JA, LIMITS, PDF, TOP, as_html, edited, ja_block, mail, multipart, part


def reason(raw: bytes) -> str:
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Untouched), result
    return result.reason


# --- charset and encoding ---------------------------------------------------------------------------------------------


def test_ascii_becomes_iso_2022_jp_and_only_its_label_changes() -> None:
    raw = mail(part(mails.TEXT_EN, '"us-ascii"', "7bit", codec="ascii", format="fixed"))
    new = edited(raw)
    assert b'Content-Type: text/plain; charset="iso-2022-jp"; format=fixed\r\n' in new
    assert b"Content-Transfer-Encoding: 7bit\r\n" in new
    assert new.isascii()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Content-Type: text/plain\r\n", b"Content-Type: text/plain; charset=iso-2022-jp\r\n"),
        (b"Content-Type: text/plain;\r\n", b"Content-Type: text/plain; charset=iso-2022-jp\r\n"),
        (b"", b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"),
    ],
)
def test_ascii_without_a_label_gets_one(header: bytes, expected: bytes) -> None:
    new = edited(TOP + header + b"\r\nDear A,\r\n\r\nno.\r\n")
    assert expected in new
    assert new.startswith(TOP)


def test_a_mail_from_before_mime_gets_mime_fields_only_when_needed() -> None:
    top = b"From: saiyo@example.jp\r\nTo: hanako@example.com\r\n"
    new = edited(top + b"\r\nno.\r\n")
    assert new.startswith(top + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n")
    assert edited(top + b"\r\nno.\r\n", EN).startswith(top + b"\r\nno.\r\n")


def test_utf_8_without_8_bit_letters_stays_7_bit_clean() -> None:
    new = edited(mail(part(mails.TEXT_EN, "utf-8", "7bit")))
    assert b"charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n" in new
    assert new.isascii()


def test_western_text_becomes_utf_8_when_the_block_needs_it() -> None:
    new = edited(mail(part(mails.TEXT_FR, "iso-8859-1", "8bit")))
    assert b"charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n" in new
    assert "Chère" in mails.texts(new)[0]


def test_western_text_stays_when_the_block_fits() -> None:
    raw = mail(part(mails.TEXT_FR, "iso-8859-1", "8bit"))
    assert b"charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n" in edited(raw, EN)


def test_a_name_that_iso_2022_jp_lacks_turns_the_part_into_utf_8() -> None:
    raw = mail(part(mails.TEXT_JA, "iso-2022-jp", "7bit", codec="iso2022_jp"))
    new = edited(raw, ja_block("株式会社髙島屋敷人材"))
    assert b"charset=utf-8\r\nContent-Transfer-Encoding: base64" in new
    assert "髙島" in mails.texts(new)[0]


def test_a_text_that_cannot_come_back_is_not_turned_into_utf_8() -> None:
    """A vendor character in ISO-2022-JP reads well, but no codec writes it back as it was."""
    body = mails.TEXT_JA.encode("iso2022_jp") + b"\x1b$B-!\x1b(B\r\n"
    raw = mail(part(body, "iso-2022-jp", "7bit"))
    assert isinstance(rewrite(raw, ja_block("株式会社髙島屋敷人材"), LIMITS), Untouched)


def test_undeclared_iso_2022_jp_stays_undeclared() -> None:
    raw = TOP + b"Content-Type: text/plain\r\n\r\n" + mails.TEXT_JA.encode("iso2022_jp")
    new = edited(raw)
    assert new.startswith(TOP + b"Content-Type: text/plain\r\n\r\n")
    assert "無料キャリア相談" in mails.texts(new)[0]


def test_undeclared_utf_8_stays_undeclared() -> None:
    head = TOP + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    new = edited(head + mails.TEXT_JA.encode())
    assert new.startswith(head)
    assert "無料キャリア相談" in new[len(head) :].decode()


@pytest.mark.parametrize("label", ["iso-2022-jp", "cp50220", "cp50221", "iso-2022-jp-ms"])
def test_vendor_characters_in_iso_2022_jp_stay_as_they_are(label: str) -> None:
    body = b"\x1b$B-!-j\x1b(B abc \x1b(I12\x1b(B\r\n" + mails.TEXT_JA.encode("iso2022_jp")
    raw = mail(part(body, label, "7bit"))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten), result
    start = body.index(b"-- \r\n")
    assert result.apply(raw).endswith(body[start:])
    assert body[:start].rstrip(b"\r\n") in result.apply(raw)


def test_a_double_byte_octet_pair_that_spells_a_tag_is_no_tag() -> None:
    """In ISO-2022-JP kanji octets can spell ``</`` or ``--``: 0x3C2F is a kanji."""
    kanji = b"\x1b$B" + b"</" * 3 + b"\x1b(B"
    html = b"<html><body><p>" + kanji + b"</p></body></html>"
    new = edited(mail(part(html, "iso-2022-jp", "7bit", "html")))
    assert b"<p>" + kanji + b"</p>" in new
    assert new.endswith(b"</body></html>")


def test_a_block_leaves_the_roman_state_as_it_found_it() -> None:
    body = b"\x1b(Jabc\r\n\r\n-- \r\nsig\r\n"
    raw = mail(part(body, "iso-2022-jp", "7bit"))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    assert b"\x1b(Jabc\r\n\x1b(B\r\n" in result.apply(raw)
    assert result.apply(raw).endswith(b"\x1b(J\r\n-- \r\nsig\r\n")


def test_html_is_written_in_references_whatever_the_charset() -> None:
    raw = mail(part(as_html(mails.TEXT_FR), "windows-1252", "quoted-printable", "html", codec="cp1252"))
    new = edited(raw)
    assert b"&#12372;" in new
    assert b"windows-1252" in new


def test_long_lines_of_references_are_folded_inside_tags() -> None:
    block = ja_block("株式会社" + "あ" * 130)
    html = part(as_html(mails.TEXT_JA), "utf-8", "8bit", "html")
    raw = mail(html)
    result = rewrite(raw, block, LIMITS)
    assert isinstance(result, Rewritten)
    assert max(map(len, result.apply(raw).split(b"\r\n"))) <= 998
    assert b"<wbr\r\n>" in result.apply(raw)


def test_a_page_in_one_long_line_is_not_made_longer() -> None:
    html = ("<html><body>" + "<p>選考の結果</p>" * 200 + "</body></html>").encode()
    longest = len(html)
    new = edited(mail(part(html, "utf-8", "8bit", "html")))
    assert max(map(len, new.split(b"\r\n"))) <= longest


@pytest.mark.parametrize("delsp", ["yes", "no"])
def test_format_flowed_keeps_its_paragraphs(delsp: str) -> None:
    text = "Dear A, \r\nwe regret \r\nto say no. \r\n\r\n-- \r\nJane\r\n"
    raw = mail(part(text, "utf-8", "8bit", format="flowed", delsp=delsp))
    new = mails.texts(edited(raw))[0]
    assert new.startswith("Dear A, \r\nwe regret \r\nto say no. \r\n\r\n")
    added = new[len("Dear A, \r\nwe regret \r\nto say no. \r\n") : new.index("-- \r\n")]
    assert not any(line.endswith(" ") for line in added.split("\r\n"))
    assert added.startswith("\r\n")
    assert new.endswith("\r\n-- \r\nJane\r\n")


def test_flowed_lines_that_could_be_misread_are_stuffed() -> None:
    block = Block(f"From now on:\n>{mails.RELAY}\n{mails.OPTOUT}", mails.JA.html, mails.JA.links)
    raw = mail(part("no.\r\n", "utf-8", "8bit", format="flowed"))
    assert mails.texts(edited(raw, block))[0] == f"no.\r\n\r\n From now on:\r\n >{mails.RELAY}\r\n{mails.OPTOUT}\r\n"
    fixed = mail(part("no.\r\n", "utf-8", "8bit"))
    assert "\r\nFrom now on:\r\n>" in mails.texts(edited(fixed, block))[0]


def test_line_feeds_inside_base64_are_kept_as_they_are() -> None:
    raw = mail(part(mails.TEXT_JA.replace("\r\n", "\n"), "utf-8", "base64"))
    text = mails.texts(edited(raw))[0]
    assert "\r" not in text


def test_a_body_without_last_line_end_stays_without() -> None:
    raw = mail(part("お祈りします。", "utf-8", "base64"))
    assert mails.texts(edited(raw))[0].endswith(mails.OPTOUT)


# --- which parts ------------------------------------------------------------------------------------------------------

INNER = b"From: x@example.org\r\nSubject: old\r\n\r\nforwarded text\r\n"
FORWARDED = b"Content-Type: message/rfc822\r\n\r\n" + INNER
NAMED_TEXT = part("notes\r\n", "utf-8", "8bit", name='"notes.txt"')


def test_only_the_letter_is_edited() -> None:
    letter = part(mails.TEXT_JA, "utf-8", "8bit")
    raw = mail(multipart("mixed", NAMED_TEXT, letter, part("more\r\n", "utf-8", "8bit"), FORWARDED, PDF))
    new = edited(raw)
    assert NAMED_TEXT in new
    assert FORWARDED in new
    assert b"\r\n\r\nmore\r\n\r\n" in new


def test_related_is_edited_in_the_part_that_start_names() -> None:
    page = part(as_html(mails.TEXT_JA), "utf-8", "8bit", "html")
    root = b"Content-ID: <root@example.jp>\r\n" + page
    first = b"Content-ID: <first@example.jp>\r\n" + part("<p>first</p>", "utf-8", "8bit", "html")
    body = multipart("related", first, root).replace(b"; boundary", b'; start="<root@example.jp>"; boundary', 1)
    new = edited(mail(body))
    assert first in new


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (mail(multipart("mixed", PDF)), "no text part"),
        (mail(multipart("digest", INNER)), "no text part"),
        (mail(part("x", "utf-8", "8bit", "enriched")), "no text part"),
        (mail(b"Content-Disposition: attachment\r\n" + part("x", "utf-8", "8bit")), "no text part"),
        (mail(multipart("alternative", NAMED_TEXT, part("x", "utf-8", "8bit", "html"))), "one of the alternatives"),
        (mail(part("x", "x-unknown", "8bit", codec="utf-8")), "charset: not known"),
        (mail(part("x", "utf-16", "base64")), "charset: not known"),
        (mail(part(b"\xff", "utf-8", "8bit")), "charset: text is not utf-8"),
        (TOP + b"Content-Type: text/plain\r\n\r\n\xa4\xa2\r\n", "charset: text is not ascii"),
        (TOP + b"Content-Type: text/plain; charset=us-ascii\r\n\r\n\xe3\x81\x82\r\n", "charset: text is not ascii"),
        (mail(part(b"===\r\n", "utf-8", "quoted-printable")).replace(b"=3D", b"="), "encoding: bad quoted-printable"),
        (mail(part("x", "utf-8", "x-uuencode")), "encoding: not known"),
        (mail(part("x", "utf-8; charset=us-ascii", "8bit", codec="utf-8")), "unclear header field"),
        (mail(part("x", "utf-8", "8bit", broken="a b")).replace(b"broken=", b"broken "), "unclear header field"),
        (mail(part("x", "utf-8", "8bit; charset=utf-8")), "encoding: not known"),
        (mail(b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n" + part("x", "utf-8", "8bit")), "checksum"),
        (mail(part(b"a\nb", "utf-8", "8bit")), "bare"),
        (mail(multipart("mixed", part("x", "utf-8", "8bit")))[:-4], "malformed: multipart not closed"),
        (mail(multipart("mixed", b"Content-Type: text/plain")), "text part without a body"),
    ],
)
def test_doubt_leaves_the_mail_alone_and_says_why(raw: bytes, expected: str) -> None:
    assert expected in reason(raw)


def test_a_text_above_the_limit_is_not_edited() -> None:
    raw = mail(part("x" * 500, "utf-8", "8bit"))
    assert isinstance(rewrite(raw, JA, Limits(edit_bytes_max=499)), Untouched)
    assert isinstance(rewrite(raw, JA, Limits(edit_bytes_max=600)), Rewritten)


def test_all_forms_are_edited_or_none() -> None:
    good, bad = part(mails.TEXT_JA, "utf-8", "8bit"), part(b"<p>\xff</p>", "utf-8", "8bit", "html")
    assert "charset" in reason(mail(multipart("alternative", good, bad)))


# --- twice ------------------------------------------------------------------------------------------------------------


def test_another_link_of_ours_in_the_new_text_stops_a_second_one() -> None:
    other = mails.RELAY.replace("AbCd", "WxYz")
    for body in (
        part(f"see {other}\r\n", "utf-8", "8bit"),
        part(f'<a href="{other}">x</a>', "utf-8", "base64", "html"),
    ):
        assert reason(mail(body)) == "already carries one of our links"


@pytest.mark.parametrize(
    "text",
    [
        f"no.\r\n\r\n> see {mails.RELAY}\r\n",
        f"no.\r\n\r\n-----Original Message-----\r\nFrom: a\r\n\r\n{mails.RELAY}\r\n",
    ],
)
def test_a_quoted_link_of_ours_does_not_count(text: str) -> None:
    raw = mail(part(text, "utf-8", "8bit"))
    new = edited(raw)
    assert mails.texts(new)[0].index(mails.OPTOUT) < mails.texts(new)[0].rindex(mails.RELAY)


# --- DKIM -------------------------------------------------------------------------------------------------------------

SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=Example.JP;\r\n\ts=sel; h=from:to; bh=x; b=y\r\n"


def test_a_signature_that_cannot_be_renewed_is_not_broken() -> None:
    raw = SIGNED + mail(part(mails.TEXT_JA, "utf-8", "8bit"))
    assert reason(raw) == "signed by example.jp (DKIM)"
    for domains in (frozenset({"example.jp"}), frozenset({"*"})):
        assert isinstance(rewrite(raw, JA, LIMITS, editable_dkim_domains=domains), Rewritten)
    unreadable = b"DKIM-Signature: nonsense\r\n" + mail(part(mails.TEXT_JA, "utf-8", "8bit"))
    assert "unreadable" in reason(unreadable)
    assert remove_placeholder(raw.replace(b"\r\n-- ", b"\r\n{{careerrelay}}\r\n-- "), LIMITS) is None
