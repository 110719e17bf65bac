"""docs/operations.md and its Japanese page name the same commands, settings, reasons and metrics."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def named(page: str) -> tuple[set[str], list[str]]:
    """The words in code, and the first cells of tables that are the program's own words."""
    text = (DOCS / page).read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([a-z][^|]*) \|", text, re.MULTILINE)
    return set(re.findall(r"`([^`\n]+)`", text)), [cell.replace("、", ", ") for cell in cells if cell != "command"]


def test_both_pages_say_the_same() -> None:
    english, japanese = named("operations.md"), named("operations.ja.md")
    assert english[0] == japanese[0]
    assert [cell for cell in english[1] if cell != "reason"] == japanese[1] != []
