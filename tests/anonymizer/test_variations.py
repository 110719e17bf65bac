"""Classes of writing in many voices: whatever parts the digits, the date or the address, it goes whole."""

from importlib import resources

import pytest

from anonymizer.engine import anonymise


def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    text = resources.files(__package__ or "").joinpath("data/variations.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line.replace("\\n", "\n").replace("\\t", "\t"))
    return sections


_SECTIONS = _sections()


def _left(line: str) -> str:
    """Return what stays readable between ⟦ and ⟧ of a line, and nothing where two characters in a row do not."""
    before, rest = line.split("⟦")
    inside, after = rest.split("⟧")
    gone = {at for found in anonymise(before + inside + after).findings for at in range(found.start, found.end)}
    left = "".join("\0" if len(before) + at in gone else char for at, char in enumerate(inside))
    return "" if all(sum(map(str.isalnum, run)) < 2 for run in left.split("\0")) else left.replace("\0", "_")


@pytest.mark.parametrize("section", sorted(_SECTIONS.keys() - {"stays"}))
def test_it_goes_whole_however_it_is_written(section: str) -> None:
    leaks = {line: left for line in _SECTIONS[section] if (left := _left(line))}
    assert not leaks
    assert _SECTIONS[section]


def test_numbers_and_names_of_things_stay() -> None:
    assert [line for line in _SECTIONS["stays"] if anonymise(line).text != line] == []
