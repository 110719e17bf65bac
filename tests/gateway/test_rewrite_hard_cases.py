"""Mistakes that are easy to make when a mail is edited, each met once by somebody, each with a name here."""

import pytest

from gateway.letter.limits import Limits
from gateway.letter.parse import parse
from gateway.letter.read import read_mail
from gateway.letter.rewrite import Rewritten, Untouched, rewrite
from gateway.letter.splice import OctetEdit
from tests.gateway import mails
from tests.gateway.mails import EN, JA, LIMITS, PDF, PNG, TOP, as_html, edited, mail, multipart, part
from tests.gateway.test_rewrite_large import ENVELOPE

TEXT = part(mails.TEXT_JA, "utf-8", "8bit")
HTML = part(as_html(mails.TEXT_JA), "utf-8", "8bit", "html")


def reason(raw: bytes, limits: Limits = LIMITS) -> str:
    result = rewrite(raw, JA, limits)
    assert isinstance(result, Untouched), result
    return result.reason


def edits(raw: bytes) -> tuple[OctetEdit, ...]:
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten), result
    return result.edits


# --- nothing but the text ---------------------------------------------------------------------------------------------


def test_where_octets_stand_for_themselves_nothing_is_taken_away() -> None:
    """Header order, case and folding, boundaries, preamble and epilogue cannot change: two insertions are all."""
    top = TOP.replace(b"Subject:", b"SUBJECT:").replace(b"To: ", b"to:\r\n ")
    raw = mail(multipart("mixed", multipart("alternative", TEXT, HTML), PDF, PNG, preamble=b"pre\r\n"), top)
    found = edits(raw + b"epilogue\r\n")
    assert len(found) == 2
    for start, end, octets in found:
        assert start == end
        assert mails.RELAY.encode() in octets


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_an_edit_lies_inside_its_part(encoding: str) -> None:
    raw = mail(multipart("mixed", part(mails.TEXT_JA, "utf-8", encoding), PDF))
    letter = parse(raw, LIMITS).parts[1]
    [(start, end, octets)] = edits(raw)
    assert letter.body < start <= end <= letter.end
    assert not octets or not raw[start:end] or (octets[0] != raw[start] and octets[-1] != raw[end - 1])
    if encoding == "quoted-printable":
        assert start == end, "quoted-printable keeps every octet it had"


def test_a_block_in_base64_changes_nothing_before_its_line() -> None:
    raw = mail(part("前の文です。\r\n" * 200 + "\r\n-- \r\n署名\r\n", "utf-8", "base64"))
    [(start, end, _)] = edits(raw)
    assert end - start < 200


def test_only_the_label_changes_beside_the_text_when_ascii_becomes_japanese() -> None:
    """A comment may stand anywhere in the field (RFC 2045 5.1)."""
    head = b"Content-Type: TEXT/PLAIN (c); CHARSET=us-ascii (Plain text); Format=fixed\r\n"
    raw = TOP + head + b"\r\nDear A,\r\n\r\nno.\r\n"
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    label, block = result.edits
    assert raw[label.start : label.end] == b"us-ascii"
    assert label.octets == b"iso-2022-jp"
    assert block.start == block.end
    assert head.replace(b"us-ascii", b"iso-2022-jp") + b"\r\nDear A,\r\n\r\nno.\r\n" in result.apply(raw)


def test_a_label_in_pieces_is_not_replaced() -> None:
    raw = TOP + b"Content-Type: text/plain; charset*=us-ascii'en'us-ascii\r\n\r\nno.\r\n"
    assert "label cannot be replaced" in reason(raw)
    edited(raw, EN)


def test_the_encoding_field_changes_with_the_encoding() -> None:
    """Transcoded text under the old ``Content-Transfer-Encoding`` shows as gibberish."""
    raw = mail(part(mails.TEXT_FR, "iso-8859-1", "quoted-printable"))
    new = edited(raw)
    assert b"charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n" in new
    assert b"quoted-printable" not in new


def test_text_with_octets_above_127_under_7bit_keeps_its_label() -> None:
    """Old programmes say 7bit whatever they write; it is no place to be tidy."""
    raw = mail(part(mails.TEXT_JA, "shift_jis", "7bit", codec="cp932"))
    [(start, end, octets)] = edits(raw)
    assert start == end
    assert "無料キャリア相談".encode("cp932") in octets


