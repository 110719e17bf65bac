"""Fields on top of a mail: folded, and never more than one field from one value."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.limits import Limits
from gateway.letter.parse import parse
from gateway.letter.rewrite import prepend, top_fields
from tests.gateway.mails import property_of

RAW = b"From: a@example.jp\r\n\r\nx\r\n"


def test_fields_stand_on_top_in_order() -> None:
    assert prepend(RAW, [("X-A", b"1"), ("X-B", b" 2 ")]) == b"X-A: 1\r\nX-B: 2\r\n" + RAW
    assert prepend(RAW, []) == RAW


def test_long_values_fold_at_their_spaces() -> None:
    value = b" ".join([b"word"] * 60) + b"\tend"
    new = prepend(RAW, [("X-Long", value)])
    field = new[: -len(RAW)]
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert field.replace(b"\r\n", b"") == b"X-Long: " + value


@pytest.mark.parametrize("value", [b"a\r\nBcc: x@example.org", b"a\nb", b"a\rb", b"a\0b", b"x" * 2000])
def test_a_value_cannot_become_another_field(value: bytes) -> None:
    with pytest.raises(ValueError, match="header field"):
        prepend(RAW, [("X-A", value)])


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X\r\nA", "あ"])
def test_a_name_is_one_printable_word(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        prepend(RAW, [(name, b"1")])


@property_of(200)
@given(st.binary(max_size=300))
def test_whatever_comes_in_is_one_field_or_refused(value: bytes) -> None:
    try:
        new = prepend(RAW, [("X-A", value)])
    except ValueError:
        return
    parsed = parse(new, Limits())
    assert [field.name for field in parsed.root.fields] == [b"x-a", b"from"]
    assert parsed.problem == ""
    assert message_from_bytes(new, policy=policy.compat32).keys() == ["X-A", "From"]
    assert next(parsed.values(b"x-a")).replace(b"\r\n", b"").strip(b" \t") == value.strip(b" \t")


HOSTILE = st.lists(
    st.sampled_from(
        [
            *(b"\r\n", b"\r", b"\n", b"\0", b"\r\n ", b"\n\t", b" ", b"\t", b":", b"Bcc: x@example.org", b"\r\n\r\n"),
            *(
                b"\x0b",
                b"\x0c",
                b"\x1c",
                b"\x85",
                b"\xe2\x80\xa8",
                b"=?utf-8?b?DQpCY2M6IHhA?=",
                b"a" * 70,
                b"word",
                b".",
            ),
        ]
    ),
    max_size=30,
).map(b"".join)
NAMES = st.one_of(st.sampled_from(["X-A", "X-CareerRelay-Trace", "x"]), st.text(max_size=6))


@property_of(600)
@given(st.lists(st.tuples(NAMES, HOSTILE), min_size=1, max_size=4))
def test_no_value_and_no_name_brings_in_another_field(fields: list[tuple[str, bytes]]) -> None:
    """Whatever a rule, a name or a link holds: as many fields as were meant, or none, and the mail below as it was."""
    try:
        top = top_fields(fields)
    except ValueError:
        return
    assert prepend(RAW, fields) == top + RAW
    names = [name for name, _ in fields]
    parsed = parse(top + RAW, Limits())
    assert parsed.problem == ""
    assert [field.name.decode() for field in parsed.root.fields] == [*(name.lower() for name in names), "from"]
    shown = message_from_bytes(top + RAW, policy=policy.compat32)
    assert shown.keys() == [*names, "From"]
    assert shown.get_payload() == "x\r\n"
    lines = top.split(b"\r\n")[:-1]
    assert all(line.strip(b" \t") for line in lines), "a line of blanks only would end the header for some readers"
    assert max(map(len, lines)) <= 998
    assert not set(b"\r\n\0") & set(top.replace(b"\r\n", b""))
