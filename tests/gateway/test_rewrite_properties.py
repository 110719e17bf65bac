"""Whatever the bytes: they are cut consistently or refused, and edited provably or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.block import Block
from gateway.letter.doubt import Malformed
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.parse import parse
from gateway.letter.read import read_mail
from gateway.letter.rewrite import Rewritten, Untouched, remove_placeholder, rewrite
from tests.gateway import mails
from tests.gateway.mails import EN, JA, LIMITS, PDF, PNG, as_html, mail, multipart, part, property_of
from tests.gateway.test_parse import assert_consistent

ENVELOPE = Envelope("a@example.jp", (Recipient("b@example.com"),))

PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"--", b"--B", b"--B--\r\n", b"=", b"=\r\n", b"=E3", b" ", b"\t", b"\0"),
        *(
            b"\x1b$B",
            b"\x1b(B",
            b"\x1b(J",
            b"\x0e",
            b"<!--",
            b"-->",
            b"</body>",
            b"<td>",
            b"{{careerrelay}}",
            b'"',
            b";",
        ),
        *(b"\r\n> x", b"\r\n-- \r\n", b"\xff", b"\x82\xa0", b"(", b"charset*=", b"Content-Type: text/html\r\n"),
        *(
            b"Content-Type: multipart/mixed; boundary=B\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"On x wrote:\r\n",
        ),
    ]
)
BASES = [path.read_bytes() for path in mails.REJECTIONS[::4]] + [
    mail(multipart("mixed", multipart("related", part(as_html(mails.TEXT_JA), "utf-8", "base64", "html"), PNG), PDF)),
    mail(part(mails.TEXT_FR, "iso-8859-1", "8bit")),
    mail(part(mails.TEXT_JA + "{{キャリアリレー}}\r\n", "iso-2022-jp", "7bit", codec="iso2022_jp")),
    mail(part("a \r\nb \r\n", "utf-8", "quoted-printable", format="flowed")),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    raw = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(raw)))
        cut = draw(st.sampled_from([0, 0, 1, 7, 80]))
        raw = raw[:at] + draw(st.one_of(PIECES, st.binary(max_size=3))) + raw[at + cut :]
    return raw


ANY_BYTES = st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=40).map(b"".join), damaged())


@property_of(400)
@given(ANY_BYTES)
def test_any_bytes_are_cut_consistently_or_refused(raw: bytes) -> None:
    try:
        parsed = parse(raw, LIMITS)
    except Malformed:
        return
    assert_consistent(parsed)
    read_mail(parsed, ENVELOPE, frozenset(), "https://relay.example.jp", already_processed=False)


@property_of(600)
@given(ANY_BYTES, st.sampled_from([JA, EN]))
def test_any_bytes_are_edited_provably_or_not_at_all(raw: bytes, block: Block) -> None:
    result = rewrite(raw, block, LIMITS)
    if isinstance(result, Untouched):
        assert result.reason
        return
    assert result.apply(raw) != raw
    assert isinstance(rewrite(result.apply(raw), block, LIMITS), Untouched), "a second pass adds a second block"
    before, after = parse(raw, LIMITS), parse(result.apply(raw), LIMITS)
    assert [one.kind for one in before.parts] == [one.kind for one in after.parts]
    files = [(one, two) for one, two in zip(before.parts, after.parts, strict=True) if one.attached]
    assert all(raw[a.start : a.end] == result.apply(raw)[b.start : b.end] for a, b in files)
    assert len(before.root.fields) <= len(after.root.fields)


@property_of(200)
@given(damaged())
def test_taking_a_placeholder_out_takes_nothing_else(raw: bytes) -> None:
    taken_out = remove_placeholder(raw, LIMITS)
    if taken_out is None:
        return
    cleaned = taken_out.apply(raw)
    assert remove_placeholder(cleaned, LIMITS) is None
    assert [one.kind for one in parse(raw, LIMITS).parts] == [one.kind for one in parse(cleaned, LIMITS).parts]


LETTER = st.text(st.sampled_from("あ漢ｱab <>&-=.{}\r"), max_size=80).map(lambda text: text.replace("\r", "\r\n"))
FORMS = st.sampled_from(
    [
        *(("utf-8", "8bit", "utf-8"), ("utf-8", "base64", "utf-8"), ("utf-8", "quoted-printable", "utf-8")),
        *(("shift_jis", "8bit", "cp932"), ("windows-31j", "base64", "cp932"), ("euc-jp", "quoted-printable", "euc_jp")),
        *(("iso-2022-jp", "7bit", "iso2022_jp_ext"), ("cp50220", "base64", "iso2022_jp_ext")),
    ]
)


@property_of(400)
@given(LETTER, FORMS, st.sampled_from([JA, EN]))
def test_any_letter_in_any_form_gets_its_block(text: str, form: tuple[str, str, str], block: Block) -> None:
    charset, encoding, codec = form
    raw = mail(part(text, charset, encoding, codec=codec))
    result = rewrite(raw, block, LIMITS)
    assert isinstance(result, Rewritten), result
    mails.assert_only_block_added(raw, result.apply(raw), 1)


@property_of(300)
@given(LETTER, FORMS)
def test_any_page_in_any_form_gets_its_block_or_stays(text: str, form: tuple[str, str, str]) -> None:
    charset, encoding, codec = form
    raw = mail(part(as_html(text), charset, encoding, "html", codec=codec))
    result = rewrite(raw, JA, LIMITS)
    if isinstance(result, Rewritten):
        mails.assert_only_block_added(raw, result.apply(raw), 1)
    else:
        assert result.reason.startswith("html:")
