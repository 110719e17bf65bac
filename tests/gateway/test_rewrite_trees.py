"""Random trees of parts: either the mail stays, or only the letter's own leaves change, each by one block."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.block import Block
from gateway.letter.rewrite import Rewritten
from tests.gateway import mails
from tests.gateway.mails import EN, JA, PDF, PNG, TOP, as_html, mail, multipart, part, property_of
from tests.gateway.safely import assert_shown_as_meant, read_and_edit

TEXTS = [mails.TEXT_JA, mails.TEXT_EN, "お祈りします。", "不採用\r\n\r\n> いつ?\r\n", "", "\r\n", "a =20 b=\r\n.\r\n"]
FORMS = [
    *(("utf-8", "8bit", ""), ("utf-8", "base64", ""), ("utf-8", "quoted-printable", "")),
    *(("iso-2022-jp", "7bit", "iso2022_jp"), ("shift_jis", "8bit", "cp932"), ("euc-jp", "base64", "euc_jp")),
]


@st.composite
def letters(draw: st.DrawFn) -> bytes:
    charset, encoding, codec = draw(st.sampled_from(FORMS))
    text = draw(st.sampled_from(TEXTS))
    if draw(st.booleans()):
        return part(as_html(text), charset, encoding, "html", codec=codec)
    return part(text, charset, encoding, codec=codec)


FORWARDED = b"Content-Type: message/rfc822\r\n\r\n" + TOP + multipart("mixed", part("inner\r\n", "utf-8", "8bit"), PDF)
FILES = st.sampled_from(
    [
        *(PDF, PNG, FORWARDED, b"\r\nno field at all\r\n", b"Content-Type: application/octet-stream\r\n\r\n"),
        part("notes\r\n", "utf-8", "8bit", name="notes.txt"),
        b"Content-Disposition: attachment\r\n" + part("notes\r\n", "utf-8", "base64"),
        b"X-First: y\r\n" + part("<p>page</p>", "utf-8", "8bit", "html", name='"page.html"'),
        part("x,y\r\n", "utf-8", "8bit", "csv"),
    ]
)
PROTECTED = st.sampled_from(
    [part("BEGIN:VCALENDAR\r\n", "utf-8", "8bit", "calendar"), b"Content-Type: application/pkcs7-mime\r\n\r\nAAAA\r\n"]
)
KINDS = st.sampled_from(["mixed", "mixed", "alternative", "alternative", "related", "digest", "parallel", "x-own"])


@st.composite
def containers(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    parts = draw(st.lists(children, min_size=1, max_size=4))
    kind = draw(KINDS)
    boundary = f"=_{crc32(b''.join(parts)):08x}_{kind}"
    preamble = draw(st.sampled_from([b"", b"This is a multi-part message.\r\n", b"\r\n", b"--\r\n"]))
    return multipart(kind, *parts, boundary=boundary, preamble=preamble) + draw(st.sampled_from([b"", b"\r\nend\r\n"]))


TREES = st.recursive(st.one_of(letters(), letters(), FILES), containers, max_leaves=12)


@property_of(250)
@given(TREES, st.sampled_from([JA, EN]))
def test_only_the_letter_changes_in_any_tree(tree: bytes, block: Block) -> None:
    raw = mail(tree)
    result = read_and_edit(raw, block)
    if isinstance(result, Rewritten):
        assert_shown_as_meant(raw, result)


@property_of(60)
@given(TREES, PROTECTED, st.sampled_from(["mixed", "alternative", "related"]))
def test_one_protected_part_anywhere_protects_the_mail(tree: bytes, protected: bytes, kind: str) -> None:
    for body in (
        multipart(kind, tree, protected, boundary="Outer"),
        multipart(kind, protected, tree, boundary="Outer"),
    ):
        raw = mail(body)
        assert not isinstance(read_and_edit(raw), Rewritten)


@pytest.mark.parametrize("kind", ["mixed", "alternative", "related"])
def test_the_trees_hold_letters_that_are_edited(kind: str) -> None:
    """So that the property above is not true of nothing."""
    raw = mail(multipart(kind, part(mails.TEXT_JA, "euc-jp", "base64", codec="euc_jp"), PDF, FORWARDED))
    assert isinstance(read_and_edit(raw), Rewritten)
