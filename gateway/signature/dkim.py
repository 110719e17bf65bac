"""DKIM signatures (RFC 6376) with rsa-sha256 and ed25519-sha256 (RFC 8463), canonical form relaxed/relaxed. Pure.

Mail has CRLF line ends here, as the receiving side guarantees. Nothing is converted before signing (RFC 6376 5.3 would
like 7bit): bytes leave as they came, so a next hop that re-encodes 8-bit text breaks every signature, ours too.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from mmap import mmap

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

Chunk = bytes | bytearray | memoryview | mmap


class Algorithm(StrEnum):
    """What a key is. RFC 8301 3.2 forbids RSA below 1024 bits and asks for 2048. A record of
    4096 would pass the 512 octets that a DNS answer over UDP is sure to hold (RFC 1035 4.2.1)."""

    RSA2048 = "rsa2048"
    ED25519 = "ed25519"

    @property
    def tag(self) -> str:
        """The value of ``a=``."""
        return "rsa-sha256" if self is Algorithm.RSA2048 else "ed25519-sha256"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, ready to sign for ``domain`` (``d=``), whose public half stands under ``selector`` (``s=``)."""

    domain: str
    selector: str
    algorithm: Algorithm
    key: RSAPrivateKey | Ed25519PrivateKey

    def signature(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        return self.key.sign(hashlib.sha256(data).digest())  # RFC 8463 3: PureEdDSA over the SHA-256 digest


# What the reader sees and what decides how it is shown, after RFC 6376 5.4.1; the MIME fields and Message-ID besides,
# since the meaning of the body hangs on them. Left out is what relays change or add: Return-Path, Received, other
# DKIM-Signatures (each names its own fields), Authentication-Results, and our own X-CareerRelay fields, which a company
# may want its server to strip on the way out.
_FIELDS = (
    *(b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
    *(b"resent-date", b"resent-from", b"resent-to", b"resent-cc", b"list-id", b"list-help", b"list-unsubscribe"),
    *(b"list-unsubscribe-post", b"list-subscribe", b"list-post", b"list-owner", b"list-archive"),
)
_KNOWN = frozenset(_FIELDS)
# A name listed once more than it occurs makes any further field of that name break the signature (RFC 6376 5.4.2,
# 8.15): nobody can put a second From or Subject on a signed mail.
_NONE_ADDED = frozenset({b"from", b"subject"})
# The same where one is there; where none is, servers on the way may add a Date or an empty To.
_NO_SECOND = frozenset(
    {b"to", b"cc", b"date", b"reply-to", b"mime-version", b"content-type", b"content-transfer-encoding"}
)

_LINE_OCTETS = 76
_SLICE_OCTETS = 131_072
_HELD_OCTETS_MAX = 4_096


def sign(header: bytes, body: Iterable[Chunk], signers: Sequence[Signer], now: datetime) -> bytes:
    """Return one ``DKIM-Signature`` field (CRLF ended) a signer, to go on top of ``header`` (RFC 6376 5.6).

    ``header`` is the whole header as it leaves, with or without the empty line behind it; ``body`` its body, cut
    anywhere. The same input and ``now`` give the same bytes, so a retry sends what the first attempt sent.
    Empty without signers, and for a header that has not exactly one From field: such a mail is not to be signed
    (RFC 6376 3.8), and a verifier would not know which author it stands for.
    """
    fields = _canonical_fields(header)
    if not signers or len(fields.get(b"from", ())) != 1:
        return b""
    # RFC 6376 5.4.2: the last of a name is the first that is signed.
    data = b"".join(field for name in _FIELDS for field in reversed(fields.get(name, ())))
    listed = _listed(tuple(len(fields.get(name, ())) for name in _FIELDS))
    digest = BodyDigest()
    for chunk in body:
        digest.update(chunk)
    bh = base64.b64encode(digest.finish()).decode("ascii")
    return b"".join(_field(signer, listed, bh, data, int(now.timestamp())) for signer in signers)


def _field(signer: Signer, listed: str, bh: str, data: bytes, seconds: int) -> bytes:
    # No l=: it lets anybody append to a signed mail (RFC 6376 8.2). No x=: a mail may wait days in somebody's queue.
    # No i=: its default, the domain, is all we can vouch for (RFC 6376 3.5).
    tags = f"v=1; a={signer.algorithm.tag}; c=relaxed/relaxed; t={seconds};"
    where = f"d={signer.domain}; s={signer.selector};"
    if len(where) >= _LINE_OCTETS:
        where = where.replace(" ", "\r\n\t")
    start = f"DKIM-Signature: {tags}\r\n\t{where}\r\n\t{listed}\r\n\tbh={bh};\r\n\tb=".encode("ascii")
    # RFC 6376 3.7: the field itself counts too, with b= empty and without its CRLF.
    signature = base64.b64encode(signer.signature(data + _canonical_field(start)))
    first = _LINE_OCTETS - len("\tb=")
    lines = [signature[:first]]
    lines += [signature[at : at + _LINE_OCTETS - 1] for at in range(first, len(signature), _LINE_OCTETS - 1)]
    return start + b"\r\n\t".join(lines) + b"\r\n"


@lru_cache(maxsize=256)
def _listed(counts: tuple[int, ...]) -> str:
    """The tag ``h=`` for so many fields of each of `_FIELDS`, folded at its colons. Most mails are of few shapes."""
    names: list[str] = []
    for name, found in zip(_FIELDS, counts, strict=True):
        extra = name in _NONE_ADDED or (name in _NO_SECOND and found > 0)
        names += [name.decode("ascii")] * (found + extra)
    lines = ["h="]
    for number, listed in enumerate(names, 1):
        word = listed + (":" if number < len(names) else ";")
        if len(lines[-1]) + len(word) >= _LINE_OCTETS:
            lines.append("")
        lines[-1] += word
    return "\r\n\t".join(lines)


def _canonical_fields(header: bytes) -> dict[bytes, list[bytes]]:
    """The fields that may be signed, by name, each in canonical form, in their order in the header."""
    fields: dict[bytes, list[bytes]] = {}
    for line in _unfolded(header).split(b"\r\n"):
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" ").lower()
        if colon and name in _KNOWN:
            fields.setdefault(name, []).append(name + b":" + value.strip(b" ") + b"\r\n")
    return fields


def _canonical_field(field: bytes) -> bytes:
    name, _, value = _unfolded(field).partition(b":")
    return name.lower() + b":" + value.strip(b" ")


def _unfolded(header: bytes) -> bytes:
    """RFC 6376 3.4.2: lines joined, every run of white space one space."""
    return _single_spaced(header.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").replace(b"\t", b" "))


def _single_spaced(text: bytes) -> bytes:
    # Each pass halves every run: a few passes in C, where one regular expression would match run by run.
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


class BodyDigest:
    """SHA-256 of a body in relaxed form (RFC 6376 3.4.4), fed chunk by chunk; memory stays at one slice.

    Between chunks the white space and line ends at the end are held back: what follows decides whether they count.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._held = b""
        self._lines = 0  # line ends before ``_held``, when it grew too long to keep
        self._empty = True

    def update(self, chunk: Chunk) -> None:
        if isinstance(chunk, bytes) and len(chunk) <= _SLICE_OCTETS:
            self._take(chunk)
            return
        with memoryview(chunk) as view:
            for start in range(0, len(view), _SLICE_OCTETS):
                self._take(bytes(view[start : start + _SLICE_OCTETS]))

    def finish(self) -> bytes:
        """RFC 6376 3.4.4 b: empty lines at the end do not count; a body that is left has one line end there."""
        if not self._empty:
            self._sha256.update(b"\r\n")
        return self._sha256.digest()

    def _take(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        solid = data.rstrip(b" \t\r\n")
        self._held = data[len(solid) :]
        if solid:
            self._line_ends()
            self._sha256.update(_relaxed(solid))
            self._empty = False
        if len(self._held) > _HELD_OCTETS_MAX:
            self._shorten()

    def _line_ends(self) -> None:
        while self._lines:
            count = min(self._lines, _HELD_OCTETS_MAX)
            self._sha256.update(b"\r\n" * count)
            self._lines -= count

    def _shorten(self) -> None:
        """Count the empty lines instead of keeping them: a body of nothing else must not be copied at every chunk."""
        lines, end, rest = _relaxed(self._held).rpartition(b"\r\n")
        count = (len(lines) + len(end)) // 2
        if lines + end == b"\r\n" * count:
            self._lines += count
            self._held = rest


def _relaxed(text: bytes) -> bytes:
    """No white space before a line end, one space for every other run. Most bodies leave at a first look (base64) or
    after three (plain text)."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    if b" " not in text:
        return text
    text = _single_spaced(text)
    return text.replace(b" \r\n", b"\r\n") if b" \r\n" in text else text
