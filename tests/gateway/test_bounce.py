"""Reports: who wants which, and that nothing of ours or of strangers can break their form (RFC 3464, RFC 3461)."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import outcome
from gateway.delivery.bounce import HEADER_BYTES_MAX, Action, Reported, report, wanted
from gateway.letter.envelope import Envelope, Recipient
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


def make(
    reply: Reply,
    original: bytes,
    envelope: Envelope,
    params: dict[str, str] | None = None,
    action: Action = Action.FAILED,
) -> bytes:
    return report(
        action,
        envelope=envelope,
        recipients=[Reported(recipient.address, params or {}, reply) for recipient in envelope.recipients],
        original=original,
        hostname="gateway.example.jp",
        queue_id="0123456789abcdef",
        received_at=NOW,
        now=NOW + timedelta(hours=4),
        retry_until=NOW + timedelta(days=5) if action is Action.DELAYED else None,
    )


def one(
    params: dict[str, str] | None = None, recipient: str = "b@example.com", sender: str = "hr@example.jp"
) -> Envelope:
    return Envelope(sender, (Recipient(recipient),), params or {})


def parts(raw: bytes) -> list[EmailMessage]:
    return list(email.message_from_bytes(raw, policy=email.policy.default).iter_parts())  # type: ignore[arg-type]


@pytest.mark.parametrize("action", list(Action))
def test_every_field_that_must_be_there(action: Action) -> None:
    raw = make(Reply(450, "4.2.0", "later"), b"Subject: x\r\n\r\nbody\r\n", one(), action=action)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert not parsed.defects
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"  # RFC 3464 2
    assert parsed["Auto-Submitted"] == "auto-replied"  # RFC 3834 5
    assert (parsed["To"], parsed["From"]) == (
        "hr@example.jp",
        "Mail Delivery System <MAILER-DAEMON@gateway.example.jp>",
    )
    assert parsed["Date"].datetime == NOW + timedelta(hours=4)
    assert parsed["Message-ID"].endswith("@gateway.example.jp>")
    assert parsed["MIME-Version"] == "1.0"
    people, machines, original = parts(raw)
    assert "b@example.com" in people.get_content()
    mail, recipient = cast("list[EmailMessage]", machines.get_payload())
    assert mail["Reporting-MTA"] == "dns; gateway.example.jp"  # RFC 3464 2.2.2
    assert mail["Arrival-Date"] == "Sat, 21 Nov 2026 12:00:00 +0900"
    assert recipient["Final-Recipient"] == "rfc822; b@example.com"  # RFC 3464 2.3.2 to 2.3.4
    assert (recipient["Action"], recipient["Status"]) == (action.value, "4.2.0")
    assert recipient["Diagnostic-Code"] == "smtp; 450 4.2.0 later"
    assert recipient["Last-Attempt-Date"] == "Sat, 21 Nov 2026 16:00:00 +0900"
    assert (recipient["Will-Retry-Until"] is not None) is (action is Action.DELAYED)  # RFC 3464 2.3.9
    assert original.get_content_type() == "text/rfc822-headers"
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize(
    ("ret", "action", "body_bytes", "whole"),
    [
        ("FULL", Action.FAILED, 100, True),
        ("full", Action.FAILED, 60_000, True),
        ("FULL", Action.FAILED, 70_000, False),
        ("FULL", Action.DELAYED, 100, False),
        ("FULL", Action.RELAYED, 100, False),
        ("HDRS", Action.FAILED, 100, False),
        (None, Action.FAILED, 100, False),
    ],
)
def test_the_whole_mail_goes_back_when_asked_for_failed_and_small(
    ret: str | None, action: Action, body_bytes: int, whole: bool
) -> None:
    original = b"Subject: x\r\n\r\n" + b"body " * (body_bytes // 5) + "終\r\n".encode()
    given = original[:HEADER_BYTES_MAX]  # as much as the caller hands over
    raw = make(Reply(550, "5.1.1", "no"), given, one({"RET": ret} if ret else {}), action=action)
    last = parts(raw)[2]
    assert last.get_content_type() == ("message/rfc822" if whole else "text/rfc822-headers")
    assert (original in raw) is whole
    assert (b"body " in raw) is whole
    assert last["Content-Transfer-Encoding"] == ("8bit" if whole else "7bit")


def test_a_report_about_international_addresses_has_the_global_forms() -> None:
    envelope = one({"RET": "FULL"}, "太郎@example.com", "人事@example.jp")
    raw = make(Reply(550, "5.1.1", "居ません"), "Subject: 件名\r\n\r\n".encode(), envelope)
    kinds = [part.get_content_type() for part in parts(raw)]
    assert kinds == ["text/plain", "message/global-delivery-status", "message/global"]  # RFC 6533 3 and 4
    assert "Final-Recipient: utf-8; 太郎@example.com\r\n".encode() in raw
    assert "Diagnostic-Code: smtp; 550 5.1.1 居ません\r\n".encode() in raw
    assert "To: <人事@example.jp>\r\n".encode() in raw
    assert [part.get_content_type() for part in parts(make(Reply(550, "", ""), b"", one({}, "太郎@example.com")))][
        2
    ] == "message/global-headers"


def test_what_a_server_says_stays_seven_bit_for_everybody_else() -> None:
    raw = make(Reply(550, "5.1.1", "居ません"), b"", one())
    assert b"Diagnostic-Code: smtp; 550 5.1.1 ????\r\n" in raw


@pytest.mark.parametrize("value", ["a+0D+0ABcc:+20x@example.org", "+0A", "+7F+00"])
def test_xtext_begins_no_new_field(value: str) -> None:
    raw = make(Reply(550, "", "no"), b"", one({"ENVID": value}), {"ORCPT": f"rfc822;{value}"})
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    machines = cast("list[EmailMessage]", parts(raw)[1].get_payload())
    assert all(block["Bcc"] is None for block in machines)


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
    assert b"Original-Envelope-Id: AbC=1\r\n" in raw  # decoded: the values were written as xtext (RFC 3461 4)
    assert b"Original-Recipient: rfc822; Alias+@example.com\r\n" in raw
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
