"""Keys, their DNS and a verifier that is no part of the product: dkimpy, with PyNaCl for ed25519."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

import dkim

from gateway.signature import dkim_keys, dkim_record
from gateway.signature.dkim import Algorithm, Chunk, Signer, sign

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DOMAIN = "example.co.jp"


@cache
def signer(algorithm: Algorithm, domain: str = DOMAIN, selector: str = "") -> Signer:
    return Signer(domain, selector or f"cr-{algorithm.value}", algorithm, dkim_keys.generate(algorithm))


def rsa(domain: str = DOMAIN) -> Signer:
    return signer(Algorithm.RSA2048, domain)


def ed25519(domain: str = DOMAIN) -> Signer:
    return signer(Algorithm.ED25519, domain)


def zone(*signers: Signer) -> dict[str, str]:
    """What the company publishes: DNS name -> text."""
    return {
        dkim_record.dns_name(one.domain, one.selector): dkim_record.value(one.algorithm, dkim_keys.public_half(one.key))
        for one in signers
    }


def verify(mail: bytes, published: Mapping[str, str], number: int = 0) -> bool:
    """Does the ``number``-th DKIM-Signature from the top verify?"""

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        text = published.get(name.decode("ascii").rstrip("."))
        return None if text is None else text.encode("ascii")

    try:
        return bool(dkim.DKIM(mail).verify(number, dnsfunc=txt))
    except dkim.DKIMException:
        return False


def signed(header: bytes, body: bytes, *signers: Signer, chunks: Iterable[Chunk] | None = None) -> bytes:
    """The mail as it leaves: signatures on top."""
    fields = sign(header, [body] if chunks is None else chunks, signers, NOW)
    assert fields, "signed"
    return fields + header + b"\r\n" + body
