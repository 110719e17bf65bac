"""Check digits of Japanese identity numbers."""


def is_my_number(digits: str) -> bool:
    """Check a My Number (12 digits): weights 6 5 4 3 2 7 6 5 4 3 2 from the left, modulo 11 (総務省令85号 5条).

    About one random 12-digit number in ten passes, therefore a context decides with it.
    """
    if len(digits) != 12 or not digits.isdecimal() or len(set(digits)) == 1:
        return False
    rest = (
        sum(int(digit) * weight for digit, weight in zip(digits, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    )
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def is_driving_licence(digits: str) -> bool:
    """Check a driving licence number (12 digits): commission 10-97 first, 11th digit modulo 11, 12th reissues."""
    if len(digits) != 12 or not digits.isdecimal() or not 10 <= int(digits[:2]) <= 97:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    return int(digits[10]) == (11 - rest) % 10