# --- HTML with and without its ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize(
    ("page", "behind"),
    [
        ("<html><body><p>不採用です。</p></body></html>", "</body></html>"),
        ("<HTML><BODY><P>不採用です。</P></BODY></HTML>\r\n", "</BODY></HTML>\r\n"),
        ("<html><p>不採用です。</p></html>", "</html>"),
        ("<p>不採用です。</p>", ""),
        ("不採用です。", ""),
        ("<p>不採用です。</p><!-- </body> --></body>", "</body>"),
        ("<p>不採用です。</p></body><p>後記</p></body></html>", "</body></html>"),
    ],
    ids=["both", "capitals", "html only", "none", "no tag", "in a comment", "two ends"],
)
def test_html_with_and_without_its_ends(page: str, behind: str, encoding: str) -> None:
    [shown] = mails.texts(edited(mail(part(page, "utf-8", encoding, "html"))), "html")
    assert shown.index("不採用") < shown.index(mails.RELAY)
    assert shown.rstrip("\r\n").endswith(behind.rstrip("\r\n"))
    assert mails.OPTOUT in shown[: len(shown) - len(behind)]


# --- above quotations and signatures ----------------------------------------------------------------------------------

QUOTED = {
    "English, lines": ("no.\r\n\r\n", "On Mon, 9 Nov 2026, A <a@example.com> wrote:\r\n> when?\r\n"),
    "English, Outlook": (
        "no.\r\n\r\n",
        "-----Original Message-----\r\nFrom: a\r\nSent: x\r\n\r\nwhen?\r\n",
    ),
    "Japanese, lines": ("不採用です。\r\n\r\n", "2026年11月5日(木) 10:22 佐藤 <a@example.com>:\r\n\r\n> いつ?\r\n"),
    "Japanese, Outlook": ("不採用です。\r\n\r\n", "-----元のメッセージ-----\r\n差出人: 佐藤\r\n\r\nいつ?\r\n"),
    "Japanese, signature": ("不採用です。\r\n\r\n", "━━━━━━━━\r\n株式会社あおぞら 採用担当\r\n━━━━━━━━\r\n"),
    "English, signature": ("We regret.\r\n\r\n", "-- \r\nJane Doe\r\nRecruiting\r\n"),
}
FORMS = [("utf-8", "8bit"), ("utf-8", "base64"), ("utf-8", "quoted-printable"), ("iso-2022-jp", "7bit")]


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize("name", QUOTED)
def test_the_block_stands_above_in_every_encoding(name: str, form: tuple[str, str]) -> None:
    new, below = QUOTED[name]
    [shown] = mails.texts(edited(mail(part(new + below, *form))))
    assert shown.startswith(new.rstrip("\r\n"))
    assert shown.endswith(below)
    assert mails.OPTOUT in shown[: -len(below)]


# --- once -------------------------------------------------------------------------------------------------------------

TOP_QUOTES = [
    part(f"お世話になっております。\r\n\r\n> 詳細: {mails.RELAY}\r\n> 以上\r\n", "utf-8", "8bit"),
    part(f"承知しました。\r\n\r\n-----Original Message-----\r\nFrom: a\r\n\r\n{mails.RELAY}\r\n", "utf-8", "base64"),
    part(f'<p>はい</p><div class="gmail_quote"><a href="{mails.RELAY}">x</a></div>', "utf-8", "8bit", "html"),
]


@pytest.mark.parametrize("body", TOP_QUOTES, ids=["lines", "Outlook", "Gmail"])
def test_a_reply_that_quotes_our_link_gets_one_block_and_no_second(body: bytes) -> None:
    """Only the new text counts (a quotation is no sign that this mail went through here)."""
    new = edited(mail(body))
    assert reason(new) == "already carries one of our links"
    seen = read_mail(parse(new, LIMITS), ENVELOPE, frozenset(), "https://relay.example.jp", already_processed=False)
    assert seen.already_processed


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_an_edited_mail_is_known_after_another_server_encoded_it_anew(encoding: str) -> None:
    [shown] = mails.texts(edited(mail(TEXT)))
    assert reason(mail(part(shown, "utf-8", encoding))) == "already carries one of our links"


