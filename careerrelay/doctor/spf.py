"""Does a domain's SPF record name an address? As far as a check of the set-up needs it (RFC 7208 4 and 5).

Macros, ``exists`` and ``ptr`` depend on the single mail and are not evaluated: then the answer is "perhaps".
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from core.resolver import Resolver

#: RFC 7208 4.6.4: more look-ups than these make receivers give up.
LOOKUPS_MAX = 10
MX_MAX = 10


class Answer(StrEnum):
    """``BROKEN``: receivers treat the record as an error; ``PERHAPS``: it depends on the single mail."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"
    BROKEN = "broken"


class _TooMany(Exception):
    pass


@dataclass(slots=True)
class _Walk:
    resolver: Resolver
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    lookups: int = 0
    unsure: bool = False

    def counted(self) -> Resolver:
        self.lookups += 1
        if self.lookups > LOOKUPS_MAX:
            raise _TooMany
        return self.resolver


def records(resolver: Resolver, domain: str) -> list[str]:
    """The SPF records of ``domain``; more than one is an error of the domain (RFC 7208 4.5)."""
    return [text for text in resolver.txt(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def names(resolver: Resolver, domain: str, record: str, address: str) -> Answer:
    """Does ``record`` of ``domain`` let ``address`` send?

    Raises:
        Temporary: the DNS gives no answer.
    """
    walk = _Walk(resolver, ipaddress.ip_address(address))
    try:
        found = _passes(walk, domain, record)
    except _TooMany:
        return Answer.BROKEN
    if found:
        return Answer.YES
    return Answer.PERHAPS if walk.unsure else Answer.NO


def _passes(walk: _Walk, domain: str, record: str) -> bool:
    redirect = ""
    for term in record.split()[1:]:
        word = term.lower()
        if word.startswith("redirect="):
            redirect = word.removeprefix("redirect=")
        elif "=" in word.partition(":")[0]:
            continue  # exp= and modifiers of later standards (RFC 7208 6)
        else:
            qualifier, mechanism = (word[0], word[1:]) if word[0] in "+-~?" else ("+", word)
            if _matches(walk, domain, mechanism):
                return qualifier == "+"
    if redirect:
        found = records(walk.counted(), redirect)
        return len(found) == 1 and _passes(walk, redirect, found[0])
    return False


def _matches(walk: _Walk, domain: str, mechanism: str) -> bool:
    name, _, rest = mechanism.partition(":")
    name, _, prefix = name.partition("/")
    target, _, target_prefix = rest.partition("/")
    if "%" in rest or name in ("exists", "ptr"):
        walk.unsure = True
        return False
    match name:
        case "all":
            return True
        case "ip4" | "ip6":
            return _within(walk, rest, "")
        case "a":
            return _any_within(walk, walk.counted().addresses(target or domain), target_prefix or prefix)
        case "mx":
            hosts = walk.counted().mail_exchangers(target or domain)[:MX_MAX]
            found = [address for host in hosts for address in walk.resolver.addresses(host)]
            return _any_within(walk, found, target_prefix or prefix)
        case "include":
            found = records(walk.counted(), target)
            return len(found) == 1 and _passes(walk, target, found[0])
    return False


def _any_within(walk: _Walk, addresses: list[str], prefix: str) -> bool:
    # "24//64": one length for IPv4, one for IPv6 (RFC 7208 5.6).
    v4, _, v6 = prefix.partition("//") if "//" in prefix or not prefix.startswith("/") else ("", "", prefix[1:])
    return any(_within(walk, address, v6 if ":" in address else v4) for address in addresses)


def _within(walk: _Walk, text: str, prefix: str) -> bool:
    try:
        network = ipaddress.ip_network(f"{text}/{prefix}" if prefix else text, strict=False)
    except ValueError:
        return False
    return walk.address.version == network.version and walk.address in network
