"""A domain's DMARC record: its own, or that of a parent, found by walking up (RFC 7489 6.6.3; DMARCbis 4.10)."""

from dataclasses import dataclass

from core.resolver import Resolver

STRICT = ("quarantine", "reject")
LABELS_MAX = 8


@dataclass(frozen=True, slots=True)
class Policy:
    """``found_at``: the domain whose record holds. ``strict_dkim``: d= must be From's own domain (RFC 7489 3.1.1)."""

    found_at: str
    policy: str
    strict_dkim: bool

    @property
    def strict(self) -> bool:
        """Do receivers turn away or set aside mail that passes neither SPF nor DKIM for From's domain?"""
        return self.policy in STRICT


def policy_of(resolver: Resolver, domain: str) -> Policy | None:
    """The policy for mail From ``domain``; None without a record. Raises Temporary when the DNS gives no answer."""
    labels = domain.split(".")[-LABELS_MAX:]
    for start in range(len(labels) - 1):  # a bare top level is nobody's policy for its customers
        name = ".".join(labels[start:])
        found = [text for text in resolver.txt(f"_dmarc.{name}") if _is_record(text)]
        if len(found) == 1:  # several count as none (RFC 7489 6.6.3)
            return _read(name, _tags(found[0]), inherited=start > 0)
    return None


def _is_record(text: str) -> bool:
    return "".join(text.lower().split()).startswith("v=dmarc1")


def _read(name: str, tags: dict[str, str], *, inherited: bool) -> Policy:
    policy = tags.get("p", "none")
    if inherited:
        policy = tags.get("sp", policy)
    return Policy(name, policy, tags.get("adkim") == "s")


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs if name.strip()}
