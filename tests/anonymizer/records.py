"""Invented recruiting texts with gold spans: templates filled from pools, and one-off hostile texts.

Gold is written inline: ``{P:山田}`` a person, ``{K:Java 11}`` a phrase that must survive. ``parse`` gives
text and spans. Every name, number and address is invented.
"""

import random
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from anonymizer.model import Identity

CODES = {
    "P": "PERSON", "T": "PHONE", "M": "EMAIL", "Z": "POSTAL_CODE", "A": "ADDRESS", "B": "BIRTH_DATE", "G": "AGE",
    "I": "ID_NUMBER", "N": "BANK", "U": "URL_HANDLE", "E": "EMPLOYER", "S": "SCHOOL", "H": "HEALTH", "F": "FAMILY",
    "X": "GENDER", "C": "NATIONALITY", "O": "ORIGIN", "K": "KEEP",
}  # fmt: skip
_TAG = re.compile(r"\{([A-Z]):([^{}]*)\}")


@dataclass(frozen=True)
class Record:
    """A text, its gold spans (kind, start, end), and who takes part, the candidate first."""

    id: str
    group: str
    lang: str
    text: str
    spans: tuple[tuple[str, int, int], ...]
    people: tuple[Identity, ...] = field(default=())


def parse(marked: str) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """Take the marks out: return the plain text and its spans."""
    out: list[str] = []
    spans: list[tuple[str, int, int]] = []
    at = length = 0
    for match in _TAG.finditer(marked):
        before = marked[at : match.start()]
        out += [before, match.group(2)]
        length += len(before)
        spans.append((CODES[match.group(1)], length, length + len(match.group(2))))
        length += len(match.group(2))
        at = match.end()
    out.append(marked[at:])
    return "".join(out), tuple(spans)


def blocks(name: str) -> list[tuple[str, str]]:
    """Return (language, marked text) of every block of a data file."""
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    found = re.split(r"^== (\w+)\n", "\n".join(lines) + "\n", flags=re.MULTILINE)
    return [(lang, body.strip("\n")) for lang, body in zip(found[1::2], found[2::2], strict=True)]


@cache
def pool(name: str, folder: str = "") -> tuple[str, ...]:
    """Return the values of a slot, nothing for an unknown one."""
    return next((tuple(body.split("\n")) for slot, body in blocks(folder + "pools.txt") if slot == name), ())


def _japanese(rng: random.Random, folder: str) -> dict[str, str]:
    family, family_kana, family_latin = rng.choice(pool("families", folder)).split()
    given, given_kana, given_latin = rng.choice(pool("givens", folder)).split()
    joint = rng.choice((" ", " ", "", "　"))
    return {
        "": family + joint + given,
        "f": family,
        "g": given,
        "k": f"{family_kana} {given_kana}",
        "r": f"{given_latin} {family_latin}",
    }


def _english(rng: random.Random, folder: str) -> dict[str, str]:
    full = rng.choice(pool("english", folder))
    first, last = full.split(" ", 1)
    if first == "Nguyen":
        first, last = "Lan", "Nguyen"
    return {"": full, "f": last, "g": first, "k": full, "r": full}


def _fill(marked: str, lang: str, rng: random.Random, folder: str) -> tuple[str, tuple[Identity, ...]]:
    people = {str(n): (_english if lang == "en" else _japanese)(rng, folder) for n in (1, 2, 3)}
    used = sorted({match.group(1) for match in re.finditer(r"\{P([123])", marked)})

    def slot(match: re.Match[str]) -> str:
        name = match.group(1)
        if name[0] == "P":
            return "{P:" + people[name[1]][name[2:]] + "}"
        values = pool(name + "en", folder) if lang == "en" else ()
        return "{" + name[0] + ":" + rng.choice(values or pool(name, folder)) + "}"

    text = re.sub(r"\{([A-Z][0-9]?[fgkr]?)\}", slot, marked)
    known = tuple(
        Identity(name=people[n][""], kana="" if lang == "en" else people[n]["k"], romaji=people[n]["r"]) for n in used
    )
    return text, known


def templated(seed: int, rounds: int, folder: str = "") -> list[Record]:
    """Fill every template of a folder ("": the set that was tuned on, "first/", "second/") ``rounds`` times."""
    rng = random.Random(seed)
    out: list[Record] = []
    for number in range(rounds):
        for index, (lang, marked) in enumerate(blocks(folder + "templates.txt")):
            filled, known = _fill(marked, lang, rng, folder)
            out.append(Record(f"A{index}-{number}", "A", lang, *parse(filled), known))
    return out


def _participants(marked: str) -> tuple[str, tuple[Identity, ...]]:
    """Take the lines ``@ name|kana|romaji|email|phone`` out of a block."""
    lines = marked.split("\n")
    known = tuple(Identity(*line[2:].split("|")) for line in lines if line.startswith("@ "))
    return "\n".join(line for line in lines if not line.startswith("@ ")).strip("\n"), known


def one_off(name: str, group: str) -> list[Record]:
    """Return the texts of a data file; "neg" is group N.

    The participants are those of the lines with @; in the set that was tuned on, the names as they are written.
    """
    out: list[Record] = []
    for index, (lang, body) in enumerate(blocks(name)):
        marked, known = _participants(body)
        text, spans = parse(marked)
        if "/" not in name:
            written = {text[start:end] for kind, start, end in spans if kind == "PERSON"}
            known = tuple(Identity(name=each) for each in sorted(written, key=lambda each: (-len(each), each)))
        negative = lang == "neg"
        out.append(
            Record(f"{group}{index}", "N" if negative else group, "ja" if negative else lang, text, spans, known)
        )
    return out
