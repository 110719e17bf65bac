"""Measured leaks and over-redaction stay within bounds; `benchmarks/anonymizer_leak.py` prints the figures."""

from functools import cache

import pytest

from tests.anonymizer.measure import Tally, measure
from tests.anonymizer.sets import QUASI, STRICT, sets

SETS = sets(seed=11, rounds=4, folder_rounds=2)


@cache
def _tally(group: str, knowing: str) -> Tally:
    """Measure a set once: its leaks and what is taken needlessly come from the same reading."""
    return measure(SETS[group], knowing)


@pytest.mark.parametrize(
    ("group", "knowing", "strict", "address", "person", "quasi"),
    [
        ("A", "nobody", 0.01, 0.02, 0.04, 0.02),
        ("A", "all", 0.01, 0.02, 0.005, 0.02),
        ("B", "nobody", 0.05, 0.10, 0.10, 0.15),
        ("B", "all", 0.05, 0.10, 0.02, 0.15),
        ("U", "nobody", 0.05, 0.10, 0.10, 0.30),
        ("U", "all", 0.05, 0.10, 0.02, 0.30),
        ("first A", "nobody", 0.005, 0.01, 0.04, 0.02),
        ("first A", "all", 0.005, 0.01, 0.005, 0.02),
        ("first B", "nobody", 0.05, 0.15, 0.12, 0.10),
        ("first B", "all", 0.05, 0.15, 0.03, 0.10),
        ("second A", "nobody", 0.005, 0.01, 0.04, 0.02),
        ("second A", "all", 0.005, 0.01, 0.005, 0.02),
        ("second B", "nobody", 0.10, 0.15, 0.20, 0.20),
        ("second B", "all", 0.10, 0.15, 0.045, 0.20),
        ("third A", "nobody", 0.01, 0.02, 0.04, 0.02),
        ("third A", "all", 0.01, 0.02, 0.005, 0.02),
        ("fresh A", "nobody", 0.02, 0.06, 0.08, 0.02),
        ("fresh A", "all", 0.02, 0.06, 0.005, 0.02),
        ("third B", "nobody", 0.05, 0.10, 0.12, 0.20),
        ("third B", "all", 0.05, 0.10, 0.03, 0.20),
        ("fourth B", "nobody", 0.05, 0.10, 0.22, 0.20),
        ("fourth B", "all", 0.05, 0.10, 0.03, 0.20),
        ("fifth B", "nobody", 0.05, 0.10, 0.20, 0.20),
        ("fifth B", "all", 0.05, 0.10, 0.035, 0.20),
        ("sixth B", "nobody", 0.05, 0.10, 0.15, 0.45),
        ("sixth B", "all", 0.05, 0.10, 0.03, 0.45),
        ("eighth A", "nobody", 0.005, 0.01, 0.08, 0.02),
        ("eighth B", "nobody", 0.05, 0.03, 0.30, 0.10),
        ("ninth A", "nobody", 0.005, 0.01, 0.06, 0.02),
        ("ninth B", "nobody", 0.13, 0.25, 0.36, 0.25),
        ("tenth A", "nobody", 0.005, 0.01, 0.02, 0.02),
        ("tenth B", "nobody", 0.05, 0.03, 0.36, 0.10),
        ("eleventh A", "nobody", 0.005, 0.01, 0.02, 0.02),
        ("eleventh B", "nobody", 0.06, 0.03, 0.28, 0.36),
        ("twelfth A", "nobody", 0.005, 0.01, 0.02, 0.01),
        ("twelfth B", "nobody", 0.02, 0.03, 0.25, 0.15),
        ("thirteenth A", "nobody", 0.01, 0.01, 0.02, 0.06),
        ("thirteenth B", "nobody", 0.05, 0.03, 0.25, 0.75),
        # A town or a prefecture alone stays: seven of the addresses of the fourteenth A are one.
        ("fourteenth A", "nobody", 0.01, 0.30, 0.02, 0.12),
        ("fourteenth B", "nobody", 0.05, 0.10, 0.12, 0.65),
        ("fifteenth A", "nobody", 0.005, 0.01, 0.08, 0.20),
        ("fifteenth A", "all", 0.005, 0.01, 0.005, 0.20),
        ("fifteenth B", "nobody", 0.17, 0.01, 0.67, 0.63),
        ("fifteenth B", "all", 0.17, 0.01, 0.07, 0.63),
        ("sixteenth A", "nobody", 0.005, 0.01, 0.01, 0.23),
        ("sixteenth B", "nobody", 0.05, 0.10, 0.42, 0.53),
        ("sixteenth B", "all", 0.05, 0.10, 0.15, 0.53),
        ("seventeenth A", "nobody", 0.005, 0.01, 0.01, 0.02),
        ("seventeenth A", "all", 0.005, 0.01, 0.005, 0.02),
        ("seventeenth B", "nobody", 0.01, 0.01, 0.22, 0.03),
        ("seventeenth B", "all", 0.01, 0.01, 0.02, 0.03),
        ("eighteenth A", "nobody", 0.015, 0.04, 0.04, 0.13),
        ("eighteenth A", "all", 0.015, 0.04, 0.02, 0.13),
        ("eighteenth B", "nobody", 0.08, 0.22, 0.25, 0.50),
        ("eighteenth B", "all", 0.08, 0.22, 0.11, 0.50),
        ("nineteenth A", "nobody", 0.01, 0.01, 0.02, 0.03),
        ("nineteenth A", "all", 0.01, 0.01, 0.015, 0.03),
        ("nineteenth B", "nobody", 0.27, 0.52, 0.45, 0.60),
        ("nineteenth B", "all", 0.27, 0.52, 0.14, 0.60),
        ("twentieth A", "nobody", 0.005, 0.01, 0.01, 0.01),
        ("twentieth A", "all", 0.005, 0.01, 0.005, 0.01),
        ("twentieth B", "nobody", 0.14, 0.42, 0.42, 0.66),
        ("twentieth B", "all", 0.14, 0.42, 0.11, 0.66),
        ("twentyfirst A", "nobody", 0.005, 0.01, 0.01, 0.07),
        ("twentyfirst A", "all", 0.005, 0.01, 0.005, 0.07),
        ("twentyfirst B", "nobody", 0.15, 0.22, 0.42, 0.52),
        ("twentyfirst B", "all", 0.15, 0.22, 0.06, 0.52),
        ("twentysecond A", "nobody", 0.005, 0.01, 0.02, 0.07),
        ("twentysecond A", "all", 0.005, 0.01, 0.005, 0.07),
        ("twentysecond B", "nobody", 0.14, 0.30, 0.33, 0.58),
        ("twentysecond B", "all", 0.14, 0.30, 0.08, 0.58),
        ("twentythird A", "nobody", 0.015, 0.01, 0.01, 0.05),
        ("twentythird A", "all", 0.015, 0.01, 0.005, 0.05),
        ("twentythird B", "nobody", 0.12, 0.62, 0.48, 0.74),
        ("twentythird B", "all", 0.12, 0.62, 0.14, 0.74),
        ("twentyfourth A", "nobody", 0.005, 0.01, 0.02, 0.12),
        ("twentyfourth A", "all", 0.005, 0.01, 0.01, 0.12),
        ("twentyfourth B", "nobody", 0.06, 0.26, 0.27, 0.55),
        ("twentyfourth B", "all", 0.06, 0.26, 0.085, 0.55),
        ("ordinary A", "nobody", 0.005, 0.01, 0.015, 0.04),
        ("generated A", "nobody", 0.0, 0.0, 0.01, 0.0),
        ("generated A", "all", 0.0, 0.0, 0.0, 0.0),
        ("eleventh B", "all", 0.05, 0.03, 0.03, 0.36),
    ],
)
def test_leaks_stay_within_bounds(
    group: str, knowing: str, strict: float, address: float, person: float, quasi: float
) -> None:
    tally = _tally(group, knowing)
    assert tally.total["PERSON"] > 40
    assert tally.leak(*STRICT) <= strict, tally.leaks
    assert tally.leak("ADDRESS") <= address, tally.leaks
    assert tally.leak("PERSON") <= person, tally.leaks
    assert tally.leak(*QUASI) <= quasi, tally.leaks


