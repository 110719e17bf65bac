"""The DNS record of a key: as it is published, and what is wrong with what was found."""

import base64

import pytest

from gateway.signature import dkim_record
from gateway.signature.dkim import Algorithm
from gateway.signature.dkim_keys import public_half
from gateway.signature.dkim_record import Published, compare
from tests.gateway.dkim_world import ed25519, rsa

RSA, ED = public_half(rsa().key), public_half(ed25519().key)
GOOD = dkim_record.value(Algorithm.RSA2048, RSA)
P = base64.b64encode(RSA).decode()


def test_the_record_of_a_large_key_is_made_of_two_strings() -> None:
    pieces = dkim_record.strings(GOOD)
    assert [len(piece) for piece in pieces] == [255, len(GOOD) - 255]
    line = dkim_record.zone_line(dkim_record.dns_name("example.co.jp", "cr1"), GOOD)
    assert line == f'cr1._domainkey.example.co.jp. 3600 IN TXT ( "{pieces[0]}" "{pieces[1]}" )'
    assert dkim_record.strings(dkim_record.value(Algorithm.ED25519, ED)) == (
        f"v=DKIM1; k=ed25519; p={base64.b64encode(ED).decode()}",
    )
    assert len(ED) == 32, "RFC 8463 4.2: without ASN.1 around it"


@pytest.mark.parametrize(
    ("found", "published"),
    [
        ([GOOD], Published.SAME),
        ([f"p={P}"], Published.SAME),
        ([f"v=DKIM1;k=rsa;t=s;n=note;p={P};"], Published.SAME),
        ([f"v=DKIM1; h=sha256:sha1; s=*; k=rsa; p={P[:100]} {P[100:]}"], Published.SAME),
        ([], Published.MISSING),
        ([GOOD, GOOD], Published.SEVERAL),
        (["v=DKIM1; p="], Published.REVOKED),
        (["v=spf1 -all"], Published.DIFFERENT),
        ([f"k=rsa; v=DKIM1; p={P}"], Published.DIFFERENT),
        ([f"v=DKIM2; p={P}"], Published.DIFFERENT),
        ([f"v=DKIM1; k=ed25519; p={P}"], Published.DIFFERENT),
        ([f"v=DKIM1; h=sha1; p={P}"], Published.DIFFERENT),
        ([f"v=DKIM1; s=tlsrpt; p={P}"], Published.DIFFERENT),
        ([GOOD[:255]], Published.DIFFERENT),
        ([f"v=DKIM1; k=rsa; p={P[:50]}{'A' if P[50] != 'A' else 'B'}{P[51:]}"], Published.DIFFERENT),
    ],
)
def test_what_stands_in_the_dns_is_judged_as_a_verifier_would(found: list[str], published: Published) -> None:
    finding = compare(Algorithm.RSA2048, RSA, found)
    assert finding.published is published
    assert finding.good is (published is Published.SAME)
    assert bool(finding.detail) is not finding.good
