"""The body of a mail while it arrives, and body files that cannot be removed."""

from pathlib import Path

import pytest

from core.runtime import Runtime
from gateway.finish import _unlink
from gateway.spool import HEAD_BYTES_MAX, Body, Spool
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