@pytest.mark.parametrize(
    ("group", "over", "lost"),
    [
        ("A", 0.03, 0.02),
        ("B", 0.03, 0.04),
        ("U", 0.03, 0.04),
        ("first A", 0.01, 0.01),
        ("first B", 0.03, 0.04),
        ("second A", 0.01, 0.01),
        ("second B", 0.03, 0.04),
        ("third A", 0.01, 0.01),
        ("fresh A", 0.01, 0.01),
        ("third B", 0.03, 0.04),
        ("fourth B", 0.03, 0.02),
        ("fifth B", 0.04, 0.02),
        ("sixth B", 0.02, 0.02),
        ("eighth A", 0.02, 0.04),
        ("eighth B", 0.03, 0.04),
        ("ninth A", 0.02, 0.01),
        ("ninth B", 0.03, 0.01),
        ("tenth A", 0.02, 0.01),
        ("tenth B", 0.03, 0.04),
        ("eleventh A", 0.02, 0.02),
        ("eleventh B", 0.02, 0.02),
        ("twelfth A", 0.025, 0.01),
        ("twelfth B", 0.035, 0.01),
        ("thirteenth A", 0.025, 0.02),
        ("thirteenth B", 0.06, 0.02),
        ("fourteenth A", 0.02, 0.02),
        ("fourteenth B", 0.03, 0.04),
        ("fifteenth A", 0.015, 0.01),
        ("fifteenth B", 0.035, 0.035),
        ("sixteenth A", 0.02, 0.025),
        ("sixteenth B", 0.025, 0.02),
        ("seventeenth A", 0.015, 0.01),
        ("seventeenth B", 0.03, 0.02),
        ("eighteenth A", 0.02, 0.04),
        ("eighteenth B", 0.03, 0.05),
        ("twentieth A", 0.02, 0.025),
        ("twentieth B", 0.035, 0.015),
        ("twentyfirst A", 0.015, 0.01),
        ("twentyfirst B", 0.02, 0.015),
        ("twentysecond A", 0.02, 0.02),
        # A URL that carries a person's data goes whole, and the texts are short.
        ("twentysecond B", 0.06, 0.04),
        ("twentythird A", 0.01, 0.01),
        ("twentythird B", 0.03, 0.01),
        ("twentyfourth A", 0.015, 0.015),
        ("twentyfourth B", 0.03, 0.01),
        ("ordinary A", 0.02, 0.01),
        ("generated A", 0.003, 0.0),
        ("N", 0.01, 0.02),
    ],
)
def test_little_is_taken_needlessly(group: str, over: float, lost: float) -> None:
    tally = _tally(group, "nobody")
    assert tally.over_redaction <= over, tally.taken
    assert tally.protected_lost <= lost, tally.lost
