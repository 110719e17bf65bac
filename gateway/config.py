"""What companies have decided, as one frozen snapshot in memory; read anew within a second of a change."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from core.clock import day_in_japan
from core.endpoints import NextHop
from core.errors import ConfigError, Temporary
from core.installation import config_version
from core.log import get_logger
from core.runtime import Runtime, Tx
from crm.agency.agencies import AgencyView, licensed
from crm.registry.companies import CompanyView, all_companies, bypass_all
from gateway.ruling import block_texts
from gateway.ruling.block_texts import OwnTexts
from gateway.ruling.ruleset import Sentences, read_rule_sets, read_sentences
from gateway.signature.dkim import Signer
from gateway.signature.dkim_keys import signers_for
from rules.ruleset import RuleSet

log = get_logger(__name__)

LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Companies, the bypass switch, next hops of companies that have their own, and approved sentences."""

    version: int
    companies: tuple[CompanyView, ...]
    bypass_all: bool
    sentences: Sentences
    hops: Mapping[int, NextHop]
    #: Agencies that may stand in a company's mails on ``day``: a licence ends with the Japanese day.
    agencies: Mapping[int, tuple[AgencyView, ...]]
    day: date
    #: Active DKIM keys of each company, opened.
    signers: Mapping[int, tuple[Signer, ...]]
    #: Rules of the companies that have their own in force, over the shipped ones.
    rule_sets: Mapping[int, RuleSet]
    #: Block texts of the companies that have their own.
    texts: Mapping[int, OwnTexts]
    by_id: Mapping[int, CompanyView] = field(default_factory=dict)

    def company(self, company_id: int | None) -> CompanyView | None:
        return None if company_id is None else self.by_id.get(company_id)

    def licensed(self, company_id: int) -> tuple[AgencyView, ...]:
        return self.agencies.get(company_id, ())

    def signers_of(self, company_id: int) -> tuple[Signer, ...]:
        return self.signers.get(company_id, ())

    def next_hop(self, company_id: int | None, default: NextHop) -> NextHop:
        return default if company_id is None else self.hops.get(company_id, default)


def read_snapshot(tx: Tx) -> Snapshot:
    """Read all that judging needs to know of companies, agencies and rules, at one version."""
    version = config_version(tx)
    companies = tuple(all_companies(tx))
    return Snapshot(
        version=version,
        companies=companies,
        bypass_all=bypass_all(tx),
        sentences=read_sentences(tx),
        hops=_hops(companies),
        agencies={company.id: tuple(licensed(tx, company.id)) for company in companies},
        day=day_in_japan(tx.now),
        signers=signers_for(tx),
        rule_sets=read_rule_sets(tx),
        texts=block_texts.of_all(tx),
        by_id={company.id: company for company in companies},
    )


def _hops(companies: tuple[CompanyView, ...]) -> dict[int, NextHop]:
    hops = {}
    for company in companies:
        if company.next_hop:
            try:
                hops[company.id] = NextHop.parse(company.next_hop)
            except ConfigError:
                # Checked when it was set; should it be wrong all the same, mail takes the installation's way.
                log.error("next hop of a company cannot be read", extra={"company_id": company.id})
    return hops


class Directory:
    """The snapshot in force. `watch` keeps it fresh; a database that does not answer leaves the old one in force."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.on_change: Callable[[], None] | None = None
        with runtime.read() as tx:
            self.current = read_snapshot(tx)

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                fresh = await asyncio.to_thread(self._look)
            except Temporary:
                continue
            if fresh is not None:
                self.current = fresh
                if self.on_change is not None:
                    self.on_change()

    def _look(self) -> Snapshot | None:
        with self._runtime.read() as tx:
            if config_version(tx) == self.current.version and day_in_japan(tx.now) == self.current.day:
                return None
            return read_snapshot(tx)
