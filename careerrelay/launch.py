"""How this program starts itself again as another process: same interpreter, same code, whatever lies around."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def command(*arguments: str) -> list[str]:
    """`careerrelay ARGUMENTS` in a process of its own. ``-P``: a `core/` in the current directory is not ours."""
    return [sys.executable, "-P", "-m", "careerrelay", *arguments]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """``given``, with the directory of this very code first on the path."""
    own = str(Path(__file__).resolve().parents[1])
    others = [part for part in given.get("PYTHONPATH", "").split(os.pathsep) if part and part != own]
    return {**given, "PYTHONPATH": os.pathsep.join([own, *others])}
