"""Every table of the product, on one metadata: importing this module is what makes `core.db.Base.metadata` complete."""

from itertools import chain
from types import ModuleType

from sqlalchemy import MetaData

import core.audit
import core.installation
import core.jobs
import core.outbox
import core.processes
import crm.tables
import gateway.tables
import gateway.tables.dkim
import gateway.tables.rules
import ledger.tables
import web.tables
from core.db import Base

#: From the ground floor up: a table's foreign keys point to its own floor or below.
TABLE_MODULES: tuple[ModuleType, ...] = (
    core.audit,
    core.installation,
    core.jobs,
    core.outbox,
    core.processes,
    ledger.tables,
    crm.tables,
    gateway.tables,
    gateway.tables.dkim,
    gateway.tables.rules,
    web.tables,
)


def metadata() -> MetaData:
    return Base.metadata


def ddl(dialect: str) -> list[str]:
    """What SQLAlchemy cannot express (triggers), in the order in which it has to be run after the tables exist."""
    lists = (getattr(module, "DDL", {}).get(dialect, []) for module in TABLE_MODULES)
    return list(chain.from_iterable(lists))
