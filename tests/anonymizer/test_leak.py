"""Measured leaks and over-redaction stay within bounds; `benchmarks/anonymizer_leak.py` prints the figures."""

import pytest

from tests.anonymizer.measure import measure
from tests.anonymizer.records import one_off, templated

STRICT = ("PHONE", "EMAIL", "POSTAL_CODE", "ID_NUMBER", "BANK", "BIRTH_DATE")
QUASI = ("AGE", "EMPLOYER", "SCHOOL", "HEALTH", "FAMILY", "GENDER", "NATIONALITY", "ORIGIN")
SETS = {
    "A": templated(11, 4),
    "B": [record for record in one_off("hostile.txt", "B") if record.group == "B"],
    "U": [record for record in one_off("unseen.txt", "U") if record.group == "U"],
    "N": [
        *(r for r in one_off("hostile.txt", "B") if r.group == "N"),
        *(r for r in one_off("unseen.txt", "U") if r.group == "N"),
    ],
}


@pytest.mark.parametrize(
    ("group", "knowing", "strict", "address", "person", "quasi"),
    [
        ("A", "nobody", 0.01, 0.02, 0.04, 0.02),
        ("A", "all", 0.01, 0.02, 0.005, 0.02),
        ("B", "nobody", 0.05, 0.10, 0.10, 0.15),
        ("B", "all", 0.05, 0.10, 0.02, 0.15),
        ("U", "nobody", 0.05, 0.10, 0.10, 0.30),
        ("U", "all", 0.05, 0.10, 0.02, 0.30),
    ],
)
def test_leaks_stay_within_bounds(
    group: str, knowing: str, strict: float, address: float, person: float, quasi: float
) -> None:
    tally = measure(SETS[group], knowing)
    assert tally.total["PERSON"] > 50
    assert tally.leak(*STRICT) <= strict, tally.leaks
    assert tally.leak("ADDRESS") <= address, tally.leaks
    assert tally.leak("PERSON") <= person, tally.leaks
    assert tally.leak(*QUASI) <= quasi, tally.leaks


@pytest.mark.parametrize(
    ("group", "over", "lost"), [("A", 0.03, 0.02), ("B", 0.03, 0.04), ("U", 0.03, 0.04), ("N", 0.02, 0.04)]
)
def test_little_is_taken_needlessly(group: str, over: float, lost: float) -> None:
    tally = measure(SETS[group])
    assert tally.over_redaction <= over, tally.taken
    assert tally.protected_lost <= lost, tally.lost
