"""Known people in many voices: cut short, spelled, in pieces, as everyday words; what only looks alike stays."""

from importlib import resources

from anonymizer.engine import anonymise
from anonymizer.model import Anonymised, Identity


def _lines() -> tuple[list[str], list[str]]:
    """Return the lines whose names must go and those that must stay as they are."""
    text = resources.files(__package__ or "").joinpath("data/known.txt").read_text(encoding="utf-8")
    go, _, stay = text.partition("[stays]\n")
    return [line for line in go.splitlines() if not line.startswith("# ")], stay.splitlines()


def _stripped(line: str) -> tuple[str, Anonymised]:
    """Return the text of a line without its marks, and what the anonymiser makes of it."""
    who, text = line.replace("\\n", "\n").split(" ## ")
    name, kana, romaji, email = [*who.split("|"), "", "", ""][:4]
    plain = text.replace("⟦", "").replace("⟧", "")
    return text, anonymise(plain, [Identity(name=name, kana=kana, romaji=romaji, email=email)], "mixed")


def _leaks(line: str) -> bool:
    text, result = _stripped(line)
    start, end = text.index("⟦"), text.index("⟧") - 1
    gone = {at for found in result.findings for at in range(found.start, found.end)}
    plain = text.replace("⟦", "").replace("⟧", "")
    return any(at not in gone and plain[at].isalnum() for at in range(start, end))


def test_known_people_go_however_they_are_written() -> None:
    lines, _ = _lines()
    assert not [line for line in lines if _leaks(line)]
    assert lines


def test_what_only_looks_like_a_known_name_stays() -> None:
    lines = _lines()[1]
    assert not [line for line in lines if _stripped(line)[1].text != _stripped(line)[0]]
    assert lines
