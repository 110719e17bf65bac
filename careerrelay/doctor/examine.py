"""Runs every check in the order in which a mail meets what they look at."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

from careerrelay import opening
from careerrelay.doctor import company_checks, dkim_checks, dns_checks, hops, machine, queue_checks
from careerrelay.doctor.finding import Finding, Level, fail
from careerrelay.doctor.patient import Patient
from core import processes
from core.errors import CareerRelayError, ConfigError, Damaged, NotFound, Temporary
from core.resolver import Resolver
from core.runtime import Runtime
from core.settings import Settings
from crm.registry import companies


def examine(settings: Settings, company_id: int | None = None) -> Iterator[Finding]:
    """Every finding. ``company_id`` leaves the other companies out.

    Raises:
        NotFound: no such company.
    """
    yield from machine.settings_hold(settings)
    yield from machine.hostname(settings)
    yield from machine.home(settings)
    database = list(machine.database(settings))
    keys = list(machine.key_ring(settings, new=any(finding.text == "version" for finding in database)))
    yield from (*keys, *database)
    with ExitStack() as stack:
        runtime = None
        if all(finding.level is not Level.FAIL for finding in (*keys, *database)):
            try:
                runtime = stack.enter_context(opening.opened(settings))
                patient = _patient(settings, runtime, company_id)
            except (Temporary, ConfigError) as error:
                runtime = None
                yield _lost(error)
        if runtime is None:
            patient = _patient(settings, None, company_id)
        yield from machine.listeners(settings, ours=runtime is None or _some_process_runs(runtime))
        yield from machine.public_address(patient)
        yield from hops.next_hops(patient)
        if runtime is not None:
            try:
                yield from _companies(patient, runtime)
            except Temporary as error:
                yield _lost(error)


def _lost(error: CareerRelayError) -> Finding:
    """The database answered at first and then no longer, or a page of it that is needed now is damaged."""
    return fail("database", "damaged" if isinstance(error, Damaged) else "silent", problem=error.message)


def _some_process_runs(runtime: Runtime) -> bool:
    with runtime.read() as tx:
        heard_since = tx.now - timedelta(seconds=processes.DEAD_AFTER_S)
        return any(beat >= heard_since for beat in processes.beats(tx).values())


def _patient(settings: Settings, runtime: Runtime | None, company_id: int | None) -> Patient:
    resolver = Resolver(settings)
    if runtime is None:
        return Patient(settings, None, (), resolver)
    with runtime.read() as tx:
        found = companies.all_companies(tx)
        chosen = [view for view in found if company_id in (None, view.id)]
        if company_id is not None and not chosen:
            raise NotFound(f"there is no company {company_id}")
        return Patient(settings, runtime, chosen, resolver, companies.bypass_all(tx))


def _companies(patient: Patient, runtime: Runtime) -> Iterator[Finding]:
    with runtime.read() as tx:
        yield from queue_checks.queue(tx)
        yield from queue_checks.background(tx)
    for company in patient.companies:
        with runtime.read() as tx:
            yield from company_checks.company(patient, tx, company)
            yield from dkim_checks.keys(patient, tx, company)
        yield from dns_checks.domains(patient, company)
