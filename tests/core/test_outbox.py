"""Mails of our own: written with their cause, sealed at rest, forgotten when sent."""

import email
from email.policy import default

import pytest
from sqlalchemy import select

from core import outbox
from core.outbox import Kind, Outgoing, State
from core.runtime import Runtime


def put(runtime: Runtime, key: str = "receipt:1") -> bool:
    with runtime.begin() as tx:
        raw = outbox.compose(
            sender="hr@example.jp",
            sender_name="例示株式会社 採用担当",
            recipient="yamada@example.org",
            subject="ご登録を受け付けました",
            text="山田様\n\nありがとうございます。\n",
            now=tx.now,
        )
        return outbox.put(
            tx,
            key=key,
            company_id=1,
            kind=Kind.CANDIDATE,
            sender="hr@example.jp",
            recipient="yamada@example.org",
            raw=raw,
            gate_ref="receipt:1",
        )


def test_a_mail_is_written_once_a_key_and_comes_out_whole(any_runtime: Runtime) -> None:
    assert put(any_runtime)
    assert not put(any_runtime)
    with any_runtime.begin() as tx:
        (mail,) = outbox.waiting(tx, 10)
    message = email.message_from_bytes(mail.raw, policy=default)
    assert mail.recipient == "yamada@example.org"
    assert mail.gate_ref == "receipt:1"
    assert message["Subject"] == "ご登録を受け付けました"
    assert "山田様" in message.get_body().get_content()  # type: ignore[union-attr]
    assert message["Message-ID"].endswith("@example.jp>")


def test_nothing_readable_lies_in_the_table_and_nothing_at_all_after(any_runtime: Runtime) -> None:
    put(any_runtime)
    with any_runtime.begin() as tx:
        row = tx.session.scalars(select(Outgoing)).one()
        assert b"yamada" not in bytes(row.recipient_sealed or b"") + bytes(row.raw_sealed or b"")
        outbox.settle(tx, row.id, State.SENT)
    with any_runtime.read() as tx:
        row = tx.session.scalars(select(Outgoing)).one()
        assert (row.recipient_sealed, row.raw_sealed, row.state) == (None, None, State.SENT)


@pytest.mark.parametrize("subject", ["two\r\nBcc: x@example.org", "two\nlines"])
def test_a_line_break_in_a_field_is_refused(runtime: Runtime, subject: str) -> None:
    with pytest.raises(ValueError):
        outbox.compose(
            sender="a@example.jp",
            sender_name="",
            recipient="b@example.org",
            subject=subject,
            text="x",
            now=runtime.clock.now(),
        )


def test_one_that_cannot_be_opened_does_not_stand_before_the_others(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        for key in ("broken", "sound"):
            outbox.put(tx, key=key, company_id=1, kind=Kind.DSN, sender="", recipient="a@example.jp", raw=b"x\r\n")
        row = tx.session.scalar(select(Outgoing).where(Outgoing.key == "broken"))
        assert row is not None
        row.raw_sealed = b"no seal"
    with any_runtime.begin() as tx:
        assert [own.raw for own in outbox.waiting(tx, 10)] == [b"x\r\n"]
    with any_runtime.read() as tx:
        states = {row.key: row.state for row in tx.session.scalars(select(Outgoing))}
    assert states == {"broken": State.FAILED, "sound": State.WAITING}
