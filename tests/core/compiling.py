"""What a piece of work has SQLAlchemy compile."""

import sys
from collections.abc import Callable
from types import FrameType


def compiled_in(work: Callable[[], None]) -> set[str]:
    """The functions of SQLAlchemy's compiler that ``work`` calls."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith("sqlalchemy/sql/compiler.py"):
            called.add(frame.f_code.co_qualname)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called
