"""What the checks look at: settings, the installation as far as it can be opened, its companies, and the DNS."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.resolver import Resolver
from core.runtime import Runtime
from core.settings import Settings
from crm.registry.companies import CompanyView


@dataclass(frozen=True, slots=True)
class Patient:
    """``runtime`` is None when the database cannot be used; then only the machine is looked at."""

    settings: Settings
    runtime: Runtime | None
    companies: Sequence[CompanyView]
    resolver: Resolver
    bypass_all: bool = False
