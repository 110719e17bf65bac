"""Checks of the company's own DKIM keys: does the DNS say the same as the key that signs?"""

from collections.abc import Iterator

from careerrelay.doctor.finding import Finding, fail, ok, warn
from careerrelay.doctor.patient import Patient
from core.errors import Temporary
from core.runtime import Tx
from crm.registry.companies import CompanyView
from gateway.signature import dkim_keys, dkim_record
from gateway.tables.dkim import KeyState


def keys(patient: Patient, tx: Tx, company: CompanyView) -> Iterator[Finding]:
    """One finding for each key that signs or is about to; and one when none does."""
    used = [key for key in dkim_keys.all_keys(tx, company.id) if key.state is not KeyState.RETIRED]
    if not any(key.state is KeyState.ACTIVE for key in used):
        level = warn if company.signed_mail == "resign" or company.dkim_sign == "all" else ok
        yield level("dkim", "unsigned", company.name, company.id)
    for key in used:
        try:
            found = dkim_record.compare(key.algorithm, key.public_key, patient.resolver.txt(key.dns_name))
        except Temporary as error:
            yield warn("dkim", "no_answer", key.dns_name, company.id, problem=error.message)
            continue
        values = {"detail": found.detail, "key_id": key.id, "algorithm": key.algorithm.value}
        if key.state is KeyState.PREPARED:
            yield warn("dkim", "ready" if found.good else "unpublished", key.dns_name, company.id, **values)
        elif found.good:
            yield ok("dkim", "published", key.dns_name, company.id, **values)
        else:
            yield fail("dkim", "wrong", key.dns_name, company.id, **values)
