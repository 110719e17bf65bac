"""Damage that other programmes do to such mail, each case once: alterMIME, rspamd, mailcow, SimpleLogin, Mailman."""

import email

import pytest

from gateway.letter.rewrite import Rewritten, Untouched, rewrite
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, PDF, PNG, as_html, edited, mail, multipart, part

TEXT = part(mails.TEXT_JA, "utf-8", "8bit")
HTML = part(as_html(mails.TEXT_JA), "utf-8", "8bit", "html")


def test_base64_text_is_really_changed() -> None:
    """alterMIME appends nothing to base64 text, without a word."""
    raw = mail(part(mails.TEXT_JA, "utf-8", "base64"))
    assert mails.RELAY in mails.texts(edited(raw))[0]


@pytest.mark.parametrize("spare", range(4))
def test_base64_keeps_its_last_octets(spare: int) -> None:
    """alterMIME with --force-into-b64 cut ``…AbCdEf`` to ``…AbCdE``."""
    text = mails.TEXT_JA + "x" * spare + " https://example.jp/AbCdEf"
    new = mails.texts(edited(mail(part(text, "utf-8", "base64"))))[0]
    assert new.endswith("https://example.jp/AbCdEf") or "https://example.jp/AbCdEf\r\n" in new


def test_iso_2022_jp_gets_iso_2022_jp() -> None:
    """alterMIME appends raw UTF-8 to it: mojibake."""
    new = edited(mail(part(mails.TEXT_JA, "iso-2022-jp", "7bit", codec="iso2022_jp")))
    assert new.isascii()
    assert "無料キャリア相談" in mails.texts(new)[0]


def test_files_after_a_related_part_stay() -> None:
    """mailcow: related directly under mixed and files after it: 18 files became 5, behind the last boundary."""
    raw = mail(multipart("mixed", multipart("related", HTML, PNG), *[PDF] * 18))
    names = [one.get_filename() for one in email.message_from_bytes(edited(raw)).walk()]
    assert names.count("guide.pdf") == 18


def test_a_part_whose_first_field_is_not_content_type_keeps_its_boundary() -> None:
    """mailcow: a stray ``--`` line before such parts; PNG here begins with Content-ID."""
    new = edited(mail(multipart("related", HTML, PNG, boundary="B")))
    assert new.count(b"--B\r\n") == 2
    assert new.count(b"--B--\r\n") == 1
    assert b"\r\n--\r\n" not in new


def test_quoted_printable_is_quoted() -> None:
    """mailcow declares quoted-printable and writes ``=`` as it is."""
    new = edited(
        mail(part(mails.TEXT_EN, "utf-8", "quoted-printable", "html").replace(b"Dear", b"<a href=3D'x'>Dear</a>"))
    )
    payload = new.split(b"\r\n\r\n", 1)[1]
    assert b'href=3D"https://relay.example.jp/r/' in payload.replace(b"=\r\n", b"")


def test_flowed_quoted_printable_shows_no_codes() -> None:
    """rspamd: ``=2=20`` in format=flowed text."""
    text = "Dear A, \r\nwe regret to \r\ntell you no. \r\n\r\n-- \r\nJane\r\n"
    new = edited(mail(part(text, "utf-8", "quoted-printable", format="flowed")))
    shown = mails.texts(new)[0]
    assert "=2" not in shown
    assert shown.endswith("\r\n-- \r\nJane\r\n")
    assert "\r\n\r\n-- \r\n" in shown


def test_the_block_stands_above_the_quotation() -> None:
    """mailcow: the footer stands under the quoted mail."""
    text = "no.\r\n\r\nOn Mon, 9 Nov 2026, A <a@example.com> wrote:\r\n> when?\r\n"
    shown = mails.texts(edited(mail(part(text, "utf-8", "8bit"))))[0]
    assert shown.index("no.") < shown.index(mails.OPTOUT) < shown.index("On Mon")


def test_the_first_part_of_a_signed_mail_stays() -> None:
    """SimpleLogin edits it and breaks the signature."""
    signature = b"Content-Type: application/pgp-signature\r\n\r\nxx\r\n"
    assert rewrite(mail(multipart("signed", TEXT, signature)), JA, LIMITS) == Untouched("protected: signed")


def test_html_mail_gets_no_part_of_its_own_for_the_block() -> None:
    """Mailman adds a part to anything but a plain root: shown as a file, or not at all."""
    new = edited(mail(multipart("alternative", TEXT, HTML)))
    assert len(list(email.message_from_bytes(new).walk())) == 3


@pytest.mark.parametrize("boundary", ["a b", "=_?x'()+_,-./:=?", "-" * 70, "----=_NextPart_000_0001_01DC"])
def test_odd_boundaries_survive(boundary: str) -> None:
    raw = mail(multipart("alternative", TEXT, HTML, boundary=boundary, preamble=b"pre\r\n") + b"epilogue\r\n")
    new = edited(raw)
    assert new.endswith(b"epilogue\r\n")


def test_a_large_file_is_neither_decoded_nor_moved() -> None:
    """Its octets are no base64 at all; nobody needs to know."""
    file = PDF.split(b"\r\n\r\n")[0] + b"\r\n\r\n" + b"*not base64*\r\n" * 200_000
    raw = mail(multipart("mixed", multipart("alternative", TEXT, HTML), file))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    assert result.parts == 2
    assert result.apply(raw).endswith(raw[raw.index(b"*not base64*") :])
