"""What the supervisor loads before it makes its children: code and tables that they use.

Loaded once and shared, they cost memory and time once. The pages too, though one child alone shows them: a module
that comes later takes more than its own size, because it counts one reference more in everything that it names, and so
copies the page on which that lies (measured: web pages loaded here, 23 MB of the web child are its own; by itself, 32).
What a child needs only now and then it loads itself: the language analyser, Redis' client. `benchmarks/memory.py`
measures all of this.
"""

import gc
import importlib

from core.db import Database

#: What `careerrelay gateway` needs: the mail path, and the codecs of Japanese mail.
MAIL = ("uvloop", "gateway.server", "encodings.cp932", "encodings.euc_jp", "encodings.iso2022_jp")
#: What `careerrelay serve` needs besides: jobs and pages.
OFFICE = ("careerrelay.schedule", "careerrelay.handlers", "core.runner", "web.app")


def load(*, only_mail: bool) -> None:
    """Import, and bring into the form in which it is used: rule set and texts read, tables mapped."""
    gc.disable()  # nothing of this is garbage; each child switches it on again
    for name in MAIL if only_mail else MAIL + OFFICE:
        importlib.import_module(name)
    from sqlalchemy.orm import configure_mappers

    from gateway.letter import blocks
    from gateway.ruling import ruleset

    ruleset.shipped()
    blocks.shipped()
    configure_mappers()


def compile_statements(db: Database) -> None:
    """Compile what the mail path asks its database, which has been asked something before and so is known."""
    from core import bulk

    bulk.compile_all(db.engine.dialect)