@pytest.mark.parametrize("body", [TEXT, HTML, multipart("alternative", TEXT, HTML)], ids=["text", "html", "both"])
def test_a_second_pass_with_another_link_changes_nothing(body: bytes) -> None:
    new = edited(mail(body))
    other = mails.EN
    assert isinstance(rewrite(new, other, LIMITS), Untouched)


# --- never ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (part(b"x", "utf-8", "base64").replace(b"eA==", b"eA="), "encoding: bad base64"),
        (part(b"x", "utf-8", "base64").replace(b"eA==", b"e*A=="), "encoding: bad base64"),
        (part("あ", "utf-8", "quoted-printable").replace(b"=E3", b"=G3"), "encoding: bad quoted-printable"),
        (part(b"\x1b$B!", "iso-2022-jp", "7bit"), "charset: text is not iso-2022-jp"),
        (part(b"\x1b$B<+", "iso-2022-jp", "7bit"), "charset: octets and characters do not match"),
        (part(b"\x0eabc\x0f\r\n", "iso-2022-jp", "7bit"), "charset: "),
        (part("x", "utf-7", "7bit", codec="ascii"), "charset: not known"),
        (part("x", "utf-8", "uuencode"), "encoding: not known"),
        (part("x", "utf-8", "binary"), "encoding: not known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_decoded_for_sure_stays(body: bytes, expected: str) -> None:
    assert reason(mail(body)).startswith(expected)
    assert reason(mail(multipart("alternative", TEXT, body))).startswith(expected)


@pytest.mark.parametrize("line", ["-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"])
@pytest.mark.parametrize("page", ["<p>{}<br>abc</p>", "<pre>\r\n{}\r\n</pre>", "<div>&nbsp; {}</div>"])
def test_a_pgp_message_inside_html_is_protected(page: str, line: str) -> None:
    assert reason(mail(part(page.format(line), "utf-8", "base64", "html"))).startswith("protected: ")
    quoted = f"<p>no.</p><p>&gt; {line}</p>"
    edited(mail(part(quoted, "utf-8", "8bit", "html")))


def nested(depth: int) -> bytes:
    body = TEXT
    for level in range(depth):
        body = multipart("mixed", body, boundary=f"level{level}x")
    return mail(body)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (nested(21), "parts nested deeper than 20"),
        (mail(multipart("mixed", TEXT, *[PNG] * 1_000)), "more than 1000 parts"),
        (mail(multipart("mixed", TEXT, b"\r\n" + b"--Bx\r\n" * 20_001, boundary="B")), "more than 20000"),
        (b"X: y\r\n" * 20_001 + mail(TEXT), "more than 20000"),
        (mail(part("あ" * 1_800_000, "utf-8", "8bit")), "text part too large to edit"),
    ],
    ids=["depth", "parts", "boundaries", "fields", "text"],
)
def test_beyond_the_budget_a_mail_stays(raw: bytes, expected: str) -> None:
    assert reason(raw).startswith(expected)


def test_within_the_budget_a_mail_is_edited() -> None:
    edited(nested(20))
    edited(mail(multipart("mixed", TEXT, *[PNG] * 900)))


@pytest.mark.parametrize(
    "body",
    [
        part("あ{{careerrelay}}い" * 50 + "\r\n", "iso-2022-jp", "7bit", codec="iso2022_jp"),
        part("あ{{careerrelay}}い" * 50 + "\r\n", "euc-jp", "quoted-printable", codec="euc_jp"),
        part("あ{{careerrelay}}い" * 50 + "\r\n", "shift_jis", "base64", codec="cp932"),
        part("a {{careerrelay}}\r\n{{careerrelay}}{{careerrelay}} " * 16, "utf-8", "quoted-printable"),
    ],
    ids=["iso-2022-jp", "euc-jp", "shift_jis", "adjacent"],
)
def test_many_places_in_one_part_are_edited_together(body: bytes) -> None:
    raw = mail(body)
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten), result
    [shown] = mails.texts(result.apply(raw))
    assert shown.count(mails.RELAY) == 1
    assert "{{" not in shown
