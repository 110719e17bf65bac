"""The DNS record of a DKIM key (RFC 6376 3.6): how it is written, and whether what was found says the same. Pure."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.signature.dkim import Algorithm

TTL_S = 3600
STRING_OCTETS_MAX = 255


class Published(StrEnum):
    """What stands in the DNS for a key, as seen by a verifier."""

    SAME = "same"
    MISSING = "missing"
    SEVERAL = "several"
    REVOKED = "revoked"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Finding:
    """``detail``: what is wrong, in words for the person who edits the zone; empty when nothing is."""

    published: Published
    detail: str = ""

    @property
    def good(self) -> bool:
        return self.published is Published.SAME


def dns_name(domain: str, selector: str) -> str:
    """RFC 6376 3.6.2.1."""
    return f"{selector}._domainkey.{domain}"


def value(algorithm: Algorithm, public_key: bytes) -> str:
    """The whole text of the TXT record."""
    return f"v=DKIM1; k={_key_type(algorithm)}; p={base64.b64encode(public_key).decode('ascii')}"


def strings(text: str) -> tuple[str, ...]:
    """``text`` in the pieces a TXT record is made of, 255 octets each (RFC 1035 3.3); readers join them (3.6.2.2)."""
    return tuple(text[at : at + STRING_OCTETS_MAX] for at in range(0, len(text), STRING_OCTETS_MAX))


def zone_line(name: str, text: str) -> str:
    """The record as one line of a zone file (RFC 1035 5.1)."""
    quoted = " ".join(f'"{piece}"' for piece in strings(text))
    return f"{name}. {TTL_S} IN TXT ( {quoted} )"


def compare(algorithm: Algorithm, public_key: bytes, found: Sequence[str]) -> Finding:
    """Would a verifier that reads these TXT records accept signatures made with the key?"""
    if not found:
        return Finding(Published.MISSING, "there is no TXT record at this name")
    if len(found) > 1:
        # RFC 6376 3.6.2.2: records at one selector must be unique; else the result is undefined.
        return Finding(Published.SEVERAL, f"there are {len(found)} TXT records at this name; leave exactly one")
    tags = _tags(found[0])
    if tags.get("p") == "":
        return Finding(Published.REVOKED, "p= is empty: the key is revoked")
    problem = _problem(tags, algorithm, public_key)
    return Finding(Published.DIFFERENT, problem) if problem else Finding(Published.SAME)


def _problem(tags: dict[str, str], algorithm: Algorithm, public_key: bytes) -> str:
    """The first tag a verifier would stumble over (RFC 6376 3.6.1, 6.1.2)."""
    if "p" not in tags:
        return "the TXT record has no p= tag: it is no DKIM key"
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        return "v= must be DKIM1 and stand first"
    if tags.get("k", "rsa") != _key_type(algorithm):
        return f"k= is {tags.get('k', 'rsa')}, this key is {_key_type(algorithm)}"
    if "sha256" not in tags.get("h", "sha256").split(":"):
        return "h= does not permit sha256"
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return "s= does not permit email"
    if tags["p"] != base64.b64encode(public_key).decode("ascii"):
        return "p= is another key, or was cut or mistyped"
    return ""


def _tags(text: str) -> dict[str, str]:
    """White space inside values means nothing in the tags that are looked at (RFC 6376 3.2, 3.6.1)."""
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): "".join(rest.split()) for name, _, rest in parts}


def _key_type(algorithm: Algorithm) -> str:
    return "rsa" if algorithm is Algorithm.RSA2048 else "ed25519"
