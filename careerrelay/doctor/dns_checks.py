"""Checks of what the DNS says about the domains whose mail we relay: SPF and DMARC. No answer is a warning, no more."""

import ipaddress
from collections.abc import Iterator

from careerrelay.doctor import dmarc, spf
from careerrelay.doctor.finding import Finding, fail, ok, warn
from careerrelay.doctor.patient import Patient
from careerrelay.doctor.spf import Answer
from core.endpoints import NextHop
from core.errors import Temporary
from core.resolver import Resolver
from crm.registry.companies import CompanyView
from rules.model import Mode


def domains(patient: Patient, company: CompanyView) -> Iterator[Finding]:
    """SPF and DMARC of each sender domain of a company; ``.example.jp`` stands for example.jp here."""
    hop = NextHop.parse(company.next_hop) if company.next_hop else patient.settings.relay.next_hop
    for domain in sorted({name.lstrip(".") for name in company.sender_domains}):
        for check, ask in (("spf", _spf), ("dmarc", _dmarc)):
            try:
                yield from ask(patient.resolver, domain, company, hop)
            except Temporary as error:
                yield warn(check, "no_answer", domain, company.id, problem=error.message)


def _spf(resolver: Resolver, domain: str, company: CompanyView, hop: NextHop | None) -> Iterator[Finding]:
    found = spf.records(resolver, domain)
    if not found:
        yield warn("spf", "none", domain, company.id)
        return
    if len(found) > 1:
        yield fail("spf", "several", domain, company.id, count=len(found))
        return
    host = hop.host if hop is not None else ""
    addresses = _addresses(resolver, host)
    public = [address for address in addresses if ipaddress.ip_address(address).is_global]
    if not public:
        yield ok("spf", "inside", domain, company.id, record=found[0], host=host)
        return
    answers = {address: spf.names(resolver, domain, found[0], address) for address in public}
    missing = ", ".join(address for address, answer in answers.items() if answer is not Answer.YES)
    if Answer.BROKEN in answers.values():
        yield fail("spf", "broken", domain, company.id, most=spf.LOOKUPS_MAX)
    elif not missing:
        yield ok("spf", "names", domain, company.id, host=host)
    else:
        unsure = Answer.PERHAPS in answers.values()
        yield warn("spf", "perhaps" if unsure else "lacks", domain, company.id, host=host, addresses=missing)


def _addresses(resolver: Resolver, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return [] if host in ("", "localhost") else resolver.addresses(host)


def _dmarc(resolver: Resolver, domain: str, company: CompanyView, _hop: NextHop | None) -> Iterator[Finding]:
    policy = dmarc.policy_of(resolver, domain)
    if policy is None:
        yield ok("dmarc", "none", domain, company.id)
        return
    values = {"policy": policy.policy, "found_at": policy.found_at}
    alignment = "strict" if policy.strict_dkim else "relaxed"
    if not policy.strict:
        yield ok("dmarc", "watching", domain, company.id, alignment=alignment, **values)
    elif company.mode is Mode.OBSERVE:
        yield ok("dmarc", "enforced_observe", domain, company.id, alignment=alignment, **values)
    else:
        yield warn("dmarc", "enforced", domain, company.id, alignment=alignment, **values)
