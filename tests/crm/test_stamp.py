"""The stamp of a company: one harmless field, never one that a mail server, a client or we ourselves would read."""

import pytest

from core.errors import ConfigError
from core.runtime import Runtime
from crm.registry import companies
from tests.crm.world import COMPANY


@pytest.mark.parametrize("stamp", ["X-Stamp: abc", "x-kigyo-7: a b; c=d", "X-A-1: " + "v" * 100])
def test_a_harmless_field_is_a_stamp(runtime: Runtime, stamp: str) -> None:
    with runtime.begin() as tx:
        company = companies.add(tx, COMPANY)
        assert companies.change(tx, company.id, stamp=stamp).stamp == stamp
        assert companies.change(tx, company.id, stamp=None).stamp is None


@pytest.mark.parametrize(
    "stamp",
    [
        "X-Stamp: a\r\nBcc: x@example.org",
        "X-Stamp: a\nb",
        "X-Stamp: a\r",
        "X-Stamp:\r\n b",
        "X-Stamp: ",
        "X-Stamp:  a",
        "X-Stamp: a ",
        "X-Stamp : a",
        "X-Stamp a",
        "X-: a",
        "X-Stämp: a",
        "X-Stamp: ä",
        "X-Stamp: " + "v" * 101,
        "Bcc: x@example.org",
        "Received: from x",
        "DKIM-Signature: v=1",
        "Subject: x",
        "X-CareerRelay: rejection",
        "x-careerrelay-trace: k:00",
    ],
)
def test_anything_else_is_none(runtime: Runtime, stamp: str) -> None:
    with runtime.begin() as tx:
        company = companies.add(tx, COMPANY)
        with pytest.raises(ConfigError, match="stamp"):
            companies.change(tx, company.id, stamp=stamp)
