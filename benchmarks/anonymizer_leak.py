"""Measure the anonymiser on the invented records of tests/anonymizer: leak and over-redaction a type.

Run: .venv/bin/python -m benchmarks.anonymizer_leak [--show]
"""

import sys

from tests.anonymizer.measure import Tally, measure
from tests.anonymizer.records import Record, one_off, templated
from tests.anonymizer.wide import composed

_STRICT = ("PHONE", "EMAIL", "POSTAL_CODE", "ID_NUMBER", "BANK", "BIRTH_DATE")
_QUASI = ("AGE", "EMPLOYER", "SCHOOL", "HEALTH", "FAMILY", "GENDER", "NATIONALITY", "ORIGIN")

_PLAIN = ("first", "second", "seventh", "eighth", "ninth", "eleventh")


def sets() -> dict[str, list[Record]]:
    """Return every set by name: template-like, hostile and without anything personal."""
    old = [*one_off("hostile.txt", "B"), *one_off("unseen.txt", "U")]
    plain = [record for record in old if record.group == "N"]
    return {
        "A": templated(1, 6),
        "B": [record for record in old if record.group == "B"],
        "U": [record for record in old if record.group == "U"],
        "first A": templated(5, 5, "first/"),
        "first B": one_off("first/hostile.txt", "B"),
        "second A": templated(5, 5, "second/"),
        "second B": one_off("second/hostile.txt", "B"),
        "third A": composed(7, 2),
        "third B": one_off("third/hostile.txt", "B"),
        "fourth B": one_off("fourth/hostile.txt", "B"),
        "fifth B": one_off("fifth/hostile.txt", "B"),
        "sixth B": one_off("sixth/hostile.txt", "B"),
        "seventh A": one_off("seventh/templates.txt", "A"),
        "seventh B": one_off("seventh/hostile.txt", "B"),
        "eighth A": one_off("eighth/templates.txt", "A"),
        "eighth B": one_off("eighth/hostile.txt", "B"),
        "ninth A": one_off("ninth/templates.txt", "A"),
        "ninth B": one_off("ninth/hostile.txt", "B"),
        "tenth A": one_off("tenth/templates.txt", "A"),
        "tenth B": one_off("tenth/hostile.txt", "B"),
        "eleventh A": one_off("eleventh/templates.txt", "A"),
        "eleventh B": one_off("eleventh/hostile.txt", "B"),
        "twelfth A": one_off("twelfth/templates.txt", "A"),
        "twelfth B": one_off("twelfth/hostile.txt", "B"),
        "N": plain + [record for name in _PLAIN for record in one_off(f"{name}/plain.txt", "N")],
    }


def _print(name: str, tally: Tally) -> None:
    shares = {
        "strict": tally.leak(*_STRICT),
        "address": tally.leak("ADDRESS"),
        "person": tally.leak("PERSON"),
        "handle": tally.leak("URL_HANDLE"),
        "quasi": tally.leak(*_QUASI),
        "over": tally.over_redaction,
        "protected lost": tally.protected_lost,
    }
    print(f"{name:24}" + "  ".join(f"{word} {share:5.1%}" for word, share in shares.items()))


def main() -> None:
    """Print one line a set and a state of knowledge."""
    for name, records in sets().items():
        for knowing in ("nobody", "candidate", "all") if name != "N" else ("nobody",):
            tally = measure(records, knowing)
            _print(f"{name} ({len(records)}), {knowing}", tally)
            if "--show" in sys.argv:
                lines = {f"  LEAK {line}" for line in tally.leaks} | {f"  LOST {line}" for line in tally.lost}
                print("\n".join(sorted(lines | {f"  OVER {line}" for line in tally.taken})))


if __name__ == "__main__":
    main()
