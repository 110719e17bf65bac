"""Reports: who wants which, and that nothing of ours or of strangers can break their form (RFC 3464, RFC 3461)."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import outcome
from gateway.bounce import Action, Reported, report, wanted
from gateway.envelope import Envelope, Recipient
from gateway.outcome import Reply, printable, read_reply

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "sender", "notify", "expected"),
    [
        (Action.FAILED, "a@example.jp", None, True),
        (Action.DELAYED, "a@example.jp", None, True),
        (Action.RELAYED, "a@example.jp", None, False),
        (Action.RELAYED, "a@example.jp", "SUCCESS", True),
        (Action.FAILED, "a@example.jp", "SUCCESS", False),
        (Action.FAILED, "a@example.jp", "success,failure", True),
        (Action.DELAYED, "a@example.jp", "FAILURE", False),
        (Action.FAILED, "a@example.jp", "NEVER", False),
        (Action.FAILED, "", None, False),
        (Action.FAILED, "", "FAILURE", False),
    ],
)
def test_who_wants_which_report(action: Action, sender: str, notify: str | None, expected: bool) -> None:
    assert wanted(action, sender, {} if notify is None else {"NOTIFY": notify}) is expected


def make(reply: Reply, original: bytes, envelope: Envelope, params: dict[str, str] | None = None) -> bytes:
    return report(
        Action.FAILED,
        envelope=envelope,
        recipients=[Reported(recipient.address, params or {}, reply) for recipient in envelope.recipients],
        original=original,
        hostname="gateway.example.jp",
        queue_id="0123456789abcdef",
        received_at=NOW,
        now=NOW,
    )


@given(
    st.text(max_size=80),
    st.binary(max_size=300).map(lambda octets: octets.replace(b"\r", b"").replace(b"\n", b"\r\n")),
    st.integers(1, 4),
)
def test_a_report_always_has_its_three_parts(text: str, original: bytes, recipients: int) -> None:
    envelope = Envelope("hr@example.jp", tuple(Recipient(f"r{n}@example.com") for n in range(recipients)))
    raw = make(Reply(550, "5.1.1", printable(text)), original, envelope)
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    text_part, status, _ = parsed.iter_parts()
    assert text_part.get_content_type() == "text/plain"
    blocks = cast("list[EmailMessage]", status.get_payload())
    assert [block["Status"] for block in blocks[1:]] == ["5.1.1"] * recipients
    assert all("Bcc" not in block for block in blocks)


def test_wishes_are_quoted_back() -> None:
    envelope = Envelope("hr@example.jp", (Recipient("b@example.com"),), {"ENVID": "AbC+3D1"})
    raw = make(Reply(550, "", "no"), b"Subject: x\r\n\r\n", envelope, {"ORCPT": "rfc822;Alias+2B@example.com"})
    assert b"Original-Envelope-Id: AbC+3D1\r\n" in raw
    assert b"Original-Recipient: rfc822; Alias+2B@example.com\r\n" in raw
    assert b"Status: 5.0.0\r\n" in raw


def test_what_nobody_said_has_no_diagnostic_code() -> None:
    raw = make(outcome.TOO_LARGE, b"", Envelope("hr@example.jp", (Recipient("b@example.com"),)))
    assert b"Status: 5.3.4\r\n" in raw
    assert b"Diagnostic-Code" not in raw


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"250 2.0.0 ok"], (250, "2.0.0", "ok")),
        ([b"550-5.1.1 no such user", b"550 5.1.1 really"], (550, "5.1.1", "no such user really")),
        ([b"451 4.7.1"], (451, "4.7.1", "")),
        ([b"550 4.1.1 contradicts itself"], (550, "", "4.1.1 contradicts itself")),
        ([b"450 busy"], (450, "", "busy")),
        ([b"250"], (250, "", "")),
        ([b"554 \x1b[31mred\x00"], (554, "", "[31mred")),
    ],
)
def test_replies_of_next_hops(lines: list[bytes], expected: tuple[int, str, str]) -> None:
    reply = read_reply(lines)
    assert (reply.code, reply.status, reply.text) == expected


@pytest.mark.parametrize("line", [b"", b"hello", b"99 x", b"999 x", b"-25 x"])
def test_what_is_no_reply_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        read_reply([line])
