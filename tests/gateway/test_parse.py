"""Cutting a mail into byte ranges: every offset means what it says, and doubts are named."""

from itertools import pairwise
from pathlib import Path

import pytest

from gateway.letter.doubt import Malformed
from gateway.letter.limits import Limits
from gateway.letter.parse import Parsed, parse
from tests.gateway import mails
from tests.gateway.mails import LIMITS, PDF, PNG, TOP, mail, multipart, part

PLAIN = part("hello\r\n", "utf-8", "8bit")
HTML = part("<p>hello</p>\r\n", "utf-8", "8bit", "html")


def assert_consistent(parsed: Parsed) -> None:
    """Ranges lie inside each other, siblings apart, fields side by side; nothing points outside."""
    assert [one.number for one in parsed.parts] == list(range(len(parsed.parts)))
    assert (parsed.root.start, parsed.root.end) == (0, len(parsed.raw))
    for one in parsed.parts:
        assert one.start <= one.body <= one.end
        for field in one.fields:
            assert one.start <= field.start < field.value <= field.end <= one.body
            assert parsed.raw[field.start : field.value - 1].lower() == field.name
        for first, second in pairwise(one.fields):
            assert first.end <= second.start
        for child in one.children:
            assert child.depth == one.depth + 1
            assert one.body <= child.start <= child.end <= one.end
        for left, right in pairwise(one.children):
            assert left.end < right.start


def test_bodies_and_fields_are_where_they_say() -> None:
    raw = mail(multipart("mixed", multipart("alternative", PLAIN, HTML), PDF))
    parsed = parse(raw, LIMITS)
    assert_consistent(parsed)
    assert not parsed.problem
    assert [one.kind for one in parsed.parts] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    plain = parsed.parts[2]
    assert raw[plain.body : plain.end] == b"hello\r\n"
    assert raw[plain.start : plain.end] == PLAIN
    assert parsed.parts[4].file_name == "guide.pdf"
    assert list(parsed.values(b"x-odd")) == [b"  two  spaces\r\n\tand a fold\r\n"]


