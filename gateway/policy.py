"""Who may relay, for which company, and whose mail is looked at. Pure (decisions 1, 2 and 4 of the design).

The answer to "is this an open relay?" stands in `route`: nobody without a network or a password of a company gets in.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crm.registry.companies import CompanyView

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Route:
    """The company whose mail this is. ``own``: the sender is of its domains (or null), not a forwarded stranger."""

    company: CompanyView
    own: bool


def admitted(companies: Sequence[CompanyView], peer: str, authenticated_company: int | None) -> tuple[CompanyView, ...]:
    """The companies for which this session may hand in mail.

    An authenticated user speaks for one company only. Otherwise the networks decide, the longest prefix first, so
    that a small network inside a big one belongs to its own company.
    """
    if authenticated_company is not None:
        return tuple(company for company in companies if company.id == authenticated_company)
    address = peer_address(peer)
    if address is None:
        return ()
    best, found = -1, []
    for company in companies:
        length = max((_prefix_length(network, address) for network in company.networks), default=-1)
        if length > best:
            best, found = length, [company]
        elif length == best and length >= 0:
            found.append(company)
    return tuple(found)


def route(admitted_companies: Sequence[CompanyView], sender: str) -> Route | None:
    """Choose the company by the sender's domain; None: relaying denied.

    The null sender and a sender of no listed domain need exactly one admitted company (decision 1).
    """
    domain = domain_of(sender)
    if domain:
        # An exact domain of one company beats the sub-domain pattern of another.
        for exact in (True, False):
            for company in admitted_companies:
                if is_own_domain(domain, company.sender_domains, exact_only=exact):
                    return Route(company, own=True)
    if len(admitted_companies) == 1:
        return Route(admitted_companies[0], own=not sender)
    return None


def is_own_domain(domain: str, sender_domains: Iterable[str], *, exact_only: bool = False) -> bool:
    """Is ``domain`` one of ``sender_domains``? ``.example.jp`` stands for every sub-domain of example.jp."""
    for own in sender_domains:
        if domain == own or (own.startswith(".") and not exact_only and domain.endswith(own)):
            return True
    return False


def is_recruiting(company: CompanyView, address: str) -> bool:
    """Does ``address`` send selection results for ``company``? Nobody else's mail is looked at (decision 2)."""
    address = address.lower()
    domain = "@" + domain_of(address)
    return any(pattern.lower() in (address, domain) for pattern in company.recruiting_senders)


def may_be_judged(company: CompanyView, route_is_own: bool, sender: str, *, bypass_all: bool) -> bool:
    """May the mail be opened at all? The ``From`` field is asked afterwards, by `is_recruiting` again."""
    if bypass_all or company.bypass or company.suspended:
        return False
    return route_is_own and bool(sender) and is_recruiting(company, sender)


def external(company: CompanyView, recipients: Iterable[str]) -> tuple[str, ...]:
    """Recipients outside the company's own domains, in order, each once: exactly one may get the edited copy."""
    found = dict.fromkeys(
        address for address in recipients if not is_own_domain(domain_of(address), company.sender_domains)
    )
    return tuple(found)


def domain_of(address: str) -> str:
    """Lower-case domain of an address in ASCII form; empty without one."""
    domain = address.rpartition("@")[2].lower() if "@" in address else ""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def peer_address(peer: str) -> IpAddress | None:
    """The client's address; IPv4 inside IPv6 (a dual-stack listener) counts as IPv4."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def plain_address(peer: str) -> str:
    """The client's address as people write it: IPv4 inside IPv6 (a dual-stack listener) becomes IPv4."""
    if not peer.startswith("::ffff:"):
        return peer
    address = peer_address(peer)
    return peer if address is None else str(address)


@lru_cache(maxsize=4096)
def is_loopback(peer: str) -> bool:
    """Does the client sit on this machine?"""
    address = peer_address(peer)
    return address is not None and address.is_loopback


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def _prefix_length(network: str, address: IpAddress) -> int:
    parsed = _network(network)
    if parsed.version != address.version or address not in parsed:
        return -1
    return parsed.prefixlen
