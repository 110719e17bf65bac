"""From a parsed mail to what the rules judge."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.addresses import Mailbox, mailboxes
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.limits import Limits
from gateway.letter.parse import parse
from gateway.letter.read import header_from, read_mail, sender_of
from gateway.letter.words import decode
from rules.mail import Mail
from tests.gateway import mails
from tests.gateway.mails import LIMITS, PDF, TOP, as_html, mail, multipart, part, property_of

ENVELOPE = Envelope("saiyo@example.jp", (Recipient("hanako@example.com"),))
BASE = "https://relay.example.jp"


def read(raw: bytes, limits: Limits = LIMITS) -> Mail:
    return read_mail(parse(raw, limits), ENVELOPE, frozenset({"example.jp"}), BASE, already_processed=False)


def test_header_fields_are_decoded() -> None:
    found = read(mail(part("x", "utf-8", "8bit")))
    assert found.subject == "選考結果"
    assert found.header_from == "saiyo@example.jp"
    assert found.headers["from"] == ("採用担当 <saiyo@example.jp>",)
    assert found.headers["x-odd"] == ("two  spaces\tand a fold",)
    assert found.display_names == ("Hanako Yamada",)
    assert (found.envelope_from, found.recipients) == ("saiyo@example.jp", ("hanako@example.com",))
    assert found.decoding_problem == ""


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize(
    ("charset", "codec"), [("utf-8", ""), ("shift_jis", "cp932"), ("iso-2022-jp", ""), ("euc-jp", "")]
)
def test_text_is_decoded(charset: str, codec: str, encoding: str) -> None:
    found = read(mail(part(mails.TEXT_JA, charset, encoding, codec=codec)))
    assert found.text.strip() == mails.TEXT_JA.replace("\r\n", "\n").strip()
    assert found.html_text == ""
    assert found.decoding_problem == ""


def test_plain_text_is_judged_where_there_is_some_and_html_beside_it() -> None:
    plain, html = part("plain\r\n", "utf-8", "8bit"), part("<p>page</p>", "utf-8", "8bit", "html")
    both = read(mail(multipart("alternative", plain, html)))
    assert (both.text, both.html_text) == ("plain\n", "page")
    alone = read(mail(html))
    assert (alone.text, alone.html_text) == ("page", "page")
    blank = read(mail(multipart("alternative", part(" \r\n", "utf-8", "8bit"), html)))
    assert (blank.text, blank.html_text) == ("page", "page")
    footer = read(mail(multipart("mixed", html, part("footer\r\n", "utf-8", "8bit"))))
    assert (footer.text, footer.html_text) == ("page\nfooter\n", "page")


def test_every_shown_text_is_judged_but_no_file_and_no_forwarded_mail() -> None:
    raw = mail(
        multipart(
            "mixed",
            part("first\r\n", "utf-8", "8bit"),
            PDF,
            part("second\r\n", "utf-8", "8bit"),
            part("in a file\r\n", "utf-8", "8bit", name="notes.txt"),
            b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nforwarded\r\n",
        )
    )
    found = read(raw)
    assert found.text == "first\n\nsecond\n"
    assert found.attachments == ("guide.pdf", "notes.txt")


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ('name="=?utf-8?B?57WQ5p6cLnBkZg==?="', "結果.pdf"),
        ("name*=utf-8''%E7%B5%90%E6%9E%9C.pdf", "結果.pdf"),
        ("name*0*=utf-8''%E7%B5%90;\r\n name*1*=%E6%9E%9C; name*2=.pdf", "結果.pdf"),
        ("name*=iso-2022-jp''%1B$B7k2L%1B(B.pdf", "結果.pdf"),
    ],
)
def test_file_names_are_decoded(params: str, name: str) -> None:
    file = f"Content-Type: application/pdf; {params}\r\n\r\nx".encode()
    assert read(mail(multipart("mixed", part("x", "utf-8", "8bit"), file))).attachments == (name,)


@pytest.mark.parametrize(
    ("delsp", "text"),
    [
        ("yes", "選考の結果\n不採用です。\n\n> quoted \n-- \n署名\n"),
        ("no", "選考の 結果\n不採用です。\n\n> quoted \n-- \n署名\n"),
    ],
)
def test_flowed_paragraphs_are_joined(delsp: str, text: str) -> None:
    body = "選考の \r\n結果\r\n不採用です。\r\n\r\n> quoted \r\n-- \r\n署名\r\n"
    assert read(mail(part(body, "utf-8", "8bit", format="flowed", delsp=delsp))).text == text


@pytest.mark.parametrize(
    ("raw", "text", "problem"),
    [
        (mail(part("結果".encode() + b"\xff", "utf-8", "8bit")), "結果\ufffd", "charset: text is not utf-8"),
        (mail(part("結果", "x-unknown", "8bit", codec="utf-8")), "結果", "charset: not known"),
        (TOP + b"Content-Type: text/plain\r\n\r\n" + "結果です".encode("cp932"), "結果です", "charset: not declared"),
        (TOP + b"Content-Type: text/plain\r\n\r\n" + "結果です".encode("euc_jp"), "結果です", "charset: not declared"),
        (TOP + b"Content-Type: text/plain\r\n\r\n" + "結果です".encode(), "結果です", ""),
        (mail(part("結果です", "us-ascii", "8bit", codec="utf-8")), "結果です", "charset: not declared"),
        (TOP + b"\r\n" + "結果".encode("iso2022_jp"), "結果", ""),
        (mail(part("x", "utf-8", "base64")).replace(b"eA==", b"eA="), "x", "encoding: bad base64"),
        (mail(part("x", "utf-8", "x-odd")), "x", "encoding: not known"),
        (b"no field\r\n" + mail(part("x", "utf-8", "8bit")), "x", "malformed header line"),
        (mail(multipart("mixed", part("x", "utf-8", "8bit")))[:-15], "x", "multipart not closed"),
    ],
)
def test_what_cannot_be_read_for_sure_is_read_and_named(raw: bytes, text: str, problem: str) -> None:
    found = read(raw)
    assert found.text.strip() == text
    assert found.decoding_problem == problem


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_only_so_much_text_is_judged(encoding: str) -> None:
    raw = mail(part("あ" * 5000, "utf-8", encoding))
    found = read(raw, Limits(text_bytes_max=3000))
    assert found.text == "あ" * 1000
    assert found.decoding_problem == "text longer than 3000 bytes"
    assert read(raw, Limits(text_bytes_max=15_000)).decoding_problem == ""


@pytest.mark.parametrize("path", mails.REJECTIONS[::9], ids=lambda path: path.stem)
def test_a_mail_that_has_its_block_is_known(path: Path) -> None:
    raw = path.read_bytes()
    assert not read(raw).already_processed
    new = mails.edited(raw)
    assert read(new).already_processed
    other = read_mail(parse(new, LIMITS), ENVELOPE, frozenset(), "https://other.example.jp", already_processed=False)
    assert not other.already_processed
    assert read_mail(parse(raw, LIMITS), ENVELOPE, frozenset(), BASE, already_processed=True).already_processed


def test_a_quoted_link_does_not_make_a_mail_processed() -> None:
    assert not read(mail(part(f"no\r\n\r\n> {mails.RELAY}\r\n", "utf-8", "8bit"))).already_processed
    page = f'<p>no</p><div class="gmail_quote"><a href="{mails.RELAY}">x</a></div>'
    assert not read(mail(part(page, "utf-8", "8bit", "html"))).already_processed
    assert read(mail(part(page.replace("gmail_quote", "x"), "utf-8", "8bit", "html"))).already_processed


def test_protection_is_told() -> None:
    assert read(mail(multipart("signed", part("x", "utf-8", "8bit"), b"\r\nx"))).protected == "signed"
    assert read(mail(part("-----BEGIN PGP MESSAGE-----\r\n", "utf-8", "base64"))).protected == "encrypted"
    assert read(mail(part(as_html("x"), "utf-8", "8bit", "html"))).protected == ""


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (b"From: a@example.jp, b@example.jp\r\n", ""),
        (b"From: a@example.jp\r\nFrom: b@example.jp\r\n", ""),
        (b"From: nobody\r\n", ""),
        (b"", ""),
        (b'From: "a, b" <a@example.jp>\r\n', "a@example.jp"),
    ],
)
def test_a_mail_has_one_writer_or_none(field: bytes, address: str) -> None:
    assert read(field + b"\r\nx\r\n").header_from == address


HEADER_PIECES = st.sampled_from(
    [
        *(b"From: a@example.jp\r\n", b"FROM: b@example.jp\r\n", b"from:\r\n c@example.jp\r\n", b"From :d@x\r\n"),
        *(b"X: y\r\n", b"X: \r\n From: e@x\r\n", b"X\nFrom: f@x\r\n", b"From: g@x\0\r\n", b"From: h@x\r\n \r\n"),
        *(b"From: <i@x>, j@x\r\n", b"From: k@x\nX: y\r\n", b"From: l@x", b"\r\n", b"\r", b"\n", b" ", b"\t", b"From: "),
        *(b"XFrom: m@x\r\n", b"Froms: n@x\r\n", b"From: \xff <o@x>\r\n", b":", b"From:p@x\rFrom: q@x\r\n"),
    ]
)


@property_of(400)
@given(st.lists(HEADER_PIECES, max_size=8).map(b"".join))
def test_the_sender_out_of_the_header_alone_is_the_same(header: bytes) -> None:
    assert sender_of(header, LIMITS) == header_from(parse(header, LIMITS))
    raw = header + b"\r\nFrom: body@example.jp\r\n"
    assert sender_of(raw, LIMITS) == header_from(parse(raw, LIMITS))


@pytest.mark.parametrize("path", mails.REJECTIONS[::9], ids=lambda path: path.stem)
def test_the_sender_of_real_looking_mail_is_found(path: Path) -> None:
    raw = path.read_bytes()
    assert sender_of(raw, LIMITS) == read(raw).header_from != ""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"a@example.jp", [("", "a@example.jp")]),
        (b' "Yamada, T" <a@b.jp>, c@d (Com Ment)', [("Yamada, T", "a@b.jp"), ("Com Ment", "c@d")]),
        (b'Team: x@y, "q z" <q@z>;', [("", "x@y"), ("q z", "q@z")]),
        (b'"a..b"@docomo.example.jp', [("", '"a..b"@docomo.example.jp')]),
        (b"=?utf-8?b?5pyo5p2R?= <a@b>\r\n", [("木村", "a@b")]),
        (b"<@r1,@r2:u@h>", [("", "u@h")]),
        (b"undisclosed-recipients:;", []),
        (b"a@[192.0.2.1], b@[IPv6:2001:db8::1]", [("", "a@[192.0.2.1]"), ("", "b@[IPv6:2001:db8::1]")]),
        ("山田 <y@example.jp>".encode(), [("山田", "y@example.jp")]),
        ("山田 <y@example.jp>".encode("cp932"), [("山田", "y@example.jp")]),
        (b"A (x) <a@b> (y), <>, ,", [("A", "a@b")]),
    ],
)
def test_address_lists_are_read_as_people_write_them(value: bytes, found: list[tuple[str, str]]) -> None:
    assert mailboxes(value) == [Mailbox(*one) for one in found]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?iso-2022-jp?b?GyRCQSo5TTdrMkwbKEI=?=", "選考結果"),
        (b"=?utf-8?B?44GC44E=?=\r\n =?utf-8?B?hOOBgQ==?= tail", "あいぁ tail"),
        (b"=?UTF-8?Q?a_=E3=81=82?= b =?us-ascii*en?q?c?=", "a あ b c"),
        (b"=?shift_jis?B?kUmNbA==?= =?utf-8?B?57WQ5p6c?=", "選考結果"),
        (b"Re: =?x-unknown?B?QUJD?=", "Re: ABC"),
        ("選考結果".encode(), "選考結果"),
        ("選考結果".encode("iso2022_jp"), "選考結果"),
        (b"a =?utf-8?B?", "a =?utf-8?B?"),
        (b" folded\r\n\tvalue \r\n", "folded\tvalue"),
        (b"", ""),
    ],
)
def test_encoded_words_are_read(value: bytes, text: str) -> None:
    assert decode(value) == text


def test_hostile_fields_are_read_in_one_go() -> None:
    many = b"=?utf-8?B?" * 20_000
    read(b"Subject: " + many + b"\r\nTo: " + b'"(<' * 40_000 + b"\r\nFrom: " + b"a@b," * 40_000 + b"\r\n\r\nx")