@pytest.mark.parametrize("octets", [0, 10_000])
def test_fields_of_an_inner_part_are_where_they_say_however_long_its_header(octets: int) -> None:
    filler = b"X-Filler: " + b"\r\n\t".join([b"x" * 70] * (octets // 73)) + b"\r\n"
    inner = filler + b"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: inline\r\n\r\nhello\r\n"
    raw = mail(multipart("mixed", inner, PDF))
    plain = parse(raw, LIMITS).parts[1]
    assert raw[plain.start : plain.end] == inner
    assert [bytes(raw[field.start : field.value]) for field in plain.fields] == [
        b"X-Filler:",
        b"Content-Type:",
        b"Content-Disposition:",
    ]
    found = plain.field(b"content-disposition")
    assert found is not None
    assert raw[found.value : found.end] == b" inline\r\n"


@pytest.mark.parametrize("path", mails.REJECTIONS, ids=lambda path: path.stem)
def test_real_looking_mail_is_cut_without_doubt(path: Path) -> None:
    parsed = parse(path.read_bytes(), LIMITS)
    assert_consistent(parsed)
    assert parsed.problem == ""


@pytest.mark.parametrize(
    ("value", "kind", "charset"),
    [
        (b"text/plain; charset=utf-8", "text/plain", b"utf-8"),
        (b"TEXT/PLAIN (a comment) ; CHARSET=UTF-8", "text/plain", b"UTF-8"),
        (b'text/plain;\r\n\tcharset="iso-2022-jp";\r\n\tformat=flowed', "text/plain", b"iso-2022-jp"),
        (b"text/html;charset=Shift_JIS;", "text/html", b"Shift_JIS"),
        (b"text/plain; charset=us-ascii (Plain text)", "text/plain", b"us-ascii"),
        (b"text/plain; charset*=utf-8'en'iso-8859-1", "text/plain", b"iso-8859-1"),
    ],
)
def test_content_type_is_read_as_people_write_it(value: bytes, kind: str, charset: bytes) -> None:
    root = parse(TOP + b"Content-Type: " + value + b"\r\n\r\nx\r\n", LIMITS).root
    assert (root.kind, root.type.get("charset"), root.type.problem) == (kind, charset, "")


def test_a_boundary_that_starts_like_another_is_told_apart() -> None:
    inner = multipart("alternative", PLAIN, HTML, boundary="Part_10")
    parsed = parse(mail(multipart("mixed", inner, PDF, boundary="Part_1")), LIMITS)
    assert parsed.problem == ""
    assert [one.kind for one in parsed.parts][1:4] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_boundary_needs_a_line_of_its_own() -> None:
    body = multipart("mixed", part("see --B inside\r\n", "utf-8", "8bit"), PNG, boundary="B")
    parsed = parse(mail(body), LIMITS)
    assert parsed.problem == ""
    assert len(parsed.root.children) == 2


def test_padding_after_a_boundary_belongs_to_it() -> None:
    raw = mail(multipart("mixed", PLAIN, HTML, boundary="B")).replace(b"--B\r\n", b"--B \t\r\n")
    parsed = parse(raw, LIMITS)
    assert parsed.problem == ""
    assert raw[parsed.parts[1].start : parsed.parts[1].end] == PLAIN


PROBLEMS = [
    ("multipart not closed", mail(multipart("mixed", PLAIN, boundary="B"))[:-5] + b"\r\n"),
    ("multipart without a clear boundary", TOP + b"Content-Type: multipart/mixed\r\n\r\n--B\r\n\r\nx\r\n--B--\r\n"),
    ("MIME field given twice", TOP + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n"),
    ("MIME field given twice", TOP + b"Content-Transfer-Encoding: 7bit\r\n" * 2 + b"\r\nx\r\n"),
    ("malformed header line", b"From someone Sat Nov 21\r\n" + mail(PLAIN)),
    ("malformed header line", TOP + b"X-Broken line\r\n" + PLAIN),
    ("malformed header line", TOP.replace(b"X-Odd:", b"X-Odd :") + PLAIN),
    ("malformed header line", TOP + b"X-Blank: a\r\n \t\r\n" + PLAIN),
    ("malformed header line", TOP.replace(b"two", b"two\nthree") + PLAIN),
    ("malformed header line", TOP.replace(b"two", b"t\0o") + PLAIN),
    ("Content-Type not understood", TOP + b"Content-Type: text\r\n\r\nx\r\n"),
    ("a line only begins like a boundary", mail(multipart("mixed", part("--Bx\r\n", "utf-8", "8bit"), boundary="B"))),
    ("boundary again after the last one", mail(multipart("mixed", PLAIN, boundary="B") + b"--B\r\n\r\nmore\r\n")),
    (
        "boundary after a bare line feed",
        mail(multipart("mixed", PLAIN, HTML, boundary="B")).replace(b"hello\r\n\r\n", b"hello\r\n\n"),
    ),
    ("empty part", mail(multipart("mixed", PLAIN, boundary="B")).replace(b"--B\r\n", b"--B\r\n--B\r\n", 1)),
    (
        "multipart with an encoding of its own",
        TOP + b"Content-Transfer-Encoding: base64\r\n" + multipart("mixed", PLAIN),
    ),
]


@pytest.mark.parametrize(("problem", "raw"), PROBLEMS, ids=[f"{i}-{p[0]}" for i, p in enumerate(PROBLEMS)])
def test_what_is_wrong_is_named_and_still_cut(problem: str, raw: bytes) -> None:
    parsed = parse(raw, LIMITS)
    assert parsed.problem == problem
    assert_consistent(parsed)


def test_inner_parts_end_where_the_outer_boundary_says() -> None:
    """An inner multipart that is never closed must not swallow the outer one's next part."""
    inner = multipart("alternative", PLAIN, boundary="I")[: -len(b"--I--\r\n")]
    parsed = parse(mail(multipart("mixed", inner, PDF, boundary="O")), LIMITS)
    assert parsed.problem == "multipart not closed"
    assert [one.kind for one in parsed.root.children] == ["multipart/alternative", "application/pdf"]


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\r\n\r\n", b"x", b"Subject: x", b"Subject: x\r\n", b"\r\nbody"])
def test_the_smallest_mails(raw: bytes) -> None:
    assert_consistent(parse(raw, LIMITS))


def nested(depth: int) -> bytes:
    raw = TOP
    for level in range(depth):
        raw += f"Content-Type: multipart/mixed; boundary=B{level}\r\n\r\n--B{level}\r\n".encode()
    return raw + b"\r\nx\r\n"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (nested(500), "nested deeper than 20"),
        (mail(multipart("mixed", *[b"\r\nx"] * 1500)), "more than 1000 parts"),
        (b"a:b\r\n" * 30_000 + b"\r\n", "more than 20000"),
        (b"no field\r\n" * 30_000 + b"\r\n", "more than 20000"),
        (mail(multipart("mixed", b"\r\n" + b"--Bx\r\n" * 30_000, boundary="B")), "more than 20000"),
    ],
    ids=["depth", "parts", "fields", "bad-lines", "near-boundaries"],
)
def test_limits_stop_a_hostile_mail(raw: bytes, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        parse(raw, LIMITS)


def test_limits_are_the_callers() -> None:
    raw = mail(multipart("mixed", PLAIN, HTML))
    with pytest.raises(Malformed):
        parse(raw, Limits(parts_max=2))
    assert len(parse(raw, Limits(parts_max=3)).parts) == 3
    assert len(parse(b"A: b\r\nC: d\r\n\r\n", Limits(spans_max=2)).root.fields) == 2
    with pytest.raises(Malformed):  # read before, and remembered
        parse(b"A: b\r\nC: d\r\n\r\n", Limits(spans_max=1))


@pytest.mark.parametrize(
    "raw",
    [
        b"a" * 3_000_000,
        b"a:x\r\n" + b" y\r\n" * 500_000 + b"\r\nx",
        b"Content-Type: text/plain;" + b"a=b;" * 500_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; a=" + b" " * 16_000 + b"(\r\n\r\nx",
        b"Content-Type: " + b"(" * 16_000 + b"\r\n\r\nx",
        mail(multipart("mixed", b"\r\n" + b"--" * 1_000_000, boundary="-" * 60)),
    ],
    ids=["no-colon", "one-folded-field", "parameters", "spaces", "comments", "dashes"],
)
def test_long_input_is_read_in_one_go(raw: bytes) -> None:
    """Quadratic reading would take minutes here and run out of the time that a test has."""
    assert_consistent(parse(raw, LIMITS))
