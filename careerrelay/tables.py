"""Every table of the product, on one metadata: importing this module is what makes `core.db.Base.metadata` complete."""

import importlib
import importlib.util
from itertools import chain
from types import ModuleType

from sqlalchemy import MetaData

from core.db import Base

_IN_CORE = ("audit", "installation", "jobs", "outbox", "processes")
_PACKAGES = ("ledger", "crm", "gateway", "connectors", "web")


def _modules() -> list[ModuleType]:
    """The modules that map tables: named files of ``core``, and ``tables.py`` of each package that owns any."""
    names = [f"core.{name}" for name in _IN_CORE]
    names += [name for name in (f"{package}.tables" for package in _PACKAGES) if importlib.util.find_spec(name)]
    return [importlib.import_module(name) for name in names]


_TABLE_MODULES = _modules()


def metadata() -> MetaData:
    return Base.metadata


def ddl(dialect: str) -> list[str]:
    """What SQLAlchemy cannot express (triggers), in the order in which it has to be run after the tables exist."""
    lists = (getattr(module, "DDL", {}).get(dialect, []) for module in _TABLE_MODULES)
    return list(chain.from_iterable(lists))
