"""Check digits, against numbers worked out by hand from the published formulas."""

import pytest

from anonymizer.recognizers.checksums import is_driving_licence, is_my_number


@pytest.mark.parametrize("digits", ["123456789018", "987654321093", "100000000005"])
def test_a_right_my_number_passes(digits: str) -> None:
    assert is_my_number(digits)


@pytest.mark.parametrize("digits", ["123456789012", "123456789010", "12345678901", "111111111111", "12345678901x"])
def test_a_wrong_my_number_fails(digits: str) -> None:
    assert not is_my_number(digits)


def test_one_my_number_in_ten_passes() -> None:
    passing = sum(is_my_number(f"12345678901{last}") for last in range(10))
    assert passing == 1


def licence(first_ten: str) -> str:
    """Return the 11th digit by the published rule, written another way: 0 for a rest of 1, 1 for a rest of 0."""
    rest = sum(int(first_ten[9 - at]) * (2, 3, 4, 5, 6, 7, 2, 3, 4, 5)[at] for at in range(10)) % 11
    return {0: "1", 1: "0"}.get(rest, str(11 - rest))


@pytest.mark.parametrize("first_ten", ["3012345678", "1000000000", "9799999999", "6205123456"])
def test_driving_licences_of_every_commission_pass(first_ten: str) -> None:
    right = licence(first_ten)
    assert is_driving_licence(first_ten + right + "0")
    assert sum(is_driving_licence(f"{first_ten}{last}0") for last in range(10)) == 1


def test_a_licence_of_no_commission_fails() -> None:
    assert not is_driving_licence("0912345678" + licence("0912345678") + "0")
    assert not is_driving_licence("9812345678" + licence("9812345678") + "0")
