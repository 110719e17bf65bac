"""Short words for tests that write books."""

from itertools import count

from core.runtime import Runtime
from ledger import book

PROGRAMME, COMPANY = 1, 1
_numbers = count(1)


def open_book(runtime: Runtime, programme_id: int = PROGRAMME, threshold: int = 10) -> None:
    with runtime.begin() as tx:
        book.open_programme(tx, programme_id, threshold)


def earn(
    runtime: Runtime, referral: str, *people: str, programme: int = PROGRAMME, company: int = COMPANY
) -> book.Earned | book.AlreadyCounted:
    """Book ``referral``; ``people`` are blind indexes, by default one of its own."""
    with runtime.begin() as tx:
        return book.earn(
            tx,
            programme_id=programme,
            referral_id=referral,
            company_id=company,
            subject_indexes=people or (f"i1:{referral}",),
        )


def earn_many(runtime: Runtime, referrals: int, *, programme: int = PROGRAMME, company: int = COMPANY) -> list[str]:
    """Book that many referrals of that many new persons, in one transaction."""
    ids = [f"many{next(_numbers)}" for _ in range(referrals)]
    with runtime.begin() as tx:
        for referral in ids:
            book.earn(
                tx,
                programme_id=programme,
                referral_id=referral,
                company_id=company,
                subject_indexes=[f"i1:{referral}"],
            )
    return ids


def balance(runtime: Runtime, programme: int = PROGRAMME) -> book.Balance:
    with runtime.read() as tx:
        return book.balance(tx, programme)
