"""The proof before use: an edited mail that is anything but the old one with the block in it does not leave."""

import pytest

from gateway.letter import proof
from gateway.letter.doubt import Doubt
from gateway.letter.leaf import edit_leaf, open_leaf
from gateway.letter.parse import parse
from gateway.letter.plan import insert_block
from gateway.letter.rewrite import Rewritten, rewrite_parsed
from gateway.letter.targets import targets
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, PDF, mail, multipart, part


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        (b"X-Odd:  two", b"X-Odd: two"),
        (b"guide.pdf", b"guide.PDF"),
        (b"AAECAwQF", b"AAECAwQG"),
        (b"charset=utf-8", b"charset=UTF-8; x=y"),
        ("お祈り".encode(), "おいのり".encode()),
        (mails.OPTOUT.encode(), mails.OPTOUT.encode()[:-1]),
        (b"--=_mixed_2--", b"--=_mixed_2"),
        (b"This is", b"this is"),
    ],
    ids=["header", "file-name", "attachment", "parameter", "text", "link", "boundary", "preamble"],
)
def test_proof_refuses_any_other_change(find: bytes, replace: bytes) -> None:
    letter = part(mails.TEXT_JA.replace("様", "様、お祈り"), "utf-8", "8bit")
    raw = mail(multipart("mixed", letter, PDF, preamble=b"This is a mail.\r\n"))
    parsed = parse(raw, LIMITS)
    leaf = open_leaf(parsed, targets(parsed)[0], LIMITS)
    edit = edit_leaf(leaf, insert_block(leaf, JA))
    good = rewrite_parsed(parsed, JA, LIMITS)
    assert isinstance(good, Rewritten)
    proof.prove(parsed, good.apply(raw), [edit], LIMITS)
    assert find in good.apply(raw)
    with pytest.raises(Doubt, match="proof"):
        proof.prove(parsed, good.apply(raw).replace(find, replace, 1), [edit], LIMITS)


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        (b"X-Part: a", b"X-Part: b"),
        (b"format=fixed", b"format=flowed"),
        (b"charset=utf-8", b"charset=UTF-7"),
        (b"Encoding: base64", b"Encoding: 8bit"),
    ],
    ids=["field", "parameter", "charset", "encoding"],
)
def test_proof_refuses_another_header_change_where_the_header_changes(find: bytes, replace: bytes) -> None:
    raw = mail(b"X-Part: a\r\n" + part(mails.TEXT_FR, "iso-8859-1", "8bit", format="fixed"))
    parsed = parse(raw, LIMITS)
    leaf = open_leaf(parsed, parsed.root, LIMITS)
    edit = edit_leaf(leaf, insert_block(leaf, JA))
    good = rewrite_parsed(parsed, JA, LIMITS)
    assert isinstance(good, Rewritten)
    proof.prove(parsed, good.apply(raw), [edit], LIMITS)
    assert find in good.apply(raw)
    with pytest.raises(Doubt):
        proof.prove(parsed, good.apply(raw).replace(find, replace, 1), [edit], LIMITS)


def test_proof_refuses_a_line_that_became_too_long() -> None:
    raw = mail(part(mails.TEXT_JA, "utf-8", "quoted-printable"))
    parsed = parse(raw, LIMITS)
    leaf = open_leaf(parsed, parsed.root, LIMITS)
    edit = edit_leaf(leaf, insert_block(leaf, JA))
    good = rewrite_parsed(parsed, JA, LIMITS)
    assert isinstance(good, Rewritten)
    new = good.apply(raw)
    at = new.index(b"=\r\n", good.edits[0].start)
    with pytest.raises(Doubt, match="proof: a line is too long"):
        proof.prove(parsed, new[:at] + new[at + 3 :], [edit], LIMITS)
