"""Checks of the way out: every next hop in use, tried as `careerrelay test-next-hop` tries it."""

from collections.abc import Iterator, Sequence

from careerrelay.doctor.finding import Finding, fail, ok, warn
from careerrelay.doctor.patient import Patient
from careerrelay.next_hop_probe import examine
from core.endpoints import NextHop, Security
from core.errors import CareerRelayError
from core.runtime import Runtime
from core.settings import Settings
from crm.registry.companies import CompanyView
from crm.registry.hop_identity import HopIdentity, identity

Way = tuple[int | None, NextHop, HopIdentity]

_EXTENSIONS = "extensions"
CERTIFICATE_WARN_DAYS = 30


def ways(settings: Settings, companies: Sequence[CompanyView], runtime: Runtime | None) -> Iterator[Way]:
    """The installation's next hop, then each that a company has for itself, as who the company is to it."""
    if settings.relay.next_hop is not None:
        yield None, settings.relay.next_hop, HopIdentity()
    for company in companies:
        if company.next_hop and runtime is not None:
            with runtime.read() as tx:
                shown = identity(tx, company.id)
            yield company.id, NextHop.parse(company.next_hop), shown


def stops_at(settings: Settings, hop: NextHop, shown: HopIdentity) -> tuple[str, str]:
    """The step at which the next hop fails and what was said there; two empty words when it takes mail."""
    for each in examine(settings, hop, shown):
        if not each.ok:
            return each.step, each.detail
    return "", ""


def next_hops(patient: Patient) -> Iterator[Finding]:
    """A finding for each way out."""
    if patient.settings.relay.next_hop is None:
        yield fail("next_hop", "unset")
    try:
        for company_id, hop, shown in ways(patient.settings, patient.companies, patient.runtime):
            yield from _tried(patient, company_id, hop, shown)
    except CareerRelayError as error:  # a company's certificate or password does not open
        yield fail("next_hop", "refuses", step="identity", detail=error.message)
    yield from _certificates(patient)


def _tried(patient: Patient, company_id: int | None, hop: NextHop, shown: HopIdentity) -> Iterator[Finding]:
    about = f"{hop.host}:{hop.port}"
    steps = examine(patient.settings, hop, shown)
    failed = next((step for step in steps if not step.ok), None)
    if failed is not None:
        yield fail("next_hop", "refuses", about, company_id, step=failed.step, detail=failed.detail)
        return
    extensions = next((step.detail for step in steps if step.step == _EXTENSIONS), "")
    if hop.security is Security.PLAIN and not hop.is_loopback:
        yield warn("next_hop", "plaintext", about, company_id)
    words = extensions.split(", ")
    if "8BITMIME" not in words:
        yield warn("next_hop", "seven_bit", about, company_id)
    theirs, ours = size_limit(words), patient.settings.smtp.message_bytes_max
    if 0 < theirs < ours:
        yield warn("next_hop", "size", about, company_id, theirs=theirs, ours=ours)
    yield ok("next_hop", "takes", about, company_id, security=str(hop.security), extensions=extensions)


def size_limit(extensions: Sequence[str]) -> int:
    """The largest message a server takes, in octets; 0 when it names none (RFC 1870 3)."""
    named = [word.partition(" ")[2] for word in extensions if word.partition(" ")[0] == "SIZE"]
    return int(named[0]) if named and named[0].isdecimal() else 0


def _certificates(patient: Patient) -> Iterator[Finding]:
    if patient.runtime is None:
        return
    now = patient.runtime.clock.now()
    for company in patient.companies:
        expires_at = company.client_cert_expires_at
        if expires_at is not None and (expires_at - now).days <= CERTIFICATE_WARN_DAYS:
            level = fail if expires_at <= now else warn
            yield level("next_hop", "certificate", company.name, company.id, until=f"{expires_at:%Y-%m-%d}")
