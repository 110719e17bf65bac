"""What the supervisor loads before it makes its children: code and tables that more than one of them uses.

Loaded once and shared, they cost memory and time once. What only one child needs it loads itself: the web framework,
the language analyser, Redis' client. `benchmarks/memory.py` measures both.
"""

import gc
import importlib

#: In this order: the mail path first.
MODULES = (
    "uvloop",
    "gateway.server",
    "careerrelay.schedule",
    "careerrelay.handlers",
    "core.runner",
)


def load() -> None:
    """Import, and bring into the form in which it is used: rule set compiled, tables mapped."""
    gc.disable()  # nothing of this is garbage; each child switches it on again
    for name in MODULES:
        importlib.import_module(name)
    from sqlalchemy.orm import configure_mappers

    from gateway.ruling.ruleset import shipped

    shipped()
    configure_mappers()
