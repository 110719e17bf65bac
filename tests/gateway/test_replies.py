"""One table from errors to replies; nothing of ours stands in one."""

import errno

import pytest

from core.errors import ConfigError, NotFound, Permanent, Temporary
from gateway import replies
from gateway.replies import Deferral, Refusal, smtp_reply
from tests.gateway.raw import is_well_formed


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refusal(replies.NO_RELAY), "550 5.7.1"),
        (Deferral(replies.NO_SPACE), "452 4.3.1"),
        (Temporary("the database at 192.0.2.5 does not answer"), "451 4.3.0"),
        (Permanent("secret path /var/spool"), "554 5.6.0"),
        (NotFound("rule rejection-ja-7"), "554 5.6.0"),
        (ConfigError("x"), "554 5.6.0"),
        (OSError(errno.ENOSPC, "No space left on device"), "452 4.3.1"),
        (OSError(errno.EIO, "Input/output error"), "451 4.3.0"),
        (ValueError("secret path"), "451 4.3.0"),
        (MemoryError(), "451 4.3.0"),
    ],
)
def test_every_error_has_a_reply_that_tells_a_stranger_nothing(error: Exception, code: str) -> None:
    reply = smtp_reply(error)
    assert reply.startswith(code)
    assert is_well_formed(reply)
    assert not any(word in reply for word in ("secret", "192.0.2", "rule", "/var"))


def test_every_reply_is_one_line_with_an_enhanced_code() -> None:
    """RFC 2034 4: all but the answers to EHLO, DATA and AUTH's challenge."""
    without = {"HELLO", "GO_AHEAD", "CHALLENGE"}
    for name, reply in vars(replies).items():
        if name.isupper() and isinstance(reply, str) and name not in without:
            words = reply.split(" ")
            assert is_well_formed(reply.format(queue_id="x")), name
            assert words[1].split(".")[0] == reply[0], name
