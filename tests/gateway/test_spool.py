"""The body of a mail while it arrives, and body files that cannot be removed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.errors import Temporary
from core.runtime import Runtime
from gateway.delivery.finish import _unlink
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store.spool import HEAD_BYTES_MAX, Body, NewMail, Spool, store
from gateway.tables import Origin, delivery, mail
from tests.gateway.rig import with_settings


@pytest.mark.parametrize("blocks", [(300_000,), (10, 50_000, 300_000), (10, 20), (70_000, 70_000)])
@pytest.mark.parametrize("is_full", [False, True])
def test_the_head_is_there_however_the_octets_come(runtime: Runtime, blocks: tuple[int, ...], is_full: bool) -> None:
    sent = b"".join(bytes([65 + place]) * size for place, size in enumerate(blocks))
    spool = Spool(with_settings(runtime, SPOOL__INLINE_BYTES_MAX="40000").settings)
    spool.memory_bytes += runtime.settings.smtp.data_memory_bytes_max if is_full else 0  # by another mail
    with Body(spool) as body:
        for place, size in enumerate(blocks):
            body.write(bytes([65 + place]) * size)
        assert body.head == sent[:HEAD_BYTES_MAX]


def test_a_body_file_that_cannot_be_removed_is_no_fault(tmp_path: Path) -> None:
    _unlink(tmp_path)()  # a directory: neither there nor gone
    assert tmp_path.exists()


def test_a_mail_whose_commit_was_in_doubt_is_stored_once(any_runtime: Runtime) -> None:
    """The answer to a COMMIT can be lost after it happened: run again, it finds what it wrote."""
    new = [_new(f"{number:016d}") for number in range(3)]
    with any_runtime.begin() as tx:
        first = store(tx, new[:2])
    with any_runtime.begin() as tx:
        ids = store(tx, new)
    assert ids[:2] == first
    assert ids[2] not in first
    with any_runtime.read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(mail)) == 3
        assert tx.session.scalar(select(func.count()).select_from(delivery)) == 3


def test_two_mails_never_share_a_queue_id(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        store(tx, [_new("a" * 16)])
    with pytest.raises(Temporary), any_runtime.begin() as tx:
        store(tx, [_new("a" * 16, b"another mail\r\n")])


def _new(queue_id: str, raw: bytes = b"\r\n") -> NewMail:
    envelope = Envelope("saiyo@example.jp", (Recipient("taro@example.com"),))
    arrival = Arrival("127.0.0.1", "client.example.net", "ESMTP", "", datetime(2026, 11, 21, 3, tzinfo=UTC))
    return NewMail(queue_id, Origin.SMTP, 1, True, envelope, arrival, len(raw), raw, None, None)
